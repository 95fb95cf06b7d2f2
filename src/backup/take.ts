// Writes one generation of a backup: account after account, the manifest last of all (LAYOUT.md).
import { readFile, unlink, writeFile } from 'node:fs/promises'
import { equalBytes, hex } from '../base/bytes.ts'
import type { Clock } from '../base/ports.ts'
import { decodeEntry, type DirectoryEntry } from '../account/directory.ts'
import { Damage, isRefusal, Refusal } from '../account/errors.ts'
import { asRefusal } from '../account/refusing.ts'
import type { SiteKey } from '../crypto/site-key.ts'
import type { Store } from '../store/store.ts'
import { headKey } from '../account/keys.ts'
import { copyAccount, headOf } from './account-copy.ts'
import type { TakeOptions, TakeReport } from './api.ts'
import { BackupDamaged, BackupRefused, codeOf } from './errors.ts'
import { generationsIn, openOrMakePlaces, type Places } from './layout.ts'
import {
  noHead,
  readManifests,
  writeManifest,
  type AccountRef,
  type PackRef,
  type ReadManifest,
} from './manifest.ts'
import { accountFaults, type Recheck } from './recheck.ts'
import { readSiteOf, writeSite } from './site-file.ts'

export interface TakeSite {
  readonly store: Store
  readonly siteKey: SiteKey
  readonly clock: Clock
  readonly hint: string
}

/** Runs `task` while no other process of this machine writes the backup. What a killed one left is taken over. */
export async function withLock<T>(places: Places, task: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      await writeFile(places.lock, `${process.pid}\n`, { flag: 'wx', mode: 0o600 })
      break
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || tries > 2) throw error
      const holder = Number(await readFile(places.lock, 'utf8').catch(() => ''))
      if (holder > 0 && isRunning(holder) && (holder !== process.pid || running.has(places.root)))
        throw new BackupRefused('in-use', `another backup is being written there (process ${holder})`)
      await unlink(places.lock).catch(() => undefined)
    }
  }
  running.add(places.root)
  try {
    return await task()
  } finally {
    running.delete(places.root)
    await unlink(places.lock).catch(() => undefined)
  }
}

/** Backups that this process writes: its own lock must not be taken for that of a killed one. */
const running = new Set<string>()

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/** Newest first: how each account is in the backup so far. */
function latest(manifests: readonly ReadManifest[]): Map<string, AccountRef> {
  const found = new Map<string, AccountRef>()
  for (const { accounts } of manifests) for (const ref of accounts) found.set(ref.account, ref)
  return found
}

function packsOf(manifests: readonly ReadManifest[], account: string): Map<string, PackRef> {
  const refs = manifests.flatMap(({ accounts }) => accounts.filter((ref) => ref.account === account))
  return new Map(refs.flatMap(({ packs }) => packs.map((pack) => [pack.pack, pack] as const)))
}

function entriesOf(directory: ReadonlyMap<string, Buffer>): DirectoryEntry[] {
  return [...directory].flatMap(([name, bytes]) => {
    try {
      return [decodeEntry(undefined, name, bytes)]
    } catch (error) {
      if (error instanceof Damage) return []
      throw error
    }
  })
}

export async function takeBackup(site: TakeSite, root: string, options: TakeOptions): Promise<TakeReport> {
  const { places, id } = await openOrMakePlaces(root)
  return withLock(places, () => takeGeneration(site, places, id, options))
}

