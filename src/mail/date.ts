// Dates: the Date field (RFC 5322 §3.3, obsolete forms too) and IMAP's date-time and date (RFC 3501 §9).
import { FieldReader } from './field-reader.ts'
import { asOctets, type OctetString } from './octets.ts'

/** A moment and the zone it was written in. */
export interface ZonedDate {
  readonly epochMs: number
  /** Minutes east of UTC. */
  readonly zoneMinutes: number
}

const dayMs = 86_400_000
const minuteMs = 60_000
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const monthNumbers = new Map(months.map((name, index) => [name.toLowerCase(), index]))
// RFC 5322 §4.3. The single letters of RFC 822 mean nothing and count as UTC.
const zoneNames = new Map([
  ['est', -300],
  ['edt', -240],
  ['cst', -360],
  ['cdt', -300],
  ['mst', -420],
  ['mdt', -360],
  ['pst', -480],
  ['pdt', -420],
])
const maxFieldChars = 200

// date-time = [ day-name "," ] day month year time zone; a hyphen is seen between day, month and year.
const messageDate =
  /^(?:[a-z]+\.? ?,? ?)?(\d{1,2})[ -]([a-z]{3})[a-z]*\.?[ -](\d{2,4}) (\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?:\.\d+)? ?([+-]\d{4}|[a-z]+(?:[+-]\d{1,2}\b)?)?/i
// C's asctime, perhaps with a zone: Sun Nov  6 08:49:37 [GMT] 1994
const asctimeDate =
  /^(?:[a-z]+\.? ?,? )?([a-z]{3})[a-z]* (\d{1,2}),? (\d{1,2}):(\d{1,2})(?::(\d{1,2}))? (?:([+-]\d{4}|[a-z]+) )?(\d{4})(?: ([+-]\d{4}|[a-z]+))?/i

/** The Date field's value; undefined when it cannot be read. Also takes the order of C's asctime. */
export function parseMessageDate(value: OctetString): ZonedDate | undefined {
  const text = withoutComments(value)
  const date = messageDate.exec(text)
  if (date) {
    const [, day, month, digits, hour, minute, second, zone] = date
    // Programs that counted years from 1900 have written 0102 for 2002: three digits, as RFC 5322 §4.3 reads them.
    const year = digits?.replace(/^0(?=1\d\d$)/, '')
    return fromText(year, month, day, hour, minute, second, zone)
  }
  const [, month, day, hour, minute, second, zone, year, lastZone] = asctimeDate.exec(text) ?? []
  return fromText(year, month, day, hour, minute, second, zone ?? lastZone)
}

// A day alone, and a zone, which may be nonsense, behind a time.
const dayAlone = /^(?:[a-z]+\.? ?,? ?)?(\d{1,2}[ -][a-z]{3}[a-z]*\.?[ -]\d{2,4})(?![\d])/i
const anyZone = /^(.*\d{1,2}:\d{1,2}(?::\d{1,2})?(?:\.\d+)?) ?[+-]\d+/

/**
 * The sent date of RFC 5256 §2.2: with a zone that makes no sense the time counts as UTC, with a time that makes none as
 * midnight. Undefined when there is no day either.
 */
export function parseSentDate(value: OctetString): ZonedDate | undefined {
  const date = parseMessageDate(value)
  if (date) return date
  const text = withoutComments(value)
  const zoneless = anyZone.exec(text)?.[1]
  const inUtc = zoneless === undefined ? undefined : parseMessageDate(asOctets(zoneless))
  const day = dayAlone.exec(text)?.[1]
  return inUtc ?? (day === undefined ? undefined : parseMessageDate(asOctets(`${day} 00:00:00`)))
}

