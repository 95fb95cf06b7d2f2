// FETCH: parts not kept ready are made from the body, sizes agree with what is sent, large messages stream.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { MessageContent } from '../../src/account/api.ts'
import { chunkBytes } from '../../src/base/limits.ts'
import { plainContent } from '../support/plain-content.ts'
import type { Client } from './client.ts'
import { withFaults } from './faulty-accounts.ts'
import { mail, makeHarness, type Harness } from './harness.ts'
import { scriptsDirectory } from './script.ts'

const multipart = readFileSync(join(scriptsDirectory, 'mail', 'multipart.txt'), 'utf8')
  .replace(/^From .*\n/, '')
  .replaceAll('\n', '\r\n')
const longHeader = `${mail('long header', '').replace(
  '\r\n\r\n',
  `\r\n${'X-Filler: 0123456789012345678901234567890123456789\r\n'.repeat(1000)}\r\n`,
)}The end.\r\n`
const large = mail('large', `${'0123456789'.repeat(7)}\r\n`.repeat(5000))
const manyParts = ((): string => {
  const part = '--b\r\nContent-Type: text/plain; name="a rather long name for a small part"\r\n\r\nx\r\n'
  const head = mail('parts', '').replace('\r\n\r\n', '\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n')
  return `${head}${part.repeat(400)}--b--\r\n`
})()
const messages = {
  multipart,
  longHeader,
  large,
  manyParts,
  plain: mail('plain'),
  empty: '\r\n',
  headless: 'no colon\r\n',
}

/** As if none of it had been small enough to be kept ready. */
function bare(content: MessageContent): MessageContent {
  return {
    uid: content.uid,
    emailId: content.emailId,
    sizeBytes: content.sizeBytes,
    envelope: undefined,
    body: undefined,
    bodyStructure: undefined,
    tree: undefined,
    header: undefined,
    read: (start, end) => content.read(start, end),
  }
}

async function withMail(
  isBare: boolean,
  test: (harness: Harness, client: Client) => Promise<void>,
): Promise<void> {
  const harness = await makeHarness(
    isBare ? { wrap: (accounts) => withFaults(accounts, { content: bare }) } : {},
  )
  try {
    for (const text of Object.values(messages)) await harness.put(text)
    await test(harness, await harness.select())
  } finally {
    await harness.close()
  }
}

const items = [
  'ENVELOPE',
  'BODY',
  'BODYSTRUCTURE',
  'BODY.PEEK[HEADER]',
  'BODY.PEEK[HEADER.FIELDS (Subject X-Filler)]<3.40>',
  'BODY.PEEK[HEADER.FIELDS.NOT (X-Filler)]',
  'BODY.PEEK[TEXT]',
  'BODY.PEEK[1]',
  'BODY.PEEK[1.MIME]',
  'BODY.PEEK[2.HEADER]',
  'BODY.PEEK[2.2]',
  'BODY.PEEK[300]',
  'BODY.PEEK[]',
  'BODY.PEEK[]<65530.20>',
  'BODY.PEEK[]<1.200000>',
  'RFC822.SIZE',
]

