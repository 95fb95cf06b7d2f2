// kill -9 at points spread over all of turning encryption on, while mail arrives: every message is there once and octet for octet as it was, and
// nothing of it, nor of the keys before, is in any file. LETTERLOCK_CRASH_MESSAGES, LETTERLOCK_CRASH_BYTES (of each) and LETTERLOCK_CRASH_ROUNDS make it large.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { systemClock } from '../../src/base/ports.ts'
import type { Accounts } from '../../src/account/api.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { initLevelStore } from '../../src/store/level/open.ts'
import { temporaryDirectory } from '../store/level-kit.ts'
import { Letters, markedWords, numberOf, stages, type Stage } from './enable-child.ts'
import { address, keyFile, openChildSite } from './job-child.ts'
import { KillLedger } from './kill-ledger.ts'
import { oldKeys, openedByOldKeys } from './keys-before.ts'
import { pieceBytes, piecesOf, remnants, type Piece } from './remnants.ts'
import { settled } from './settled.ts'
import { chunks, password, readAll, session } from './support.ts'

const rounds = Number(process.env['LETTERLOCK_CRASH_ROUNDS'] ?? 8)
const messages = Number(process.env['LETTERLOCK_CRASH_MESSAGES'] ?? 400)
const bytes = Number(process.env['LETTERLOCK_CRASH_BYTES'] ?? 16_000)
const isMeasuring = process.env['LETTERLOCK_CRASH_MESSAGES'] !== undefined
/** New mail comes so slowly that what there is already stays the most of it. */
const pauseMs = isMeasuring ? 150 : 5
/** Looking through all files takes a while when they are large. */
const looksEvery = isMeasuring ? 5 : 1
const child = join(import.meta.dirname, 'enable-child.js')
const letters = new Letters(bytes)

interface Point {
  readonly stage: Stage
  /** Messages or headers done. */
  readonly at: number
}

/** Where the process of each round is killed: half of them among the records, a third among the headers, the rest behind that. */
function plan(): Point[] {
  const among = Math.ceil(rounds / 2)
  const amongHeaders = Math.floor(rounds / 3)
  const part = (n: number, of: number): number => Math.floor(((n + 0.5) / of) * messages)
  return Array.from({ length: rounds }, (_, n) => {
    if (n < among) return { stage: 'records', at: part(n, among) }
    if (n < among + amongHeaders) return { stage: 'headers', at: part(n - among, amongHeaders) }
    return { stage: n % 2 ? 'behind' : 'compact', at: 0 }
  })
}

const note = (text: string): void => {
  if (isMeasuring) process.stderr.write(`${new Date().toISOString()} ${text}\n`)
}

