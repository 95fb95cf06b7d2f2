// Whether somebody's very long message, or their login, holds up somebody else.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { BulkOrder } from '../bench/load/bulk-sender.ts'
import { ImapSession } from '../support/imap-session.ts'
import { skipUnless } from '../support/programs.ts'
import { ServerProcess } from '../support/server-process.ts'

const password = 'a password for long mail'
const sizeBytes = 100_000_000
/** Far above what is right, and far below what one held turn would cost. */
const worstAllowedMs = 2_000
/** Whoever had to wait until all of the other's work is done would be answered once or twice. */
const fewestNoops = 20

/**
 * Milliseconds that the server's main thread has worked, since it began: what a NOOP waits for is what that thread does first. How long the
 * thread itself waits for a processor is the machine's affair.
 */
function workedMs(pid: number): number {
  const [nanoseconds = ''] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1').split(' ')
  return Number(nanoseconds) / 1e6
}

interface RoundTrips {
  /** Milliseconds of each. */
  readonly times: number[]
  /** Milliseconds that the server's main thread worked during each. */
  readonly worked: number[]
}

/** NOOPs of `session`, one after the other, until `work` is done. */
async function roundTripsDuring(
  session: ImapSession,
  pid: number,
  work: Promise<unknown>,
): Promise<RoundTrips> {
  const progress = { isDone: false }
  const done = work.finally(() => {
    progress.isDone = true
  })
  // Looked at when it is awaited, below.
  done.catch(() => undefined)
  const [times, worked]: [number[], number[]] = [[], []]
  while (!progress.isDone) {
    const [begun, before] = [performance.now(), workedMs(pid)]
    await session.ok('NOOP')
    times.push(performance.now() - begun)
    worked.push(workedMs(pid) - before)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await done
  return { times, worked }
}

function inWords(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (part: number): string => (sorted[Math.floor((sorted.length - 1) * part)] ?? 0).toFixed(1)
  return `${times.length} NOOPs, median ${at(0.5)} ms, 99 of 100 ${at(0.99)} ms, worst ${at(1)} ms`
}

/** Delivers a message of 100 MB from a thread of its own. */
async function deliverLong(lmtpPort: number, recipient: string): Promise<void> {
  const order: BulkOrder = { lmtpPort, recipient, sizeBytes }
  const sender = new Worker(new URL('../bench/load/bulk-sender.js', import.meta.url), { workerData: order })
  const [code] = (await once(sender, 'exit')) as [number]
  assert.equal(code, 0, 'the long delivery failed')
}

test(
  '100 MB coming in, being adopted and going out leave other sessions alone',
  { skip: skipUnless(process.platform === 'linux', 'no /proc here'), timeout: 900_000 },
  async (t) => {
    await using site = await ServerProcess.start({
      tables: {
        limits: 'message_size = "120M"',
        delivery: 'memory = "512M"',
        'atrest.kdf': 'memory = "64M"\ntime = 3\nparallelism = 4',
      },
    })
    const port = site.ports.imap
    for (const name of ['reader', 'newcomer', 'watcher'])
      await site.addSealedUser(`${name}@example.org`, password)
    using watcher = await ImapSession.login({ port }, 'watcher@example.org', password)
    await watcher.ok('SELECT INBOX')

    const loginDuring = async (): Promise<void> => {
      using newcomer = await ImapSession.login({ port }, 'newcomer@example.org', password)
      await newcomer.logout()
    }
    const phases: readonly (readonly [string, () => Promise<unknown>])[] = [
      [
        'delivering to a locked account, and a login',
        () => Promise.all([deliverLong(site.ports.lmtp, 'reader@example.org'), loginDuring()]),
      ],
      [
        'adopting and fetching it',
        async () => {
          using reader = await ImapSession.login({ port }, 'reader@example.org', password)
          await reader.ok('SELECT INBOX')
          const { untagged } = await reader.ok('UID FETCH 1 (BODYSTRUCTURE BODY.PEEK[])')
          const length = untagged
            .flatMap(({ literals }) => literals)
            .reduce((sum, { length }) => sum + length, 0)
          assert.ok(length >= sizeBytes)
          await reader.logout()
        },
      ],
      [
        'delivering to an unlocked account, and searching it',
        async () => {
          using reader = await ImapSession.login({ port }, 'reader@example.org', password)
          await reader.ok('SELECT INBOX')
          await deliverLong(site.ports.lmtp, 'reader@example.org')
          await reader.ok('NOOP')
          await reader.ok('UID SEARCH BODY "no such words in it"')
          await reader.logout()
        },
      ],
    ]
    for (const [name, work] of phases) {
      const begun = performance.now()
      const { times, worked } = await roundTripsDuring(watcher, site.pid, work())
      t.diagnostic(`${name} (${Math.round(performance.now() - begun)} ms): ${inWords(times)}`)
      const worst = Math.max(...worked)
      t.diagnostic(`the server worked ${worst.toFixed(1)} ms at most before it answered one`)
      assert.ok(
        worst < worstAllowedMs,
        `${name}: a NOOP was answered after ${Math.round(worst)} ms of other work`,
      )
      assert.ok(
        times.length >= fewestNoops,
        `${name}: only ${times.length} NOOPs were answered while it went on`,
      )
    }
  },
)
