// kill -9 while keys are being renewed, the mailbox is used and mail arrives: nothing is lost, nothing doubled, nothing readable, and it comes to its end.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it } from 'node:test'
import type { Accounts } from '../../src/account/api.ts'
import { headerEpoch } from '../../src/account/recovery-header.ts'
import { boxEpoch } from '../../src/crypto/box.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import type { Store } from '../../src/store/store.ts'
import { initLevelStore } from '../../src/store/level/open.ts'
import { temporaryDirectory } from '../store/level-kit.ts'
import { address, keyFile, numbered, openChildSite, plainWords, work, type JobAction } from './job-child.ts'
import { KillLedger } from './kill-ledger.ts'
import { settled } from './settled.ts'
import { chunks, password, readAll, session } from './support.ts'

const rounds = Number(process.env['LETTERLOCK_CRASH_ROUNDS'] ?? 6)
const firstMessages = 150
const actions: readonly JobAction[] = ['enable', 'rotate', 're-encrypt', 'disable']
const child = join(import.meta.dirname, 'job-child.js')

/** One round: a process that works, killed after a while. */
async function killed(directory: string, action: JobAction, ledger: KillLedger): Promise<void> {
  const running = spawn(process.execPath, [child, directory, action, String(ledger.next)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(running, 'exit')
  for await (const line of createInterface({ input: running.stdout })) {
    const [what] = ledger.hear(line)
    if (what === 'in') void delay(randomInt(5, 700)).then(() => running.kill('SIGKILL'))
  }
  const [code, signal] = (await ended) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL', `it ended by itself with ${code ?? ''}`)
}

/** Numbers of all messages, from their octets. */
async function numbers(accounts: Accounts): Promise<number[]> {
  const open = await accounts.login(address, password(), session)
  const found: number[] = []
  for (const { name } of open.mailboxes()) {
    const mailbox = await open.select(name, { isReadOnly: true })
    for (const uid of mailbox.uids()) {
      const number = /^Subject: number (\d+) end/m.exec((await readAll(mailbox, uid)).toString())?.[1]
      assert.ok(number)
      found.push(Number(number))
    }
    mailbox.close()
  }
  await open.close()
  return found
}

async function readable(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true })
  const words = Buffer.from(plainWords)
  const found: string[] = []
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    if ((await readFile(path)).includes(words)) found.push(path)
  }
  return found
}

/** Of one epoch only: every record and every header. */
async function epochs(store: Store, account: Buffer): Promise<Set<number>> {
  const found = new Set<number>()
  await store.read(account, async (snapshot) => {
    for await (const page of snapshot.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) }))
      for (const [key, value] of page)
        if ('Lmpxvtcna'.includes(String.fromCharCode(key[0] ?? 0))) found.add(boxEpoch(value))
  })
  for await (const { recoveryHeader, count } of store.blobs.scan(account))
    if (count > 0) found.add(headerEpoch(recoveryHeader))
  return found
}

describe('work on keys', () => {
  it(`survives ${rounds} times kill -9`, async () => {
    const directory = await temporaryDirectory()
    try {
      await cryptoReady()
      await initLevelStore(join(directory, 'store'))
      await writeFile(join(directory, keyFile), SiteKey.make().bytes, { mode: 0o600 })
      const ledger = new KillLedger(firstMessages)
      const first = await openChildSite(directory)
      await first.accounts.create(address, password())
      const open = await first.accounts.login(address, password(), session)
      for (let n = 0; n < firstMessages; n += 1) {
        await open.append(n % 2 ? 'INBOX' : 'Archive', chunks(numbered(n)), { flags: [] })
        ledger.kept.add(n)
      }
      await open.close()
      await first.accounts.close()
      await first.store.close()
      for (let round = 0; round < rounds; round += 1) {
        const action = actions[Math.floor(round / 2) % actions.length] ?? 'rotate'
        await killed(directory, action, ledger)
        assert.deepEqual(await readable(directory), [], `after round ${round}, ${action}`)
      }
      const { store, accounts } = await openChildSite(directory)
      await settled(accounts, address)
      for (const action of ['enable', 'rotate', 're-encrypt'] as const) {
        await work(accounts, action)
        await settled(accounts, address)
      }
      const found = await numbers(accounts)
      const have = new Set(found)
      assert.equal(have.size, found.length, 'a message is there twice')
      assert.deepEqual(
        [...ledger.kept].filter((n) => !have.has(n)),
        [],
        'a message is lost',
      )
      assert.deepEqual(
        found.filter((n) => !ledger.kept.has(n) && !ledger.begun.has(n)),
        [],
        'a message came from nowhere',
      )
      const report = await accounts.verify(address, password())
      assert.deepEqual(report.findings, [])
      const account = Buffer.from((await accounts.info(address)).accountId, 'hex')
      assert.equal((await epochs(store, account)).size, 1)
      assert.deepEqual(await readable(directory), [])
      await accounts.close()
      await store.close()
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})
