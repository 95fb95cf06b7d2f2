// The log as commands see it: bounds of what is remembered, following it, numbers for Prometheus.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import type { OpenSite } from '../../src/admin/command.ts'
import { interrupted } from '../../src/admin/failure.ts'
import { metricsText, pageOf } from '../../src/admin/metrics.ts'
import { takeSnapshot, type Snapshot } from '../../src/admin/snapshot.ts'
import { LogBook } from '../../src/server/log-book.ts'
import { makeLog } from '../../src/server/log.ts'
import { TestClock } from '../account/support.ts'
import { makeBench, type Bench } from './harness.ts'

const sink = { write: () => true }
const logOf = (book: LogBook) => makeLog({ level: 'info', format: 'json' }, sink, book)

describe('what is remembered of the log', () => {
  it('is the last 2,000 lines, and the last 300 warnings and errors', () => {
    const book = new LogBook('info')
    const log = logOf(book)
    for (let count = 0; count < 400; count += 1) log.write('warn', 'auth.failed', { count })
    for (let count = 0; count < 5000; count += 1) log.write('info', 'auth.ok', { count })
    const lines = book.lines()
    assert.equal(lines.length, 2000)
    assert.deepEqual([lines[0]?.['count'], lines.at(-1)?.['count']], [3000, 4999])
    assert.deepEqual([book.troubles().length, book.troubles()[0]?.['count']], [300, 100])
  })

  it('is bounded in characters too', () => {
    const book = new LogBook('info')
    const log = logOf(book)
    const fields = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`f${index}`, 'x'.repeat(190)]),
    )
    for (let count = 0; count < 500; count += 1)
      log.write('error', 'store.write-failed', { ...fields, count })
    assert.ok(JSON.stringify(book.lines()).length <= 1_000_200)
    assert.ok(JSON.stringify(book.troubles()).length <= 200_200)
    assert.equal(book.lines().at(-1)?.['count'], 499)
  })

  it('counts what is not written, and events without bound are not counted without bound', () => {
    const book = new LogBook('warn')
    const log = logOf(book)
    for (let count = 0; count < 2000; count += 1) log.write('debug', `odd.${count}`)
    assert.equal(book.counts().levels.debug, 2000)
    assert.equal(book.counts().events.size, 500)
    assert.deepEqual(book.lines(), [])
  })

  it('has levels of parts, also for logs that were made before', () => {
    const book = new LogBook('warn')
    const child = logOf(book).with({ sid: 'i1' })
    child.write('debug', 'imap.command')
    book.setLevel('imap', 'debug')
    child.write('debug', 'imap.command')
    child.write('debug', 'imap-like.thing')
    book.setLevel('imap', undefined)
    child.write('debug', 'imap.command')
    assert.equal(book.lines().length, 1)
  })
})

describe('log tail --follow', () => {
  async function following(bench: Bench, signal: AbortSignal): Promise<ReturnType<Bench['run']>> {
    await bench.startServer()
    return bench.run(['log', 'tail', '--follow', '--lines', '0'], { signal })
  }

  it('shows lines as they come, in order, and ends with ^C', async (context) => {
    const bench = await makeBench(context)
    const stop = new AbortController()
    const log = logOf(bench.logBook)
    const ran = following(bench, stop.signal)
    while (!bench.log.lines.some((line) => line.includes('log tail'))) await new Promise(setImmediate)
    for (let count = 0; count < 300; count += 1) log.write('info', 'delivery.stored', { count })
    // The last one is on its way when a later order has been answered.
    await bench.run(['status', '--quick'])
    stop.abort(interrupted())
    const { exitCode, out } = await ran
    assert.equal(exitCode, 130)
    const counts = [...out.matchAll(/count=(\d+)/g)].map(([, count]) => Number(count))
    assert.deepEqual(
      counts,
      Array.from(counts, (_, index) => index),
    )
    assert.ok(counts.length > 0)
  })

  it('does not keep a server from stopping', async (context) => {
    const bench = await makeBench(context)
    const ran = following(bench, new AbortController().signal)
    while (!bench.log.lines.some((line) => line.includes('log tail'))) await new Promise(setImmediate)
    bench.logBook.close()
    assert.equal((await ran).exitCode, 0)
  })
})

