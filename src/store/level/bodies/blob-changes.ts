// What attaching, linking and unlinking blobs comes to in blob records and segment records.
import { hex } from '../../../base/bytes.ts'
import { Damaged, Refused } from '../../errors.ts'
import type { BlobChange } from '../../write-set.ts'
import type { Account, AccountOp, AccountView } from '../account.ts'
import { frameBytes, segmentHeaderBytes } from './frame.ts'
import { blobSuffix, decodeBlob, decodeSegment, encodeBlob, encodeSegment, segmentSuffix } from '../layout.ts'
import type { BlobRecord, SegmentRecord } from '../layout.ts'
import { Staged } from './staging.ts'

export interface BlobEffects {
  readonly ops: readonly AccountOp[]
  readonly staged: readonly Staged[]
  /** Segments that may have become mostly dead. */
  readonly shrunk: readonly number[]
}

function idOf(change: BlobChange): Uint8Array {
  return change.kind === 'attach' ? change.staged.blobId : change.blobId
}

/** Throws Refused 'blob-exists' or 'no-blob'. */
export async function blobEffects(
  account: Account,
  view: AccountView,
  changes: readonly BlobChange[],
): Promise<BlobEffects> {
  if (changes.length === 0) return { ops: [], staged: [], shrunk: [] }
  const suffixes = [...new Set(changes.map((change) => blobSuffix(idOf(change))))]
  const values = await view.getMany(suffixes)
  const blobs = new Map<string, BlobRecord | undefined>()
  suffixes.forEach((suffix, index) => {
    const bytes = values[index]
    blobs.set(suffix, bytes && decodeBlob(bytes))
  })
  const space = new SegmentSpace(view)
  const staged = new Map<string, Staged>()
  for (const change of changes) {
    const suffix = blobSuffix(idOf(change))
    const blob = blobs.get(suffix)
    if (change.kind === 'attach') {
      if (blob) throw new Refused('blob-exists', `blob ${hex(change.staged.blobId)} exists`)
      const mine = stagedHere(account, change.staged)
      staged.set(suffix, mine)
      const { segment, offset } = mine.placement
      const { headerBytes, lengthBytes: bodyBytes } = mine
      const attached = { segment: segment.number, offset, headerBytes, bodyBytes, count: 1 }
      blobs.set(suffix, attached)
      space.add(attached)
      continue
    }
    if (!blob) throw new Refused('no-blob', `no blob ${hex(change.blobId)}`)
    const count = blob.count + (change.kind === 'link' ? 1 : -1)
    if (count > 0xffff_ffff) throw new Refused('too-large', 'a blob is linked too often')
    if (count === 0) space.subtract(blob)
    blobs.set(suffix, count === 0 ? undefined : { ...blob, count })
  }
  const ops: AccountOp[] = space.ops()
  for (const [suffix, blob] of blobs) ops.push({ suffix, value: blob && encodeBlob(blob) })
  return { ops, staged: [...staged.values()], shrunk: space.shrunk }
}

function stagedHere(account: Account, staged: unknown): Staged {
  if (!(staged instanceof Staged) || hex(staged.account) !== account.hex) {
    throw new TypeError('attach takes a blob staged here for the same account')
  }
  if (!staged.isWaiting) throw new Refused('no-blob', 'the staged blob was attached or discarded')
  return staged
}

/** Segment records as blobs come and go. */
export class SegmentSpace {
  readonly #view: AccountView
  readonly #records = new Map<number, SegmentRecord>()
  readonly #shrunk = new Set<number>()

  constructor(view: AccountView) {
    this.#view = view
  }

  #get(segment: number): SegmentRecord {
    const known = this.#records.get(segment)
    if (known) return known
    const bytes = this.#view.get(segmentSuffix(segment))
    return bytes ? decodeSegment(bytes) : { liveBytes: 0, endBytes: segmentHeaderBytes }
  }

  add({ segment, offset, headerBytes, bodyBytes }: BlobRecord): void {
    const bytes = frameBytes(headerBytes, bodyBytes)
    const { liveBytes, endBytes } = this.#get(segment)
    const end = Math.max(endBytes, offset + bytes)
    this.#records.set(segment, { liveBytes: liveBytes + bytes, endBytes: end })
  }

  subtract({ segment, headerBytes, bodyBytes }: BlobRecord): void {
    const { liveBytes, endBytes } = this.#get(segment)
    const left = liveBytes - frameBytes(headerBytes, bodyBytes)
    if (left < 0) throw new Damaged(`segment ${segment} is said to hold less than its blobs`)
    this.#records.set(segment, { liveBytes: left, endBytes })
    this.#shrunk.add(segment)
  }

  ops(): AccountOp[] {
    return [...this.#records].map(([segment, record]) => ({
      suffix: segmentSuffix(segment),
      value: encodeSegment(record),
    }))
  }
  get shrunk(): number[] {
    return [...this.#shrunk]
  }
}
