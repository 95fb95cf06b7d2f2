// Writes IMAP strings and lists for ENVELOPE and BODYSTRUCTURE (RFC 3501 §4.3 to §4.5, §9), as octet strings.
import { type OctetString, asOctets, octetBytes } from './octets.ts'

export const nil: OctetString = asOctets('NIL')

// TEXT-CHAR = <any CHAR except CR and LF>, CHAR = %x01-7F
const quotable = /^[\u0001-\u0009\u000b\u000c\u000e-\u007f]*$/
// U+FFFD in UTF-8: no IMAP string may hold a NUL (RFC 3501 §9, CHAR8).
const nulReplacement = '\u00ef\u00bf\u00bd'

/** Quoted where that is allowed, otherwise a literal; NUL is replaced. Header octets are not converted to any charset. */
export function string(value: OctetString): OctetString {
  if (quotable.test(value)) {
    return asOctets(/["\\]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : `"${value}"`)
  }
  const clean = value.includes('\0') ? value.replaceAll('\0', nulReplacement) : value
  return asOctets(`{${clean.length}}\r\n${clean}`)
}

export function nstring(value: OctetString | undefined): OctetString {
  return value === undefined ? nil : string(value)
}

/** Text meant for people: runs of blanks become one space, none stay at the ends. */
export function humanString(value: OctetString): OctetString {
  return string(asOctets(value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '')))
}

/** The bytes to send. */
export function wireBytes(text: string): Buffer {
  return octetBytes(asOctets(text))
}
