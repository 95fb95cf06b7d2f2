// Encoded words in header fields (RFC 2047): to text, for searching and showing, and from text, for what the server itself writes.
import { decodeCharset } from './charset.ts'
import { type OctetString, asOctets, octetBytes } from './octets.ts'

// encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?=" (RFC 2231 §5 adds the language).
// Blanks inside the text are not allowed, but some mailers write them.
const encodedWord = /=\?([^?*\s]{1,127})(?:\*[^?\s]{0,127})?\?([bBqQ])\?([^?\r\n]*)\?=/g

interface Run {
  readonly charset: string
  readonly bytes: Buffer[]
}

/**
 * The text of an unfolded field value. Blanks between encoded words are dropped (RFC 2047 §6.2), and neighbours of one
 * charset are joined before they are converted, because some mailers cut characters in two. Other octets count as UTF-8
 * if they are, else as windows-1252.
 */
export function decodeHeaderText(value: OctetString): string {
  if (!value.includes('=?')) return plainText(value)
  let text = ''
  let run: Run | undefined
  let from = 0
  const flush = (): void => {
    if (run) text += decodeCharset(Buffer.concat(run.bytes), run.charset)
    run = undefined
  }
  for (const match of value.matchAll(encodedWord)) {
    const [whole, charset = '', encoding = '', encoded = ''] = match
    const between = value.slice(from, match.index)
    const isNeighbour = run !== undefined && /^[ \t\r\n]*$/.test(between)
    const lower = charset.toLowerCase()
    if (!isNeighbour) {
      flush()
      text += plainText(between)
    } else if (run?.charset !== lower) flush()
    const bytes = decodeWord(encoding, encoded)
    if (run) run.bytes.push(bytes)
    else run = { charset: lower, bytes: [bytes] }
    from = match.index + whole.length
  }
  flush()
  return text + plainText(value.slice(from))
}

function plainText(octets: string): string {
  return /[\u0080-\u00ff]/.test(octets) ? decodeCharset(octetBytes(asOctets(octets))) : octets
}

function decodeWord(encoding: string, encoded: string): Buffer {
  if (encoding.toLowerCase() === 'b') return Buffer.from(encoded, 'base64')
  const octets = encoded
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, pair: string) => String.fromCharCode(parseInt(pair, 16)))
  return octetBytes(asOctets(octets))
}

/** Octets of text in one encoded word: with its frame and the longest name of a field before it, a line stays below 76 characters. */
const octetsInWord = 36

/** Text as the value of a field: itself where it is printable ASCII, else encoded words, folded, no character cut in two. */
export function encodeHeaderText(text: string): string {
  if (/^[ -~]*$/.test(text) && !text.includes('=?')) return text
  const pieces: string[] = ['']
  for (const character of text) {
    const last = `${pieces.at(-1) ?? ''}${character}`
    if (Buffer.byteLength(last) <= octetsInWord) pieces[pieces.length - 1] = last
    else pieces.push(character)
  }
  return pieces.map((piece) => `=?utf-8?B?${Buffer.from(piece).toString('base64')}?=`).join('\r\n ')
}
