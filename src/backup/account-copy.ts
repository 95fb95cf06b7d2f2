// Copies one account into a backup: its records of one moment, and of its bodies those that the backup does not have yet.
import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex, hex } from '../base/bytes.ts'
import { headKey } from '../account/keys.ts'
import { Refused } from '../store/errors.ts'
import type { AccountView, BlobReader, HeldBlob, Store } from '../store/store.ts'
import { BackupDamaged } from './errors.ts'
import { hashBytes, makeDirectory, OldFile, partSuffix, type NewFile } from './files.ts'
import { namesIn, type Places } from './layout.ts'
import { noHead, type AccountRef, type PackRef } from './manifest.ts'
import { drain, NewPack, packIndex, readPack } from './packs.ts'
import { packFault, type Recheck } from './recheck.ts'
import { beginRecords, endRecords, type NeededBody } from './records-file.ts'

const pieceBytes = 1024 * 1024
/** Tries to copy every body before the account has changed; the last one has the account to itself. */
const tries = 5

export interface CopyOptions {
  readonly store: Store
  readonly places: Places
  readonly generation: number
  readonly account: string
  readonly address: string
  /** Bodies in packs of before need not be copied again. Without it everything is. */
  readonly isIncremental: boolean
  /** Packs that manifests vouch for. */
  readonly knownPacks: ReadonlyMap<string, PackRef>
  /** Which of them are read whole before they are relied on. */
  readonly recheck: Recheck
  /** A pack that is damaged, in words: what it holds is copied again. */
  readonly found: (fault: string) => void
  readonly copied: (bytes: number) => void
  readonly signal: AbortSignal | undefined
}

/** Where bodies are: in which pack, by identifier in hexadecimal. */
type Locations = Map<string, { readonly pack: string; readonly lengthBytes: number }>

/** What a view says of the account. */
type Seen = Omit<AccountRef, 'recordsOf' | 'records' | 'packs' | 'address'>

interface Taken {
  readonly file: NewFile
  readonly seen: Seen
  readonly held: readonly HeldBlob[]
}

/** A body went while it was to be copied: the records are too old already. */
class Gone extends Error {}

async function* bytesOf(reader: BlobReader, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  for (let at = 0; at < reader.lengthBytes; at += pieceBytes) {
    signal?.throwIfAborted()
    yield await reader.read(at, Math.min(at + pieceBytes, reader.lengthBytes))
  }
}

/** The chain's head, as far as it can be read: an account is copied whatever is wrong with it. */
export function headOf(stored: Uint8Array | undefined): Buffer {
  return stored?.length === 8 + noHead.length ? Buffer.from(stored.subarray(8)) : noHead
}

class AccountCopy {
  readonly #options: CopyOptions
  readonly #id: Buffer
  readonly #packs = new Map<string, PackRef>()
  readonly #locations: Locations = new Map()
  #pack: NewPack | undefined

  constructor(options: CopyOptions) {
    this.#options = options
    this.#id = fromHex(options.account)
  }

