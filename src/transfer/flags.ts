// Flags of other programs, as far as they can be flags here.
import type { Flag } from '../account/api.ts'
import { keywordBytes } from '../base/limits.ts'

const systemFlags: ReadonlyMap<string, Flag> = new Map(
  ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft'].map((flag) => [flag.toLowerCase(), flag]),
)
/** Of one message; their number is one byte in the log. */
const keywordsAtMost = 255

/** RFC 3501 §9, `flag-keyword`: an atom. */
const isKeyword = (word: string): boolean =>
  /^[!#$&'+-[^-z|}~]+$/.test(word) && Buffer.byteLength(word) <= keywordBytes

/** Those that can be kept, and the others. `\Recent` is neither. */
export function sortFlags(given: readonly Flag[]): { readonly kept: Flag[]; readonly dropped: Flag[] } {
  const kept = new Map<string, Flag>()
  const dropped: Flag[] = []
  for (const flag of given) {
    const lower = flag.toLowerCase()
    if (lower === '\\recent' || kept.has(lower)) continue
    const known = systemFlags.get(lower) ?? (isKeyword(flag) ? flag : undefined)
    if (known === undefined || kept.size >= keywordsAtMost) dropped.push(flag)
    else kept.set(lower, known)
  }
  return { kept: [...kept.values()], dropped }
}

export const isSystemFlag = (flag: Flag): boolean => flag.startsWith('\\')
