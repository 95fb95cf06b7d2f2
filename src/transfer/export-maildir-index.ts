// The files beside the messages of an exported Maildir, as Dovecot and Courier read them.
import type { Flag, SelectedMailbox, Uid } from '../account/api.ts'
import { utf8 } from '../base/bytes.ts'
import { encodeUtf7 } from '../mail/utf7.ts'

/** Letters a to z: what a file name can say. */
const lettersAtMost = 26
const flagLetters: ReadonlyMap<Flag, string> = new Map([
  // In the order of ASCII, as file names want them.
  ['\\Draft', 'D'],
  ['\\Flagged', 'F'],
  ['$Forwarded', 'P'],
  ['\\Answered', 'R'],
  ['\\Seen', 'S'],
  ['\\Deleted', 'T'],
])

/** Keywords with a letter, in order: those that had one before keep it. */
export function keywordsWithLetters(before: readonly Flag[], known: readonly Flag[]): Flag[] {
  const fresh = known.filter((word) => !flagLetters.has(word) && !before.includes(word))
  return [...before, ...fresh].slice(0, lettersAtMost)
}

/** The letters behind `:2,`. */
export function lettersOf(flags: readonly Flag[], lettered: readonly Flag[]): string {
  const system = [...flagLetters].filter(([flag]) => flags.includes(flag)).map(([, letter]) => letter)
  const own = lettered.flatMap((word, index) =>
    flags.includes(word) ? [String.fromCharCode(0x61 + index)] : [],
  )
  return [...system, ...own].join('')
}

/** Keywords that no letter is left for. */
export const furtherKeywords = (flags: readonly Flag[], lettered: readonly Flag[]): Flag[] =>
  flags.filter((flag) => !flag.startsWith('\\') && !flagLetters.has(flag) && !lettered.includes(flag))

export const keywordsFile = (lettered: readonly Flag[]): Buffer =>
  utf8(lettered.map((word, index) => `${index} ${word}\n`).join(''))

/** Courier's file: keywords, a blank line, and their numbers for each message. */
export function furtherKeywordsFile(further: ReadonlyMap<string, readonly Flag[]>): Buffer {
  const words = [...new Set([...further.values()].flat())]
  const lines = [...further].map(
    ([base, flags]) => `${base}:${flags.map((word) => words.indexOf(word)).join(' ')}`,
  )
  return utf8([...words, '', ...lines, ''].join('\n'))
}

/** Dovecot's list of UIDs, version 3: clients that knew the mailbox here know it there. */
export function uidList(mailbox: SelectedMailbox, bases: ReadonlyMap<Uid, string>): Buffer {
  const head = `3 V${mailbox.uidValidity} N${mailbox.uidNext} G${mailbox.id}\n`
  return utf8(head + [...bases].map(([uid, base]) => `${uid} :${base}\n`).join(''))
}

/** Dovecot's subscriptions, version 2: levels separated by tabs. */
export function subscriptionsFile(names: readonly string[]): Buffer {
  const lines = names.map((name) => name.split('/').map(encodeUtf7).join('\t'))
  return utf8(['V\t2', '', ...lines, ''].join('\n'))
}
