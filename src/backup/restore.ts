// Puts accounts back from a backup, one after the other; each is whole or not to be used (LAYOUT.md, Restoring).
import { asBuffer, equalBytes, hex } from '../base/bytes.ts'
import type { Clock } from '../base/ports.ts'
import { allEntries, canonicalAddress, decodeEntry, encodeEntry } from '../account/directory.ts'
import { isRefusal, Refusal } from '../account/errors.ts'
import { cardKey, headKey, restoredKey } from '../account/keys.ts'
import { decodeAlias, decodeDomain, encodeAlias, encodeDomain, kindOfName } from '../account/names-codec.ts'
import { isDamage } from '../account/refusing.ts'
import { encodeRestored } from '../account/restored.ts'
import { expectRestored } from '../account/sealing-expected.ts'
import { siteRecordName } from '../account/site-record.ts'
import { adoptCard } from '../crypto/card.ts'
import { partialPrefix } from '../crypto/partial-name.ts'
import type { SiteKey } from '../crypto/site-key.ts'
import { Conflict, Unavailable } from '../store/errors.ts'
import type { Entry, Restoration, Store } from '../store/store.ts'
import { headOf } from './account-copy.ts'
import type { RestoredAccount, RestoreOptions, RestoreReport } from './api.ts'
import { BackupDamaged, BackupRefused, BodyAltered } from './errors.ts'
import { openPlaces, type Places } from './layout.ts'
import { noHead, readManifests, type AccountRef, type ReadManifest } from './manifest.ts'
import { packIndex, readPack, type ReadBody } from './packs.ts'
import { readRecords, type NeededBody } from './records-file.ts'
import { readSite, type SiteContents } from './site-file.ts'

/** Renames that come in the middle of one account's restore, and are followed. */
const renamesAtMost = 5
/** Records written in one step. */
const putBytes = 4 * 1024 * 1024

export interface RestoreSite {
  readonly store: Store
  readonly siteKey: SiteKey
  readonly clock: Clock
  /** Ends sessions of an account and keeps everybody out meanwhile. */
  readonly whileLocked: <T>(account: Buffer, reason: string, task: () => Promise<T>) => Promise<T>
  /** The owner, or whoever restores, says that the older state is meant. */
  readonly acceptRollback: (address: string) => Promise<void>
  /** Aliases and domains were put back. */
  readonly namesWereRestored: () => Promise<void>
}

/** Which accounts of the site have which address now: one may have been renamed since the backup. */
async function presentAddresses(site: RestoreSite): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  const source = { store: site.store, siteKey: undefined }
  for await (const entry of allEntries(source, () => undefined)) found.set(hex(entry.account), entry.address)
  return found
}

/** Whether it is the account of that name, then or now. */
type IsWanted = (ref: AccountRef) => boolean

function wantedBy(
  { address }: RestoreOptions,
  present: ReadonlyMap<string, string>,
  manifests: readonly ReadManifest[],
): IsWanted | undefined {
  if (address === undefined) return undefined
  const name = canonicalAddress(address)
  // Who has the address now, if the backup has that account, comes before who had it then.
  const isNow: IsWanted = (ref) => present.get(ref.account) === name
  const isKnown = manifests.some(({ accounts }) => accounts.some(isNow))
  return isKnown ? isNow : (ref) => ref.address === name
}

/** The newest generation that has what is wanted. */
function choose(
  manifests: readonly ReadManifest[],
  isWanted: IsWanted | undefined,
  { generation }: RestoreOptions,
): ReadManifest {
  const has = (manifest: ReadManifest): boolean =>
    isWanted === undefined ? manifest.isWhole : manifest.accounts.some(isWanted)
  const fitting = manifests.filter(
    (each) => has(each) && (generation === undefined || each.generation === generation),
  )
  const found = fitting.at(-1)
  if (found) return found
  if (isWanted) throw new Refusal('no-such-account', 'The backup does not have that account')
  throw new BackupRefused('no-backup', 'the backup has no such generation of the whole site')
}

class Restore {
  readonly #site: RestoreSite
  readonly #places: Places
  readonly #manifest: ReadManifest
  readonly #contents: SiteContents
  readonly #options: RestoreOptions
  /** As of the last look: an account may be renamed while it is put back. */
  #present: ReadonlyMap<string, string>
  readonly #isWanted: IsWanted | undefined
  #done = 0
  #total = 0

