// Flags: system flags as bits, keywords as interned words (RFC 3501 §2.3.2).
import { keywordBytes } from '../base/limits.ts'
import type { Flag } from './api.ts'
import { Refusal } from './errors.ts'

const systemFlags = ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft'] as const
const bitOf = new Map(systemFlags.map((flag, index) => [flag.toLowerCase(), 1 << index]))

export const seenBit = 1
export const deletedBit = 8

/** A message's flags: system bits and keywords in sorted order. An immutable value; equal sets are one object. */
export interface FlagSet {
  readonly bits: number
  readonly keywords: readonly string[]
  /** In RFC spelling, system flags first. */
  readonly list: readonly Flag[]
  /** Bytes in a log entry (FORMAT.md §9.1). */
  readonly encodedBytes: number
}

const known = new Map<string, FlagSet>()
/** Length of all names in `known`: a few large sets count as much as many small ones. */
const maxKnownLength = 2_000_000
const knownLength = { sum: 0 }
/** Keywords of one message: their number is one byte. */
const keywordsPerMessage = 255

export function flagSet(bits: number, keywords: readonly string[]): FlagSet {
  const sorted = [...new Set(keywords)].sort()
  const id = `${bits} ${sorted.join(' ')}`
  let set = known.get(id)
  if (!set) {
    const system = systemFlags.filter((_, index) => (bits & (1 << index)) !== 0)
    set = Object.freeze({
      bits,
      keywords: sorted,
      list: Object.freeze([...system, ...sorted]),
      encodedBytes: 2 + sorted.reduce((sum, word) => sum + 2 + Buffer.byteLength(word), 0),
    })
    knownLength.sum += id.length
    if (knownLength.sum > maxKnownLength) {
      known.clear()
      knownLength.sum = id.length
    }
    known.set(id, set)
  }
  return set
}

export const noFlags: FlagSet = flagSet(0, [])

/**
 * Takes flags as a client spells them. Keywords are case-insensitive to clients, so one that the mailbox knows
 * keeps the spelling it was first given. `\Recent` is dropped: it is not a client's to set. Refuses unknown `\` flags and long keywords.
 */
export function readFlags(flags: readonly Flag[], knownKeywords: readonly string[]): FlagSet {
  let bits = 0
  const keywords: string[] = []
  for (const flag of flags) {
    const lower = flag.toLowerCase()
    const bit = bitOf.get(lower)
    if (bit !== undefined) bits |= bit
    else if (lower === '\\recent') continue
    else if (flag.startsWith('\\')) throw new Refusal('limit', 'Unknown system flag')
    else if (!isKeyword(flag)) throw new Refusal('limit', 'Not a keyword')
    else if (flag.length > keywordBytes) throw new Refusal('limit', 'Keyword too long')
    else keywords.push(knownKeywords.find((word) => word.toLowerCase() === lower) ?? flag)
  }
  const seen = new Set<string>()
  const words = keywords.filter((word) => !seen.has(word.toLowerCase()) && seen.add(word.toLowerCase()))
  return withinLimit(flagSet(bits, words))
}

/** RFC 3501 §9, `flag-keyword`: an atom. */
const isKeyword = (flag: string): boolean => /^[!#$&'+-[^-z|}~]+$/.test(flag)

function withinLimit(flags: FlagSet): FlagSet {
  if (flags.keywords.length > keywordsPerMessage) throw new Refusal('limit', 'Too many keywords')
  return flags
}

export function changeFlags(before: FlagSet, action: 'replace' | 'add' | 'remove', given: FlagSet): FlagSet {
  if (action === 'replace') return given
  if (action === 'add')
    return withinLimit(flagSet(before.bits | given.bits, [...before.keywords, ...given.keywords]))
  const gone = new Set(given.keywords)
  return flagSet(
    before.bits & ~given.bits,
    before.keywords.filter((word) => !gone.has(word)),
  )
}
