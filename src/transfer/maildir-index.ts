// What Dovecot and Courier keep beside the messages of a Maildir: UIDs, keywords, subscriptions.
import type { Flag } from '../account/api.ts'
import { readSmall, type BytePath, type FileTree } from './files.ts'

/** UIDs and keywords of a million messages. */
const indexBytes = 256 * 1024 * 1024
const smallBytes = 1024 * 1024

const linesOf = (bytes: Buffer): string[] => bytes.toString('latin1').split(/\r?\n/)

/** A message's file name without its flags: what stays the same while it lives. */
export function baseName(name: BytePath): BytePath {
  return /^(.*)[:;!]2,[^:;!]*$/s.exec(name)?.[1] ?? name.replace(/[:;!]$/, '')
}

/** The letters behind `:2,`, also with the separators that file systems without colons get. */
export function infoLetters(name: BytePath): string {
  return /[:;!]2,([^:;!]*)$/s.exec(name)?.[1] ?? ''
}

/** UIDs by base name, from Dovecot's list (version 3 or 1) or Courier's. */
export async function uidsOf(tree: FileTree, folder: BytePath): Promise<Map<BytePath, number>> {
  const uids = new Map<BytePath, number>()
  for (const file of ['dovecot-uidlist', 'courierimapuiddb']) {
    const [head = '', ...lines] = linesOf(
      (await readSmall(`${folder}/${file}`, indexBytes, tree)) ?? Buffer.alloc(0),
    )
    for (const line of lines) {
      // Version 3 has fields between the UID and ` :name`.
      const [, digits, name] = /^(\d{1,10}) (?:(?:[^ ]+ )*?:)?(.+)$/.exec(line) ?? []
      if (digits !== undefined && name !== undefined) uids.set(baseName(name), Number(digits))
    }
    if (head !== '' && uids.size > 0) break
  }
  return uids
}

/** Dovecot's keywords by letter: `0 name` is `a`. */
async function keywordLetters(tree: FileTree, folder: BytePath): Promise<Map<string, Flag>> {
  const letters = new Map<string, Flag>()
  const bytes = await readSmall(`${folder}/dovecot-keywords`, smallBytes, tree)
  for (const line of bytes ? linesOf(bytes) : []) {
    const [, index, word] = /^(\d{1,2}) (.+)$/.exec(line) ?? []
    if (word !== undefined && Number(index) < 26) letters.set(String.fromCharCode(0x61 + Number(index)), word)
  }
  return letters
}

/** Courier's keywords by base name: a list, and for what changed since then one file a message, the highest number being the newest. */
async function courierKeywords(tree: FileTree, folder: BytePath): Promise<Map<BytePath, readonly Flag[]>> {
  const found = new Map<BytePath, readonly Flag[]>()
  const place = `${folder}/courierimapkeywords`
  const bytes = await readSmall(`${place}/:list`, indexBytes, tree)
  const lines = bytes ? linesOf(bytes) : []
  const gap = lines.indexOf('')
  const words = lines.slice(0, gap < 0 ? lines.length : gap)
  for (const line of gap < 0 ? [] : lines.slice(gap + 1)) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    const indexes = line.slice(colon + 1).match(/\d+/g) ?? []
    found.set(
      line.slice(0, colon),
      indexes.flatMap((index) => words[Number(index)] ?? []),
    )
  }
  const newest = new Map<BytePath, number>()
  for (const name of await tree.names(place)) {
    const numbered = /^\.(\d{1,15})\.(.+)$/s.exec(name)
    if (name.startsWith(':') || (name.startsWith('.') && !numbered)) continue
    const base = numbered?.[2] ?? name
    const age = numbered ? Number(numbered[1]) : Infinity
    if (age < (newest.get(base) ?? -1)) continue
    const own = await readSmall(`${place}/${name}`, smallBytes, tree)
    if (!own) continue
    newest.set(base, age)
    found.set(base, own.length === 0 ? [] : linesOf(own).filter((word) => word !== ''))
  }
  return found
}

const letterFlags: ReadonlyMap<string, Flag> = new Map([
  ['P', '$Forwarded'],
  ['R', '\\Answered'],
  ['S', '\\Seen'],
  ['T', '\\Deleted'],
  ['D', '\\Draft'],
  ['F', '\\Flagged'],
])

/** Gives the flags of a message by its file name. Letters without a keyword mean nothing. */
export async function flagsReader(tree: FileTree, folder: BytePath): Promise<(name: BytePath) => Flag[]> {
  const letters = await keywordLetters(tree, folder)
  const courier = await courierKeywords(tree, folder)
  return (name) => [
    ...Array.from(infoLetters(name)).flatMap(
      (letter) => letterFlags.get(letter) ?? letters.get(letter) ?? [],
    ),
    ...(courier.get(baseName(name)) ?? []),
  ]
}

/** Subscribed names as levels in the file's own bytes; undefined: nobody has subscribed to anything. */
export async function subscribedLevels(
  tree: FileTree,
  root: BytePath,
): Promise<readonly (readonly BytePath[])[] | undefined> {
  const dovecot = await readSmall(`${root}/subscriptions`, smallBytes, tree)
  if (dovecot) {
    const [head, ...rest] = linesOf(dovecot)
    // Version 2 separates levels by tabs, whatever the layout.
    if (head === 'V\t2') return rest.filter((line) => line !== '').map((line) => line.split('\t'))
    return [head ?? '', ...rest].filter((line) => line !== '').map((line) => line.split(/[./]/))
  }
  const courier = await readSmall(`${root}/courierimapsubscribed`, smallBytes, tree)
  if (!courier) return undefined
  return linesOf(courier)
    .filter((line) => line !== '')
    .map((line) => line.replace(/^INBOX\.(?=.)/, '').split('.'))
}
