// Mailbox names in modified UTF-7 (RFC 3501 §5.1.3): the strict form both ways.
import iconv from 'iconv-lite'

const encoding = 'utf-7-imap'

/** The name in modified UTF-7: ASCII only. */
export function encodeUtf7(name: string): string {
  return iconv.encode(name, encoding).toString('latin1')
}

/** The Unicode text, or undefined when `encoded` (a byte to a character) is not the one right way to write it. */
export function decodeUtf7(encoded: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(encoded)) return undefined
  if (!encoded.includes('&')) return encoded
  const name = iconv.decode(Buffer.from(encoded, 'latin1'), encoding, { stripBOM: false })
  if (/\p{Surrogate}/u.test(name)) return undefined
  // Encoding again catches needless or adjacent shifts, stray bits and a missing `-`.
  return encodeUtf7(name) === encoded ? name : undefined
}
