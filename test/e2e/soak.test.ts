// Mixed load for as long as one likes: 20 sessions over 5 accounts do everything at random, are cut off at random, and a model is held
// against every answer. In between everybody rests and whole mailboxes are compared. LETTERLOCK_SOAK_SECONDS=7200 for two hours.
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { SeededRandom } from '../bench/random.ts'
import { ServerProcess } from '../support/server-process.ts'
import { markerSource } from './crash-messages.ts'
import { deliver, soakMailboxes, work, type SoakPlace } from './soak-load.ts'
import { SoakHistory } from './soak-history.ts'
import { SoakSession } from './soak-session.ts'
import { SoakTruth } from './soak-truth.ts'

const seconds = Number(process.env['LETTERLOCK_SOAK_SECONDS'] ?? 12)
const sessionsEach = 4
const password = 'a password for a long day'
/** Messages that a mailbox keeps over a rest, so that the last hour is like the first. */
const keptMessages = 150
const stretchSeconds = Math.min(60, Math.max(4, seconds / 3))
/** Rests after which memory must have settled, and how much more of it may be in use at the end. */
const settledRests = 10
const growthAllowed = 1.25
const growthAllowedBytes = 48 * 1024 * 1024

/** Bytes of memory that the server's process has. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
}

/** Nobody is at work: everything there is must be what the model says. */
async function audit(port: number, truth: SoakTruth): Promise<void> {
  using session = await SoakSession.login(port, truth, password)
  for (const mailbox of soakMailboxes) {
    const listed = await session.list(mailbox)
    truth.settle(mailbox, listed)
    const { untagged } = await session.ok(`STATUS ${mailbox} (MESSAGES UNSEEN)`)
    const status = untagged.map(({ text }) => text).find((text) => text.startsWith('* STATUS'))
    const unseen = listed.filter(({ flags }) => !flags.split(' ').includes('\\Seen')).length
    assert.match(status ?? '', new RegExp(`MESSAGES ${listed.length} UNSEEN ${unseen}`), mailbox)
    const old = session.uids.slice(0, -keptMessages)
    if (old.length > 0) await session.expunge(old)
  }
  await session.logout()
}

test('a mixed load loses, doubles and alters nothing', { timeout: seconds * 3_000 + 300_000 }, async (t) => {
  const seed = Number(process.env['LETTERLOCK_SOAK_SEED'] ?? randomInt(1_000_000))
  t.diagnostic(`LETTERLOCK_SOAK_SEED=${seed}`)
  const nextMarker = markerSource()
  await using site = await ServerProcess.start()
  const truths = ['ann', 'ben', 'cat', 'dan', 'eve'].map((name) => new SoakTruth(`${name}@example.org`))
  for (const truth of truths) {
    await site.addSealedUser(truth.address, password)
    using session = await SoakSession.login(site.ports.imap, truth, password)
    for (const mailbox of soakMailboxes) await session.run(`CREATE ${mailbox}`)
    await session.logout()
  }
  const histories = truths.map(({ address }) => new SoakHistory(address))
  const rest = async (): Promise<void> => {
    for (const truth of truths) await audit(site.ports.imap, truth)
    for (const history of histories) await history.check(site.ports.imap, password, soakMailboxes)
  }
  const end = performance.now() + seconds * 1000
  const memory: number[] = []
  const restMs = Number(process.env['LETTERLOCK_SOAK_REST_MS'] ?? 10)
  for (let stretch = 0; stretch === 0 || performance.now() < end; stretch += 1) {
    const pauseAt = Math.min(end, performance.now() + stretchSeconds * 1000)
    const clients = truths.flatMap((truth, account) => {
      const place = (client: number): SoakPlace => ({
        ...{ imapPort: site.ports.imap, lmtpPort: site.ports.lmtp, truth, password, nextMarker, restMs },
        random: new SeededRandom(seed + 1000 * stretch + 10 * account + client),
        isPausing: () => performance.now() >= pauseAt,
      })
      const sessions = Array.from({ length: sessionsEach }, (_, client) => work(place(client)))
      return [...sessions, deliver(place(9))]
    })
    await Promise.all(clients)
    await rest()
    memory.push(await residentBytes(site.pid))
    // Now and then what is on the disk must do alone.
    if (stretch % 5 === 4) await site.restart()
  }
  await site.restart()
  for (const truth of truths) {
    await audit(site.ports.imap, truth)
    // Every record and every octet, and nothing left over. Rejects when anything is found.
    await site.command(['atrest', 'verify', truth.address, '--password-file', '-'], [password])
  }
  const answers = truths.reduce((sum, truth) => sum + truth.answers, 0)
  t.diagnostic(`${answers} answers held against the model, ${memory.length} times everything compared`)
  t.diagnostic(`memory at rest, MB: ${memory.map((bytes) => Math.round(bytes / 1e6)).join(' ')}`)
  assert.doesNotMatch(site.log.toString('utf8'), /"imap\.fault"|"imap\.damaged"|"account\.failed"/)
  const early = memory.slice(settledRests, 2 * settledRests)
  if (memory.length < 4 * settledRests) return
  const late = memory.slice(-settledRests)
  const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length
  assert.ok(mean(late) <= mean(early) * growthAllowed + growthAllowedBytes, 'memory grows')
})