  get #packsPath(): string {
    return this.#options.places.packsOf(this.#options.account)
  }

  async run(): Promise<AccountRef> {
    const { places, account, isIncremental } = this.#options
    await makeDirectory(this.#packsPath)
    await makeDirectory(places.recordsOf(account))
    // What a run that was killed did not finish.
    for (const name of await readdir(this.#packsPath))
      if (name.endsWith(partSuffix)) await unlink(join(this.#packsPath, name))
    if (isIncremental) await this.#takeKnown()
    for (let left = tries; ; left -= 1) {
      try {
        return await (left > 1 ? this.#attempt() : this.#attemptAlone())
      } catch (error) {
        if (!(error instanceof Gone) || left === 1) throw error
      } finally {
        await this.#pack?.discard()
        this.#pack = undefined
      }
    }
  }

  /** Packs that manifests name, and whole ones that a run that was interrupted has left. */
  async #takeKnown(): Promise<void> {
    const { account, knownPacks, places, recheck } = this.#options
    for (const pack of await namesIn(this.#packsPath)) {
      const path = places.pack(account, pack)
      const known = knownPacks.get(pack)
      const ref = known ?? (await this.#leftOver(path, pack))
      if (!ref) continue
      const fault = known && (await packFault(places, account, known, recheck))
      if (fault !== undefined) {
        this.#options.found(fault)
        continue
      }
      const found: Locations = new Map()
      try {
        for await (const { blobId, lengthBytes } of packIndex(path, account, pack))
          found.set(hex(blobId), { pack, lengthBytes })
      } catch (error) {
        // What it holds is copied again.
        if (!(error instanceof BackupDamaged)) throw error
        this.#options.found(error.message)
        continue
      }
      this.#packs.set(pack, ref)
      for (const [blob, where] of found) this.#locations.set(blob, where)
    }
  }

  async #leftOver(path: string, pack: string): Promise<PackRef | undefined> {
    try {
      return await packRef(path, this.#options.account, pack)
    } catch (error) {
      if (!(error instanceof BackupDamaged)) throw error
      return undefined
    }
  }

  async #attempt(): Promise<AccountRef> {
    const taken = await this.#options.store.read(this.#id, (view) => this.#take(view))
    try {
      return await this.#complete(taken)
    } catch (error) {
      await taken.file.discard()
      throw error
    }
  }

  /** While a transaction runs that writes nothing, nobody else changes the account: what is missing is little by now. */
  async #attemptAlone(): Promise<AccountRef> {
    const { value } = await this.#options.store.transact(this.#id, () => this.#attempt())
    return value
  }

  async #take(view: AccountView): Promise<Taken> {
    const { places, account, generation } = this.#options
    const file = await beginRecords(places.records(account, generation), this.#id, view)
    try {
      const held: HeldBlob[] = []
      let bodyBytes = 0
      for await (const page of view.blobs()) {
        held.push(...page)
        for (const { lengthBytes } of page) bodyBytes += lengthBytes
      }
      const { version, usageBytes, quotaBytes } = view
      return {
        file,
        held,
        seen: {
          account,
          version,
          head: headOf(await view.get(headKey)),
          usageBytes,
          quotaBytes,
          bodies: held.length,
          bodyBytes,
        },
      }
    } catch (error) {
      await file.discard()
      throw error
    }
  }

  async #complete({ file, seen, held }: Taken): Promise<AccountRef> {
    const { generation, address } = this.#options
    let isGone = false
    for (const blob of held) {
      this.#options.signal?.throwIfAborted()
      const known = this.#locations.get(hex(blob.blobId))
      if (known?.lengthBytes === blob.lengthBytes) continue
      if (!(await this.#copyBody(blob))) isGone = true
    }
    // What was copied stays, so that the next try has less to do.
    await this.#finishPack()
    if (isGone) throw new Gone()
    const needed = held.map((blob): NeededBody => {
      const pack = this.#locations.get(hex(blob.blobId))?.pack
      if (pack === undefined) throw new RangeError('a body was not copied')
      return { ...blob, pack }
    })
    const records = await endRecords(file, needed)
    const packs = [...new Set(needed.map(({ pack }) => pack))].map((pack) => this.#packs.get(pack))
    return {
      ...seen,
      address,
      recordsOf: generation,
      records,
      packs: packs.filter((ref) => ref !== undefined),
    }
  }

  /** False: it is gone. */
  async #copyBody({ blobId, lengthBytes }: HeldBlob): Promise<boolean> {
    const { store, copied, signal } = this.#options
    let reader: BlobReader
    try {
      reader = await store.blobs.open(this.#id, blobId)
    } catch (error) {
      if (error instanceof Refused && error.reason === 'no-blob') return false
      throw error
    }
    await using held = reader
    this.#pack ??= await NewPack.create(this.#packsPath, this.#id)
    await this.#pack.add(blobId, await held.recoveryHeader(), lengthBytes, bytesOf(held, signal))
    this.#locations.set(hex(blobId), { pack: this.#pack.pack, lengthBytes })
    copied(lengthBytes)
    return true
  }

  async #finishPack(): Promise<void> {
    if (!this.#pack) return
    const ref = await this.#pack.finish()
    this.#pack = undefined
    this.#packs.set(ref.pack, ref)
  }
}

/** Reads a whole pack, for its size and hash. Throws BackupDamaged. */
async function packRef(path: string, account: string, pack: string): Promise<PackRef> {
  for await (const { pieces } of readPack(path, account, { pack })) await drain(pieces)
  await using file = await OldFile.open(path, `pack ${pack}`)
  const hash = await file.readAt(file.sizeBytes - hashBytes, hashBytes)
  return { pack, sizeBytes: file.sizeBytes, hash }
}

/** What the new generation says of the account. Durable when it resolves. Throws BackupDamaged, and what the store throws. */
export function copyAccount(options: CopyOptions): Promise<AccountRef> {
  return new AccountCopy(options).run()
}
