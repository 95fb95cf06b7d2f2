// Small things every store test uses: ids, keys, sources, and a store that closes itself.
import assert from 'node:assert/strict'
import { u32, utf8 } from '../../src/base/bytes.ts'
import { Refused, type RefusedReason } from '../../src/store/errors.ts'
import type { Entry, Snapshot, Store } from '../../src/store/store.ts'

/** What a suite needs of an engine. */
export interface Harness {
  readonly store: Store
  /** Closes the store, if it is still open, and removes what it left. */
  end(): Promise<void>
}
export type Factory = () => Promise<Harness>

/** 16 bytes that differ for each `n`, and are scattered as random ones are. */
export function id(n: number): Buffer {
  const bytes = Buffer.alloc(16)
  for (let at = 0; at < 4; at += 1) bytes.writeUInt32BE(Math.imul(n + 1 + at, 2654435761) >>> 0, at * 4)
  return bytes
}

export const account: Buffer = id(1)

export function key(n: number): Buffer {
  return Buffer.concat([utf8('k'), u32(n)])
}

/** `length` bytes that differ for each seed and hardly repeat. */
export function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = (seed + 1) * 2654435761
  for (let at = 0; at + 4 <= length; at += 4) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes.writeInt32LE(state | 0, at)
  }
  for (let at = length & ~3; at < length; at += 1) bytes[at] = (seed + at) & 0xff
  return bytes
}

/** The bytes in pieces, each from a buffer that is used again: a source may do that. */
export async function* pieces(bytes: Uint8Array, size: number = 64 * 1024): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.alloc(size)
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size)
    buffer.set(part)
    yield buffer.subarray(0, part.length)
    buffer.fill(0xee)
  }
}

export async function entries(
  snapshot: Snapshot,
  range: { gte?: Uint8Array; lt?: Uint8Array; limit?: number; reverse?: boolean } = {},
): Promise<Entry[]> {
  const all: Entry[] = []
  const bounds = { gte: range.gte ?? Buffer.alloc(0), lt: range.lt ?? Buffer.alloc(32, 0xff) }
  for await (const page of snapshot.range({ ...range, ...bounds })) {
    assert.ok(page.length > 0, 'a page has at least one entry')
    all.push(...page)
  }
  return all
}

export function refused(reason: RefusedReason): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Refused, String(error))
    assert.equal(error.reason, reason)
    return true
  }
}

/** Stages and attaches a body in one go. */
export async function addBlob(
  store: Store,
  owner: Uint8Array,
  blobId: Uint8Array,
  source: Uint8Array | AsyncIterable<Uint8Array>,
  recoveryHeader: Uint8Array = Buffer.alloc(0),
): Promise<void> {
  const staged = await store.blobs.stage(owner, blobId, recoveryHeader, source)
  await store.transact(owner, async (tx) => tx.attach(staged))
}

export async function readBlob(store: Store, owner: Uint8Array, blobId: Uint8Array): Promise<Buffer> {
  const length = await store.blobs.length(owner, blobId)
  return store.blobs.read(owner, blobId, 0, length ?? 0)
}
