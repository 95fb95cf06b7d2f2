// kill -9 in the middle of everything, over and over: what was acknowledged is there once, and no number ever goes back.
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { suite, test } from 'node:test'
import { deferred } from '../../src/base/async.ts'
import { SeededRandom } from '../bench/random.ts'
import { ServerProcess } from '../support/server-process.ts'
import { CrashClient } from './crash-client.ts'
import { AccountLedger, crashMailboxes, type FoundMailbox } from './crash-ledger.ts'
import { changeForever, deliverForever, untilLost, Watcher } from './crash-load.ts'
import { markerSource } from './crash-messages.ts'

const rounds = Number(process.env['LETTERLOCK_CRASH_ROUNDS'] ?? 15)
const deliverers = 16
const keptMessages = 20
const password = 'a password for crashes'

/** Reads an account whole, asserts that its ledger agrees, and removes most of it, so that the next round is as quick. */
async function audit(port: number, ledger: AccountLedger, watcher: Watcher | undefined): Promise<void> {
  using client = await CrashClient.login({ port }, ledger, password)
  const found = new Map<string, FoundMailbox>()
  for (const mailbox of crashMailboxes) found.set(mailbox, await client.read(mailbox))
  ledger.audit(found)
  if (watcher) {
    await watcher.catchUp(client)
    const unseen = (found.get('INBOX')?.messages ?? []).filter(({ uid }) => !watcher.uids.has(uid))
    assert.deepEqual(unseen, [], 'the client that asks for changes only has missed messages')
  }
  for (const mailbox of crashMailboxes) {
    const old = ledger.known(mailbox).slice(0, -keptMessages)
    if (old.length === 0) continue
    await client.select(mailbox)
    const set = old.map(([, uid]) => uid).join()
    const removed = old.map(([marker]) => ledger.removing(mailbox, marker))
    await client.ok(`UID STORE ${set} +FLAGS.SILENT (\\Deleted)`)
    await client.ok(`UID EXPUNGE ${set}`)
    for (const settle of removed) settle()
  }
  await client.logout()
}

interface Countdown {
  readonly tick: () => void
  readonly count: () => number
  readonly reached: Promise<undefined>
}

/** Counts up, and tells when `goal` is reached. */
function countdown(goal: number): Countdown {
  const { promise, resolve } = deferred<undefined>()
  let count = 0
  const look = (): void => {
    if (count >= goal) resolve(undefined)
  }
  const tick = (): void => {
    count += 1
    look()
  }
  look()
  return { tick, count: () => count, reached: promise }
}

suite('kill -9 under load', { timeout: rounds * 60_000 + 300_000 }, () => {
  test('loses nothing that was acknowledged, doubles nothing, and needs nobody to start again', async (t) => {
    const seed = Number(process.env['LETTERLOCK_CRASH_SEED'] ?? randomInt(1_000_000))
    t.diagnostic(`LETTERLOCK_CRASH_SEED=${seed}`)
    const random = new SeededRandom(seed)
    const nextMarker = markerSource()
    await using site = await ServerProcess.start()
    const ledgers = ['ann', 'ben', 'cat', 'dan'].map((name) => new AccountLedger(`${name}@example.org`))
    for (const ledger of ledgers) {
      await site.addSealedUser(ledger.name, password)
      using client = await CrashClient.login({ port: site.ports.imap }, ledger, password)
      await client.ok('CREATE Work')
      await client.logout()
    }
    const counts = { delivered: 0, changed: 0, startsKilled: 0 }
    const restartMs: number[] = []
    const watcher = new Watcher()
    const [watched] = ledgers
    assert.ok(watched)

    /** Starts the load; the promises: it has ended, and so many things have been acknowledged. */
    const load = (
      deliveries: number,
      changes: number,
    ): { ended: Promise<unknown>; reached: Promise<unknown> } => {
      const { imap, lmtp } = site.ports
      const [delivered, changed] = [countdown(deliveries), countdown(changes)]
      const delivering = Array.from({ length: deliverers }, (_, index) => {
        const ledger = ledgers[index % ledgers.length] ?? watched
        return untilLost(() => deliverForever(lmtp, ledger, nextMarker, delivered.tick))
      })
      // Nobody logs in to the last account: its mail waits, locked, for the audit.
      const changing = ledgers.slice(0, 3).map((ledger) =>
        untilLost(async () => {
          using client = await CrashClient.login({ port: imap }, ledger, password)
          const own = new SeededRandom(random.below(1_000_000))
          await changeForever(client, ledger, own, nextMarker, changed.tick)
        }),
      )
      const watching = untilLost(async () => {
        using client = await CrashClient.login({ port: imap }, watched, password)
        await watcher.watchForever(client)
      })
      const ended = Promise.all([...delivering, ...changing, watching]).finally(() => {
        counts.delivered += delivered.count()
        counts.changed += changed.count()
      })
      return { ended, reached: Promise.all([delivered.reached, changed.reached]) }
    }
    const auditAll = (): Promise<unknown> =>
      Promise.all(
        ledgers.map((ledger) => audit(site.ports.imap, ledger, ledger === watched ? watcher : undefined)),
      )

    for (let round = 0; round < rounds; round++) {
      // The moment is what is tested: from before the first login to well into the work.
      const isEarly = random.below(5) === 0
      const { ended, reached } = load(isEarly ? 0 : random.below(100), isEarly ? 0 : random.below(30))
      await Promise.race([reached, ended])
      await Promise.race([delay(random.below(isEarly ? 400 : 40)), ended])
      await site.kill()
      await ended
      if (random.below(6) === 0) {
        const started = site.launch()
        await Promise.race([delay(random.below(800)), started])
        await site.kill()
        counts.startsKilled++
      }
      restartMs.push(await site.start())
      await auditAll()
    }
    await site.restart()
    await auditAll()
    assert.doesNotMatch(site.log.toString('utf8'), /"level":"error"/)

    const doubts = ledgers.reduce((sum, { doubts: { all } }) => sum + all, 0)
    const happened = ledgers.reduce((sum, ledger) => sum + ledger.doubts.happened, 0)
    const sorted = restartMs.map(Math.round).sort((a, b) => a - b)
    t.diagnostic(
      `${rounds} kills, ${counts.startsKilled} more while starting; ${counts.delivered} deliveries and ` +
        `${counts.changed} IMAP steps acknowledged, all there; ${doubts} unanswered, ${happened} of them had happened`,
    )
    t.diagnostic(
      `ready again after ${sorted[sorted.length >> 1] ?? 0} ms (median), ${sorted.at(-1) ?? 0} ms (worst)`,
    )
  })
})
