// The load must be the same mail everywhere, and must fit the wire as it is.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { simpleParser } from 'mailparser'
import { MessageGenerator, type GeneratedMessage } from './message-generator.ts'

const shapes = [
  { name: '4 KB of text', shape: 'text', sizeBytes: 4_096 },
  { name: '75 KB with an attachment', shape: 'multipart', sizeBytes: 75 * 1_024 },
] as const

const octets = ({ head, body }: GeneratedMessage): Buffer => Buffer.concat([head, body])

function digest(generator: MessageGenerator): string {
  const hash = createHash('sha256')
  for (let index = 0; index < 100; index++) hash.update(octets(generator.message(index)))
  return hash.digest('hex')
}

for (const { name, shape, sizeBytes } of shapes) {
  describe(`the message generator, ${name}`, () => {
    const generator = new MessageGenerator(shape, sizeBytes, 11)

    it('makes the same octets from the same seed, and others from another', () => {
      assert.equal(digest(generator), digest(new MessageGenerator(shape, sizeBytes, 11)))
      assert.notEqual(digest(generator), digest(new MessageGenerator(shape, sizeBytes, 12)))
    })

    it('makes no message twice', () => {
      const seen = new Set(
        Array.from({ length: 500 }, (_, index) => generator.message(index).head.toString()),
      )
      assert.equal(seen.size, 500)
    })

    it('keeps to the size, to CRLF, to short lines, and needs no dot-stuffing', () => {
      for (let index = 0; index < 100; index++) {
        const message = generator.message(index)
        const text = octets(message).toString('latin1')
        assert.equal(message.sizeBytes, text.length)
        assert.ok(Math.abs(text.length - sizeBytes) < sizeBytes * 0.08, `${text.length} octets`)
        assert.doesNotMatch(text, /[^\r]\n|\r[^\n]/)
        assert.ok(text.endsWith('\r\n'))
        assert.doesNotMatch(text, /^\./m)
        assert.ok(text.split('\r\n').every((line) => line.length <= 998))
      }
    })

    it('never contains what the load clients look for', () => {
      for (let index = 0; index < 100; index++)
        assert.doesNotMatch(octets(generator.message(index)).toString('latin1'), / FETCH \(|^t\d+ /m)
    })

    it('is mail to a parser', async () => {
      const mail = await simpleParser(octets(generator.message(4)))
      assert.match(mail.messageId ?? '', /^<4\.\w+@/)
      assert.ok(mail.date instanceof Date && mail.subject !== undefined && mail.from !== undefined)
      assert.equal(mail.attachments.length, shape === 'multipart' ? 1 : 0)
      assert.ok((mail.text ?? '').length > 1_000)
    })
  })
}
