// The charset of SEARCH's strings.
import { decodeCharset, isKnownCharset } from '../../mail/charset.ts'
import { decodeUtf8 } from './characters.ts'

/** Turns the bytes of a search string into text; undefined when they are not in the charset. */
export type TextDecoding = (bytes: Buffer) => string | undefined

/**
 * By IANA name, any case. US-ASCII, which is the default, is read as UTF-8 because clients send that (RFC 3501 §6.4.4 asks for
 * both to be known). Undefined: answer BADCHARSET.
 */
export function searchCharset(name: string): TextDecoding | undefined {
  const charset = name.toLowerCase()
  if (/^(us-ascii|ascii|utf-?8)$/.test(charset)) return decodeUtf8
  if (!isKnownCharset(charset)) return undefined
  return (bytes) => {
    const text = decodeCharset(bytes, charset)
    return text.includes('\ufffd') ? undefined : text
  }
}
