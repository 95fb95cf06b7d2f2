// Large transfers through the real server: an mbox uploaded, taken in, and downloaded again, each as a stream; nobody else waits for it.
// LETTERLOCK_TRANSFER_MB says how much (12 when it is not set); what was measured is told, and never asserted.
import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { readFile, rm, mkdtemp } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openPromise } from 'yauzl'
import { freePort } from '../support/ports.ts'
import { ServerProcess } from '../support/server-process.ts'
import { RawClient } from './raw-client.ts'

const address = 'alice@example.org'
const password = 'the password of alice'
const megabytes = Number(process.env['LETTERLOCK_TRANSFER_MB'] ?? 12)
/** Of one message, without what mbox adds. */
const letterBytes = 60_000
const count = Math.ceil((megabytes * 2 ** 20) / letterBytes)

const text = Array.from({ length: 800 }, (_, line) => `${line} ${'abcdefghijklmnopqrstuvwxyz '.repeat(3)}`)
  .join('\n')
  .slice(0, letterBytes)

const letter = (number: number): Buffer =>
  Buffer.from(
    `From bob@x Fri May  1 12:00:00 2020\nSubject: ${number}\nMessage-ID: <${number}@example.org>\n\n${text}\n\n`,
  )

async function* form(token: string): AsyncGenerator<Buffer> {
  const field = (name: string, value: string): string =>
    `--edge\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  yield Buffer.from(
    field('token', token) +
      field('password', password) +
      '--edge\r\nContent-Disposition: form-data; name="files"; filename="INBOX.mbox"\r\n\r\n',
  )
  for (let number = 0; number < count; number += 1) yield letter(number)
  yield Buffer.from('\r\n--edge--\r\n')
}

/** Sends `body` as it comes; resolves to the answer, of which nothing is read yet. */
function stream(
  client: RawClient,
  port: number,
  path: string,
  type: string,
  body: AsyncIterable<Buffer>,
): Promise<IncomingMessage> {
  const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        ...{ host: '127.0.0.1', port, method: 'POST', path },
        headers: { cookie, 'content-type': type, 'transfer-encoding': 'chunked' },
      },
      resolve,
    )
    asked.on('error', reject)
    pipeline(Readable.from(body), asked).catch(reject)
  })
}

/** MiB that a process holds now, or held at the most. */
async function memory(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1')
  return Math.round(Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024)
}

/** Runs `task`; tells how long it took, what memory it took at the most, and how long somebody else waited for a page meanwhile. */
async function measured<T>(
  context: TestContext,
  site: ServerProcess,
  port: number,
  name: string,
  task: () => Promise<T>,
): Promise<T> {
  const state = { isOver: false }
  const waits: number[] = []
  const other = (async () => {
    const client = new RawClient(port)
    while (!state.isOver) {
      const asked = performance.now()
      assert.equal((await client.get('/sign-in')).status, 200)
      waits.push(performance.now() - asked)
      await pause(20)
    }
  })()
  const before = await memory(site.pid, 'VmRSS')
  const begun = performance.now()
  const result = await task().finally(() => (state.isOver = true))
  const seconds = (performance.now() - begun) / 1000
  await other
  waits.sort((a, b) => a - b)
  const at = (share: number): string => (waits[Math.floor((waits.length - 1) * share)] ?? 0).toFixed(0)
  const stalls = [...site.log.toString().matchAll(/"loop\.stalled".*?"ms":(\d+)/g)].map(([, ms]) => ms)
  context.diagnostic(
    `${name}: ${seconds.toFixed(1)} s, ${(megabytes / seconds).toFixed(1)} MiB/s; memory ${before} MiB before, ${await memory(site.pid, 'VmHWM')} MiB at most so far; ` +
      `another page waits ${at(0.5)} ms in the middle, ${at(0.99)} ms 99 of 100, ${at(1)} ms at the longest; stalls over 200 ms so far: ${stalls.length === 0 ? 'none' : stalls.join(', ')}`,
  )
  return result
}

suite(`${megabytes} MiB`, () => {
  test('come in as an mbox, and go out again as they were', { timeout: 3_600_000 }, async (context) => {
    const port = await freePort()
    await using site = await ServerProcess.start({
      tables: { listen: `web = ["127.0.0.1:${port}"]`, web: 'tls = false' },
    })
    await site.addSealedUser(address, password)
    const client = new RawClient(port)
    await client.signIn(address, password)
    const token = await client.tokenOf('/import')
    const answer = await measured(context, site, port, 'upload', () =>
      stream(client, port, '/import', 'multipart/form-data; boundary=edge', form(token)),
    )
    assert.equal(answer.headers.location, '/import/progress')
    answer.resume()
    const outcome = await measured(context, site, port, 'import', async () => {
      for (;;) {
        const { body } = await client.get('/import/progress')
        if (!body.includes('http-equiv="refresh"')) return body
        await pause(200)
      }
    })
    assert.match(outcome, /All of it is here/)
    assert.match(outcome, /read back and is equal/)

    const directory = await mkdtemp(join(tmpdir(), 'letterlock-large-'))
    try {
      const path = join(directory, 'mail.zip')
      const fields = new URLSearchParams({ token: await client.tokenOf('/export'), password, format: 'mbox' })
      await measured(context, site, port, 'export', async () => {
        const download = await stream(
          client,
          port,
          '/export',
          'application/x-www-form-urlencoded',
          Readable.from([Buffer.from(fields.toString())]),
        )
        assert.equal(download.headers['content-type'], 'application/zip')
        await pipeline(download, createWriteStream(path))
      })
      assert.deepEqual(await lettersIn(path), { count, isWhole: true })
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
    // Everything passes through: what is in memory does not grow with what is sent. The first hundred are anybody's.
    if (megabytes >= 200) assert.ok((await memory(site.pid, 'VmHWM')) < 150 + megabytes, 'too much memory')
  })
})

/** How many letters are in INBOX.mbox of an export, and whether each is what was sent. */
async function lettersIn(path: string): Promise<{ count: number; isWhole: boolean }> {
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false })
  let found = 0
  let isWhole = true
  for await (const entry of zip.eachEntry()) {
    if (!entry.fileName.endsWith('/INBOX.mbox')) continue
    let rest = ''
    const look = (one: string): void => {
      if (one === '') return
      isWhole &&= one.includes(`\nSubject: ${found}\n`) && one.includes(text)
      found += 1
    }
    for await (const piece of await zip.openReadStreamPromise(entry)) {
      const parts = (rest + (piece as Buffer).toString('latin1')).split(
        /^(?=From bob@x |From MAILER-DAEMON )/m,
      )
      rest = parts.pop() ?? ''
      for (const part of parts) look(part)
    }
    look(rest)
  }
  zip.close()
  return { count: found, isWhole }
}
