// APPEND of several literals: what cannot stand in a script, failures in the middle, and that they leave nothing behind.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Client } from './client.ts'
import { address, mail, makeHarness, type Harness, type HarnessOptions } from './harness.ts'

async function withClient(
  test: (client: Client, harness: Harness) => Promise<void>,
  options: HarnessOptions = {},
): Promise<void> {
  const harness = await makeHarness(options)
  try {
    await test(await harness.login(), harness)
  } finally {
    await harness.close()
  }
}

/** No message is there, none ever was, and the connection is where it should be. */
async function isUntouched(client: Client): Promise<void> {
  const [status] = await client.ok('STATUS INBOX (MESSAGES UIDNEXT SIZE)')
  assert.equal(status, '* STATUS INBOX (MESSAGES 0 UIDNEXT 1 SIZE 0)')
}

const one = mail('one')
const nul = 'Subject: x\r\n\r\na\0b\r\n'
const big = mail('big', 'x'.repeat(1_048_576))
const part = (text: string, mark = ''): string => `${mark}{${text.length}+}\r\n${text}`

describe('MULTIAPPEND that fails', () => {
  const rows: readonly (readonly [name: string, tail: string, answer: RegExp])[] = [
    ['at NUL in the middle', ` ${part(nul)} ${part(one)}`, /^NO \[CANNOT\]/],
    ['at NUL in the last one', ` ${part(nul)}`, /^NO \[CANNOT\]/],
    ['at one that is too big in the middle', ` ${part(big)} ${part(one)}`, /^NO \[TOOBIG\]/],
    ['at an empty one', ` ${part('')}`, /^NO \[CANNOT\]/],
    ['at a line that is too long', ` (${'x '.repeat(40_000)}) ${part(one)}`, /^BAD/],
    ['at a keyword that is too long', ` (${'k'.repeat(200)}) ${part(one)} ${part(one)}`, /^NO \[LIMIT\]/],
    ['at a flag that nobody can set', ` (\\Recent) ${part(one)} ${part(one)}`, /^BAD/],
    ['at NUL that a literal8 cannot hide', ` ${part(nul, '~')} ${part(one)}`, /^NO \[UNKNOWN-CTE\]/],
    ['at something behind the last one', ' garbage', /^BAD/],
    ['at a literal8 for a URL', ` CATENATE (URL ${part('/INBOX', '~')} TEXT ${part(one)})`, /^BAD/],
  ]
  for (const [name, tail, answer] of rows) {
    it(`${name} stores nothing, and the next command is understood`, () =>
      withClient(async (client) => {
        client.write(`a APPEND INBOX ${part(one)}${tail}\r\nb NOOP\r\n`)
        const [said = ''] = await client.until('a')
        assert.match(said.slice(2), answer)
        assert.deepEqual(await client.until('b'), ['b OK NOOP completed'])
        await isUntouched(client)
        await client.ok(`APPEND INBOX ${part(one)} ${part(one)}`)
      }))
  }

  it('over quota at the last one stores nothing', () =>
    withClient(async (client, { accounts }) => {
      await accounts.setQuota(address, 2 * one.length)
      const [said = ''] = await client.run(`APPEND INBOX ${part(one)} ${part(one)} ${part(one)}`)
      assert.match(said, /^NO \[OVERQUOTA\]/)
      await isUntouched(client)
      await client.ok(`APPEND INBOX ${part(one)} ${part(one)}`)
    }))

  it('is told so in place of the invitation, by a client that waits', () =>
    withClient(async (client) => {
      client.write(`a APPEND INBOX {${one.length}}\r\n`)
      assert.match((await client.next()) ?? '', /^\+ /)
      client.write(`${one} {2000000}\r\n`)
      assert.match((await client.next()) ?? '', /^a NO \[TOOBIG\]/)
      await isUntouched(client)
    }))

  for (const [name, sent] of [
    ['in the middle of the second of three', `${part(one)} {100+}\r\nhalf`],
    ['before the line end', `${part(one)} ${part(one)}`],
    ['while it is asked for', `${part(one)} {100}\r\n`],
    ['in the middle of a URL', `CATENATE (TEXT ${part(one)} URL {20+}\r\n/INB`],
  ] as const) {
    it(`because the peer goes away ${name} stores nothing`, () =>
      withClient(async (client, { handles, login }) => {
        client.write(`a APPEND INBOX ${sent}`)
        client.socket.end()
        await handles[0]?.closed
        await isUntouched(await login())
      }))
  }

  it('because it is more than one commit takes is refused, and leaves nothing', () =>
    withClient(async (client) => {
      const small = 'a: b\r\n\r\n'
      const [said = ''] = await client.run(
        `APPEND INBOX ${Array.from({ length: 1100 }, () => part(small)).join(' ')}`,
      )
      assert.match(said, /^NO \[LIMIT\]/)
      await isUntouched(client)
      await client.ok(`APPEND INBOX ${Array.from({ length: 500 }, () => part(small)).join(' ')}`)
    }))
})

