// An owner's own keys: looking at files, adding, removing, settings, a test message, and the work on older mail (api-lifecycle.ts).
import { breathe } from '../base/async.ts'
import { BadKey, keyFileBytes, type FoundKey } from '../pubkey/public-key.ts'
import { inspectInThread } from '../pubkey/sealer.ts'
import { Overloaded } from '../pubkey/seal-thread.ts'
import type {
  JobStatus,
  OwnerSecret,
  Progress,
  PublicKeyApi,
  PublicKeyInfo,
  SealingSettings,
  TrailBy,
} from './api-lifecycle.ts'
import { domainOf } from './at-rest-rules.ts'
import { noteAudit } from './audit.ts'
import type { Credentials } from './credentials.ts'
import { deliver } from './deliver.ts'
import type { DirectoryEntry } from './directory.ts'
import { isRefusal, Refusal } from './errors.ts'
import type { OpenSession } from './open-account.ts'
import { recordOf } from './owner-delivery.ts'
import {
  firstSettings,
  keysAtMost,
  keysBytesAtMost,
  type SealingRecord,
  type StoredKey,
} from './pubkey-codec.ts'
import { composeNotice, saidTo } from './notices.ts'
import { tellOwner } from './pubkey-notices.ts'
import { writeSealing } from './pubkey-write.ts'
import { refusing } from './refusing.ts'
import type { Registry } from './registry.ts'
import { beginSealingJob, cancelSealingJob, sealingJobStatus } from './seal-existing.ts'
import { sealingOf, troubleOf, usableKeys } from './sealing.ts'
import type { Site } from './unlocked-account.ts'
import type { UnlockedAccounts } from './unlocked-accounts.ts'

export interface PublicKeysParts {
  readonly site: Site
  readonly registry: Registry
  readonly unlocked: UnlockedAccounts
  readonly credentials: Credentials
}

const unset: SealingRecord = { serial: 0, settings: firstSettings, keys: [] }

const day = (at: number): string => new Date(at).toISOString().slice(0, 10)

export class PublicKeys implements PublicKeyApi {
  readonly #site: Site
  readonly #registry: Registry
  readonly #unlocked: UnlockedAccounts
  readonly #credentials: Credentials
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #isClosed = false

  constructor({ site, registry, unlocked, credentials }: PublicKeysParts) {
    this.#site = site
    this.#registry = registry
    this.#unlocked = unlocked
    this.#credentials = credentials
  }

