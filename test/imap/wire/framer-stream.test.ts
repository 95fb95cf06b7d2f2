// Literals handed on as streams: APPEND's message.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { collect } from '../../../src/base/async.ts'
import { InputEnded } from '../../../src/imap/wire/framer-events.ts'
import { Framer } from '../../../src/imap/wire/framer.ts'
import { chop, describeCommand, smallLimits } from './framer-harness.ts'

/** Takes the literal that is on the wire, as a stream. */
function streamOf(framer: Framer): AsyncIterable<Buffer> {
  const request = framer.take()
  assert.ok(request?.kind === 'literal')
  return request.stream()
}

/** What stands behind the literal. */
async function rest(framer: Framer): Promise<string> {
  const event = await framer.more()
  if (event?.kind === 'command') return describeCommand(event.command)
  if (event?.kind === 'literal') return `{${event.sizeBytes}} ${describeCommand(event.command)}`
  return event?.kind === 'refused' ? event.reason : (event?.kind ?? 'nothing')
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
      assert.equal(await rest(framer), 'a APPEND@0|')
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
    assert.deepEqual(await collect(stream), Buffer.from('xy'))
    let isDone = false
    const done = rest(framer).then((said) => {
      isDone = true
      return said
    })
    await new Promise(setImmediate)
    assert.equal(isDone, false)
    framer.push(Buffer.from('\r\n'))
    assert.equal(await done, 'a APPEND@0|')
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
    assert.equal(await rest(framer), 'a APPEND@0|')
    assert.equal(nameOfNext(framer), 'b NOOP@6|b NOOP')
  })

  const tails: readonly (readonly [name: string, tail: string, said: string])[] = [
    ['words', ' garbage\r\n', 'a APPEND@0| garbage'],
    ['a literal that comes unasked', ' {8+}\r\nc EVIL\r\n\r\n', '{8} a APPEND@0| '],
    ['a literal that waits', ' {8}\r\n', '{8} a APPEND@0| '],
    ['a line that is too long', `${'x'.repeat(150)}\r\n`, 'line-too-long'],
    ['a long line with a literal', `${'x'.repeat(150)} {8+}\r\nc EVIL\r\n\r\n`, 'line-too-long'],
  ]
  for (const [name, tail, said] of tails) {
    for (const isAsked of [true, false]) {
      it(`${isAsked ? 'tells of' : 'swallows'} ${name} behind the literal, and spares the next command`, async () => {
        const framer = new Framer(smallLimits)
        framer.push(Buffer.from(`a APPEND x {2+}\r\nxy${tail}b NOOP\r\n`))
        assert.deepEqual(await collect(streamOf(framer)), Buffer.from('xy'))
        if (isAsked) assert.equal(await rest(framer), said)
        assert.equal(nameOfNext(framer), 'b NOOP@6|b NOOP')
        await assert.rejects(framer.more())
      })
    }
  }

  for (const sizes of [[1 << 20], [1], [5, 1]]) {
    it(`gives one literal after the other, with what stands between them, in pieces of ${sizes.join()}`, async () => {
      const framer = new Framer(smallLimits)
      const text =
        'a APPEND x {2+}\r\nxy (\\Seen) {3}\r\nabc CATENATE (URL {2+}\r\n/x TEXT ~{4+}\r\n\0\r\n))\r\nb NOOP\r\n'
      const chunks = chop(Buffer.from(text), sizes)
      const pumping = (async () => {
        for (const chunk of chunks) {
          framer.push(chunk)
          await framer.whenHungry()
        }
      })()
      const first = await framer.next()
      assert.ok(first?.kind === 'literal')
      assert.equal((await collect(first.stream())).toString(), 'xy')
      const second = await framer.more()
      assert.ok(second?.kind === 'literal')
      assert.equal(describeCommand(second.command), 'a APPEND@0| (\\Seen) ')
      assert.equal((await collect(second.stream())).toString(), 'abc')
      const url = await framer.more()
      assert.ok(url?.kind === 'literal' && url.accept())
      const third = await framer.more()
      assert.ok(third?.kind === 'literal' && third.isBinary)
      assert.equal(describeCommand(third.command), 'a APPEND@0| CATENATE (URL |"/x"| TEXT ')
      assert.equal((await collect(third.stream())).toString(), '\0\r\n)')
      assert.equal(await rest(framer), 'a APPEND@0|)')
      const next = await framer.next()
      assert.equal(next?.kind === 'command' && describeCommand(next.command), 'b NOOP@6|b NOOP')
      await pumping
    })
  }

  const abandoned: readonly (readonly [string, string])[] = [
    ['in the middle of a buffered literal', ' {10+}\r\nc EVIL\r\n'],
    ['behind a buffered literal', ' {4+}\r\nabcd'],
  ]
  for (const [name, tail] of abandoned) {
    it(`spares the next command when the command is given up ${name}`, async () => {
      const framer = new Framer(smallLimits)
      framer.push(Buffer.from(`a APPEND x {2+}\r\nxy${tail}`))
      await collect(streamOf(framer))
      const request = await framer.more()
      assert.ok(request?.kind === 'literal' && request.accept())
      void framer.more().catch(() => undefined)
      assert.equal(framer.take(), undefined)
      framer.push(
        Buffer.from(name.startsWith('in') ? '\r\n {7+}\r\nd EVIL\n\r\nb NOOP\r\n' : ' x\r\nb NOOP\r\n'),
      )
      assert.equal(nameOfNext(framer), 'b NOOP@6|b NOOP')
    })
  }

  it('fails the stream when the connection is lost, and says nothing of a command without its line end', async () => {
    const framer = new Framer(smallLimits)
    framer.push(Buffer.from('a APPEND x {2+}\r\nx'))
    const reading = collect(streamOf(framer))
    framer.end()
    await assert.rejects(reading, InputEnded)
    for (const part of ['xy', 'xy\r', 'xy {2+}\r\nx']) {
      const other = new Framer(smallLimits)
      other.push(Buffer.from(`a APPEND x {2+}\r\n${part}`))
      await collect(streamOf(other))
      other.end()
      const event = await other.more()
      if (event?.kind === 'literal') await assert.rejects(collect(event.stream()), InputEnded)
      else assert.equal(event, undefined)
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
