// Copies the live frames of a segment into other segments of its account, and points the records at the copies.
import { Refused } from '../../errors.ts'
import type { Account, AccountOp } from '../account.ts'
import { SegmentSpace } from './blob-changes.ts'
import type { Disk } from '../disk.ts'
import type { OpenFile } from './files.ts'
import { blobSuffix, decodeBlob, encodeBlob } from '../layout.ts'
import type { HeldFile } from './open-files.ts'
import { frameContents, isWhole, nextFrame, type FoundFrame } from './scan.ts'
import { writeAll, type Segment } from './segment.ts'
import type { AccountSegments } from './segments.ts'

/** Copied bytes, or copied frames, after which the records are switched over. */
const groupBytes = 8 * 1024 * 1024
const groupFrames = 1000

interface Move {
  readonly suffix: string
  readonly from: number
  readonly to: number
}

/** The segment that takes the copies. */
interface Target {
  readonly segment: Segment
  readonly held: HeldFile
}

/**
 * Resolves with the bytes moved. Frames that are damaged stay where they are. `pause` is told of the bytes copied and
 * answers true to stop early.
 */
export async function moveLiveFrames(
  disk: Disk,
  account: Account,
  segments: AccountSegments,
  segment: Segment,
  pause: (bytes: number) => Promise<boolean>,
): Promise<number> {
  const source = await segments.hold(segment.number)
  let target: Target | undefined
  let moves: Move[] = []
  let copiedBytes = 0
  let switchedBytes = 0
  try {
    for (let from: number | undefined; ;) {
      const frame = await nextFrame(source.file, account.id, segment.sizeBytes, from)
      if (!frame) break
      from = frame.offset + frame.bytes
      const suffix = blobSuffix(frame.blobId)
      const bytes = disk.records.get(account.key(suffix))
      const blob = bytes && decodeBlob(bytes)
      if (blob?.segment !== segment.number || blob.offset !== frame.offset) {
        // Dead, or torn by a crash: then live frames may lie within what it promised.
        if (!(await isWhole(source.file, frame))) from = frame.offset + 1
        if (await pause(frame.bytes)) return switchedBytes
        continue
      }
      target ??= await takeTarget(segments)
      const to = target.segment.sizeBytes
      if (!(await copyFrame(segments, source.file, frame, target))) continue
      moves.push({ suffix, from: frame.offset, to })
      copiedBytes += frame.bytes
      if (copiedBytes - switchedBytes >= groupBytes || moves.length >= groupFrames) {
        await switchRecords(account, segments, segment, target, moves)
        switchedBytes = copiedBytes
        moves = []
        if (target.segment.sizeBytes >= disk.limits.segmentBytes) {
          await leave(segments, target)
          target = undefined
        }
      }
      if (await pause(frame.bytes)) return switchedBytes
    }
    if (target && moves.length > 0) await switchRecords(account, segments, segment, target, moves)
    return copiedBytes
  } finally {
    if (target) await leave(segments, target)
    source.release()
  }
}

async function takeTarget(segments: AccountSegments): Promise<Target> {
  const segment = await segments.takeExclusive()
  try {
    return { segment, held: await segments.hold(segment.number) }
  } catch (error) {
    segments.release(segment)
    throw error
  }
}

async function leave(segments: AccountSegments, { segment, held }: Target): Promise<void> {
  // Cuts off what is left of a frame that could not be copied whole.
  await segments.giveBack(segment, segment.sizeBytes, 0, held.file)
  held.release()
  segments.release(segment)
}

/** False: the frame is damaged, and nothing was added to the target. */
async function copyFrame(
  segments: AccountSegments,
  source: OpenFile,
  frame: FoundFrame,
  { segment, held }: Target,
): Promise<boolean> {
  let at = segment.sizeBytes
  const contents = frameContents(source, frame)
  for (;;) {
    const next = await contents.next()
    if (next.done) {
      if (next.value) segment.sizeBytes = at
      return next.value
    }
    try {
      at += await writeAll(held.file, [next.value], at)
    } catch (error) {
      throw segments.failed(segment, error, 'moving a body')
    }
  }
}

/** One batch: the records of the moved blobs that still point at the originals. Raises no version. */
async function switchRecords(
  account: Account,
  segments: AccountSegments,
  segment: Segment,
  target: Target,
  moves: readonly Move[],
): Promise<void> {
  const mark = target.segment.mark()
  await segments.sync({ ...target, offset: 0, bytes: 0, mark })
  await account.change(async (view) => {
    if (view.account()?.state !== 'active') throw new Refused('no-account', 'the account was destroyed')
    const values = await view.getMany(moves.map(({ suffix }) => suffix))
    const space = new SegmentSpace(view)
    const ops: AccountOp[] = []
    moves.forEach(({ suffix, from, to }, index) => {
      const bytes = values[index]
      const blob = bytes && decodeBlob(bytes)
      if (blob?.segment !== segment.number || blob.offset !== from) return // unlinked meanwhile
      const moved = { ...blob, segment: target.segment.number, offset: to }
      space.subtract(blob)
      space.add(moved)
      ops.push({ suffix, value: encodeBlob(moved) })
    })
    return { value: undefined, ops: [...ops, ...space.ops()] }
  })
}
