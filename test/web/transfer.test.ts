// Mail in and out on the page, on the real account layer: there and back again, what is refused, and what attackers send.
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { OpenAccount } from '../../src/account/api.ts'
import { running } from '../server/running.ts'
import { collect } from '../../src/base/async.ts'
import { searchDirectory } from '../../src/server/demo/disk-search.ts'
import { zipped, type ZipEntry } from '../../src/transfer/zip.ts'
import { RawClient, type RawAnswer } from './raw-client.ts'

const address = 'alice@example.org'
const password = 'the password of alice'
const settings = { 'listen.web': '127.0.0.1:0', 'web.tls': 'false', 'auth.account_failures': '1000' }
type Site = Awaited<ReturnType<typeof running>>

const letter = (subject: string, body = 'Hello.'): string =>
  `From: Bob <bob@example.org>\nDate: Fri, 1 May 2020 12:00:00 +0200\nSubject: ${subject}\n\n${body}\n`
const mbox = (...subjects: readonly string[]): string =>
  subjects.map((subject) => `From bob@x Fri May  1 12:00:00 2020\n${letter(subject)}\n`).join('')

function open({ server }: Site, who = address): Promise<OpenAccount> {
  return server.accounts.login(who, Buffer.from(password), {
    ...{ protocol: 'imap', remoteAddress: '192.0.2.1', isTls: true },
    end: () => undefined,
  })
}

async function subjects(site: Site, who = address): Promise<Record<string, string[]>> {
  const account = await open(site, who)
  const found: Record<string, string[]> = {}
  for (const { name } of account.mailboxes()) {
    const mailbox = await account.select(name, { isReadOnly: true })
    for await (const { header } of mailbox.contents(mailbox.uids())) {
      const subject = /^Subject: (.*)\r$/m.exec(header?.toString('latin1') ?? '')?.[1] ?? '?'
      found[name] = [...(found[name] ?? []), subject]
    }
    mailbox.close()
  }
  await account.close()
  return found
}

async function signedIn(site: Site, who = address): Promise<RawClient> {
  const client = new RawClient(site.port('web'))
  await client.signIn(who, password)
  return client
}

interface Sent {
  readonly secret?: string
  readonly into?: string
  readonly token?: string
}

async function send(
  client: RawClient,
  files: Readonly<Record<string, string | Buffer>>,
  { secret = password, into = '', token }: Sent = {},
): Promise<RawAnswer> {
  return client.upload('/import', [
    ['token', token ?? (await client.tokenOf('/import'))],
    ['password', secret],
    ['into', into],
    ...Object.entries(files).map(([name, value]) => ['files', value, name] as const),
  ])
}

/** The page that says what came of it. */
async function outcome(client: RawClient): Promise<string> {
  for (;;) {
    const { body } = await client.get('/import/progress')
    if (!body.includes('http-equiv="refresh"')) return body
    await pause(20)
  }
}

/** Nobody holds the account open, and nothing waits on the disk. */
async function assertIdle(site: Site): Promise<void> {
  for (let tries = 0; tries < 3000 && site.server.accounts.sessions().length > 0; tries += 1) await pause(20)
  assert.deepEqual(site.server.accounts.sessions(), [])
  assert.deepEqual(await readdir(join(site.config.dataDir, 'uploads')).catch(() => []), [])
}

async function zipOf(contents: Readonly<Record<string, string | Buffer>>): Promise<Buffer> {
  async function* one(content: string | Buffer): AsyncGenerator<Buffer> {
    yield Buffer.from(content)
  }
  async function* entries(): AsyncGenerator<ZipEntry> {
    for (const [path, content] of Object.entries(contents))
      yield { path, modifiedAt: 0, content: one(content) }
  }
  return collect(zipped(entries()))
}

async function withAlice(flags: Readonly<Record<string, string>> = {}): Promise<Site> {
  const site = await running({ ...settings, ...flags })
  await site.server.accounts.create(address, Buffer.from(password))
  return site
}

