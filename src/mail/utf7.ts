// Mailbox names in modified UTF-7 (RFC 3501 §5.1.3): the strict form both ways.

/** The name in modified UTF-7: ASCII only. */
export function encodeUtf7(name: string): string {
  return name.replace(/&|[^\x20-\x7e]+/g, (run) => (run === '&' ? '&-' : `&${shifted(run)}-`))
}

/** The Unicode text, or undefined when `encoded` (a byte to a character) is not the one right way to write it. */
export function decodeUtf7(encoded: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(encoded)) return undefined
  if (!encoded.includes('&')) return encoded
  const name = encoded.replace(/&([A-Za-z0-9+,]*)-/g, (_, shift: string) =>
    shift === '' ? '&' : unshifted(shift),
  )
  if (/\p{Surrogate}/u.test(name)) return undefined
  // Encoding again catches needless or adjacent shifts, stray bits, half characters and a missing `-`.
  return encodeUtf7(name) === encoded ? name : undefined
}

/** UTF-16, big-endian, in base64 with `,` for `/` and without padding. */
function shifted(text: string): string {
  return Buffer.from(text, 'utf16le').swap16().toString('base64').replaceAll('/', ',').replace(/=+$/, '')
}

function unshifted(base64: string): string {
  const bytes = Buffer.from(base64.replaceAll(',', '/'), 'base64')
  return Buffer.from(bytes.subarray(0, bytes.length & ~1))
    .swap16()
    .toString('utf16le')
}