  #entry(address: string): Promise<DirectoryEntry> {
    return this.#registry.entry(address)
  }

  /** What is stored, as far as the site can tell that it is genuine. */
  #record(entry: DirectoryEntry): Promise<SealingRecord | undefined> {
    return refusing(() => recordOf(this.#site, entry))
  }

  async publicKeys(address: string): Promise<{
    readonly keys: readonly PublicKeyInfo[]
    readonly settings: SealingSettings
    readonly job: JobStatus | undefined
  }> {
    const entry = await this.#entry(address)
    const record = (await this.#record(entry)) ?? unset
    const { settings } = record
    return {
      keys: record.keys.map((key) => this.#info(record, key)),
      settings: { ...settings, append: settings.append ?? sealingOf(this.#site).append },
      job: await sealingJobStatus(this.#site, entry.account),
    }
  }

  #info(record: SealingRecord, key: StoredKey): PublicKeyInfo {
    const { kind, fingerprint, names, algorithm, createdAt, expiresAt } = key
    const now = this.#site.clock.now()
    let problem: string | undefined
    if (expiresAt !== undefined && expiresAt <= now) problem = `it expired on ${day(expiresAt)}`
    else if (troubleOf(this.#site, record) === 'switched-off') problem = 'the site has switched sealing off'
    else if (!usableKeys(record, now).includes(key)) problem = 'mail is sealed to the OpenPGP keys instead'
    return { kind, fingerprint, names, algorithm, createdAt, expiresAt, problem }
  }

  async #inspect(bytes: Uint8Array): Promise<readonly FoundKey[]> {
    try {
      return await inspectInThread(bytes, this.#site.clock.now())
    } catch (error) {
      if (error instanceof BadKey) throw new Refusal('bad-key', error.message, { cause: error })
      if (error instanceof Overloaded)
        throw new Refusal('busy', 'Too many keys are being read', { cause: error })
      throw error
    }
  }

  async inspectPublicKeys(bytes: Uint8Array): Promise<readonly PublicKeyInfo[]> {
    return (await this.#inspect(bytes)).map(shown)
  }

  /** Runs `task` with the account opened; what it changed is audited by `note`. */
  async #with<T>(
    address: string,
    secret: OwnerSecret,
    task: (session: OpenSession, entry: DirectoryEntry) => Promise<T>,
  ): Promise<T> {
    const entry = await this.#entry(address)
    const session = await this.#credentials.openFor(entry, secret)
    try {
      return await refusing(() => task(session, entry))
    } finally {
      await session.close()
    }
  }

  async addPublicKeys(
    address: string,
    secret: OwnerSecret,
    bytes: Uint8Array,
  ): Promise<readonly PublicKeyInfo[]> {
    if (!sealingOf(this.#site).isEnabled)
      throw new Refusal('not-permitted', 'This site has switched sealing to own keys off')
    if (bytes.length > keyFileBytes)
      throw new Refusal('bad-key', 'The file is larger than 1 MB: that is no key')
    const found = await this.#inspect(bytes)
    const usable = found.filter(({ problem }) => problem === undefined)
    const now = this.#site.clock.now()
    const added = usable.map((key) => stored(key, now))
    const revoked = new Set(found.filter(({ isRevoked }) => isRevoked).map(({ fingerprint }) => fingerprint))
    const entry = await this.#entry(address)
    const inUse =
      (await this.#record(entry))?.keys.filter(({ fingerprint }) => revoked.has(fingerprint)) ?? []
    if (usable.length + inUse.length === 0) throw new Refusal('bad-key', whyNone(found))
    await this.#with(address, secret, async ({ account }, entry) => {
      await writeSealing(account, {
        change: (record) => {
          const gone = new Set(added.map(({ fingerprint }) => fingerprint))
          const kept = record.keys.filter(({ fingerprint }) => !gone.has(fingerprint))
          const keys = [
            ...kept.map((key) => (revoked.has(key.fingerprint) ? ended(key, now) : key)),
            ...added,
          ]
          if (keys.length > keysAtMost)
            throw new Refusal('limit', `An account has at most ${keysAtMost} keys; remove one first`)
          if (keys.reduce((sum, key) => sum + key.bytes.length, 0) > keysBytesAtMost)
            throw new Refusal('limit', 'The keys of the account are too large together; remove one first')
          return { ...record, keys }
        },
        notes: [
          ...inUse.map(({ fingerprint }) => ({
            ...({
              kind: 'public-key-removed',
              by: askedBy(secret),
              detail: `${fingerprint} (revoked)`,
            } as const),
          })),
          ...added.map(({ fingerprint }) => ({
            ...({ kind: 'public-key-added', by: askedBy(secret), detail: fingerprint } as const),
          })),
        ],
      })
      await this.#audit(entry, secret, { added: added.map(({ fingerprint }) => fingerprint).join(',') })
    })
    await this.#tell(await this.#entry(address))
    return found.map(shown)
  }

  async removePublicKey(address: string, secret: OwnerSecret, fingerprint: string): Promise<void> {
    const wanted = fingerprint.toLowerCase().replace(/[\s:]/g, '')
    await this.#with(address, secret, async ({ account }, entry) => {
      await writeSealing(account, {
        change: (record) => {
          const key = named(record.keys, wanted)
          if (!key) throw new Refusal('bad-key', 'The account has no key of this fingerprint')
          return { ...record, keys: record.keys.filter((each) => each !== key) }
        },
        notes: [{ kind: 'public-key-removed', by: askedBy(secret), detail: wanted.slice(0, 64) }],
      })
      await this.#audit(entry, secret, { removed: wanted.slice(0, 64) })
    })
  }

  async setSealing(address: string, secret: OwnerSecret, settings: Partial<SealingSettings>): Promise<void> {
    await this.#with(address, secret, async ({ account }) => {
      await writeSealing(account, {
        change: (record) => ({ ...record, settings: { ...record.settings, ...settings } }),
        notes: [],
      })
    })
  }

  async testPublicKeys(address: string): Promise<void> {
    const entry = await this.#entry(address)
    const record = await this.#record(entry)
    if (!record || record.keys.length === 0)
      throw new Refusal('no-own-key', 'The account has no key of its own that mail is sealed to')
    const notice = saidTo(this.#site, entry, (words) => words.notice('keyTest'))
    const message = composeNotice(domainOf(entry.address), entry.address, notice, this.#site.clock.now())
    try {
      await deliver(this.#site, entry, message)
    } finally {
      this.#wake(entry.account)
    }
  }

  async sealExistingMail(
    address: string,
    secret: OwnerSecret,
    progress?: Progress,
  ): Promise<{ readonly finished: Promise<void> }> {
    const entry = await this.#entry(address)
    const session = await this.#credentials.openFor(entry, secret)
    try {
      await refusing(() => beginSealingJob(session.account))
    } catch (error) {
      await session.close()
      throw error
    }
    const finished = refusing(() => session.housekeeping.sealed(progress)).finally(() => session.close())
    // Whoever does not wait for the end is not to blame for its failure: the next login goes on.
    finished.catch(() => undefined)
    return { finished }
  }

  async cancelSealing(address: string, secret: OwnerSecret): Promise<void> {
    const entry = await this.#entry(address)
    const session = await this.#credentials.openFor(entry, secret)
    try {
      await refusing(() => cancelSealingJob(session.account))
      // The job notices at its next commit: nothing of it goes on behind whoever was told that it is over.
      await session.housekeeping.sealed().catch(() => undefined)
    } finally {
      await session.close()
    }
    await this.#audit(entry, secret, { sealExisting: 'cancelled' })
  }

  /** From now on owners are told that a key of theirs expires also where no mail comes: looked at now and then, behind everything else. */
  begin(everyMs: number): void {
    this.#timer = setInterval(() => this.#lookAround(), everyMs).unref()
    this.#lookAround()
  }

  /** Resolves when nothing of it runs any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#looking
  }

  #lookAround(): void {
    this.#looking ??= this.#tellOfExpiry()
      .catch((error: unknown) => {
        const reason = isRefusal(error) ? error.code : 'fault'
        this.#site.log.write('error', 'pubkey.notices-failed', { reason })
      })
      .finally(() => {
        this.#looking = undefined
      })
  }

  async #tellOfExpiry(): Promise<void> {
    for await (const entry of this.#registry.entries()) {
      if (this.#isClosed) return
      await breathe()
      if (!entry.isDeleting) await this.#tell(entry)
    }
  }

  async #tell(entry: DirectoryEntry): Promise<void> {
    try {
      const record = await this.#record(entry)
      if (!record || record.keys.length === 0) return
      await tellOwner(this.#site, entry, record, undefined)
      this.#wake(entry.account)
    } catch {
      // A damaged account is reported when mail comes for it or it is opened.
    }
  }

  #wake(account: Buffer): void {
    this.#unlocked.find(account)?.housekeeping.wake()
  }

  async #audit(
    { address }: DirectoryEntry,
    secret: OwnerSecret,
    detail: Readonly<Record<string, string>>,
  ): Promise<void> {
    await noteAudit(this.#site, { event: 'keys.public', address, by: askedBy(secret), detail })
  }
}

const askedBy = ({ kind }: OwnerSecret): TrailBy =>
  kind === 'site' ? 'admin' : kind === 'admin' ? 'admin-key' : 'owner'

/** The key of this fingerprint, or of its beginning or end where that is unmistakable. */
function named(keys: readonly StoredKey[], wanted: string): StoredKey | undefined {
  if (wanted.length < 8) return undefined
  const matching = keys.filter(
    ({ fingerprint }) => fingerprint.endsWith(wanted) || fingerprint.startsWith(wanted),
  )
  return matching.length === 1 ? matching[0] : undefined
}

function shown(key: FoundKey): PublicKeyInfo {
  const { kind, fingerprint, names, algorithm, createdAt, expiresAt, problem } = key
  return { kind, fingerprint, names, algorithm, createdAt, expiresAt, problem }
}

function stored(key: FoundKey, addedAt: number): StoredKey {
  const { kind, fingerprint, names, algorithm, createdAt, expiresAt, bytes } = key
  return { kind, fingerprint, names, algorithm, createdAt, expiresAt, bytes, addedAt }
}

/** A key that was revoked stays in the record, as one that is over: mail is deferred, or marked, and never stored as if there had been no key. */
const ended = (key: StoredKey, now: number): StoredKey => ({
  ...key,
  expiresAt: Math.min(key.expiresAt ?? now, now),
})

function whyNone(found: readonly FoundKey[]): string {
  const [first] = found
  if (!first) return 'There is no key in this file'
  const name = first.names[0] ?? first.fingerprint
  if (found.length === 1) return `Mail cannot be sealed to ${name}: ${first.problem ?? 'it cannot be used'}`
  const all = found.slice(0, 5).map((key) => `${key.names[0] ?? key.fingerprint}: ${key.problem ?? ''}`)
  return `Mail cannot be sealed to any key of this file. ${all.join('; ')}`
}