describe('APPEND of a literal8', () => {
  const binary = Buffer.from(Array.from({ length: 300 }, (_, at) => at % 256)).toString('latin1')

  it('keeps every octet of a binary part, and BODY[] holds no NUL', () =>
    withClient(async (client) => {
      const message =
        'Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText\nlines\r\n' +
        `--b\r\nContent-Type: image/png\r\ncontent-transfer-ENCODING:\r\n binary\r\nX: y\r\n\r\n${binary}\r\n--b--\r\n`
      await client.ok(`APPEND INBOX ${part(message, '~')}`)
      await client.ok('SELECT INBOX')
      const [whole = ''] = await client.ok('FETCH 1 BODY.PEEK[]')
      assert.ok(!whole.includes('\0'))
      assert.match(
        whole,
        /Text\r\nlines\r\n--b\r\nContent-Type: image\/png\r\ncontent-transfer-ENCODING: base64\r\nX: y\r\n\r\n/,
      )
      const [part2] = await client.ok('FETCH 1 (BINARY.SIZE[2] BINARY.PEEK[2])')
      assert.equal(part2, `* 1 FETCH (BINARY.SIZE[2] 300 BINARY[2] ~{300}\r\n${binary})`)
      const [structure = ''] = await client.ok('FETCH 1 BODY')
      assert.match(structure, /"image" "png" NIL NIL NIL "base64" 410\)/)
    }))

  it('takes one part that is the message, in several parts of a CATENATE', () =>
    withClient(async (client) => {
      const head = 'Content-Transfer-Encoding: binary\r\n\r\n'
      await client.ok(
        `APPEND INBOX CATENATE (TEXT ${part(head)} TEXT ${part(binary, '~')} TEXT ${part(binary, '~')})`,
      )
      await client.ok('SELECT INBOX')
      const [answer] = await client.ok('FETCH 1 BINARY.PEEK[1]')
      assert.equal(answer, `* 1 FETCH (BINARY[1] ~{600}\r\n${binary}${binary})`)
    }))

  it('leaves signed parts as they are, or refuses them', () =>
    withClient(async (client) => {
      const signed = (body: string): string =>
        'Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: binary\r\n\r\n' +
        `${body}\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n`
      const [refused = ''] = await client.run(`APPEND INBOX ${part(signed(binary), '~')}`)
      assert.match(refused, /^NO \[UNKNOWN-CTE\]/)
      const text = signed('text')
      await client.ok(`APPEND INBOX ${part(text, '~')}`)
      await client.ok('SELECT INBOX')
      const [answer] = await client.ok('FETCH 1 BODY.PEEK[]')
      assert.equal(answer, `* 1 FETCH (BODY[] {${text.length}}\r\n${text})`)
    }))

  it('takes a large one, which is parsed beside the event loop', () =>
    withClient(
      async (client) => {
        const body = binary.repeat(6000)
        const message = `Content-Transfer-Encoding: binary\r\n\r\n${body}`
        await client.ok(`APPEND INBOX ${part(message, '~')}`)
        await client.ok('SELECT INBOX')
        const [size] = await client.ok('FETCH 1 BINARY.SIZE[1]')
        assert.equal(size, `* 1 FETCH (BINARY.SIZE[1] ${body.length})`)
        const [end] = await client.ok('FETCH 1 BINARY.PEEK[1]<1799990.20>')
        assert.equal(end, `* 1 FETCH (BINARY[1]<1799990> {10}\r\n${body.slice(1_799_990)})`)
      },
      { settings: { maxMessageBytes: 4 * 1024 * 1024 } },
    ))
})