async function takeGeneration(
  { store, siteKey, clock, hint }: TakeSite,
  places: Places,
  backup: Buffer,
  options: TakeOptions,
): Promise<TakeReport> {
  const { address, isIncremental, signal, progress } = options
  const manifests = await readManifests(places, backup, siteKey)
  const last = manifests.at(-1)
  if (manifests.some(({ isOurs }) => isOurs === false))
    throw new BackupRefused(
      'not-a-backup',
      'the backup there is of a site with another key, or was altered: name another directory',
    )
  const generation = ((await generationsIn(places)).at(-1) ?? 0) + 1
  const contents = await readSiteOf(store, hint)
  const entries = entriesOf(contents.directory).filter((entry) => !entry.isDeleting)
  const addresses = new Map(entries.map((entry) => [hex(entry.account), entry.address]))
  const wanted = address === undefined ? await everyAccount(store) : [accountOf(entries, address)]
  const before = latest(manifests)
  const total = await octets(store, wanted)
  const refs: AccountRef[] = []
  const problems: TakeReport['problems'][number][] = []
  const recheck: Recheck = { generation, isAll: options.rechecksAll ?? false, signal }
  const faults = new Set<string>()
  let copiedBytes = 0
  let unchanged = 0
  for (const account of wanted) {
    signal?.throwIfAborted()
    const known = isIncremental ? before.get(account) : undefined
    const present = { account, address: addresses.get(account) ?? '' }
    const found = (fault: string): void => {
      faults.add(`${present.address || account}: ${fault}`)
    }
    try {
      const isSafe = known && (await isSame(store, known)) && (await isWhole(places, known, recheck, found))
      const same = isSafe ? { ...known, ...present } : undefined
      if (same) unchanged += 1
      const copied = (bytes: number): void => {
        copiedBytes += bytes
        progress?.(Math.min(copiedBytes, total), total)
      }
      const knownPacks = packsOf(manifests, account)
      refs.push(
        same ??
          (await copyAccount({
            store,
            places,
            generation,
            ...present,
            isIncremental,
            ...{ knownPacks, recheck, found },
            copied,
            signal,
          })),
      )
    } catch (error) {
      const refusal = asRefusal(error)
      // Deleted meanwhile: it is no account any more.
      if (isRefusal(refusal, 'no-such-account')) continue
      const isItsOwn = isRefusal(refusal, 'damaged') || isRefusal(refusal, 'unavailable')
      if (!(error instanceof BackupDamaged) && !isItsOwn) throw error
      problems.push({ ...present, text: refusal instanceof Error ? refusal.message : 'it cannot be read' })
      const earlier = before.get(account)
      if (earlier) refs.push({ ...earlier, ...present })
    }
  }
  const siteRef = await writeSite(places.site(generation), contents)
  await writeManifest(places, siteKey, {
    ...{ backup, generation, at: clock.now(), isWhole: address === undefined, site: siteRef, accounts: refs },
    previous: last?.hash ?? Buffer.alloc(32),
  })
  const sum = (of: (ref: AccountRef) => number): number => refs.reduce((all, ref) => all + of(ref), 0)
  return {
    ...{ generation, accounts: refs.length, unchanged, copiedBytes, replaced: [...faults], problems },
    bodies: sum(({ bodies }) => bodies),
    bodyBytes: sum(({ bodyBytes }) => bodyBytes),
  }
}

async function everyAccount(store: Store): Promise<string[]> {
  const found: string[] = []
  for await (const id of store.accounts()) found.push(hex(id))
  return found
}

function accountOf(entries: readonly DirectoryEntry[], address: string): string {
  const entry = entries.find((each) => each.address === address.trim().normalize('NFC').toLowerCase())
  if (!entry) throw new Refusal('no-such-account', 'No such account')
  return hex(entry.account)
}

async function octets(store: Store, accounts: readonly string[]): Promise<number> {
  let sum = 0
  for (const account of accounts) {
    const info = await store.info(Buffer.from(account, 'hex')).catch(() => undefined)
    sum += info?.usageBytes ?? 0
  }
  return sum
}

/** Whether what the backup has of an account that has not changed can be taken over. */
async function isWhole(
  places: Places,
  known: AccountRef,
  recheck: Recheck,
  found: (fault: string) => void,
): Promise<boolean> {
  const faults = await accountFaults(places, known, recheck)
  faults.forEach(found)
  return faults.length === 0
}

/** Whether nothing of the account has changed since. */
async function isSame(store: Store, known: AccountRef): Promise<boolean> {
  const id = Buffer.from(known.account, 'hex')
  const info = await store.info(id)
  if (!info || equalBytes(known.head, noHead)) return false
  // One that was put back to an older state may have come to the same version by another way.
  const head = headOf(await store.read(id, (view) => view.get(headKey)))
  return (
    equalBytes(head, known.head) &&
    info.version === known.version &&
    info.usageBytes === known.usageBytes &&
    info.quotaBytes === known.quotaBytes
  )
}
