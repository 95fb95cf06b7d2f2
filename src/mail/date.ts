// Dates: the Date field (RFC 5322 §3.3, obsolete forms too) and IMAP's date-time and date (RFC 3501 §9).

/** A moment and the zone it was written in. */
export interface ZonedDate {
  readonly epochMs: number
  /** Minutes east of UTC. */
  readonly zoneMinutes: number
}

/** The Date field's value; undefined when it cannot be read. */
export function parseMessageDate(value: string): ZonedDate | undefined {
  throw new Error(value)
}

/** date-time without its quotes: ` 7-Feb-1994 21:52:25 -0800`. Strict; undefined when it is not one. */
export function parseInternalDate(text: string): ZonedDate | undefined {
  throw new Error(text)
}

/** date-time without its quotes, the day padded with a space. The zone defaults to UTC. */
export function formatInternalDate(epochMs: number, zoneMinutes: number = 0): string {
  throw new Error(String(epochMs + zoneMinutes))
}

/** `1-Feb-1994` of SEARCH as days since 1970; undefined when it is not a date. */
export function parseSearchDay(text: string): number | undefined {
  throw new Error(text)
}

/** The calendar day of a moment in the given zone, as days since 1970, for comparing with `parseSearchDay`. */
export function dayOf(date: ZonedDate): number {
  return Math.floor((date.epochMs + date.zoneMinutes * 60_000) / 86_400_000)
}
