// Octet strings: bytes of a header kept one to a character, so that they can be compared without being decoded.
import { asBuffer } from '../base/bytes.ts'

declare const octets: unique symbol

/** Bytes as characters U+0000 to U+00FF. It is not text: decode it with `encoded-word.ts` or `charset.ts` to show it. */
export type OctetString = string & { readonly [octets]: true }

export function octetString(bytes: Uint8Array, start: number = 0, end: number = bytes.length): OctetString {
  return asBuffer(bytes).toString('latin1', start, end) as OctetString
}

/** Marks a string whose characters are all below U+0100 (a literal, or pieces of an octet string). */
export function asOctets(text: string): OctetString {
  return text as OctetString
}

/** The bytes of an octet string, in a new Buffer. */
export function octetBytes(value: OctetString): Buffer {
  return Buffer.from(value, 'latin1')
}

/** Without spaces and tabs at its end. String's own trimEnd would take octet A0 for a space. */
export function trimBlanksEnd(value: string): OctetString {
  let end = value.length
  while (end > 0 && (value.charAt(end - 1) === ' ' || value.charAt(end - 1) === '\t')) end -= 1
  return asOctets(value.slice(0, end))
}
