// Exports an account as it is stored, sealed: no key is needed to write it, and FORMAT.md is all that is needed to read it (§10).
import { deferred } from '../base/async.ts'
import { concat, hex, u32, u64 } from '../base/bytes.ts'
import { hasher } from '../crypto/digest.ts'
import { Refused } from '../store/errors.ts'
import type { BlobReader, Entry, Store } from '../store/store.ts'
import { findEntry } from './directory.ts'
import { Refusal } from './errors.ts'
import { asRefusal, refusing } from './refusing.ts'

const magic = Buffer.from('LLEXPORT')
const blobPieceBytes = 1024 * 1024

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

/** What the reader of the snapshot hands over: its version first, then page after page, then the end. */
type Handed =
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'page'; readonly entries: readonly Entry[] }
  | { readonly kind: 'end' }

/**
 * All records of one moment, page by page: an account's records need not fit into memory. A snapshot is readable only inside
 * `read`, so that waits, after each page, until the next is asked for.
 */
async function* readRecords(store: Store, account: Buffer): AsyncGenerator<Handed> {
  let handed = deferred<Handed>()
  let wanted = deferred<boolean>()
  const hand = (item: Handed): Promise<boolean> => {
    const answer = wanted.promise
    handed.resolve(item)
    return answer
  }
  const reading = store.read(account, async (snapshot) => {
    if (!(await hand({ kind: 'version', version: snapshot.version }))) return
    for await (const entries of snapshot.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) })) {
      if (!(await hand({ kind: 'page', entries }))) return
    }
  })
  reading.then(
    () => handed.resolve({ kind: 'end' }),
    (error: unknown) => handed.reject(error),
  )
  const goOn = (isWanted: boolean): void => {
    const asked = wanted
    handed = deferred()
    wanted = deferred()
    asked.resolve(isWanted)
  }
  let isAtEnd = false
  try {
    while (!isAtEnd) {
      const item = await handed.promise
      isAtEnd = item.kind === 'end'
      yield item
      if (!isAtEnd) goOn(true)
    }
  } finally {
    handed.promise.catch(() => undefined)
    if (!isAtEnd) goOn(false)
    await reading.catch(() => undefined)
  }
}

/** A body, unless its message was expunged meanwhile. */
async function openBlob(store: Store, account: Buffer, blob: Uint8Array): Promise<BlobReader | undefined> {
  try {
    return await store.blobs.open(account, blob)
  } catch (error) {
    if (error instanceof Refused && error.reason === 'no-blob') return undefined
    throw error
  }
}

/** The export's bytes. Records are of one moment; bodies of messages that are expunged while it runs may be missing. */
async function* exportSealed(store: Store, account: Buffer): AsyncGenerator<Buffer> {
  const digest = hasher()
  const pass = (bytes: Buffer): Buffer => {
    digest.update(bytes)
    return bytes
  }
  for await (const item of readRecords(store, account)) {
    if (item.kind === 'version') yield pass(concat(magic, Buffer.of(1), account, u64(item.version)))
    if (item.kind !== 'page') continue
    for (const [key, value] of item.entries) {
      yield pass(concat(Buffer.of(1), u16(key.length), key, u32(value.length), value))
    }
  }
  const seen = new Set<string>()
  for await (const { blobId, count } of store.blobs.scan(account)) {
    const id = hex(blobId)
    if (count === 0 || seen.has(id)) continue
    seen.add(id)
    await using reader = await openBlob(store, account, blobId)
    if (!reader) continue
    const { lengthBytes } = reader
    yield pass(concat(Buffer.of(2), blobId, u64(lengthBytes)))
    for (let at = 0; at < lengthBytes; at += blobPieceBytes) {
      yield pass(await reader.read(at, Math.min(at + blobPieceBytes, lengthBytes)))
    }
  }
  yield pass(Buffer.of(0))
  yield digest.digest()
}

/** The account of an address. Refusals as of the store; 'no-such-account'. */
export async function* exportSealedOf(store: Store, address: string): AsyncGenerator<Buffer> {
  // Needs no key, that of the site included: it may be lost.
  const entry = await refusing(() => findEntry({ store, siteKey: undefined }, address))
  if (!entry) throw new Refusal('no-such-account', 'No such account')
  try {
    yield* exportSealed(store, entry.account)
  } catch (error) {
    throw asRefusal(error)
  }
}
