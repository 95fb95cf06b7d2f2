// Takes what is left of older keys out of an account's body files: headers of committed bodies are replaced, everything else is zeroed.
import { Unavailable } from '../../errors.ts'
import type { RenewHeader } from '../../store.ts'
import type { Account } from '../account.ts'
import type { Disk } from '../disk.ts'
import { accountSuffix, blobKind, decodeBlob, encodeAccount, type BlobRecord } from '../layout.ts'
import { decodeFrame, encodeFrame, frameBytes, frameHeaderBytes, segmentHeaderBytes } from './frame.ts'
import type { HeldFile } from './open-files.ts'
import { storeError } from '../faults.ts'
import { writeAll, type Segment } from './segment.ts'
import type { AccountSegments } from './segments.ts'

/** Bodies that are being staged have so long to be committed or given up. */
const patienceMs = 60_000
/** Whoever still reads a body that is gone has so long to end. */
const readersMs = 2_000
const lookMs = 10
const zeroes = Buffer.alloc(1024 * 1024)

interface LiveBlob extends BlobRecord {
  readonly blobId: Buffer
}

const moment = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, lookMs)
  })

/** Waits until `isSo`, at most `ms`. */
async function patiently(ms: number, isSo: () => boolean, isStopped: () => boolean): Promise<boolean> {
  for (let waited = 0; !isSo(); waited += lookMs) {
    if (isStopped()) throw new Unavailable('closed', 'the store is closed')
    if (waited >= ms) return false
    await moment()
  }
  return true
}

/**
 * Nobody appends to, stages into or moves frames of these segments any more. Resolves to false when somebody takes too long; then all
 * are given back.
 */
async function takeAll(segments: readonly Segment[], isStopped: () => boolean): Promise<boolean> {
  const taken: Segment[] = []
  const giveBack = (): void => {
    for (const segment of taken) segment.isExclusive = false
  }
  try {
    for (const segment of segments) {
      // Taken in the very look that finds it free: a long body that begins meanwhile would share it otherwise, and give it back first.
      const isTaken = (): boolean => !segment.isExclusive && (segment.isExclusive = true)
      if (!(await patiently(patienceMs, isTaken, isStopped))) break
      taken.push(segment)
    }
    const isQuiet = (): boolean =>
      taken.every(({ staged, writers, isTruncating }) => staged === 0 && writers === 0 && !isTruncating)
    if (taken.length === segments.length && (await patiently(patienceMs, isQuiet, isStopped))) return true
  } catch (error) {
    giveBack()
    throw error
  }
  giveBack()
  return false
}

/** Committed blobs by segment. Must be called while nobody can commit into these segments. */
async function liveBlobs(account: Account): Promise<ReadonlyMap<number, LiveBlob[]>> {
  // Only a write that succeeds shows that none whose fate was unknown has put a blob there after all.
  await account.change(async (view) => {
    const present = view.account()
    const ops = present ? [{ suffix: accountSuffix, value: encodeAccount(present) }] : []
    return { value: undefined, ops }
  })
  return account.change(async (view) => {
    const bySegment = new Map<number, LiveBlob[]>()
    // A blob's identifier has 16 bytes, so that this is behind every one.
    for await (const page of view.range(blobKind, { gte: '', lt: '\xff'.repeat(17) })) {
      for (const [key, value] of page) {
        const blob = { ...decodeBlob(value), blobId: Buffer.from(key) }
        const there = bySegment.get(blob.segment)
        if (there) there.push(blob)
        else bySegment.set(blob.segment, [blob])
      }
    }
    return { value: bySegment, ops: [] }
  })
}

/** Replaces the header of one body where `renew` wants it. The frame's own fields stay. */
async function renewOne(
  account: Account,
  { file }: HeldFile,
  blob: LiveBlob,
  renew: RenewHeader,
): Promise<void> {
  const head = Buffer.alloc(frameHeaderBytes + blob.headerBytes)
  // Cut short by damage: there is no header to replace.
  if ((await file.read(head, blob.offset)) < head.length) return
  const isWhole = decodeFrame(account.id, head) !== undefined
  const fresh = renew(blob.blobId, isWhole ? head.subarray(frameHeaderBytes) : undefined)
  if (!fresh) return
  if (fresh.length !== blob.headerBytes) throw new TypeError('a header is replaced by one of its own length')
  const { blobId, bodyBytes } = blob
  const bodyCrc = head.readUInt32BE(frameHeaderBytes - 8)
  await writeAll(
    file,
    [encodeFrame(account.id, { blobId, bodyBytes, bodyCrc, recoveryHeader: fresh })],
    blob.offset,
  )
}

async function zero({ file }: HeldFile, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += zeroes.length)
    await writeAll(file, [zeroes.subarray(0, Math.min(zeroes.length, to - at))], at)
}

/** Scrubs the segments that there are now; bodies that come meanwhile go elsewhere. Resolves to whether it was done. */
export async function scrubSegments(
  disk: Disk,
  account: Account,
  segments: AccountSegments,
  renew: RenewHeader,
  isStopped: () => boolean,
): Promise<boolean> {
  await segments.load()
  const all = segments.all()
  if (!(await takeAll(all, isStopped))) return false
  try {
    const live = await liveBlobs(account)
    for (const segment of all) {
      if (isStopped()) throw new Unavailable('closed', 'the store is closed')
      const blobs = [...(live.get(segment.number) ?? [])].sort((a, b) => a.offset - b.offset)
      await scrubOne(disk, account, segments, segment, blobs, renew)
    }
    return true
  } finally {
    for (const segment of all) segment.isExclusive = false
  }
}

async function scrubOne(
  disk: Disk,
  account: Account,
  segments: AccountSegments,
  segment: Segment,
  blobs: readonly LiveBlob[],
  renew: RenewHeader,
): Promise<void> {
  const held = await segments.hold(segment.number)
  try {
    let at = segmentHeaderBytes
    for (const blob of [...blobs, undefined]) {
      const end = blob?.offset ?? segment.sizeBytes
      if (end > at) {
        await patiently(
          readersMs,
          () => !disk.open.isShared(segment.path),
          () => false,
        )
        await zero(held, at, end)
      }
      if (!blob) break
      await renewOne(account, held, blob, renew)
      at = Math.max(at, blob.offset + frameBytes(blob.headerBytes, blob.bodyBytes))
    }
    const mark = segment.mark()
    await segments.sync({ segment, held, offset: 0, bytes: 0, mark })
  } catch (error) {
    throw storeError(error, 'scrubbing bodies')
  } finally {
    held.release()
  }
}
