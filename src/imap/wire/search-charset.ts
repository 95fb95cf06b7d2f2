// The charset of SEARCH's strings.
import iconv from 'iconv-lite'
import { decodeUtf8 } from './characters.ts'

/** Turns the bytes of a search string into text; undefined when they are not in the charset. */
export type TextDecoding = (bytes: Buffer) => string | undefined

// A list of known families: the library also knows "charsets" such as hex and base64.
const known =
  /^(iso-?8859-?\d{1,2}|windows-?125\d|cp125\d|koi8-[ru]|gb2312|gbk|gb18030|big5|euc-(jp|kr)|shift_jis|ks_c_5601-1987|tis-620|macintosh)$/

/**
 * By IANA name, any case. US-ASCII, which is the default, is read as UTF-8 because clients send that (RFC 3501 §6.4.4 asks for
 * both to be known). Undefined: answer BADCHARSET.
 */
export function searchCharset(name: string): TextDecoding | undefined {
  const charset = name.toLowerCase()
  if (/^(us-ascii|ascii|utf-?8)$/.test(charset)) return decodeUtf8
  if (!known.test(charset) || !iconv.encodingExists(charset)) return undefined
  return (bytes) => {
    const text = iconv.decode(bytes, charset)
    return text.includes('\ufffd') ? undefined : text
  }
}