suite('import', () => {
  test('takes mbox, messages and archives in, says what came of it, and a second time adds nothing', async () => {
    await using site = await withAlice()
    const client = await signedIn(site)
    const files = {
      'INBOX.mbox': mbox('one', 'two'),
      'letter.eml': letter('three'),
      'mail.zip': await zipOf({ 'mail/Work.mbox': mbox('four'), 'mail/picture.png': '\x89PNG' }),
    }
    const answer = await send(client, files)
    assert.equal(answer.headers.location, '/import/progress')
    const body = await outcome(client)
    assert.match(body, /Added<\/dt><dd>4<[^]*Here before<\/dt><dd>0</)
    assert.match(body, /picture\.png: <span lang="en">is no mail, and was left alone/)
    assert.match(body, /read back and is equal/)
    assert.deepEqual(await subjects(site), { INBOX: ['one', 'two', 'three'], Work: ['four'] })
    await send(client, files)
    assert.match(await outcome(client), /Added<\/dt><dd>0<[^]*Here before<\/dt><dd>4</)
    await assertIdle(site)
    await client.submit('/import/progress', {}, '/sign-out')
    await client.signIn(address, password)
    assert.equal((await client.get('/import/progress')).headers.location, '/import')
  })

  test('goes below a folder, and not into one that cannot be', async () => {
    await using site = await withAlice()
    const client = await signedIn(site)
    const wrong = await send(client, { 'INBOX.mbox': mbox('one') }, { into: 'a*b' })
    assert.equal(wrong.status, 422)
    assert.match(wrong.body, /A folder cannot have this name/)
    await send(client, { 'INBOX.mbox': mbox('one') }, { into: 'Old/Post' })
    await outcome(client)
    assert.deepEqual(await subjects(site), { 'Old/Post': ['one'] })
  })

  const refused: readonly (readonly [
    what: string,
    words: RegExp,
    send: (client: RawClient) => Promise<RawAnswer>,
  ])[] = [
    [
      'a wrong password',
      /Address or password is wrong/,
      (client) => send(client, { 'a.mbox': mbox('x') }, { secret: 'wrong' }),
    ],
    [
      'no password',
      /Address or password is wrong/,
      (client) => send(client, { 'a.mbox': mbox('x') }, { secret: '' }),
    ],
    ['no file', /Choose at least one file/, (client) => send(client, {})],
    ['no chosen file', /Choose at least one file/, (client) => send(client, { '': '' })],
    [
      'a zip that is cut off',
      /A file is damaged/,
      async (client) => send(client, { 'a.zip': (await zipOf({ 'a.eml': letter('x') })).subarray(0, 60) }),
    ],
    [
      'more than is allowed',
      /more than this server takes at once/,
      (client) => send(client, { 'a.mbox': mbox('x') + 'x'.repeat(640_000) }),
    ],
    [
      'a zip that unpacks to more',
      /more than this server takes at once/,
      async (client) => send(client, { 'bomb.zip': await zipOf({ 'a.eml': Buffer.alloc(900_000, 'x') }) }),
    ],
  ]
  for (const [what, words, attempt] of refused) {
    test(`with ${what} imports nothing and says what to do`, async () => {
      await using site = await withAlice({ 'web.import_size': '600K' })
      const client = await signedIn(site)
      const answer = await attempt(client)
      assert.ok(answer.status === 422 || answer.status === 413, String(answer.status))
      if (answer.status === 422) assert.match(answer.body, words)
      assert.deepEqual(await subjects(site), {})
      await assertIdle(site)
      // The next one is not kept out by it.
      assert.equal((await send(client, { 'a.mbox': mbox('y') })).headers.location, '/import/progress')
      await outcome(client)
    })
  }

  test('without mail in it says so', async () => {
    await using site = await withAlice()
    const client = await signedIn(site)
    await send(client, { 'picture.png': '\x89PNG' })
    assert.match(await outcome(client), /There was no mail in it/)
    await assertIdle(site)
  })

  test('over quota ends, keeps what came, and says so', async () => {
    await using site = await withAlice()
    await site.server.accounts.setQuota(address, 100_000)
    const client = await signedIn(site)
    await send(client, {
      'INBOX.mbox': `${mbox('fits')}From x Fri May  1 12:00:00 2020\n${letter('big', 'x'.repeat(200_000))}\n`,
    })
    assert.match(await outcome(client), /The mailbox is full/)
    await assertIdle(site)
  })

  test('counts its form once, and only from here', async () => {
    await using site = await withAlice()
    const client = await signedIn(site)
    const token = await client.tokenOf('/import')
    for (const made of ['', 'x'.repeat(32), await client.tokenOf('/export')]) {
      const answer = await send(client, { 'a.mbox': mbox('x') }, { token: made })
      assert.equal(answer.status, 409)
    }
    const foreign = await client.upload(
      '/import',
      [
        ['token', token],
        ['password', password],
        ['files', mbox('x'), 'a.mbox'],
      ],
      { origin: 'https://evil.example' },
    )
    assert.equal(foreign.status, 403)
    assert.deepEqual(await subjects(site), {})
    assert.equal((await send(client, { 'a.mbox': mbox('x') }, { token })).status, 303)
    await outcome(client)
    assert.equal((await send(client, { 'a.mbox': mbox('y') }, { token })).status, 409)
    assert.deepEqual(await subjects(site), { a: ['x'] })
    const stranger = new RawClient(site.port('web'))
    assert.equal((await send(stranger, { 'a.mbox': mbox('x') }, { token: 'x' })).status, 403)
  })

  test('believes no field that stands behind a file', async () => {
    await using site = await withAlice()
    const client = await signedIn(site)
    const token = await client.tokenOf('/import')
    const answer = await client.upload('/import', [
      ['token', token],
      ['files', mbox('x'), 'a.mbox'],
      ['password', password],
    ])
    assert.equal(answer.status, 422)
    assert.deepEqual(await subjects(site), {})
  })

  test('of one account does not show another', async () => {
    await using site = await withAlice()
    await site.server.accounts.create('bob@example.org', Buffer.from(password))
    await send(await signedIn(site), { 'a.mbox': mbox('x') })
    const bob = await signedIn(site, 'bob@example.org')
    assert.equal((await bob.get('/import/progress')).headers.location, '/import')
  })

  test('that is cut off half way leaves nothing behind', async () => {
    await using site = await withAlice()
    const client = await signedIn(site)
    const token = await client.tokenOf('/import')
    const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const socket = connect(site.port('web'), '127.0.0.1')
    await once(socket, 'connect')
    const field = (name: string, value: string, more = ''): string =>
      `--e\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}`
    socket.write(
      `POST /import HTTP/1.1\r\nHost: 127.0.0.1:${site.port('web')}\r\nCookie: ${cookie}\r\n` +
        'Content-Type: multipart/form-data; boundary=e\r\nContent-Length: 500000\r\n\r\n' +
        `${field('token', token)}\r\n${field('password', password)}\r\n` +
        field('files', mbox('Zebrafink').repeat(1000), '; filename="a.mbox"'),
    )
    for (let tries = 0; tries < 6000 && site.server.accounts.sessions().length === 0; tries += 1)
      await pause(10)
    assert.equal(site.server.accounts.sessions()[0]?.protocol, 'web')
    // What waits is nowhere to be read.
    assert.deepEqual((await searchDirectory(site.config.dataDir, ['Zebrafink'])).found, [])
    socket.destroy()
    await assertIdle(site)
    assert.deepEqual(await subjects(site), {})
  })

  test('ends when the account is locked, and goes on with the same files', async () => {
    await using site = await withAlice()
    const client = await signedIn(site)
    const many = { 'INBOX.mbox': mbox(...Array.from({ length: 3000 }, (_, number) => `n${number}`)) }
    await send(client, many)
    await site.server.accounts.lock(address, 'locked by a test')
    assert.match(await outcome(client), /The import was stopped|All of it is here/)
    await send(client, many)
    assert.match(await outcome(client), /All of it (?:is here|was here already)/)
    assert.equal((await subjects(site))['INBOX']?.length, 3000)
    await assertIdle(site)
  })
})

