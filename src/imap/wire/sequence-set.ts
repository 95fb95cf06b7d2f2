// A set of sequence numbers or UIDs as clients write it: ranges in any order, `*` for the largest number in use.
import type { NumberSet } from '../../account/criterion.ts'

/** One end of a range: a number, or `*` as Infinity. */
export type SetEnd = number

/** A range with its ends in the order given; a single number has both ends equal. */
export interface SetRange {
  readonly from: SetEnd
  readonly to: SetEnd
}

/** Stands for the saved result in place of a set (RFC 5182 §2.1, `seq-last-command`). */
export const savedResult = '$'

/** What a command names messages by. */
export type MessageSet = SequenceSet | typeof savedResult

/** Greatest value of `nz-number` (RFC 3501 §9). */
export const maxNumber: number = 0xffffffff

/**
 * A non-empty sequence-set (RFC 3501 §9). `*` is Infinity inside and means the largest number in use, so `n:*` always holds
 * that number even when n is beyond it.
 */
export class SequenceSet implements NumberSet {
  readonly ranges: readonly SetRange[]

  /** Throws RangeError for an empty list or a value outside 1..4294967295. */
  constructor(ranges: readonly SetRange[]) {
    if (ranges.length === 0) throw new RangeError('empty sequence set')
    for (const { from, to } of ranges) {
      for (const end of [from, to]) {
        if (end !== Infinity && !(Number.isInteger(end) && end >= 1 && end <= maxNumber)) {
          throw new RangeError('number out of range in sequence set')
        }
      }
    }
    this.ranges = ranges
  }

  static of(...numbers: readonly number[]): SequenceSet {
    return new SequenceSet(numbers.map((number) => ({ from: number, to: number })))
  }

  /** Parses `sequence-set`, whole text. Undefined when it is not one. */
  static parse(text: string): SequenceSet | undefined {
    const ranges: SetRange[] = []
    for (const element of text.split(',')) {
      const match = /^(\*|[1-9][0-9]{0,9})(?::(\*|[1-9][0-9]{0,9}))?$/.exec(element)
      if (!match) return undefined
      const from = endOf(match[1] ?? '')
      const to = match[2] === undefined ? from : endOf(match[2])
      if ((from !== Infinity && from > maxNumber) || (to !== Infinity && to > maxNumber)) return undefined
      ranges.push({ from, to })
    }
    return new SequenceSet(ranges)
  }

  /** Whether `*` occurs: then the set means something else when messages come or go. */
  get usesLargest(): boolean {
    return this.ranges.some(({ from, to }) => from === Infinity || to === Infinity)
  }

  /** As written, with `*`. */
  toString(): string {
    const text = (end: SetEnd): string => (end === Infinity ? '*' : String(end))
    return this.ranges
      .map(({ from, to }) => (from === to ? text(from) : `${text(from)}:${text(to)}`))
      .join(',')
  }

  contains(value: number, largest: number): boolean {
    const merged = this.#resolved(largest)
    // First range that ends at or behind the value.
    let low = 0
    let high = merged.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((merged[middle]?.to ?? 0) < value) low = middle + 1
      else high = middle
    }
    const range = merged[low]
    return range !== undefined && range.from <= value
  }

  /**
   * The members of `ascending` (strictly ascending numbers in use) that are in the set, in order. `*` is the last of them, unless
   * `largest` says otherwise. Costs the ranges and the result, never the width of a range.
   */
  select(ascending: ArrayLike<number>, largest?: number): number[] {
    const found: number[] = []
    for (const [start, end] of this.selectIndexes(ascending, largest)) {
      for (let index = start; index < end; index += 1) found.push(ascending[index] ?? 0)
    }
    return found
  }

  /** As `select`, but as index ranges [start, end) into `ascending`: ascending, disjoint, not empty. */
  selectIndexes(ascending: ArrayLike<number>, largest?: number): [start: number, end: number][] {
    const found: [number, number][] = []
    const last = largest ?? ascending[ascending.length - 1] ?? 0
    for (const { from, to } of this.#resolved(last)) {
      const start = lowerBound(ascending, from)
      const end = lowerBound(ascending, to + 1)
      if (start < end) found.push([start, end])
    }
    return found
  }

  /** The ranges with `*` replaced by `largest`: ends in order, sorted, disjoint. `largest` 0 makes `*` match nothing. */
  resolve(largest: number): readonly SetRange[] {
    return this.#resolved(largest)
  }

  #cache: { readonly largest: number; readonly ranges: readonly SetRange[] } | undefined

  #resolved(largest: number): readonly SetRange[] {
    if (this.#cache?.largest !== largest) this.#cache = { largest, ranges: merge(this.ranges, largest) }
    return this.#cache.ranges
  }
}

function endOf(text: string): SetEnd {
  return text === '*' ? Infinity : Number(text)
}

function merge(ranges: readonly SetRange[], largest: number): SetRange[] {
  const ordered: SetRange[] = []
  for (const range of ranges) {
    const from = range.from === Infinity ? largest : range.from
    const to = range.to === Infinity ? largest : range.to
    // In an empty mailbox `*` is nothing; `n:*` is then empty as well.
    if (from === 0 || to === 0) continue
    ordered.push(from <= to ? { from, to } : { from: to, to: from })
  }
  ordered.sort((a, b) => a.from - b.from)
  const merged: SetRange[] = []
  for (const range of ordered) {
    const previous = merged[merged.length - 1]
    if (previous && range.from <= previous.to + 1) {
      if (range.to > previous.to) merged[merged.length - 1] = { from: previous.from, to: range.to }
    } else {
      merged.push(range)
    }
  }
  return merged
}

/** Index of the first element that is `value` or greater. */
export function lowerBound(ascending: ArrayLike<number>, value: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ascending[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Where `value` stands in `ascending`; -1 when it does not. */
export function indexOf(ascending: ArrayLike<number>, value: number): number {
  const index = lowerBound(ascending, value)
  return ascending[index] === value ? index : -1
}

/**
 * Prints numbers as a `sequence-set`, runs of consecutive numbers as ranges, in the order given: the n-th number of the text is
 * the n-th of `numbers`, as COPYUID needs (RFC 4315 §3). Empty text for no numbers, which the grammar does not allow.
 */
export function formatNumbers(numbers: ArrayLike<number>): string {
  const parts: string[] = []
  let index = 0
  while (index < numbers.length) {
    const first = numbers[index] ?? 0
    let last = first
    index += 1
    while (index < numbers.length && numbers[index] === last + 1) {
      last += 1
      index += 1
    }
    parts.push(first === last ? String(first) : `${first}:${last}`)
  }
  return parts.join(',')
}
