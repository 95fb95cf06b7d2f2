// kill -9 in the middle of a backup, a pruning, a restore, a verification and a repair: nothing that was whole is harmed, nothing that is not
// whole says that it is, and the next run comes to its end.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it } from 'node:test'
import type { Accounts } from '../../src/account/api.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { checkBackup } from '../../src/backup/check.ts'
import { BackupDamaged, BackupRefused } from '../../src/backup/errors.ts'
import { copyOf, putBack } from '../account/copies.ts'
import { deliverTo, password } from '../account/support.ts'
import { keyFile, numbered, openRoot, type Action } from './backup-child.ts'
import {
  alice,
  bob,
  contents,
  filesOf,
  incremental,
  live,
  openSite,
  remove,
  restore,
  take,
  type BackupSite,
} from './support.ts'

const rounds = Number(process.env['LETTERLOCK_CRASH_ROUNDS'] ?? 6)
const child = join(import.meta.dirname, 'backup-child.js')

interface Heard {
  /** Numbers of messages of which delivery was begun, and acknowledged. */
  readonly begun: number[]
  readonly kept: number[]
  /** By the number that a backup must have got, if it came so far: the last message acknowledged before it began. */
  readonly taken: Map<number, number>
  /** Of the one that was being taken. */
  taking: number
  isDone: boolean
}

