// Names of mailboxes in other programs' files, and the names they can have here.
import { newMailboxName } from '../account/names.ts'
import { isRefusal } from '../account/errors.ts'
import { mailboxDepth } from '../base/limits.ts'
import { decodeUtf7 } from '../mail/utf7.ts'
import type { BytePath } from './files.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** One level of a name: modified UTF-7 where it is that, else UTF-8, else Latin-1. Nothing is refused: mail hangs on it. */
export function decodeLevel(bytes: BytePath): string {
  if (bytes.includes('&')) {
    const decoded = decodeUtf7(bytes)
    if (decoded !== undefined) return decoded
  }
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'))
  } catch {
    return bytes
  }
}

/** Dovecot's `listescape`: a backslash and two hexadecimal digits stand for an octet that a level cannot hold. */
export function unescapeLevel(level: string): string {
  return level.replace(/\\([0-9a-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
}

const longestLevel = 200

function fitLevel(level: string): string {
  const fitted = level
    .normalize('NFC')
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029*%/\ufffd\p{Surrogate}]/gu, '_')
  if (fitted === '' || fitted === '.' || fitted === '..') return '_'
  return Array.from(fitted).slice(0, longestLevel).join('')
}

/** The nearest name that a mailbox can have here; the same one where it can have its own. */
export function fitName(levels: readonly string[]): string {
  const shallow =
    levels.length <= mailboxDepth
      ? levels
      : [...levels.slice(0, mailboxDepth - 1), levels.slice(mailboxDepth - 1).join('-')]
  const name = shallow.map(fitLevel).join('/')
  try {
    return newMailboxName(name)
  } catch (error) {
    if (!isRefusal(error)) throw error
    // Too long as a whole: its last level is the one people look for.
    return newMailboxName(fitLevel(levels.at(-1) ?? ''))
  }
}
