// Mailbox names in modified UTF-7 (RFC 3501 §5.1.3): the strict form both ways.
import iconv from 'iconv-lite'

/** The name in modified UTF-7: ASCII only. */
export function encodeUtf7(name: string): string {
  return iconv.encode(name, 'utf-7-imap').toString('latin1')
}

/** The Unicode text, or undefined when `encoded` is not the one right way to write it. */
export function decodeUtf7(encoded: string): string | undefined {
  if (!encoded.includes('&')) return /^[\x20-\x7e]*$/.test(encoded) ? encoded : undefined
  const name = iconv.decode(Buffer.from(encoded, 'latin1'), 'utf-7-imap', { stripBOM: false })
  // Encoding again catches needless or adjacent shifts, stray bits, a missing `-`, and bytes beyond ASCII.
  return name.isWellFormed() && encodeUtf7(name) === encoded ? name : undefined
}