/** A process that does the action, killed within `spanMs` of beginning, unless it was done before. */
async function killed(root: string, action: Action, spanMs: number, first = 0): Promise<Heard> {
  const heard: Heard = { begun: [], kept: [], taken: new Map(), taking: -1, isDone: false }
  const running = spawn(process.execPath, [child, root, action, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(running, 'exit')
  for await (const line of createInterface({ input: running.stdout })) {
    const [what = '', number = ''] = line.split(' ')
    const n = Number(number)
    if (what === 'begun') heard.begun.push(n)
    else if (what === 'kept') heard.kept.push(n)
    else if (what === 'taking') heard.taking = n
    else if (what === 'taken') heard.taken.set(n, heard.taking)
    else if (what === 'done') heard.isDone = true
    else if (what === 'in') void delay(randomInt(spanMs)).then(() => running.kill('SIGKILL'))
  }
  const [code] = (await ended) as [number | null]
  assert.ok(code === null || (code === 0 && heard.isDone), `it ended by itself with ${code ?? ''}`)
  return heard
}

/** A site in a directory of its own that a child can open; closed. */
async function madeSite(): Promise<BackupSite> {
  const site = await openSite()
  await writeFile(join(site.root, keyFile), site.keyBytes, { mode: 0o600 })
  return site
}

const numbersIn = (all: Map<string, string[]>): number[] =>
  [...all.values()]
    .flat()
    .flatMap((text) => /^Subject: number (\d+) end/m.exec(text)?.[1] ?? [])
    .map(Number)

async function soundly(accounts: Accounts, address: string): Promise<Map<string, string[]>> {
  const all = await contents(accounts, address)
  assert.deepEqual((await accounts.verify(address, password())).findings, [])
  return all
}

async function octetsOf(directory: string): Promise<Map<string, string>> {
  const files = (await filesOf(directory)).filter((path) => !path.endsWith('/lock'))
  return new Map(
    await Promise.all(files.map(async (path) => [path, (await readFile(path)).toString('latin1')] as const)),
  )
}

/** All that the newest generation says it has, put back on a machine that has nothing. */
async function restoredFrom({ backup, keyBytes }: BackupSite): Promise<number[]> {
  const fresh = await openSite({ keyBytes })
  try {
    const report = await makeFrom(fresh, backup)
    assert.deepEqual(
      report.map(({ state, lost }) => [state, lost]),
      [
        ['restored', 0],
        ['restored', 0],
      ],
    )
    const found = [alice, bob].map((address) => soundly(fresh.accounts, address))
    return (await Promise.all(found)).flatMap(numbersIn)
  } finally {
    await fresh.close()
    await remove(fresh)
  }
}

const makeFrom = async (fresh: BackupSite, backup: string) =>
  (await fresh.backups.restore(backup, restore)).accounts

describe('kill -9', () => {
  it(`${rounds} times in a backup: what says that it is whole is whole, and the next run goes on`, async () => {
    const site = await madeSite()
    try {
      for (const address of [alice, bob]) await site.accounts.create(address, password())
      await site.close()
      const begun = new Set<number>()
      const kept = new Set<number>()
      const knownIn = new Map<number, number>()
      let newest = 0
      for (let round = 0; round < rounds; round += 1) {
        const heard = await killed(site.root, 'take', 700, Math.max(-1, ...begun) + 1)
        for (const n of heard.begun) begun.add(n)
        for (const n of heard.kept) kept.add(n)
        for (const [generation, last] of heard.taken) knownIn.set(generation, last)
        newest = Math.max(newest, ...heard.taken.keys())
        const checked = await checkBackup(site.backup, { siteKey: site.siteKey }).catch((error: unknown) => {
          // Nothing was ever taken, and it says so.
          assert.ok(
            newest === 0 && (error instanceof BackupDamaged || error instanceof BackupRefused),
            String(error),
          )
          return undefined
        })
        if (!checked) continue
        if (newest > 0) assert.deepEqual(checked.problems, [], `after round ${round}`)
        assert.ok(
          checked.newest === newest || checked.newest === newest + 1,
          `${checked.newest} and ${newest}`,
        )
        if (checked.newest === 0) continue
        // The one more was being taken when the process died; its name is its claim to be whole.
        const known = knownIn.get(checked.newest) ?? heard.taking
        newest = checked.newest
        knownIn.set(newest, known)
        const found = await restoredFrom(site)
        assert.equal(new Set(found).size, found.length, 'a message is there twice')
        const missing = [...kept].filter((n) => n <= known && !found.includes(n))
        assert.deepEqual(missing, [], `of backup ${newest}`)
        assert.deepEqual(
          found.filter((n) => !begun.has(n)),
          [],
          'a message came from nowhere',
        )
      }
      const again = await openRoot(site.root)
      const { problems } = await again.backups.take(again.backup, incremental)
      assert.deepEqual(problems, [])
      const found = await restoredFrom(again)
      assert.deepEqual(
        [...kept].filter((n) => !found.includes(n)),
        [],
      )
      await again.backups.prune(again.backup, 1, false)
      assert.deepEqual((await checkBackup(again.backup, { siteKey: again.siteKey })).problems, [])
      assert.deepEqual(
        (await filesOf(again.backup)).filter((path) => path.endsWith('.part')),
        [],
      )
      await again.close()
    } finally {
      await remove(site)
    }
  })

  for (const action of ['restore one', 'restore all'] as const)
    it(`${rounds} times in “${action}” over a live site: old, new or unavailable, never between, and again it works`, async (t) => {
      const outcomes: Record<string, number> = {}
      const site = await madeSite()
      try {
        await live(site)
        await site.backups.take(site.backup, take)
        const saved = new Map<string, Map<string, string[]>>()
        for (const address of [alice, bob]) saved.set(address, await withoutUids(site.accounts, address))
        await site.close()
        const backup = await octetsOf(site.backup)
        let next = 0
        for (let round = 0; round < rounds; round += 1) {
          const before = await openRoot(site.root)
          for (const address of [alice, bob]) await deliverTo(before.accounts, address, numbered((next += 1)))
          const present = new Map<string, Map<string, string[]>>()
          for (const address of [alice, bob])
            present.set(address, await withoutUids(before.accounts, address))
          await before.close()
          await killed(site.root, action, 250)
          const after = await openRoot(site.root)
          for (const address of [alice, bob]) {
            let found: Map<string, string[]>
            try {
              found = await withoutUids(after.accounts, address)
            } catch (error) {
              assert.ok(isRefusal(error, 'unavailable'), String(error))
              count(outcomes, 'unavailable')
              assert.ok(address === alice || action === 'restore all', 'only what is being restored')
              // Its sender keeps what comes meanwhile.
              await assert.rejects(deliverTo(after.accounts, address, numbered(9999)), (refusal) =>
                isRefusal(refusal, 'unavailable'),
              )
              continue
            }
            const isOld = isSame(present.get(address), found)
            assert.ok(
              isOld || isSame(saved.get(address), found),
              `${address} is neither as before nor as in the backup`,
            )
            count(outcomes, isOld ? 'as before' : 'as in the backup')
          }
          await after.backups.restore(after.backup, { ...restore, mayReplace: true, acceptsRollback: true })
          for (const address of [alice, bob]) {
            assert.deepEqual(await withoutUids(after.accounts, address), saved.get(address))
            await soundly(after.accounts, address)
          }
          await after.close()
          assert.deepEqual(await octetsOf(site.backup), backup, 'the backup is as it was')
        }
        t.diagnostic(JSON.stringify(outcomes))
        await killed(site.root, 'verify', 100)
        assert.deepEqual(await octetsOf(site.backup), backup, 'the backup is as it was')
      } finally {
        await remove(site)
      }
    })

  it(`${rounds} times in a repair: all mail that was there before is found in the end, once`, async (t) => {
    const outcomes: Record<string, number> = {}
    const site = await madeSite()
    try {
      await site.accounts.create(alice, password())
      for (let n = 0; n < 60; n += 1) await deliverTo(site.accounts, alice, numbered(n))
      const before = numbersIn(await soundly(site.accounts, alice)).sort((a, b) => a - b)
      const copy = await copyOf(site.store, (await site.accounts.info(alice)).accountId)
      await site.close()
      const kept = join(site.root, 'kept')
      await cp(join(site.root, 'store'), kept, { recursive: true })
      for (let round = 0; round < rounds; round += 1) {
        await rm(join(site.root, 'store'), { recursive: true })
        await cp(kept, join(site.root, 'store'), { recursive: true })
        const harmed = await openRoot(site.root)
        const letters = harms[round % harms.length] ?? ''
        await putBack(harmed.store, copy, (key, value) =>
          letters.includes(key.slice(0, 1)) ? undefined : value,
        )
        await harmed.close()
        for (let tries = 0; tries < 3; tries += 1) {
          const { isDone } = await killed(site.root, 'repair', 200)
          count(outcomes, isDone ? 'done' : 'killed')
          if (isDone) break
        }
        const mended = await openRoot(site.root)
        const secret = { kind: 'password', password: password() } as const
        const report = await mended.accounts.repairs.repair(alice, secret, { isDryRun: false })
        assert.deepEqual(report.findings, [], `without ${letters}`)
        const found = numbersIn(await soundly(mended.accounts, alice)).sort((a, b) => a - b)
        assert.deepEqual(found, before, `without ${letters}`)
        await mended.close()
      }
      t.diagnostic(JSON.stringify(outcomes))
    } finally {
      await remove(site)
    }
  })
})

function count(outcomes: Record<string, number>, what: string): void {
  outcomes[what] = (outcomes[what] ?? 0) + 1
}

/** Letters of the records that are taken away before a repair. */
const harms = ['n', 'm', 'h', 'nLcxhmpvta', 'L', 'pm'] as const

/** Contents without UIDs, which a restore may give anew; sorted. */
async function withoutUids(accounts: Accounts, address: string): Promise<Map<string, string[]>> {
  const all = await contents(accounts, address)
  return new Map([...all].map(([name, rows]) => [name, rows.map((row) => row.replace(/^\d+ /, '')).sort()]))
}

function isSame(one: Map<string, string[]> | undefined, other: Map<string, string[]>): boolean {
  const text = (all: Map<string, string[]> | undefined): string =>
    JSON.stringify([...(all ?? new Map<string, string[]>())].sort(([a], [b]) => (a < b ? -1 : 1)))
  return text(one) === text(other)
}
