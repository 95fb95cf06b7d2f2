// Charsets: octets to text.
import { isUtf8 } from 'node:buffer'
import iconv from 'iconv-lite'
import { asBuffer } from '../base/bytes.ts'

// Names that iconv-lite takes for conversions which are no charsets.
const notCharsets = new Set(['base64', 'hex', 'internal', 'constructor'])
// Charsets that iconv-lite lacks and Node's own decoder has.
const nodeCharsets = new Set(['iso-2022-jp', 'csiso2022jp', 'x-mac-cyrillic', 'macintosh', 'x-mac-roman'])
// Text in these is often in fact something larger that looks the same.
const asciiNames = new Set(['us-ascii', 'ascii', 'ansi_x3.4-1968', 'default', 'x-unknown', 'unknown-8bit'])

/** True for charsets that `decodeCharset` converts; SEARCH answers BADCHARSET to others (RFC 3501 §6.4.4). */
export function isKnownCharset(name: string): boolean {
  const lower = name.toLowerCase()
  if (nodeCharsets.has(lower) || lower === 'us-ascii') return true
  return /^[a-z0-9][a-z0-9_.:+-]*$/.test(lower) && !notCharsets.has(lower) && iconv.encodingExists(lower)
}

/**
 * Octets as text. An unknown charset, or none, is taken for UTF-8 if the octets are valid UTF-8, and for windows-1252
 * otherwise. Never throws: what cannot be converted becomes U+FFFD.
 */
export function decodeCharset(bytes: Uint8Array, charset?: string): string {
  const name = charset?.toLowerCase()
  const buffer = asBuffer(bytes)
  if (name === 'utf-8' || name === 'utf8') return buffer.toString('utf8')
  if (name === undefined || asciiNames.has(name) || !isKnownCharset(name)) {
    return isUtf8(buffer) ? buffer.toString('utf8') : iconv.decode(buffer, 'windows-1252')
  }
  if (nodeCharsets.has(name)) return new TextDecoder(nodeName(name)).decode(buffer)
  // The Encoding Standard's rule, because senders mean it: ISO-8859-1 is read as its superset.
  return iconv.decode(buffer, name === 'iso-8859-1' ? 'windows-1252' : name)
}

function nodeName(name: string): string {
  return name === 'x-mac-roman' ? 'macintosh' : name
}