describe('healthcheck', () => {
  it('does not fill the log of a server that is asked every few seconds', async (context) => {
    const bench = await makeBench(context)
    await bench.startServer()
    await bench.run(['healthcheck'])
    await bench.run(['who'])
    const told = bench.log.lines.filter((line) => line.includes('control.command'))
    assert.deepEqual(
      told.map((line) => /"level":"(\w+)".*"command":"(\w+)"/.exec(line)?.slice(1, 3).join(' ')),
      ['debug status', 'info who'],
    )
  })

  it('says 1 when no server runs, and does not open the store', async (context) => {
    const bench = await makeBench(context)
    const { exitCode, err } = await bench.run(['healthcheck'])
    assert.equal(exitCode, 1)
    assert.match(err, /not healthy: .*no server is running/)
    assert.equal(bench.opened, 0)
  })

  // A year would be waited for: the unit's start must not be, when its server has ended.
  const ended = spawnSync(process.execPath, ['-e', '']).pid
  for (const pid of [String(ended), '']) {
    it(`--wait ends when the server has (process ${pid === '' ? 'unknown' : 'ended'})`, async (context) => {
      const bench = await makeBench(context)
      const { exitCode, err } = await bench.run(['healthcheck', '--wait', '365d', '--process', pid])
      assert.equal(exitCode, 1)
      assert.match(err, /not healthy: the server ended/)
    })
  }

  it('--wait waits for a server that starts', async (context) => {
    const bench = await makeBench(context)
    const ran = bench.run(['healthcheck', '--wait', '30s'])
    await new Promise(setImmediate)
    await bench.startServer()
    assert.equal((await ran).exitCode, 0)
  })
})

describe('numbers for Prometheus', () => {
  async function snapshot(bench: Bench): Promise<Snapshot> {
    bench.accounts.add('alice@example.org')
    bench.accounts.add('bob@example.org', 'x', 'on').isPending = true
    bench.accounts.addSession('alice@example.org', 's1')
    logOf(bench.logBook).write('warn', 'auth.failed', { user: 'alice@example.org' })
    const site: Pick<OpenSite, 'accounts'> = { accounts: bench.accounts }
    return takeSnapshot(site, bench.controls)
  }

  it('are in the form of its text format, and name nobody', async (context) => {
    const text = metricsText(await snapshot(await makeBench(context)))
    assert.match(text, /^letterlock_accounts\{atrest="on"\} 1$/m)
    assert.match(text, /^letterlock_sessions\{protocol="imap"\} 1$/m)
    assert.match(text, /^letterlock_events_total\{event="auth\.failed"\} 1$/m)
    assert.match(text, /^letterlock_tls_certificate_expiry_timestamp_seconds 1798761600$/m)
    assert.doesNotMatch(text, /alice|bob|example/)
    for (const line of text.trimEnd().split('\n')) {
      assert.match(
        line,
        /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="([^"\\\n]|\\["\\n])*"\})? -?[0-9.e+-]+)$/,
      )
    }
    assert.ok(text.endsWith('\n'))
  })

  it('are made anew after ten seconds, and after a failure at once', async (context) => {
    const made = await snapshot(await makeBench(context))
    const clock = new TestClock()
    let taken = 0
    let isBroken = true
    const page = pageOf(async () => {
      taken += 1
      if (isBroken) throw new Error('store is closed')
      return made
    }, clock)
    await assert.rejects(page())
    isBroken = false
    await Promise.all([page(), page()])
    await page()
    assert.equal(taken, 2)
    clock.time += 10_000
    await page()
    assert.equal(taken, 3)
  })
})
