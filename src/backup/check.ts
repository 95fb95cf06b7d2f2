// Verifies a backup before it is needed: every file, hash and reference, without any key; with an account's password, all that it opens.
import { hex } from '../base/bytes.ts'
import type { Clock } from '../base/ports.ts'
import { silentLog } from '../base/ports.ts'
import { openAccounts } from '../account/accounts.ts'
import { canonicalAddress, decodeEntry, encodeEntry } from '../account/directory.ts'
import { Refusal } from '../account/errors.ts'
import { formFault } from '../account/sealed-form.ts'
import type { VerifyReport } from '../account/verify-report.ts'
import type { KdfGate, KdfParameters } from '../crypto/kdf.ts'
import { SiteKey } from '../crypto/site-key.ts'
import { adoptCard } from '../crypto/card.ts'
import { cardKey } from '../account/keys.ts'
import { openMemoryStore } from '../store/memory/memory-store.ts'
import type { BlobReader, Store } from '../store/store.ts'
import { BackupDamaged } from './errors.ts'
import { openPlaces, type Places } from './layout.ts'
import { readManifests, type AccountRef, type ReadManifest } from './manifest.ts'
import { packIndex, readPack, readPackedBody, type PackedBody } from './packs.ts'
import { readRecords } from './records-file.ts'
import { readSite } from './site-file.ts'

export interface CheckOptions {
  /** Only this account. */
  readonly address?: string
  /** To see whether this site made the backup. */
  readonly siteKey?: SiteKey
  readonly progress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

export interface CheckReport {
  readonly generations: number
  readonly newest: number
  /** When the newest was made, milliseconds since 1970. */
  readonly at: number
  /** undefined: no site key was given. */
  readonly isOurs: boolean | undefined
  readonly accounts: number
  readonly bodies: number
  /** Bytes read. */
  readonly bytes: number
  readonly problems: readonly string[]
}

class Check {
  readonly #places: Places
  readonly #options: CheckOptions
  readonly problems: string[] = []
  bytes = 0
  bodies = 0
  readonly #seen = new Set<string>()

  constructor(places: Places, options: CheckOptions) {
    this.#places = places
    this.#options = options
  }

  async #noting(task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      if (!(error instanceof BackupDamaged)) throw error
      this.problems.push(error.message)
    }
  }

  /** Each file once, however many generations name it. */
  async #once(name: string, task: () => Promise<void>): Promise<void> {
    if (this.#seen.has(name)) return
    this.#seen.add(name)
    this.#options.signal?.throwIfAborted()
    await this.#noting(task)
  }

  chain(manifests: readonly ReadManifest[]): void {
    for (const [index, manifest] of manifests.entries()) {
      const before = manifests[index - 1]
      const isNext = before && before.generation + 1 === manifest.generation
      if (isNext && !before.hash.equals(manifest.previous))
        this.problems.push(`generation ${manifest.generation} does not continue the one before`)
      if (manifest.isOurs === false)
        this.problems.push(`generation ${manifest.generation} is of another site, or was altered`)
    }
  }

  async generation(manifest: ReadManifest, refs: readonly AccountRef[]): Promise<void> {
    await this.#once(`site ${manifest.generation}`, async () => {
      await readSite(this.#places.site(manifest.generation), manifest.site)
      this.bytes += manifest.site.sizeBytes
    })
    for (const ref of refs)
      await this.#once(`records ${ref.account} ${ref.recordsOf}`, () => this.#account(ref))
  }

  async #account(ref: AccountRef): Promise<void> {
    const name = ref.address || ref.account
    const needed = new Map<string, number>()
    const places = new Map<string, string>()
    const path = this.#places.records(ref.account, ref.recordsOf)
    for await (const item of readRecords(path, `the records of ${name}`, ref.records)) {
      if (
        item.kind === 'head' &&
        (hex(item.head.account) !== ref.account || item.head.version !== ref.version)
      )
        throw new BackupDamaged(`the records of ${name} are those of another account or version`)
      if (item.kind === 'record') {
        const fault = formFault(item.entry[0], item.entry[1])
        if (fault !== undefined) this.problems.push(`${name}: ${fault}`)
      }
      if (item.kind !== 'body') continue
      needed.set(hex(item.body.blobId), item.body.lengthBytes)
      places.set(hex(item.body.blobId), item.body.pack)
    }
    this.bytes += ref.records.sizeBytes
    for (const pack of ref.packs)
      await this.#once(`pack ${ref.account} ${pack.pack}`, async () => {
        for await (const body of readPack(this.#places.pack(ref.account, pack.pack), ref.account, pack)) {
          for await (const piece of body.pieces) this.bytes += piece.length
          this.#options.progress?.(this.bytes, 0)
        }
      })
    for (const { pack } of ref.packs)
      await this.#noting(async () => {
        for await (const body of packIndex(this.#places.pack(ref.account, pack), ref.account, pack)) {
          const blob = hex(body.blobId)
          if (places.get(blob) === pack && needed.get(blob) === body.lengthBytes) needed.delete(blob)
        }
      })
    this.bodies += places.size
    if (needed.size > 0) this.problems.push(`${name}: ${needed.size} bodies are not in the backup`)
  }
}