function withoutComments(value: OctetString): string {
  const reader = new FieldReader(value)
  let text = ''
  reader.skipSpace()
  while (!reader.isAtEnd && text.length < maxFieldChars) {
    text += reader.run(/[^ \t\r\n(]+/y)
    if (reader.skipSpace()) text += ' '
  }
  return text.slice(0, 2 * maxFieldChars).replace(/ ?: ?/g, ':') // RFC 5322 §4.3: blanks may stand round the colons
}

function monthOf(name: string | undefined): number | undefined {
  return monthNumbers.get((name ?? '').toLowerCase())
}

function fromText(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
  zone: string | undefined,
): ZonedDate | undefined {
  const monthIndex = monthOf(month)
  if (year === undefined || monthIndex === undefined) return undefined
  return zoned(
    fullYear(year),
    monthIndex,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second ?? 0),
    zoneOf(zone),
  )
}

// RFC 5322 §4.3: two digits up to 49 are of this century, other short years count from 1900.
function fullYear(digits: string): number {
  const year = Number(digits)
  if (digits.length >= 4) return year
  return digits.length === 2 && year < 50 ? 2000 + year : 1900 + year
}

function zoneOf(zone: string | undefined): number {
  const hours = /^(?:gmt|utc)([+-]\d{1,2})$/i.exec(zone ?? '') // not of any standard, but seen
  if (hours) return Number(hours[1]) * 60
  const match = /^([+-])(\d\d)(\d\d)/.exec(zone ?? '')
  if (!match) return zoneNames.get((zone ?? '').toLowerCase()) ?? 0
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return match[1] === '-' ? 0 - minutes : minutes // never -0
}

function zoned(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  zoneMinutes: number,
): ZonedDate | undefined {
  if (hour > 23 || minute > 59 || second > 60 || Math.abs(zoneMinutes) > 24 * 60) return undefined
  const midnight = dayStart(year, month, day)
  if (midnight === undefined) return undefined
  const local = midnight + ((hour * 60 + minute) * 60 + second) * 1000
  return { epochMs: local - zoneMinutes * minuteMs, zoneMinutes }
}

// Midnight UTC of that day; undefined for days that no calendar has.
function dayStart(year: number, month: number, day: number): number | undefined {
  const date = new Date(0)
  date.setUTCFullYear(year, month, day) // Date.UTC would move the years below 100
  return date.getUTCDate() === day && date.getUTCMonth() === month ? date.getTime() : undefined
}

// date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
const dateTime = /^( \d|\d\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d{4})$/

/** date-time without its quotes: ` 7-Feb-1994 21:52:25 -0800`. Strict; undefined when it is not one. */
export function parseInternalDate(text: string): ZonedDate | undefined {
  const [, day, month, year, hour, minute, second, zone] = dateTime.exec(text) ?? []
  if (Number(zone?.slice(3)) > 59) return undefined
  return fromText(year, month, day, hour, minute, second, zone)
}

/** date-time without its quotes, the day padded with a space. The zone defaults to UTC. */
export function formatInternalDate(epochMs: number, zoneMinutes: number = 0): string {
  const date = new Date(epochMs + zoneMinutes * minuteMs)
  const day = String(date.getUTCDate()).padStart(2)
  const month = months[date.getUTCMonth()] ?? ''
  const year = String(date.getUTCFullYear()).padStart(4, '0')
  const time = `${twoDigits(date.getUTCHours())}:${twoDigits(date.getUTCMinutes())}:${twoDigits(date.getUTCSeconds())}`
  const zone = Math.abs(zoneMinutes)
  const sign = zoneMinutes < 0 ? '-' : '+'
  return `${day}-${month}-${year} ${time} ${sign}${twoDigits(Math.trunc(zone / 60))}${twoDigits(zone % 60)}`
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

/** date of SEARCH without its quotes, `1-Feb-1994`, as days since 1970; undefined when it is not a date. */
export function parseSearchDay(text: string): number | undefined {
  const match = /^(\d{1,2})-([A-Za-z]{3})-(\d{4})$/.exec(text)
  const month = monthOf(match?.[2])
  if (!match || month === undefined) return undefined
  const start = dayStart(Number(match[3]), month, Number(match[1]))
  return start === undefined ? undefined : start / dayMs
}

/** The calendar day of a moment in the given zone, as days since 1970, for comparing with `parseSearchDay`. */
export function dayOf(date: ZonedDate): number {
  return Math.floor((date.epochMs + date.zoneMinutes * minuteMs) / dayMs)
}
