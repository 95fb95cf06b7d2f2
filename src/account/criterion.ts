// What SEARCH asks for, as a tree: no bytes of the protocol, no reading of messages.

/** A set of UIDs or sequence numbers in which `*` stands for the largest number in use (RFC 3501 §9, `sequence-set`). */
export interface NumberSet {
  /** Whether `value` is in the set when `largest` is the largest number in use (0 for an empty mailbox). */
  contains(value: number, largest: number): boolean
}

/** A flag of RFC 3501 §2.3.2 that is stored with a message; `\Recent` belongs to a session. */
export type SystemFlag = '\\Answered' | '\\Deleted' | '\\Draft' | '\\Flagged' | '\\Seen'

/** How a message's day compares with the day given: earlier, the same, the same or later. */
export type DayRelation = 'before' | 'on' | 'since'

/**
 * One condition on a message (RFC 3501 §6.4.4). Texts are Unicode as the client wrote them, matched as substrings
 * without regard to case. Days are counted from 1970-01-01, without time or zone. Sizes are octets.
 */
export type Criterion =
  | { readonly kind: 'all' }
  /** Every part holds. Empty means `all`. */
  | { readonly kind: 'and'; readonly criteria: readonly Criterion[] }
  /** At least one part holds. Never empty. */
  | { readonly kind: 'or'; readonly criteria: readonly Criterion[] }
  | { readonly kind: 'not'; readonly criterion: Criterion }
  | { readonly kind: 'flag'; readonly flag: SystemFlag }
  /** A flag without a backslash; compared without regard to case. */
  | { readonly kind: 'keyword'; readonly keyword: string }
  /** The session has `\Recent` for the message. */
  | { readonly kind: 'recent' }
  | { readonly kind: 'uid'; readonly set: NumberSet }
  /** Sequence numbers as the session sees them when the command begins. */
  | { readonly kind: 'sequence'; readonly set: NumberSet }
  | { readonly kind: 'internalDate'; readonly relation: DayRelation; readonly day: number }
  /** By the day on which it came into the mailbox, in UTC (RFC 8514 §4.2). */
  | { readonly kind: 'savedDate'; readonly relation: DayRelation; readonly day: number }
  /** By INTERNALDATE, to the second: at least, or at most, so many seconds ago (RFC 5032 §3). */
  | { readonly kind: 'age'; readonly relation: 'older' | 'younger'; readonly seconds: number }
  /** By the Date field of the message. */
  | { readonly kind: 'sentDate'; readonly relation: DayRelation; readonly day: number }
  /** Strictly more octets. */
  | { readonly kind: 'larger'; readonly sizeBytes: number }
  /** Strictly fewer octets. */
  | { readonly kind: 'smaller'; readonly sizeBytes: number }
  /** The field exists and holds the text; an empty text asks only that the field exists. */
  | { readonly kind: 'header'; readonly field: string; readonly text: string }
  | { readonly kind: 'body'; readonly text: string }
  /** In the header or in the body. */
  | { readonly kind: 'text'; readonly text: string }
  /** MODSEQ of the message is at least this (RFC 7162 §3.1.5). */
  | { readonly kind: 'modSeq'; readonly atLeast: number }
  /** In the result that was saved (RFC 5182 §2.1). */
  | { readonly kind: 'saved' }
  /** EMAILID and THREADID (RFC 8474 §5.3), compared exactly. */
  | { readonly kind: 'emailId'; readonly id: string }
  | { readonly kind: 'threadId'; readonly id: string }
