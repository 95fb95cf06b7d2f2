// BINARY: octets that lines cannot hold, attachments larger than a chunk, pieces, and damage.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Refusal } from '../../src/account/errors.ts'
import { plainContent } from '../support/plain-content.ts'
import type { Client } from './client.ts'
import { withFaults } from './faulty-accounts.ts'
import { mail, makeHarness, type Harness, type HarnessOptions } from './harness.ts'

/** Every octet there is, in no order, so that no piece is like another. */
function octets(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0, value = 1; at < length; at += 1) {
    value = (value * 1_103_515_245 + 12_345) % 2_147_483_648
    bytes[at] = value >>> 16
  }
  return bytes
}

function lines(text: string, width: number): string {
  return text.replace(new RegExp(`.{1,${width}}`, 'g'), '$&\r\n')
}

function quotedPrintable(bytes: Buffer): string {
  let text = ''
  for (const byte of bytes) text += `=${byte.toString(16).padStart(2, '0').toUpperCase()}`
  return text.replace(/.{72}/g, '$&=\r\n')
}

const attachment = octets(900_000)
const encoded = {
  base64: lines(attachment.toString('base64'), 76),
  'quoted-printable': quotedPrintable(attachment.subarray(0, 200_000)),
}

function message(encoding: string, body: string): string {
  return mail(encoding, '').replace('\r\n\r\n', `\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`) + body
}

async function withMail(
  options: HarnessOptions,
  test: (harness: Harness, client: Client) => Promise<void>,
): Promise<void> {
  const harness = await makeHarness({ settings: { maxMessageBytes: 8 * 1024 * 1024 }, ...options })
  try {
    for (const [encoding, body] of Object.entries(encoded)) await harness.put(message(encoding, body))
    await test(harness, await harness.select())
  } finally {
    await harness.close()
  }
}

/** The octets of the one literal in an answer. */
function literalOf(answer: string): { readonly bytes: Buffer; readonly isBinary: boolean } {
  const [head = '', tilde, length] = /^[^{~]*(~?)\{(\d+)\}\r\n/.exec(answer) ?? []
  const start = head.length
  return {
    bytes: Buffer.from(answer.slice(start, start + Number(length)), 'latin1'),
    isBinary: tilde === '~',
  }
}

describe('BINARY', () => {
  it('sends what is longer than a chunk, as a literal8 where it holds NUL', () =>
    withMail({}, async (_, client) => {
      const expected = [attachment, attachment.subarray(0, 200_000)]
      for (const [index, bytes] of expected.entries()) {
        const [size] = await client.ok(`FETCH ${index + 1} BINARY.SIZE[1]`)
        assert.equal(size, `* ${index + 1} FETCH (BINARY.SIZE[1] ${bytes.length})`)
        const [answer = ''] = await client.ok(`FETCH ${index + 1} BINARY.PEEK[1]`)
        const literal = literalOf(answer)
        assert.ok(literal.isBinary)
        assert.ok(literal.bytes.equals(bytes))
      }
    }))

  it('sends pieces that add up to the whole, in any order', () =>
    withMail({}, async (_, client) => {
      const step = 70_001
      const starts = Array.from({ length: Math.ceil(attachment.length / step) }, (_, index) => index * step)
      for (const start of [...starts, ...starts.toReversed()]) {
        const [answer = ''] = await client.ok(`UID FETCH 1 BINARY.PEEK[1]<${start}.${step}>`)
        assert.ok(answer.startsWith(`* 1 FETCH (UID 1 BINARY[1]<${start}> `), answer.slice(0, 60))
        assert.ok(literalOf(answer).bytes.equals(attachment.subarray(start, start + step)))
      }
      const [end] = await client.ok(`UID FETCH 1 BINARY.PEEK[1]<${attachment.length}.10>`)
      assert.equal(end, `* 1 FETCH (UID 1 BINARY[1]<${attachment.length}> {0}\r\n)`)
    }))

  it('answers several pieces of several messages in one FETCH', () =>
    withMail({}, async (_, client) => {
      const items = 'BINARY.PEEK[1]<100.5> BINARY.SIZE[1] BINARY.PEEK[1]<150000.4> BINARY.SIZE[]'
      const answers = await client.ok(`FETCH 1:2 (${items})`)
      for (const answer of answers.slice(0, 2)) {
        for (const at of [100, 150_000]) {
          const piece = attachment.toString('latin1', at, at + (at === 100 ? 5 : 4))
          assert.ok(answer.includes(`BINARY[1]<${at}> {${piece.length}}\r\n${piece}`) || piece.includes('\0'))
        }
      }
    }))

  it('says a literal8 only where there is a NUL', () =>
    withMail({}, async (harness, client) => {
      await harness.put(message('base64', lines(Buffer.from('a\0b').toString('base64'), 76)))
      await client.ok('NOOP')
      const [answer] = await client.ok('FETCH 3 (BINARY.PEEK[1] BINARY.PEEK[1]<2.1>)')
      assert.equal(answer, '* 3 FETCH (BINARY[1] ~{3}\r\na\0b BINARY[1]<2> {1}\r\nb)')
    }))

  it('refuses a damaged message before it promises anything', async () => {
    await withMail(
      {
        wrap: (accounts) =>
          withFaults(accounts, {
            content: (content) => ({
              ...plainContent(content),
              async *read(start, end) {
                let sent = 0
                for await (const piece of content.read(start, end)) {
                  sent += piece.length
                  if (sent > 300_000 && content.uid === 1) {
                    throw new Refusal('damaged', 'The message is damaged')
                  }
                  yield piece
                }
              },
            }),
          }),
      },
      async (_, client) => {
        const answers = await client.run('FETCH 1:2 (UID BINARY.PEEK[1])')
        assert.equal(answers.length, 2)
        assert.match(answers[0] ?? '', /^\* 2 FETCH \(UID 2 /)
        assert.match(answers[1] ?? '', /^NO \[CORRUPTION\]/)
        await client.ok('NOOP')
      },
    )
  })
})
