// What SEARCH and SORT shall tell of their result (RFC 4731 §3.1, RFC 5182 §2.1, RFC 5267 §3 and §4, RFC 9394 §3.1).
import type { ArgumentReader } from './arguments.ts'

export type SearchReturnOption = 'MIN' | 'MAX' | 'ALL' | 'COUNT' | 'SAVE' | 'PARTIAL' | 'UPDATE'

export interface SearchReturns {
  /** In the order given, without duplicates. Empty `RETURN ()` reads as ALL. */
  readonly options: readonly SearchReturnOption[]
  /** There if and only if PARTIAL is among the options. */
  readonly partial: PartialRange | undefined
}

/** Places in a result, from 1; from its end when both are negative, -1 being the last. In the order given. */
export interface PartialRange {
  readonly from: number
  readonly to: number
}

// search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
/** Behind the word RETURN, with the space that follows. */
export function readReturns(reader: ArgumentReader): SearchReturns {
  let partial: PartialRange | undefined
  reader.space()
  const options = reader.list(
    () => {
      const option = reader.keyword('MIN', 'MAX', 'ALL', 'COUNT', 'SAVE', 'PARTIAL', 'UPDATE', 'CONTEXT')
      if (option === 'PARTIAL') {
        if (partial) reader.fail('PARTIAL twice')
        reader.space()
        partial = readPartialRange(reader)
      }
      return option
    },
    { mayBeEmpty: true },
  )
  // RFC 5267 §4.4 and RFC 9394 §3.1: one or the other.
  if (partial && options.includes('ALL')) reader.fail('PARTIAL and ALL together')
  reader.space()
  // RFC 5267 §4.2: CONTEXT is but a hint, which asks for nothing and changes nothing here.
  const asked = new Set(options.filter((option) => option !== 'CONTEXT'))
  return { options: asked.size > 0 ? [...asked] : ['ALL'], partial }
}

// partial-range = nz-number ":" nz-number / "-" nz-number ":" "-" nz-number
export function readPartialRange(reader: ArgumentReader): PartialRange {
  const isFromEnd = reader.tryToken('-')
  const from = reader.nzNumber()
  reader.token(':')
  if (isFromEnd) reader.token('-')
  const to = reader.nzNumber()
  return isFromEnd ? { from: -from, to: -to } : { from, to }
}

/** The range as it is written. */
export function formatPartialRange({ from, to }: PartialRange): string {
  return `${from}:${to}`
}

/** Which of `count` things in a row the range names: indexes [start, end), possibly none. */
export function partialIndexes(
  { from, to }: PartialRange,
  count: number,
): { readonly start: number; readonly end: number } {
  const [low, high] = from < to ? [from, to] : [to, from]
  const [first, last] = low < 0 ? [count + low, count + high] : [low - 1, high - 1]
  const start = Math.min(Math.max(first, 0), count)
  return { start, end: Math.max(start, Math.min(last + 1, count)) }
}
