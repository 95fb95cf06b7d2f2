// Writes a mailbox as a Maildir that Dovecot takes over with its UIDs. A message is in place whole, or not at all.
import { mkdir, readdir, rename, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { MessageContent, MessageState, SelectedMailbox, Uid } from '../account/api.ts'
import { isRefusal } from '../account/errors.ts'
import { collect } from '../base/async.ts'
import { syncDirectory } from '../base/sync-directory.ts'
import { normaliseLineEnds } from '../mail/normalise.ts'
import {
  furtherKeywords,
  furtherKeywordsFile,
  keywordsFile,
  keywordsWithLetters,
  lettersOf,
  uidList,
} from './export-maildir-index.ts'
import type { MailboxExport, MailboxExported } from './export.ts'
import { cannotWrite, writeNew } from './export-place.ts'
import { bytePath, readSmall } from './files.ts'
import { baseName } from './maildir-index.ts'
import { toUnixLines } from './unix-lines.ts'

/** What tells a message among the files, whatever its size, zone and flags. */
export const stemOf = (mailbox: SelectedMailbox, { uid, internalDate }: MessageState): string =>
  `${Math.floor(internalDate / 1000)}.${mailbox.uidValidity}_${uid}.letterlock`

/** The name before its flags: sizes as stored and on the wire, and the zone of the date. */
export function baseOf(stem: string, { zoneMinutes }: MessageState, bytes: Buffer, message: Buffer): string {
  return `${stem},S=${bytes.length},W=${message.length}${zoneMinutes === 0 ? '' : `,Z=${zoneMinutes}`}`
}

async function letteredBefore(folder: string): Promise<string[]> {
  const bytes = await readSmall(bytePath(join(folder, 'dovecot-keywords')), 1024 * 1024)
  const lines = bytes?.toString('utf8').split('\n') ?? []
  return lines.filter((line) => line !== '').map((line) => line.replace(/^\d+ /, ''))
}

/** Base names of an earlier run by stem, and the files they have. */
async function filesBefore(folder: string): Promise<Map<string, string>> {
  const names = await readdir(join(folder, 'cur'))
  return new Map(names.map((name) => [name.split(',', 1)[0] ?? name, name]))
}

async function isEqualFile(path: string, message: Buffer): Promise<boolean> {
  const bytes = await readSmall(bytePath(path), message.length)
  return bytes !== undefined && normaliseLineEnds(bytes).equals(message)
}

/** Writes one message, or finds it written, and compares the file with it. Resolves to its base name. */
async function writeMessage(
  folder: string,
  before: string | undefined,
  facts: { readonly stem: string; readonly letters: string; readonly state: MessageState },
  content: MessageContent,
): Promise<{ base: string; isNew: boolean }> {
  const { stem, letters, state } = facts
  const message = await collect(content.read(0, content.sizeBytes))
  const bytes = toUnixLines(message)
  const base = baseOf(stem, state, bytes, message)
  const path = join(folder, 'cur', `${base}:2,${letters}`)
  try {
    const old = before === undefined ? undefined : join(folder, 'cur', before)
    if (old !== undefined && baseName(before ?? '') === base && (await isEqualFile(old, message))) {
      if (old !== path) await rename(old, path)
      return { base, isNew: false }
    }
    const draft = join(folder, 'tmp', base)
    await writeNew(draft, bytes)
    const seconds = Math.floor(state.internalDate / 1000)
    await utimes(draft, seconds, seconds)
    await rename(draft, path)
  } catch (error) {
    throw cannotWrite(path, error)
  }
  if (!(await isEqualFile(path, message))) throw cannotWrite(path, new Error('it reads back otherwise'))
  return { base, isNew: true }
}

/** Exports one mailbox. Throws TransferFailure; a damaged message is left out and told. */
export async function exportMaildir(work: MailboxExport): Promise<MailboxExported> {
  const { place, row, mailbox, uids, signal, step, left } = work
  const folder = await place.folder(row.path)
  for (const name of ['cur', 'new', 'tmp']) await mkdir(join(folder, name), { recursive: true, mode: 0o700 })
  const inFolder = (file: string): string => join(row.path, file)
  if (row.path !== '.') await place.write(inFolder('maildirfolder'), Buffer.alloc(0))
  // Letters have their meaning before the first file has them.
  const lettered = keywordsWithLetters(await letteredBefore(folder), mailbox.keywords)
  await place.write(inFolder('dovecot-keywords'), keywordsFile(lettered))
  const before = await filesBefore(folder)
  const bases = new Map<Uid, string>()
  const further = new Map<string, readonly string[]>()
  const counts = { written: 0, verified: 0 }
  const readable = await damagedApart(mailbox, uids, left)
  for await (const content of mailbox.contents(readable)) {
    signal.throwIfAborted()
    const state = mailbox.state(content.uid)
    if (!state) continue
    const stem = stemOf(mailbox, state)
    const letters = lettersOf(state.flags, lettered)
    try {
      const { base, isNew } = await writeMessage(folder, before.get(stem), { stem, letters, state }, content)
      bases.set(content.uid, base)
      counts.verified += 1
      if (isNew) counts.written += 1
      const words = furtherKeywords(state.flags, lettered)
      if (words.length > 0) further.set(base, words)
    } catch (error) {
      // Somebody removed it this very moment.
      const isGone = isRefusal(error, 'message-expunged')
      if (!isGone && !isRefusal(error, 'damaged')) throw error
      if (!isGone) left(content.uid, 'is damaged in the store')
    }
    step()
  }
  await place.write(inFolder('dovecot-uidlist'), uidList(mailbox, bases))
  if (further.size > 0) {
    await place.folder(inFolder('courierimapkeywords'))
    await place.write(inFolder('courierimapkeywords/:list'), furtherKeywordsFile(further))
  }
  await syncDirectory(join(folder, 'cur'))
  return counts
}

/** The messages whose records can be opened: one that cannot must not keep the others in. */
export async function damagedApart(
  mailbox: SelectedMailbox,
  uids: readonly Uid[],
  left: (uid: Uid, reason: string) => void,
): Promise<readonly Uid[]> {
  try {
    const seen = mailbox.contents(uids)[Symbol.asyncIterator]()
    while ((await seen.next()).done !== true) continue
    return uids
  } catch (error) {
    if (!isRefusal(error, 'damaged')) throw error
  }
  const readable: Uid[] = []
  for (const uid of uids) {
    try {
      if (await mailbox.content(uid)) readable.push(uid)
    } catch (error) {
      if (!isRefusal(error, 'damaged')) throw error
      left(uid, 'is damaged in the store')
    }
  }
  return readable
}