/** Throws BackupRefused; what is wrong inside the backup is in the report. */
export async function checkBackup(root: string, options: CheckOptions): Promise<CheckReport> {
  const { places, id } = await openPlaces(root)
  const check = new Check(places, options)
  let manifests: ReadManifest[] = []
  try {
    manifests = await readManifests(places, id, options.siteKey)
  } catch (error) {
    if (!(error instanceof BackupDamaged)) throw error
    check.problems.push(error.message)
  }
  check.chain(manifests)
  const name = options.address === undefined ? undefined : canonicalAddress(options.address)
  const accounts = new Set<string>()
  for (const manifest of manifests) {
    const refs = manifest.accounts.filter(({ address }) => name === undefined || address === name)
    for (const { account } of refs) accounts.add(account)
    await check.generation(manifest, refs)
  }
  const newest = manifests.at(-1)
  if (!newest && check.problems.length === 0) check.problems.push('there is no whole generation in it')
  if (name !== undefined && accounts.size === 0) check.problems.push(`the backup does not have ${name}`)
  const { problems, bodies, bytes } = check
  return {
    ...{ generations: manifests.length, newest: newest?.generation ?? 0, at: newest?.at ?? 0 },
    ...{ isOurs: newest?.isOurs, accounts: accounts.size, bodies, bytes, problems },
  }
}

export interface OpenOptions {
  readonly address: string
  readonly password: Buffer
  readonly gate: KdfGate
  readonly kdf: KdfParameters
  readonly clock: Clock
  readonly siteKey?: SiteKey
  readonly progress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/**
 * Opens an account of the newest generation that has it with its password, and reads everything of it. Records are held in memory, bodies are read
 * from the backup. Refuses with 'authentication-failed', 'no-such-account', 'damaged'.
 */
export async function openInBackup(root: string, options: OpenOptions): Promise<VerifyReport> {
  const { places, id } = await openPlaces(root)
  const name = canonicalAddress(options.address)
  const manifests = await readManifests(places, id, undefined)
  const manifest = manifests.filter(({ accounts }) => accounts.some(({ address }) => address === name)).at(-1)
  const ref = manifest?.accounts.find(({ address }) => address === name)
  if (!manifest || !ref) throw new Refusal('no-such-account', 'The backup does not have that account')
  const { directory } = await readSite(places.site(manifest.generation), manifest.site)
  // Without the site's key its word is not asked: what counts is the owner's.
  const siteKey = options.siteKey ?? SiteKey.make().siteKey
  const store = await storeOf(places, ref, siteKey, options.siteKey !== undefined)
  const entry = decodeEntry(undefined, name, directory.get(name) ?? Buffer.alloc(0))
  await store.directory.put(name, encodeEntry(siteKey, name, entry.account, entry), undefined)
  const { gate, kdf, clock } = options
  const accounts = await openAccounts({ store, siteKey, gate, kdf, clock, log: silentLog })
  try {
    return await accounts.verify(name, options.password, {
      ...(options.progress ? { progress: options.progress } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
    })
  } finally {
    await accounts.close()
    await store.close()
  }
}

/** A store in memory with the account's records, whose bodies are read from the backup. */
async function storeOf(places: Places, ref: AccountRef, siteKey: SiteKey, isOurs: boolean): Promise<Store> {
  const store = openMemoryStore()
  const id = Buffer.from(ref.account, 'hex')
  const restoration = await store.restore(id)
  const counts = new Map<string, number>()
  const path = places.records(ref.account, ref.recordsOf)
  for await (const item of readRecords(path, `the records of ${ref.address}`, ref.records)) {
    if (item.kind === 'record') {
      const [key, value] = item.entry
      const isCard = !isOurs && Buffer.from(key).equals(cardKey)
      await restoration.put([[key, isCard ? adoptCard(siteKey, id, value) : value]])
    } else if (item.kind === 'body') counts.set(hex(item.body.blobId), item.body.count)
  }
  const bodies = new Map<string, PackedBody & { readonly path: string }>()
  for (const { pack } of ref.packs) {
    const packPath = places.pack(ref.account, pack)
    for await (const body of packIndex(packPath, ref.account, pack))
      if (counts.has(hex(body.blobId))) bodies.set(hex(body.blobId), { ...body, path: packPath })
  }
  for (const [blob, { recoveryHeader }] of bodies)
    await restoration.addBlob(
      Buffer.from(blob, 'hex'),
      recoveryHeader,
      counts.get(blob) ?? 1,
      Buffer.alloc(0),
    )
  const { version, usageBytes } = ref
  await restoration.finish({ version, usageBytes })
  const open = async (account: Uint8Array, blobId: Uint8Array): Promise<BlobReader> => {
    const body = bodies.get(hex(blobId))
    if (!body) return store.blobs.open(account, blobId)
    const close = async (): Promise<void> => undefined
    return {
      lengthBytes: body.lengthBytes,
      recoveryHeader: async () => body.recoveryHeader,
      read: (start, end) => readPackedBody(body.path, body, start, end),
      close,
      [Symbol.asyncDispose]: close,
    }
  }
  return overlay(store, { blobs: overlay(store.blobs, { open }) })
}

/** The same object with some members replaced. */
function overlay<T extends object>(target: T, own: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      const mine: unknown = Reflect.get(own, name)
      if (mine !== undefined) return mine
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}
