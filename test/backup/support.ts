// Sites on level stores in temporary directories, with backups of them.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../src/base/ports.ts'
import { openAccounts } from '../../src/account/accounts.ts'
import type { Accounts } from '../../src/account/api.ts'
import { makeBackups } from '../../src/backup/backups.ts'
import type { BackupApi, RestoreOptions, TakeOptions } from '../../src/backup/api.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { initLevelStore, openLevelStore } from '../../src/store/level/open.ts'
import type { Store } from '../../src/store/store.ts'
import { chunks, cheapKdf, deliverTo, mail, password, session, TestClock } from '../account/support.ts'

export const alice = 'alice@example.org'
export const bob = 'bob@example.org'
export const gate = new KdfGate({ parallel: 2, queue: 64, minimumMemoryKiB: 8 })

export interface BackupSite {
  readonly root: string
  readonly store: Store
  readonly siteKey: SiteKey
  readonly keyBytes: Buffer
  readonly clock: TestClock
  readonly accounts: Accounts
  readonly backups: BackupApi
  /** Where its backup goes. */
  readonly backup: string
  close(): Promise<void>
}

export interface SiteOptions {
  readonly keyBytes?: Buffer
  readonly root?: string
  readonly overStore?: (store: Store) => Store
  /** Called around the locking of an account for a restore; `in` while it is locked, and not waited for. */
  readonly onLock?: (moment: 'before' | 'in' | 'after', accounts: Accounts) => Promise<unknown> | undefined
}

/** A site in a directory of its own, or the one in `root` again. */
export async function openSite(options: SiteOptions = {}): Promise<BackupSite> {
  await cryptoReady()
  const root = options.root ?? (await mkdtemp(join(tmpdir(), 'letterlock-backup-')))
  const path = join(root, 'store')
  if (options.root === undefined) await initLevelStore(path)
  const keyBytes = options.keyBytes ?? SiteKey.make().bytes
  const siteKey = SiteKey.fromBytes(keyBytes)
  const opened = await openLevelStore(path, { limits: { reserveBytes: 0, retryMs: 0 } })
  const store = options.overStore?.(opened) ?? opened
  const clock = new TestClock()
  const accounts = await openAccounts({ store, siteKey, gate, kdf: cheapKdf, clock, log: silentLog })
  const backups = makeBackups({
    ...{ store, siteKey, clock, gate, kdf: cheapKdf, hint: 'a test' },
    async whileLocked(account, reason, task) {
      await options.onLock?.('before', accounts)
      const done = await accounts.whileLocked(account, reason, () => {
        void options.onLock?.('in', accounts)
        return task()
      })
      await options.onLock?.('after', accounts)
      return done
    },
    acceptRollback: async () => undefined,
    namesWereRestored: () => accounts.names.reload(),
    readSiteKey: async () => Buffer.from(keyBytes),
  })
  return {
    ...{ root, store, siteKey, keyBytes, clock, accounts, backups, backup: join(root, 'backup') },
    async close() {
      await accounts.close()
      await store.close()
    },
  }
}

export async function remove(...sites: readonly BackupSite[]): Promise<void> {
  for (const { root } of sites) await rm(root, { recursive: true, force: true })
}

export const take = { isIncremental: false } satisfies TakeOptions
export const incremental = { isIncremental: true } satisfies TakeOptions
export const restore = {
  mayReplace: false,
  acceptsRollback: false,
  mayBeForeign: false,
  isDryRun: false,
} satisfies RestoreOptions

/** Two accounts with mail of every kind: delivered and waiting, appended, long, copied, flagged, expunged. */
export async function live(site: BackupSite): Promise<void> {
  const { accounts } = site
  for (const address of [alice, bob]) {
    await accounts.create(address, password())
    for (let index = 0; index < 5; index += 1) await deliverTo(accounts, address, mail(`d${index}`, marked))
    const open = await accounts.login(address, password(), session)
    for (let index = 0; index < 70; index += 1)
      await open.append('INBOX', chunks(mail(`a${index}`, marked)), {
        flags: index % 2 ? ['\\Seen', 'work'] : [],
      })
    await open.append('Drafts', chunks(mail('long', `${marked} ${'x'.repeat(400_000)}`)), { flags: [] })
    const inbox = await open.select('INBOX', { isReadOnly: false })
    await inbox.copy(inbox.uids().slice(0, 3), 'Archive')
    await inbox.storeFlags(inbox.uids().slice(10, 15), 'add', ['\\Deleted'])
    await inbox.expunge()
    await open.close()
    await deliverTo(accounts, address, mail('waiting', marked))
  }
  const { finished, recoveryCode } = await accounts.enableAtRest(alice, password())
  recoveryCode.fill(0)
  await finished
}

/** Words that no file of a backup may hold. */
export const marked = 'Quarterly figures for the Zanzibar project'

/** Every message of an account by mailbox: flags, date, and octets. */
export async function contents(accounts: Accounts, address: string): Promise<Map<string, string[]>> {
  const open = await accounts.login(address, password(), session)
  const all = new Map<string, string[]>()
  for (const { name } of open.mailboxes()) {
    const box = await open.select(name, { isReadOnly: true })
    const rows: string[] = []
    for await (const content of box.contents(box.uids())) {
      const parts: Buffer[] = []
      for await (const piece of content.read(0, content.sizeBytes)) parts.push(Buffer.from(piece))
      const state = box.state(content.uid)
      rows.push(`${content.uid} ${state?.flags.join(',') ?? ''} ${Buffer.concat(parts).toString('latin1')}`)
    }
    all.set(name, rows)
    box.close()
  }
  await open.close()
  return all
}

/** Paths of all files below a directory. */
export async function filesOf(root: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) found.push(join(entry.parentPath, entry.name))
  return found.sort()
}
