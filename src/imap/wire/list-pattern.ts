// Mailbox patterns of LIST and LSUB: `*` matches anything, `%` anything within one level, in linear time.

/** Wildcards in one pattern, after neighbours have been merged. */
export const maxWildcards: number = 32

export interface ListPattern {
  matches(name: string): boolean
}

/** Joins reference and pattern and compiles them. Undefined for a pattern with too many wildcards or too long: it matches nothing. */
export function compileListPattern(
  reference: string,
  pattern: string,
  delimiter: string,
): ListPattern | undefined {
  throw new Error(reference + pattern + delimiter)
}
