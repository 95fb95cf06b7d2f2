// UIDs as ranges, and the VANISHED response that is made of them (RFC 7162 §3.2.10).
import { lowerBound, type SequenceSet } from './sequence-set.ts'
import type { ResponseWriter } from './writer.ts'

/** Both included. Lists of them are ascending and disjoint. */
export type UidRange = readonly [first: number, last: number]

/** Ranges in one response: some clients give a line a small buffer. */
const rangesInLine = 500

/** VANISHED responses for `ranges` (ascending, disjoint), none when there are none. */
export function sendVanished(out: ResponseWriter, ranges: readonly UidRange[], isEarlier: boolean): void {
  for (let from = 0; from < ranges.length; from += rangesInLine) {
    const set = ranges
      .slice(from, from + rangesInLine)
      .map(([first, last]) => (first === last ? String(first) : `${first}:${last}`))
    out.untaggedLine(`VANISHED ${isEarlier ? '(EARLIER) ' : ''}${set.join(',')}`)
  }
}

/** What of `ranges` is in `set`, whose `*` is `largest`. Costs the ranges of both, never their width. */
export function within(ranges: readonly UidRange[], set: SequenceSet, largest: number): UidRange[] {
  const found: UidRange[] = []
  const wanted = set.resolve(largest)
  let at = 0
  for (const [first, last] of ranges) {
    while ((wanted[at]?.to ?? Infinity) < first) at += 1
    for (let index = at; index < wanted.length; index += 1) {
      const { from, to } = wanted[index] ?? { from: Infinity, to: Infinity }
      if (from > last) break
      found.push([Math.max(first, from), Math.min(last, to)])
    }
  }
  return found
}

/** `uids` (ascending) as ranges. */
export function asRanges(uids: readonly number[]): UidRange[] {
  const ranges: [number, number][] = []
  for (const uid of uids) {
    const last = ranges.at(-1)
    if (last && uid === last[1] + 1) last[1] = uid
    else ranges.push([uid, uid])
  }
  return ranges
}

/** `ranges` without the members of `uids` (ascending). */
export function without(ranges: readonly UidRange[], uids: readonly number[]): UidRange[] {
  const left: UidRange[] = []
  for (const [first, last] of ranges) {
    let from = first
    for (let at = lowerBound(uids, first); (uids[at] ?? Infinity) <= last; at += 1) {
      const uid = uids[at] ?? 0
      if (uid > from) left.push([from, uid - 1])
      from = uid + 1
    }
    if (from <= last) left.push([from, last])
  }
  return left
}