suite('export', () => {
  for (const format of ['mbox', 'maildir']) {
    test(`as ${format} comes back in another account as it was`, async () => {
      await using site = await withAlice()
      await site.server.accounts.create('bob@example.org', Buffer.from(password))
      const client = await signedIn(site)
      await send(client, { 'INBOX.mbox': mbox('one', 'two'), 'Work.mbox': mbox('three') })
      await outcome(client)
      const answer = await client.submit('/export', { format, password })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers['cache-control'], 'no-store')
      assert.equal(answer.headers['content-type'], 'application/zip')
      assert.match(
        answer.headers['content-disposition'] ?? '',
        /^attachment; filename="alice-at-example\.org-\d{4}-\d\d-\d\d\.zip"$/,
      )
      await assertIdle(site)
      const bob = await signedIn(site, 'bob@example.org')
      await send(bob, { 'alice.zip': answer.bytes })
      assert.match(await outcome(bob), /All of it is here/)
      assert.deepEqual(await subjects(site, 'bob@example.org'), await subjects(site))
    })
  }

  test('needs the password and the form, and keeps nothing open', async () => {
    await using site = await withAlice()
    const client = await signedIn(site)
    const wrong = await client.submit('/export', { format: 'mbox', password: 'wrong' })
    assert.equal(wrong.status, 422)
    assert.match(wrong.headers['content-type'] ?? '', /text\/html/)
    assert.equal((await client.post('/export', { format: 'mbox', password, token: 'x' })).status, 409)
    assert.equal(
      (await client.get('/export?format=mbox')).headers['content-type'],
      'text/html; charset=utf-8',
    )
    await assertIdle(site)
  })

  test('that nobody takes any more ends, and the next may begin', async () => {
    await using site = await withAlice()
    const client = await signedIn(site)
    const account = await open(site)
    for (let number = 0; number < 8; number += 1) {
      const body = Buffer.from(`Subject: ${number}\r\n\r\n${'0123456789abcdef'.repeat(250_000)}`)
      // What cannot be made smaller fills whatever buffers there are.
      for (let at = 40; at < body.length; at += 1) body[at] = 33 + ((at * at * 7 + number) % 89)
      await account.append('INBOX', collectable(body), { flags: [] })
    }
    await account.close()
    const token = await client.tokenOf('/export')
    const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const form = new URLSearchParams({ token, password, format: 'mbox' }).toString()
    const socket = connect(site.port('web'), '127.0.0.1')
    await once(socket, 'connect')
    socket.write(
      `POST /export HTTP/1.1\r\nHost: 127.0.0.1:${site.port('web')}\r\nCookie: ${cookie}\r\n` +
        `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n${form}`,
    )
    await once(socket, 'readable')
    assert.equal(site.server.accounts.sessions()[0]?.protocol, 'web')
    const busy = await client.submit('/export', { format: 'mbox', password })
    assert.match(busy.body, /An export of yours is running/)
    socket.destroy()
    await assertIdle(site)
    let next = await client.submit('/export', { format: 'mbox', password })
    for (let tries = 0; tries < 3000 && next.status === 422; tries += 1) {
      await pause(20)
      next = await client.submit('/export', { format: 'mbox', password })
    }
    assert.equal(next.status, 200)
  })
})

async function* collectable(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
