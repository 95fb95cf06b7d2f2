// The load clients must notice the end of an answer however the network cuts it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ReplyReader } from './reply-reader.ts'
import { ResponseScanner } from './response-scanner.ts'

const answer =
  '* 2 EXISTS\r\n* 1 FETCH (UID 1 BODY[] {15}\r\nt7 OK not yet\r\n)\r\n* 2 FETCH (UID 2 FLAGS ())\r\nt7 OK Done.\r\n'

describe('ResponseScanner', () => {
  for (const size of [1, 2, 3, 7, 16, answer.length]) {
    it(`counts and finds the tagged line in pieces of ${size}`, () => {
      const scanner = new ResponseScanner('t7')
      const lines: string[] = []
      for (let at = 0; at < answer.length; at += size) {
        const line = scanner.push(Buffer.from(answer.slice(at, at + size), 'latin1'))
        if (line !== undefined) lines.push(line)
      }
      // Mail that holds a line beginning with the tag could deceive it; the generator makes none.
      assert.equal(lines.at(-1), 't7 OK Done.')
      assert.equal(scanner.bytes, answer.length)
      assert.equal(scanner.fetches, 2)
      assert.equal(scanner.exists, 2)
    })
  }

  it('knows a tagged refusal, and waits on for another tag', () => {
    assert.equal(
      new ResponseScanner('t1').push(Buffer.from('t1 NO [LIMIT] Later\r\n')),
      't1 NO [LIMIT] Later',
    )
    assert.equal(new ResponseScanner('t1').push(Buffer.from('t11 OK Other\r\n')), undefined)
    assert.equal(new ResponseScanner('t1').push(Buffer.from('t1 OK without an end')), undefined)
  })

  it('takes the last EXISTS, at the beginning or at the end', () => {
    const scanner = new ResponseScanner('t3')
    assert.equal(scanner.exists, undefined)
    scanner.push(Buffer.from('* 10 EXISTS\r\n* FLAGS ()\r\n'))
    assert.equal(scanner.exists, 10)
    scanner.push(Buffer.alloc(100_000, 'x'))
    scanner.push(Buffer.from('\r\n* 12 EXISTS\r\nt3 OK Done\r\n'))
    assert.equal(scanner.exists, 12)
  })

  it('finds the tagged line behind more than it remembers', () => {
    const scanner = new ResponseScanner('t2')
    assert.equal(scanner.push(Buffer.alloc(100_000, 'x')), undefined)
    assert.equal(scanner.push(Buffer.from('\r\nt2 OK Done\r\n')), 't2 OK Done')
  })
})

describe('ReplyReader', () => {
  const text = '250-host\r\n250-SIZE 10\r\n250 PIPELINING\r\n250 2.1.0 OK\r\n354 Go on\r\n'
  for (const size of [1, 4, 11, text.length]) {
    it(`gives each reply once, by its last line, in pieces of ${size}`, () => {
      const reader = new ReplyReader()
      const replies: string[] = []
      for (let at = 0; at < text.length; at += size) replies.push(...reader.push(text.slice(at, at + size)))
      assert.deepEqual(replies, ['250 PIPELINING', '250 2.1.0 OK', '354 Go on'])
    })
  }
})
