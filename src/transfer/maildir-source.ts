// Maildirs: Maildir++ as Dovecot and Courier have it, and folders in folders (Dovecot's LAYOUT=fs).
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { normaliseLineEnds } from '../mail/normalise.ts'
import { TransferFailure } from './errors.ts'
import {
  bytePath,
  diskTree,
  readRange,
  shown,
  unreadable,
  type BytePath,
  type FileFacts,
  type FileTree,
} from './files.ts'
import { baseName, flagsReader, subscribedLevels, uidsOf } from './maildir-index.ts'
import { decodeLevel, unescapeLevel } from './names.ts'
import type { LeftBehind, ReadMessage, Source, SourceMailbox, SourceMessage, Trouble } from './source.ts'
import { exportTable, type TableRow } from './table.ts'

const own = new Set(['cur', 'new', 'tmp', 'courierimapkeywords', 'courierimaphieracl', 'dbox-Mails'])
const deepest = 32

interface Folder {
  readonly path: BytePath
  /** In the bytes of the file system; empty for the root. */
  readonly levels: readonly BytePath[]
}

export const isMaildir = async (tree: FileTree, path: BytePath): Promise<boolean> =>
  (await tree.facts(`${path}/cur`))?.kind === 'directory'

/** A root that is a Maildir, or has Maildirs in it, and everything of either layout below. */
async function findFolders(tree: FileTree, root: BytePath, troubles: Trouble[]): Promise<Folder[]> {
  const folders: Folder[] = []
  const walk = async (path: BytePath, levels: readonly BytePath[]): Promise<void> => {
    if (await isMaildir(tree, path)) folders.push({ path, levels })
    if (levels.length >= deepest) return
    for (const name of await tree.names(path)) {
      if (own.has(name) || name === '.' || name.startsWith('..')) continue
      const isPlusPlus = name.startsWith('.')
      if (isPlusPlus && levels.length > 0) continue
      const below = `${path}/${name}`
      const facts = await tree.facts(below)
      if (facts?.kind === 'link') {
        troubles.push({
          mailbox: undefined,
          label: shown(below),
          reason: 'is a symbolic link, which is not followed',
        })
      }
      if (facts?.kind !== 'directory') continue
      if (!isPlusPlus) await walk(below, [...levels, name])
      else if (await isMaildir(tree, below)) folders.push({ path: below, levels: name.slice(1).split('.') })
    }
  }
  await walk(root, [])
  return folders
}

/** `INBOX` for the root itself. */
function nameOf(levels: readonly BytePath[]): string {
  if (levels.length === 0) return 'INBOX'
  return levels.map((level) => unescapeLevel(decodeLevel(level)).replaceAll('/', '_')).join('/')
}

interface Found extends SourceMessage {
  readonly path: BytePath
  readonly base: BytePath
}

/** Order of messages without a UID: by the time in their names, then by name. */
function compareNames(a: BytePath, b: BytePath): number {
  const byTime = (Number.parseInt(a, 10) || 0) - (Number.parseInt(b, 10) || 0)
  return byTime || (a < b ? -1 : a > b ? 1 : 0)
}

async function listMessages(
  tree: FileTree,
  folder: BytePath,
  name: string,
  report: (trouble: Trouble) => void,
): Promise<Found[]> {
  const uids = await uidsOf(tree, folder)
  const flagsOf = await flagsReader(tree, folder)
  const found: Found[] = []
  for (const place of ['new', 'cur']) {
    for (const file of await tree.names(`${folder}/${place}`)) {
      if (file.startsWith('.')) continue
      const path = `${folder}/${place}/${file}`
      const label = `${place}/${shown(file)}`
      const facts = await tree.facts(path).catch((error: unknown) => {
        report({ mailbox: name, label, reason: unreadable(error) })
        return undefined
      })
      if (!facts) continue
      if (facts.kind !== 'file') {
        const reason =
          facts.kind === 'link' ? 'is a symbolic link, which is not followed' : 'is no regular file'
        report({ mailbox: name, label, reason })
        continue
      }
      const base = baseName(file)
      found.push({ label, path, base, flags: flagsOf(file), date: dateOf(base, facts), sizeBytes: undefined })
    }
  }
  const uid = ({ base }: Found): number => uids.get(base) ?? Infinity
  return found.sort((a, b) => (uid(a) === uid(b) ? compareNames(a.base, b.base) : uid(a) - uid(b)))
}

/** The file's time is the internal date; a zone is in the name where one of our exports wrote it. */
function dateOf(base: BytePath, { modifiedAt }: FileFacts): { epochMs: number; zoneMinutes: number } {
  const zone = Number(/,Z=([+-]?\d{1,4})(?:,|$)/.exec(base)?.[1] ?? 0)
  return { epochMs: modifiedAt, zoneMinutes: Math.abs(zone) <= 24 * 60 ? zone : 0 }
}

