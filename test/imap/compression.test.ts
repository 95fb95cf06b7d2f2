// COMPRESS=DEFLATE: windows that are never shared, bombs, rubbish, silence, peers that do not read.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { deflateRawSync, inflateRawSync, constants } from 'node:zlib'
import { Client, deflate } from './client.ts'
import { address, mail, makeHarness, passwordText, type Harness } from './harness.ts'

async function withHarness(test: (harness: Harness) => Promise<void>): Promise<void> {
  const harness = await makeHarness()
  try {
    await test(harness)
  } finally {
    await harness.close()
  }
}

async function compressed({ login }: Harness): Promise<Client> {
  const client = await login()
  await client.ok('COMPRESS DEFLATE')
  client.compress()
  return client
}

/** As `compressed`, for what is sent in ways that the rules of a session know nothing of. */
async function unruly(harness: Harness): Promise<Client> {
  const client = await compressed(harness)
  client.rules.stop()
  return client
}

/** Logs in, begins to compress and returns the bare socket's bytes, one piece for each answer to `sent`. */
async function rawAnswers({ login }: Harness, sent: readonly string[]): Promise<Buffer[]> {
  const client = await login()
  await client.ok('COMPRESS DEFLATE')
  client.rules.stop()
  client.socket.removeAllListeners('data')
  const answers: Buffer[] = []
  for (const line of sent) {
    let bytes = Buffer.alloc(0)
    client.write(deflate(`${line}\r\n`))
    // A sync flush ends what belongs together.
    while (!bytes.subarray(-4).equals(Buffer.from([0, 0, 0xff, 0xff]))) {
      const [chunk] = (await once(client.socket, 'data')) as [Buffer]
      bytes = Buffer.concat([bytes, chunk])
    }
    answers.push(bytes)
  }
  return answers
}

const inflated = (bytes: Buffer): string =>
  inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString('latin1')

describe('COMPRESS', () => {
  it('is offered after login, until it is on', () =>
    withHarness(async ({ connect }) => {
      const client = await connect('tls', (greeting) => assert.doesNotMatch(greeting, /COMPRESS/))
      const [answer = ''] = await client.ok(`LOGIN ${address} "${passwordText}"`)
      assert.match(answer, / COMPRESS=DEFLATE[ \]]/)
      assert.doesNotMatch(answer, /AUTH=|LOGINDISABLED|STARTTLS|SASL-IR/)
      await client.ok('COMPRESS DEFLATE')
      client.compress()
      assert.doesNotMatch((await client.ok('CAPABILITY')).join(), /COMPRESS/)
    }))

  it('carries messages of a megabyte both ways', () =>
    withHarness(async (harness) => {
      const client = await compressed(harness)
      const text = mail('large', 'The quick brown fox, line by line.\r\n'.repeat(28_000))
      client.send(`a APPEND INBOX {${text.length}}`)
      assert.match((await client.next()) ?? '', /^\+ /)
      client.send(text)
      assert.match((await client.next()) ?? '', /^a OK /)
      await client.ok('SELECT INBOX')
      const [answer = ''] = await client.ok('FETCH 1 BODY.PEEK[]')
      assert.ok(answer.includes(text))
    }))

  it('takes a stream that is cut anywhere, and commands sent in one piece', () =>
    withHarness(async (harness) => {
      const client = await unruly(harness)
      for (const byte of deflate('a NOOP\r\nb NOO')) client.socket.write(Buffer.from([byte]))
      client.write('P\r\nc NOOP\r\n')
      for (const tag of 'abc') assert.match((await client.next()) ?? '', new RegExp(`^${tag} OK `))
    }))

  it('takes a compressed command that came too early for what it is', () =>
    withHarness(async ({ login }) => {
      const client = await login()
      client.rules.stop()
      client.write(Buffer.concat([Buffer.from('a COMPRESS DEFLATE\r\n'), deflate('b NOOP\r\n')]))
      assert.match((await client.next()) ?? '', /^a OK /)
      client.compress()
      assert.match((await client.next()) ?? '', /^b OK /)
    }))

  it('lets a peer that has said all close its half, and answers it', () =>
    withHarness(async (harness) => {
      const client = await unruly(harness)
      client.socket.end(deflate('a STATUS INBOX (MESSAGES)\r\nb NOOP\r\n'))
      assert.deepEqual(await client.rest(), [
        '* STATUS INBOX (MESSAGES 0)',
        'a OK STATUS completed',
        'b OK NOOP completed',
      ])
      await harness.handles.at(-1)?.closed
    }))

  it('takes the end of the stream for the end', () =>
    withHarness(async (harness) => {
      const client = await unruly(harness)
      client.socket.write(deflateRawSync('a NOOP\r\n'))
      client.socket.write('x')
      assert.deepEqual(await client.rest(), ['a OK NOOP completed'])
    }))

  it('says goodbye in compressed form', () =>
    withHarness(async (harness) => {
      const client = await compressed(harness)
      harness.handles.at(-1)?.close('The server is shutting down')
      assert.deepEqual(await client.rest(), ['* BYE [UNAVAILABLE] The server is shutting down'])
      await harness.handles.at(-1)?.closed
    }))
})

