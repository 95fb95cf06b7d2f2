// Mailbox names: which are allowed, their hierarchy, and INBOX (RFC 3501 §5.1).
import { mailboxDepth, mailboxNameBytes } from '../base/limits.ts'
import { Refusal } from './errors.ts'

export const separator = '/'

/**
 * One spelling per name: Unicode normal form C, as two keyboards may differ in it, and INBOX in any case (of ASCII, RFC 3501
 * §5.1) is `INBOX`, also as the first level of a longer name.
 */
export function canonicalName(given: string): string {
  const name = given.normalize('NFC')
  const end = name.indexOf(separator)
  const first = end < 0 ? name : name.slice(0, end)
  return /^inbox$/i.test(first) ? 'INBOX' + name.slice(first.length) : name
}

/**
 * The canonical form of a name for a new mailbox, or a refusal. One trailing separator is a client's hint that
 * inferiors will come (RFC 3501 §6.3.3) and is dropped.
 */
export function newMailboxName(given: string): string {
  const name = canonicalName(given.endsWith(separator) ? given.slice(0, -1) : given)
  const levels = name.split(separator)
  const isFaulty =
    name === '' ||
    Buffer.byteLength(name) > mailboxNameBytes ||
    levels.length > mailboxDepth ||
    levels.some((level) => level === '' || level === '.' || level === '..') ||
    // A lone surrogate has no UTF-8: stored, two names would become one.
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029*%\ufffd\p{Surrogate}]/u.test(name)
  if (isFaulty) throw new Refusal('mailbox-name-invalid', 'That mailbox name is not allowed')
  return name
}

/** The names above `name`, outermost first. */
export function parentsOf(name: string): string[] {
  const levels = name.split(separator)
  return levels.slice(1).map((_, index) => levels.slice(0, index + 1).join(separator))
}

export const isBelow = (name: string, parent: string): boolean => name.startsWith(parent + separator)

/** INBOX first, then by name. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0
  if (a === 'INBOX') return -1
  if (b === 'INBOX') return 1
  return a < b ? -1 : 1
}