describe('FETCH', () => {
  it('answers alike whether or not parts are kept ready', async () => {
    const answers: string[][] = []
    for (const isBare of [false, true]) {
      await withMail(isBare, async (_, client) => {
        const responses: string[] = []
        for (const item of items) responses.push(...(await client.ok(`FETCH 1:* (UID ${item})`)))
        responses.push(...(await client.ok(`FETCH 1:* (${items.join(' ')})`)))
        answers.push(responses)
      })
    }
    assert.equal(answers[0]?.length, (items.length + 1) * (Object.keys(messages).length + 1))
    assert.deepEqual(answers[1], answers[0])
  })

  it('answers alike however many items are asked for at once', () =>
    withMail(false, async (_, client) => {
      const asked = Array.from({ length: 60 }, (_, index) => `BODY.PEEK[HEADER]<${index}.100000>`)
      const inside = (answer: string): string => answer.slice(answer.indexOf('(') + 1, -1)
      for (const [index] of Object.keys(messages).entries()) {
        const answers: string[] = []
        for (let from = 0; from < asked.length; from += 20) {
          const [some = ''] = await client.ok(
            `FETCH ${index + 1} (${asked.slice(from, from + 20).join(' ')})`,
          )
          answers.push(inside(some))
        }
        for (const few of [32, 33, 60]) {
          const [many = ''] = await client.ok(`FETCH ${index + 1} (${asked.slice(0, few).join(' ')})`)
          const expected = few === 60 ? answers.join(' ') : answers.join(' ').slice(0, inside(many).length)
          assert.equal(inside(many), expected)
        }
      }
    }))

  it('sends every message as it was stored, and says its size', () =>
    withMail(false, async (_, client) => {
      for (const [index, text] of Object.values(messages).entries()) {
        const [answer = ''] = await client.ok(`FETCH ${index + 1} (RFC822.SIZE BODY.PEEK[])`)
        assert.equal(
          answer,
          `* ${index + 1} FETCH (RFC822.SIZE ${text.length} BODY[] {${text.length}}\r\n${text})`,
        )
      }
    }))

  it('sends pieces that add up to the whole, at every boundary', () =>
    withMail(false, async (_, client) => {
      for (const [index, text] of Object.values(messages).entries()) {
        let sum = ''
        // Thunderbird's way: a short chunk is the last one.
        for (let start = 0; ; start += chunkBytes + 1) {
          const [answer = ''] = await client.ok(`FETCH ${index + 1} BODY.PEEK[]<${start}.${chunkBytes + 1}>`)
          const [head = '', length = ''] = /^\* \d+ FETCH \(BODY\[\]<\d+> \{(\d+)\}\r\n/.exec(answer) ?? []
          sum += answer.slice(head.length, -1)
          if (Number(length) < chunkBytes + 1) break
        }
        assert.equal(sum, text)
      }
    }))

  it('says in BODYSTRUCTURE the octets and lines that a part really has', () =>
    withMail(false, async (_, client) => {
      const [structure = ''] = await client.ok('FETCH 1 BODYSTRUCTURE')
      const told = [
        ...structure.matchAll(/\("text" "(?:plain|html)" (?:\([^)]*\)|NIL) NIL NIL "7bit" (\d+) (\d+)/g),
      ]
      assert.equal(told.length, 3)
      for (const [index, path] of ['1', '2.1', '2.2'].entries()) {
        const [answer = ''] = await client.ok(`FETCH 1 BODY.PEEK[${path}]`)
        const text = answer.slice(answer.indexOf('\r\n') + 2, -1)
        assert.equal(told[index]?.[1], String(text.length))
        assert.equal(told[index][2], String(text.split('\n').length - 1))
      }
    }))

  it('opens no body for what is kept ready', async () => {
    const read: number[] = []
    const harness = await makeHarness({
      wrap: (accounts) =>
        withFaults(accounts, {
          content: (content) => ({
            ...plainContent(content),
            read(start, end) {
              read.push(content.uid)
              return content.read(start, end)
            },
          }),
        }),
    })
    try {
      await harness.put(mail('one'))
      const client = await harness.select()
      await client.ok(
        'FETCH 1 (FLAGS ENVELOPE BODY BODYSTRUCTURE BODY.PEEK[HEADER] BODY.PEEK[HEADER.FIELDS (To)])',
      )
      await client.ok('SEARCH SUBJECT one SENTSINCE 1-Jan-2020')
      assert.deepEqual(read, [])
      await client.ok('FETCH 1 BODY.PEEK[TEXT]')
      assert.deepEqual(read, [1])
    } finally {
      await harness.close()
    }
  })

  it('stores \\Seen once for all messages of a FETCH', async () => {
    const stores: string[] = []
    const harness = await makeHarness({
      wrap: (accounts) => withFaults(accounts, { mailbox: (method) => void stores.push(method) }),
    })
    try {
      for (let count = 0; count < 30; count += 1) await harness.put(mail(`m${count}`))
      const client = await harness.select()
      const responses = await client.ok('FETCH 1:* BODY[TEXT]')
      assert.equal(responses.filter((response) => response.endsWith(' FLAGS (\\Seen \\Recent))')).length, 30)
      assert.equal(stores.filter((method) => method === 'storeFlags').length, 1)
    } finally {
      await harness.close()
    }
  })
})