/** One round: a process that works, killed when it has come so far. */
async function killed(directory: string, point: Point, ledger: KillLedger): Promise<string> {
  const parts = [directory, ledger.next, bytes, pauseMs].map(String)
  const running = spawn(process.execPath, [child, ...parts], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(running, 'exit')
  const wanted = stages.indexOf(point.stage)
  let [furthest, last] = [0, 'nowhere']
  let isOver = false
  let isDoomed = false
  for await (const line of createInterface({ input: running.stdout })) {
    const [what, n] = ledger.hear(line)
    if (what === 'over') isOver = true
    const at = stages.findIndex((stage) => stage === what)
    if (at < 0) continue
    if (at >= furthest) [furthest, last] = [at, line]
    // What is behind the point that was meant will do as well: a stage may have been passed in an earlier round.
    if (!isDoomed && (at > wanted || (at === wanted && n >= point.at))) {
      isDoomed = true
      void delay(randomInt(0, isMeasuring ? 400 : 30)).then(() => running.kill('SIGKILL'))
    }
  }
  const [code, signal] = (await ended) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL', `it ended by itself with ${code ?? ''}`)
  return `${last}${isOver ? ', in the rotation after it' : ''}`
}

/** Numbers of all messages; each is compared with what it was. */
async function compared(accounts: Accounts): Promise<number[]> {
  const digest = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex')
  const open = await accounts.login(address, password(), session)
  const found: number[] = []
  for (const { name } of open.mailboxes()) {
    const mailbox = await open.select(name, { isReadOnly: true })
    for (const uid of mailbox.uids()) {
      const octets = await readAll(mailbox, uid)
      const number = numberOf(octets)
      assert.equal(digest(octets), digest(letters.letter(number)), `${name} ${uid} is another message`)
      found.push(number)
    }
    mailbox.close()
  }
  await open.close()
  return found
}

/** The marked words, and every other kilobyte of what the messages share. */
function readable(): Piece[] {
  const pieces: Piece[] = [{ name: 'marked words', bytes: Buffer.from(markedWords) }]
  assert.equal(markedWords.length, pieceBytes)
  for (const body of letters.bodies())
    for (let from = 0; from + pieceBytes <= body.length; from += 1024)
      pieces.push({ name: `body at ${from}`, bytes: body.subarray(from, from + pieceBytes) })
  return pieces
}

async function fill(directory: string, ledger: KillLedger): Promise<void> {
  await initLevelStore(join(directory, 'store'))
  await writeFile(join(directory, keyFile), SiteKey.make().bytes, { mode: 0o600 })
  const { accounts, store } = await openChildSite(directory, {})
  await accounts.create(address, password())
  const open = await accounts.login(address, password(), session)
  const atOnce = 32
  for (let first = 0; first < messages; first += atOnce)
    await Promise.all(
      Array.from({ length: Math.min(atOnce, messages - first) }, async (_, index) => {
        const n = first + index
        await open.append(n % 2 ? 'INBOX' : 'Archive', chunks(letters.letter(n)), { flags: [] })
        ledger.kept.add(n)
      }),
    )
  await open.close()
  await accounts.close()
  await store.close()
}

describe('turning encryption on', () => {
  it(`survives ${rounds} times kill -9 with ${messages} messages of ${bytes} octets`, async () => {
    const directory = isMeasuring
      ? await mkdtemp(join(tmpdir(), 'letterlock-kill-'))
      : await temporaryDirectory()
    try {
      await cryptoReady()
      const ledger = new KillLedger(messages)
      await fill(directory, ledger)
      note('filled')
      const before = await openChildSite(directory, {})
      const account = Buffer.from((await before.accounts.info(address)).accountId, 'hex')
      const keys = await oldKeys({ ...before, clock: systemClock }, account, 'site')
      const known = await piecesOf(before.store, account, false)
      assert.ok(known.length > messages, 'a header each, and records')
      await before.accounts.close()
      await before.store.close()
      // What is looked for is found where it is: the records of before, before.
      assert.ok((await remnants(directory, known.slice(0, 10))).length > 0)
      note(`${known.length} records and headers of before are known`)
      const words = readable()
      for (const [round, point] of plan().entries()) {
        const where = await killed(directory, point, ledger)
        note(
          `kill ${round + 1}: meant ${point.stage} ${point.at}, was ${where}; ${ledger.kept.size} messages`,
        )
        if (round % looksEvery === 0) assert.deepEqual(await remnants(directory, words), [], `after ${where}`)
      }
      const { store, accounts } = await openChildSite(directory, {})
      await settled(accounts, address)
      note('settled')
      assert.equal((await accounts.info(address)).atRest, 'on')
      const found = await compared(accounts)
      note(`${found.length} messages compared`)
      const have = new Set(found)
      assert.equal(have.size, found.length, 'a message is there twice')
      const lost = [...ledger.kept].filter((n) => !have.has(n))
      assert.deepEqual(lost, [], 'a message is lost')
      const strange = found.filter((n) => !ledger.kept.has(n) && !ledger.begun.has(n))
      assert.deepEqual(strange, [], 'a message came from nowhere')
      assert.deepEqual((await accounts.verify(address, password())).findings, [])
      note('verified')
      assert.deepEqual(await openedByOldKeys(store, account, keys), [])
      keys.wipe()
      await accounts.close()
      await store.close()
      assert.deepEqual(await remnants(directory, [...words, ...known]), [])
      note('nothing of before, and nothing readable, is in any file')
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})