  constructor(
    site: RestoreSite,
    places: Places,
    manifest: ReadManifest,
    contents: SiteContents,
    options: RestoreOptions,
    present: ReadonlyMap<string, string>,
    isWanted: IsWanted | undefined,
  ) {
    this.#site = site
    this.#places = places
    this.#manifest = manifest
    this.#contents = contents
    this.#options = options
    this.#present = present
    this.#isWanted = isWanted
  }

  async run(): Promise<RestoredAccount[]> {
    const wanted = this.#manifest.accounts.filter((ref) => this.#isWanted?.(ref) ?? true)
    this.#total = wanted.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0)
    const report: RestoredAccount[] = []
    for (const ref of wanted) {
      this.#options.signal?.throwIfAborted()
      report.push(await this.#account(ref))
    }
    if (!this.#isWanted && !this.#options.isDryRun) await this.#siteRecords()
    return report
  }

  /** Aliases and domains whose names are free; those that this site did not write are its own from now on. */
  async #names(): Promise<void> {
    const { store, siteKey, namesWereRestored } = this.#site
    const key = this.#manifest.isOurs === true ? siteKey : undefined
    for (const [name, bytes] of this.#contents.directory) {
      const kind = kindOfName(bytes)
      if (kind === 'account' || (await store.directory.get(name))) continue
      try {
        const value =
          kind === 'alias'
            ? encodeAlias(siteKey, name, decodeAlias(key, name, bytes))
            : encodeDomain(siteKey, name, decodeDomain(key, name, bytes))
        await store.directory.put(name, value, undefined)
      } catch (error) {
        // Damaged as it was backed up, or somebody took the name this very moment.
        if (!isDamage(error) && !(error instanceof Conflict)) throw error
      }
    }
    await namesWereRestored()
  }

  /** What the site remembers beside accounts; what is there stays, and so does whose the store is. */
  async #siteRecords(): Promise<void> {
    const { site } = this.#site.store
    for (const [name, value] of this.#contents.site)
      if (!isOfThisMoment(name) && (await site.get(name)) === undefined) await site.put(name, value)
    await this.#names()
  }

  /** Its address at this moment: what was seen at the beginning, unless another stands for it by now. */
  async #addressOf({ account, address }: AccountRef): Promise<string> {
    const name = this.#present.get(account) ?? address
    if (!this.#present.has(account)) return name
    const stored = await this.#site.store.directory.get(name)
    const isIts =
      stored !== undefined &&
      kindOfName(stored) === 'account' &&
      hex(decodeEntry(undefined, name, stored).account) === account
    if (isIts) return name
    this.#present = await presentAddresses(this.#site)
    return this.#present.get(account) ?? address
  }

  async #account(ref: AccountRef): Promise<RestoredAccount> {
    const id = Buffer.from(ref.account, 'hex')
    const { store, whileLocked } = this.#site
    const presentVersion = await versionOf(store, id)
    const { account, version, bodies } = ref
    const address = await this.#addressOf(ref)
    const told = { address, account, version, presentVersion: presentVersion ?? undefined, bodies, lost: 0 }
    const objection = await this.#objection(ref, presentVersion)
    if (objection === 'same') return { ...told, state: 'same', text: undefined }
    if (objection === 'without-address') {
      // A restore ended between the account and its address.
      const entered = this.#options.isDryRun ? address : await this.#enterAndExpect(ref)
      return { ...told, address: entered, state: 'restored', text: undefined }
    }
    if (objection !== undefined) return { ...told, state: 'refused', text: objection }
    let lost: number
    try {
      lost = await this.#lost(ref)
      if (this.#options.isDryRun) return { ...told, lost, state: 'restored', text: undefined }
      const reason = 'The account is being restored from a backup'
      lost = await whileLocked(id, reason, () => this.#put(id, ref))
    } catch (error) {
      if (!(error instanceof BackupDamaged)) throw error
      return { ...told, state: 'refused', text: error.message }
    }
    return { ...told, address: await this.#enterAndExpect(ref), lost, state: 'restored', text: undefined }
  }

  /** Resolves to the address, which a rename may have changed while bodies were put back, and may change between any two steps here. */
  async #enterAndExpect(ref: AccountRef): Promise<string> {
    for (let tries = 1; ; tries += 1) {
      const address = await this.#addressOf(ref)
      try {
        await this.#enter(ref)
        await expectRestored(this.#site, address)
        if (this.#options.acceptsRollback && address !== '') await this.#site.acceptRollback(address)
      } catch (error) {
        if (!isRefusal(error, 'no-such-account') || tries >= renamesAtMost) throw error
        continue
      }
      if (tries >= renamesAtMost || (await this.#addressOf(ref)) === address) return address
    }
  }

  /** Why an account is not to be restored; `same`: it need not; `without-address`: only that is missing. */
  async #objection(ref: AccountRef, present: number | undefined | null): Promise<string | undefined> {
    const name = await this.#addressOf(ref)
    const entry = name === '' ? undefined : await this.#site.store.directory.get(name)
    if (entry && kindOfName(entry) === 'alias') return 'its address is an alias now: remove that one first'
    const holder = entry && decodeEntry(undefined, name, entry)
    // The next start of the server would go on with that.
    if (holder?.isDeleting) return 'its deletion has begun: let `letterlock user delete` end it first'
    if (holder && hex(holder.account) !== ref.account)
      return 'its address belongs to another account now: delete or rename that one first'
    if (present === undefined || present === null || this.#options.mayReplace) return undefined
    if (present === ref.version && (await this.#isAtHead(ref)))
      return entry || name === '' ? 'same' : 'without-address'
    const than = present > ref.version ? 'a newer' : 'another'
    return `the account is there, in ${than} state (version ${present}; the backup has ${ref.version})`
  }

  /** The same version may have been reached by another way. Older manifests do not say by which. */
  async #isAtHead({ account, head }: AccountRef): Promise<boolean> {
    if (equalBytes(head, noHead)) return true
    const stored = await this.#site.store.read(Buffer.from(account, 'hex'), (view) => view.get(headKey))
    return equalBytes(headOf(stored), head)
  }

  /** Reads all that would be put back, before anything is changed, but for the bodies themselves; counts those that are missing. */
  async #lost(ref: AccountRef): Promise<number> {
    const needed = new Map<string, NeededBody>()
    for await (const item of this.#records(ref)) {
      if (item.kind === 'body') needed.set(hex(item.body.blobId), item.body)
      if (item.kind === 'head' && hex(item.head.account) !== ref.account)
        throw new BackupDamaged('the records are those of another account')
    }
    for (const { pack } of ref.packs) {
      try {
        for await (const { blobId, lengthBytes } of packIndex(
          this.#places.pack(ref.account, pack),
          ref.account,
          pack,
        ))
          if (needed.get(hex(blobId))?.lengthBytes === lengthBytes) needed.delete(hex(blobId))
      } catch (error) {
        if (!(error instanceof BackupDamaged)) throw error
      }
    }
    return needed.size
  }

  #records(ref: AccountRef): ReturnType<typeof readRecords> {
    const path = this.#places.records(ref.account, ref.recordsOf)
    return readRecords(path, `the records of ${ref.address || ref.account}`, ref.records)
  }

  /** Resolves to how many bodies were damaged. */
  async #put(id: Buffer, ref: AccountRef): Promise<number> {
    const { store, clock } = this.#site
    const restoration = await store.restore(id)
    const needed = await this.#putRecords(restoration, id, ref)
    await restoration.put([[restoredKey, encodeRestored({ at: clock.now() })]])
    const found = new Set<string>()
    for (const pack of ref.packs) {
      try {
        await this.#putPack(restoration, ref, pack.pack, needed, found)
      } catch (error) {
        // Whatever else is in other packs is put back all the same.
        if (!(error instanceof BackupDamaged)) throw error
      }
    }
    const { version, usageBytes, quotaBytes } = ref
    await restoration.finish({ version, usageBytes, ...(quotaBytes === undefined ? {} : { quotaBytes }) })
    return needed.size - found.size
  }

  async #putRecords(restoration: Restoration, id: Buffer, ref: AccountRef): Promise<Map<string, NeededBody>> {
    const needed = new Map<string, NeededBody>()
    let batch: Entry[] = []
    let bytes = 0
    for await (const item of this.#records(ref)) {
      if (item.kind === 'body') needed.set(hex(item.body.blobId), item.body)
      if (item.kind !== 'record') continue
      const [key, value] = item.entry
      batch.push([key, this.#isCard(key) ? adoptCard(this.#site.siteKey, id, value) : value])
      bytes += key.length + value.length
      if (bytes < putBytes) continue
      await restoration.put(batch)
      batch = []
      bytes = 0
    }
    if (batch.length > 0) await restoration.put(batch)
    return needed
  }

  /** Another site's word counts for nothing here. */
  #isCard(key: Uint8Array): boolean {
    return this.#manifest.isOurs !== true && equalBytes(asBuffer(key), cardKey)
  }

  async #putPack(
    restoration: Restoration,
    ref: AccountRef,
    pack: string,
    needed: ReadonlyMap<string, NeededBody>,
    found: Set<string>,
  ): Promise<void> {
    for await (const body of readPack(this.#places.pack(ref.account, pack), ref.account, { pack })) {
      this.#options.signal?.throwIfAborted()
      const blob = hex(body.blobId)
      const wanted = needed.get(blob)
      if (wanted?.pack !== pack || wanted.lengthBytes !== body.lengthBytes || found.has(blob)) continue
      if (!(await isAdded(restoration, body, wanted.count))) continue
      found.add(blob)
      this.#done += body.lengthBytes
      this.#options.progress?.(this.#done, this.#total)
    }
  }

  /** The address stands for the account again. */
  async #enter({ address, account }: AccountRef): Promise<void> {
    // It was renamed since: then its address is the new one.
    if (this.#present.has(account)) return
    const stored = this.#contents.directory.get(address)
    const { store, siteKey } = this.#site
    if (!stored || (await store.directory.get(address))) return
    const entry = decodeEntry(this.#manifest.isOurs === true ? siteKey : undefined, address, stored)
    try {
      await store.directory.put(address, encodeEntry(siteKey, address, entry.account, entry), undefined)
    } catch (error) {
      // Somebody made it this very moment: they were told that it was free.
      if (!(error instanceof Conflict)) throw error
      throw new BackupRefused('refused', 'the address was taken by another account meanwhile', {
        cause: error,
      })
    }
  }
}

/** Site records that a copy is wrong about: whose store it is, and who has mail that is asked for again. */
const isOfThisMoment = (name: string): boolean => name === siteRecordName || name.startsWith(partialPrefix)

/** False for a body whose hash is wrong: it was read to its end, so that the next one in the pack follows. */
async function isAdded(restoration: Restoration, body: ReadBody, count: number): Promise<boolean> {
  try {
    await restoration.addBlob(body.blobId, body.recoveryHeader, count, body.pieces)
    return true
  } catch (error) {
    if (!(error instanceof BodyAltered)) throw error
    return false
  }
}

/** undefined: there is none; null: it was being restored, or is damaged. */
async function versionOf(store: Store, id: Buffer): Promise<number | undefined | null> {
  try {
    return (await store.info(id))?.version
  } catch (error) {
    if (error instanceof Unavailable && error.reason === 'restoring') return null
    throw error
  }
}

export async function restoreBackup(
  site: RestoreSite,
  root: string,
  options: RestoreOptions,
): Promise<RestoreReport> {
  const { places, id } = await openPlaces(root)
  const present = await presentAddresses(site)
  const manifests = await readManifests(places, id, site.siteKey)
  const isWanted = wantedBy(options, present, manifests)
  const manifest = choose(manifests, isWanted, options)
  const isOurs = manifest.isOurs === true
  if (!isOurs && !options.mayBeForeign)
    throw new BackupRefused(
      'refused',
      'the backup is of a site with another key, or somebody altered it: with the site key it had, everything can be restored',
    )
  const contents = await readSite(places.site(manifest.generation), manifest.site)
  const accounts = await new Restore(site, places, manifest, contents, options, present, isWanted).run()
  return { generation: manifest.generation, at: manifest.at, isOurs, accounts }
}