describe('what is deflated', () => {
  it('shares no window with another answer: each can be inflated alone, and repeats are as long as the first', () =>
    withHarness(async (harness) => {
      await harness.put(mail('secret', 'The password is swordfish.\r\n'))
      const command = 'a FETCH 1 BODY.PEEK[]'
      const [, first, second, status] = await rawAnswers(harness, [
        'b SELECT INBOX',
        command,
        command,
        'c STATUS INBOX (MESSAGES)',
      ])
      assert.ok(first && second && status)
      assert.match(inflated(second), /swordfish/)
      assert.match(inflated(status), /^\* STATUS INBOX/)
      assert.deepEqual(second, first)
    }))
})

describe('a hostile peer that compresses', () => {
  const rubbish: [name: string, bytes: Buffer][] = [
    ['plain commands', Buffer.from('b NOOP\r\nc NOOP\r\n'.repeat(100))],
    ['a block of a kind that there is not', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['a reference to before the beginning', Buffer.from([0x4b, 0x04, 0xa2, 0x00, 0x03, 0x52])],
    // An empty stored block, again and again.
    ['blocks that hold nothing', Buffer.from('000000ffff'.repeat(10_000), 'hex')],
  ]
  for (const [name, bytes] of rubbish) {
    it(`is told goodbye for ${name}`, () =>
      withHarness(async (harness) => {
        const client = await unruly(harness)
        client.socket.write(bytes)
        assert.match((await client.rest()).join(), /^\* BYE What came (does not inflate|holds nothing)$/)
        await harness.handles.at(-1)?.closed
      }))
  }

  it('is answered BAD for a bomb of a line, and harms nobody', () =>
    withHarness(async (harness) => {
      const client = await unruly(harness)
      const bomb = deflate(`a NOOP ${' '.repeat(32 * 1024 * 1024)}\r\nb NOOP\r\n`)
      assert.ok(bomb.length < 64 * 1024)
      client.socket.write(bomb)
      assert.deepEqual(await client.until('b'), ['a BAD Line is too long', 'b OK NOOP completed'])
    }))

  it('is thrown out for a bomb without end', () =>
    withHarness(async (harness) => {
      const client = await unruly(harness)
      const bomb = deflate(Buffer.alloc(1024 * 1024, 0x61))
      // Each copy is inflated anew, since a sync flush keeps the window but not the bits.
      for (let count = 0; count < 80; count += 1) client.socket.write(bomb)
      assert.deepEqual(await client.rest(), ['* BYE Too much to throw away'])
    }))

  it('is cut off when it does not read', () =>
    withHarness(async (harness) => {
      const random = Buffer.alloc(900_000, 0)
      for (let index = 0; index < random.length; index += 1)
        random[index] = 33 + ((index * index * 7919) % 89)
      for (let count = 0; count < 8; count += 1)
        await harness.put(mail(`m${count}`, random.toString('latin1')))
      const client = await unruly(harness)
      await client.ok('SELECT INBOX')
      client.socket.pause()
      const commands = 'a FETCH 1:* BODY.PEEK[]\r\n'.repeat(8)
      client.socket.write(deflate(commands))
      const { timers, handles } = harness
      // The stall's deadline is set when the socket takes no more.
      while (!timers.delays.includes(5 * 60_000)) await new Promise(setImmediate)
      timers.advance(5 * 60_000)
      await handles.at(-1)?.closed
    }))
})
