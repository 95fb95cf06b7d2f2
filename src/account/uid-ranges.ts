// Sorted UIDs as ranges and back.
import type { ByteReader, ByteWriter } from '../base/bytes.ts'

export type UidRange = readonly [first: number, last: number]

/** `uids` ascending without doubles. */
export function toRanges(uids: readonly number[]): UidRange[] {
  const ranges: [number, number][] = []
  for (const uid of uids) {
    const last = ranges.at(-1)
    if (last && uid === last[1] + 1) last[1] = uid
    else ranges.push([uid, uid])
  }
  return ranges
}

/** Those of `present` (ascending) that lie in `ranges` (ascending). */
export function within(present: ArrayLike<number>, ranges: readonly UidRange[]): number[] {
  const found: number[] = []
  let index = 0
  for (const [first, last] of ranges) {
    index = lowerBound(present, first, index)
    for (let uid = present[index]; uid !== undefined && uid <= last; uid = present[index]) {
      found.push(uid)
      index += 1
    }
  }
  return found
}

/** Index of the first element that is `value` or greater. */
export function lowerBound(sorted: ArrayLike<number>, value: number, from = 0): number {
  let low = from
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? Infinity) < value) low = middle + 1
    else high = middle
  }
  return low
}

export function writeRanges(to: ByteWriter, ranges: readonly UidRange[]): void {
  to.u32(ranges.length)
  for (const [first, last] of ranges) to.u32(first).u32(last)
}

export function readRanges(from: ByteReader): UidRange[] {
  const ranges: UidRange[] = []
  for (let count = from.u32(); count > 0; count -= 1) ranges.push([from.u32(), from.u32()])
  return ranges
}

/** Ranges in any order as ascending, disjoint ones; neighbours become one, and those with only what `mayBridge` allows between them. */
export function uniteRanges(
  ranges: readonly UidRange[],
  mayBridge: (after: number, before: number) => boolean = () => false,
): UidRange[] {
  const united: [number, number][] = []
  for (const [first, last] of [...ranges].sort(([a], [b]) => a - b)) {
    const before = united.at(-1)
    if (before && (first <= before[1] + 1 || mayBridge(before[1], first)))
      before[1] = Math.max(before[1], last)
    else united.push([first, last])
  }
  return united
}