/** The file again, when it got other flags, or moved from new to cur, since it was listed. */
async function findAgain(tree: FileTree, folder: BytePath, base: BytePath): Promise<BytePath | undefined> {
  for (const place of ['cur', 'new']) {
    const name = (await tree.names(`${folder}/${place}`)).find((one) => baseName(one) === base)
    if (name !== undefined) return `${folder}/${place}/${name}`
  }
  return undefined
}

const tooLarge = 'is larger than this server takes (the setting limits.message_size)'
const unzip = promisify(gunzip)
// First bytes of what Dovecot's plugins write in place of a message.
const packed: readonly (readonly [hex: string, reason: string])[] = [
  ['425a68', 'is compressed with bzip2'],
  ['28b52ffd', 'is compressed with zstd'],
  ['fd377a585a00', 'is compressed with xz'],
  ['446f7665636f742d4c5a34', 'is compressed with lz4'],
  ['43525950544544', 'is encrypted by Dovecot’s mail_crypt'],
]

/** The octets of a file, unpacked where Dovecot's zlib plugin packed them with gzip. */
async function readFileOctets(
  tree: FileTree,
  path: BytePath,
  limitBytes: number,
): Promise<Buffer | LeftBehind> {
  const file = await tree.open(path)
  try {
    const { size } = await file.stat()
    if (size > limitBytes) return { reason: tooLarge }
    const octets = await readRange(file, 0, size)
    if (octets.length >= 3 && octets.readUIntBE(0, 3) === 0x1f8b08) {
      return await unzip(octets, { maxOutputLength: limitBytes }).catch(() => ({
        reason: 'is compressed with gzip, and damaged or too large',
      }))
    }
    const hex = octets.subarray(0, 16).toString('hex')
    const [, reason] = packed.find(([begin]) => hex.startsWith(begin)) ?? []
    return reason === undefined
      ? octets
      : { reason: `${reason}: let Dovecot hand it over (import imap, or doveadm backup to a plain Maildir)` }
  } finally {
    await file.close()
  }
}

async function readOne(
  tree: FileTree,
  folder: BytePath,
  found: Found,
  limitBytes: number,
): Promise<ReadMessage | LeftBehind> {
  const { base, date, flags } = found
  try {
    let octets: Buffer | LeftBehind
    try {
      octets = await readFileOctets(tree, found.path, limitBytes)
    } catch (error) {
      const again = await findAgain(tree, folder, base)
      if (again === undefined || again === found.path) throw error
      octets = await readFileOctets(tree, again, limitBytes)
    }
    if (!Buffer.isBuffer(octets)) return octets
    const message = normaliseLineEnds(octets)
    if (message.length > limitBytes) return { reason: tooLarge }
    return { octets: message, date: date ?? { epochMs: 0, zoneMinutes: 0 }, flags }
  } catch (error) {
    return { reason: unreadable(error) }
  }
}

function mailboxOf(tree: FileTree, { path }: Folder, name: string, row: TableRow | undefined): SourceMailbox {
  return {
    name,
    specialUse: row?.specialUse,
    list: (report) => listMessages(tree, path, name, report),
    async *read(messages, limitBytes) {
      for (const message of messages) {
        const found = message as Found
        yield [message, await readOne(tree, path, found, limitBytes)]
      }
    },
  }
}

/** Opens a Maildir. Throws TransferFailure when it is none, or may not be read. */
export async function openMaildir(place: string, tree: FileTree = diskTree): Promise<Source> {
  const root = bytePath(place.replace(/(?<=.)\/+$/, ''))
  const facts = await tree.facts(`${root}/.`).catch((error: unknown) => {
    throw new TransferFailure('cannot-read', `${place} ${unreadable(error)}`, { cause: error })
  })
  if (!facts) throw new TransferFailure('cannot-read', `there is nothing at ${place}`)
  const troubles: Trouble[] = []
  const folders = await findFolders(tree, root, troubles).catch((error: unknown) => {
    throw new TransferFailure('cannot-read', `a folder in ${place} ${unreadable(error)}`, { cause: error })
  })
  if (folders.length === 0) {
    throw new TransferFailure(
      'format-does-not-fit',
      `${place} is no Maildir: neither it nor a folder in it has a folder named cur`,
      {
        hint: '`letterlock import mbox` reads files, `letterlock import imap` asks another server',
      },
    )
  }
  const table = await exportTable(root, tree)
  const named = folders.map((folder) => {
    const row = table?.find(({ path }) => `${root}/${path}`.replace(/\/\.?$/, '') === folder.path)
    return { folder, row, name: row?.name ?? nameOf(folder.levels) }
  })
  const levels = await subscribedLevels(tree, root)
  const subscriptions = table
    ? table.filter(({ isSubscribed }) => isSubscribed).map(({ name }) => name)
    : levels?.map(nameOf)
  return {
    kind: 'maildir',
    mailboxes: named.map(({ folder, name, row }) => mailboxOf(tree, folder, name, row)),
    subscriptions,
    troubles,
    notes: [],
    [Symbol.asyncDispose]: async () => undefined,
  }
}
