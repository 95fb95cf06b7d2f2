// Pages of entries in key order: what a range yields, with newer changes laid over older pages.
import { keyBytes, keyText, type TextRange } from './ordered-map.ts'
import type { Entry } from './store.ts'

/** Entries a page holds at most. */
export const pageEntries: number = 1000

export interface PageRange extends TextRange {
  readonly limit?: number | undefined
  readonly reverse?: boolean | undefined
}

/** Changes in key order, ascending; undefined: the key is deleted. */
export type Changes = readonly (readonly [string, Uint8Array | undefined])[]

export function covers(ranges: readonly TextRange[], key: string): boolean {
  return ranges.some((range) => range.gte <= key && key < range.lt)
}

/**
 * Lays `changes` over the pages of `base`, which come in the same direction, and leaves out what `erased` covers and no
 * change puts back. `base` is asked for its first page in the same turn as this is.
 */
export async function* layOver(
  base: (range: PageRange) => AsyncIterable<readonly Entry[]>,
  range: PageRange,
  changes: Changes,
  erased: readonly TextRange[] = [],
): AsyncGenerator<readonly Entry[]> {
  if ((range.limit ?? 1) <= 0) return
  if (changes.length === 0 && erased.length === 0) {
    yield* base(range)
    return
  }
  // Each change can take away at most one entry of the base; an erased range any number.
  const baseLimit = range.limit === undefined || erased.length > 0 ? undefined : range.limit + changes.length
  const ordered = range.reverse ? [...changes].reverse() : changes
  const isBefore = range.reverse ? (a: string, b: string) => a > b : (a: string, b: string) => a < b
  let left = range.limit ?? Infinity
  let next = 0
  let page: Entry[] = []

  for await (const entries of base({ ...range, limit: baseLimit })) {
    for (const entry of entries) {
      const key = keyText(entry[0])
      for (let change = ordered[next]; change && isBefore(change[0], key); change = ordered[next]) {
        if (change[1]) page.push([keyBytes(change[0]), change[1]])
        next += 1
      }
      const same = ordered[next]
      if (same?.[0] === key) {
        if (same[1]) page.push([entry[0], same[1]])
        next += 1
      } else if (!covers(erased, key)) page.push(entry)
      if (page.length >= left) break
    }
    if (page.length >= left) break
    if (page.length > 0) {
      left -= page.length
      yield page
      page = []
    }
  }
  for (; next < ordered.length && page.length < left; next += 1) {
    const change = ordered[next]
    if (change?.[1]) page.push([keyBytes(change[0]), change[1]])
  }
  for (let at = 0, end = Math.min(page.length, left); at < end; at += pageEntries) {
    yield page.slice(at, Math.min(at + pageEntries, end))
  }
}
