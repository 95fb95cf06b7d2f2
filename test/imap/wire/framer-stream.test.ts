// Literals handed on as streams: APPEND's message.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { collect } from '../../../src/base/async.ts'
import { BadSyntax } from '../../../src/imap/wire/bad-syntax.ts'
import { InputEnded } from '../../../src/imap/wire/framer-events.ts'
import { Framer } from '../../../src/imap/wire/framer.ts'
import { chop, describeCommand, smallLimits } from './framer-harness.ts'

/** Takes the literal that is on the wire, as a stream. */
function streamOf(framer: Framer): AsyncIterable<Buffer> {
  const request = framer.take()
  assert.ok(request?.kind === 'literal')
  return request.stream()
}

function nameOfNext(framer: Framer): string {
  const event = framer.take()
  return event?.kind === 'command' ? describeCommand(event.command) : (event?.kind ?? 'nothing')
}

const message = Buffer.from(`Subject: x\r\n\r\n${'c EVIL\r\n'.repeat(40)}`)
const head = (plus: string): string => `a APPEND x {${message.length}${plus}}\r\n`

describe('Framer, streamed literals', () => {
  for (const sizes of [[1 << 20], [1], [7, 1, 30]]) {
    it(`gives the bytes as they are, in pieces of ${sizes.join()}, and the next command`, async () => {
      const framer = new Framer(smallLimits)
      const chunks = chop(Buffer.from(`${head('+')}${message.toString()}\r\nb NOOP\r\n`), sizes)
      const pump = async (): Promise<void> => {
        for (const chunk of chunks) {
          framer.push(chunk)
          await framer.whenHungry()
        }
      }
      const pumping = pump()
      const request = await framer.next()
      assert.ok(request?.kind === 'literal')
      assert.equal(request.command.name, 'APPEND')
      assert.deepEqual(await collect(request.stream()), message)
      const next = await framer.next()
      assert.equal(next?.kind === 'command' && describeCommand(next.command), 'b NOOP@6|b NOOP')
      await pumping
    })
  }

  it('does not end before the command does', async () => {
    const framer = new Framer(smallLimits)
    framer.push(Buffer.from('a APPEND x {2}\r\n'))
    const stream = streamOf(framer)
    framer.push(Buffer.from('xy'))
    let isDone = false
    const done = collect(stream).then((bytes) => {
      isDone = true
      return bytes
    })
    await new Promise(setImmediate)
    assert.equal(isDone, false)
    framer.push(Buffer.from('\r\n'))
    assert.deepEqual(await done, Buffer.from('xy'))
  })

  it('takes no input while nobody reads', async () => {
    const framer = new Framer(smallLimits)
    framer.push(Buffer.from('a APPEND x {600}\r\n'))
    const iterator = streamOf(framer)[Symbol.asyncIterator]()
    framer.push(Buffer.alloc(300, 0x61))
    let isHungry = false
    void framer.whenHungry().then(() => {
      isHungry = true
    })
    await new Promise(setImmediate)
    assert.equal(isHungry, false)
    await iterator.next()
    await new Promise(setImmediate)
    assert.equal(isHungry, true)
  })

  it('takes an empty message', async () => {
    const framer = new Framer(smallLimits)
    framer.push(Buffer.from('a APPEND x {0+}\r\n\r\nb NOOP\r\n'))
    assert.deepEqual(await collect(streamOf(framer)), Buffer.alloc(0))
    assert.equal(nameOfNext(framer), 'b NOOP@6|b NOOP')
  })

  const tails: readonly (readonly [string, string])[] = [
    ['words', ' garbage\r\n'],
    ['a second literal that comes unasked', ' {8+}\r\nc EVIL\r\n\r\n'],
    ['a second literal that waits', ' {8}\r\n'],
    ['a line that is too long', `${'x'.repeat(150)}\r\n`],
  ]
  for (const [name, tail] of tails) {
    it(`fails the stream when ${name} follow the message, and spares the next command`, async () => {
      const framer = new Framer(smallLimits)
      framer.push(Buffer.from(`a APPEND x {2+}\r\nxy${tail}b NOOP\r\n`))
      await assert.rejects(collect(streamOf(framer)), BadSyntax)
      assert.equal(nameOfNext(framer), 'b NOOP@6|b NOOP')
    })
  }

  it('fails the stream when the connection is lost, also before the last line end', async () => {
    for (const part of ['x', 'xy', 'xy\r']) {
      const framer = new Framer(smallLimits)
      framer.push(Buffer.from(`a APPEND x {2+}\r\n${part}`))
      const reading = collect(streamOf(framer))
      framer.end()
      await assert.rejects(reading, InputEnded)
    }
  })

  it('swallows what a reader leaves, however much it read', async () => {
    for (const pieces of [0, 1, 2, 3]) {
      const framer = new Framer(smallLimits)
      framer.push(Buffer.from(head('')))
      const iterator = streamOf(framer)[Symbol.asyncIterator]()
      for (const chunk of chop(message, [120])) framer.push(chunk)
      framer.push(Buffer.from('\r\nb NOOP\r\n'))
      for (let count = 0; count < pieces; count += 1) await iterator.next()
      assert.equal(nameOfNext(framer), 'b NOOP@6|b NOOP')
      if (pieces > 0) await assert.rejects(iterator.next(), InputEnded)
    }
  })

  it('swallows the rest when a loop over the stream is left', async () => {
    const framer = new Framer(smallLimits)
    framer.push(Buffer.from(head('+')))
    const stream = streamOf(framer)
    framer.push(message.subarray(0, 10))
    framer.push(Buffer.from(message.subarray(10)))
    framer.push(Buffer.from('\r\nb NOOP\r\n'))
    for await (const piece of stream) {
      assert.equal(piece.length, 10)
      break
    }
    assert.equal(nameOfNext(framer), 'b NOOP@6|b NOOP')
  })

  it('gives up when the rest is more than it would swallow', async () => {
    const framer = new Framer(smallLimits)
    framer.push(Buffer.from('a APPEND x {5000}\r\n'))
    streamOf(framer)
    assert.equal(framer.take()?.kind, 'hopeless')
  })

  it('streams more than it would swallow, if somebody reads it', async () => {
    const framer = new Framer(smallLimits)
    framer.push(Buffer.from('a APPEND x {5000}\r\n'))
    const stream = streamOf(framer)
    framer.push(Buffer.alloc(5000, 0x61))
    framer.push(Buffer.from('\r\n'))
    assert.equal((await collect(stream)).length, 5000)
  })
})
