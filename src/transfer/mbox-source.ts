// Mbox files: one, or a tree of them as mail programs keep it. Variants are told apart by what is in them.
import { normaliseLineEnds } from '../mail/normalise.ts'
import { TransferFailure } from './errors.ts'
import {
  bytePath,
  diskTree,
  readRange,
  readSmall,
  shown,
  unreadable,
  type BytePath,
  type FileTree,
  type OpenFile,
} from './files.ts'
import { readMboxMessage } from './mbox-fields.ts'
import { scanMbox, type Extent, type MboxLayout } from './mbox-scan.ts'
import { decodeLevel } from './names.ts'
import type { LeftBehind, ReadMessage, Source, SourceMailbox, SourceMessage, Trouble } from './source.ts'
import { exportTable, tableFile, type TableRow } from './table.ts'

const deepest = 32
const tooLarge = 'is larger than this server takes (the setting limits.message_size)'
// Indexes and settings that lie beside mailboxes.
const noMail =
  /\.(?:msf|dat|sbd\.html|json|db|sqlite|html|lock|toc|idx|snm|mab)$|^(?:dovecot|Thumbs|popstate|filterlog)/i

interface Found extends SourceMessage {
  readonly extent: Extent
}

interface MboxFile {
  readonly path: BytePath
  readonly levels: readonly BytePath[]
}

/** By its name: nobody's mail, but what programs keep beside it. */
export const isNoMailbox = (name: BytePath): boolean => noMail.test(name)

/** Whether what stands at the beginning could be an mbox: an empty file is one. */
export async function looksLikeMbox(tree: FileTree, path: BytePath): Promise<boolean> {
  const file = await tree.open(path)
  try {
    const begin = (await readRange(file, 0, 1000)).toString('latin1')
    return begin === '' || /^(?:\xef\xbb\xbf)?[\r\n]*From /.test(begin)
  } finally {
    await file.close()
  }
}

/** Thunderbird's `X.sbd` and Apple's `X.mbox/mbox` are X; so is `X.mbox`. */
const levelOf = (name: BytePath): BytePath => name.replace(/\.(?:sbd|mbox|mbx)$/i, '') || name

async function findFiles(tree: FileTree, root: BytePath, troubles: Trouble[]): Promise<MboxFile[]> {
  const files: MboxFile[] = []
  const trouble = (path: BytePath, reason: string): void =>
    void troubles.push({ mailbox: undefined, label: shown(path), reason })
  const walk = async (folder: BytePath, levels: readonly BytePath[]): Promise<void> => {
    for (const name of await tree.names(folder)) {
      if (name.startsWith('.') || (levels.length === 0 && name === tableFile)) continue
      const path = `${folder}/${name}`
      const facts = await tree.facts(path)
      if (facts?.kind === 'link') trouble(path, 'is a symbolic link, which is not followed')
      else if (facts?.kind === 'special') trouble(path, 'is no regular file')
      else if (facts?.kind === 'directory') {
        if (levels.length < deepest) await walk(path, [...levels, levelOf(name)])
      } else if (facts && !isNoMailbox(name)) {
        try {
          const isApples = name === 'mbox' && levels.length > 0
          if (await looksLikeMbox(tree, path))
            files.push({ path, levels: isApples ? levels : [...levels, levelOf(name)] })
          else if (facts.sizeBytes > 0) trouble(path, 'does not begin as an mbox does, and was left alone')
        } catch (error) {
          trouble(path, unreadable(error))
        }
      }
    }
  }
  await walk(root, [])
  return files
}

function nameOf(levels: readonly BytePath[]): string {
  const name = levels.map((level) => decodeLevel(level).replaceAll('/', '_')).join('/')
  return /^inbox$/i.test(name) ? 'INBOX' : name
}

function mailboxOf(
  tree: FileTree,
  { path }: MboxFile,
  name: string,
  row: TableRow | undefined,
): SourceMailbox {
  let layout: MboxLayout | undefined
  let sizeBytes = 0
  let modifiedAt = 0
  return {
    name,
    specialUse: row?.specialUse,

    async list(report): Promise<readonly SourceMessage[]> {
      try {
        const file = await tree.open(path)
        try {
          const facts = await file.stat()
          sizeBytes = facts.size
          modifiedAt = Math.floor(facts.mtimeMs / 1000) * 1000
          layout = await scanMbox(file, sizeBytes)
        } finally {
          await file.close()
        }
      } catch (error) {
        report({ mailbox: name, label: undefined, reason: `the file ${unreadable(error)}` })
        return []
      }
      if (!layout) {
        report({ mailbox: name, label: undefined, reason: 'the file does not begin as an mbox does' })
        return []
      }
      return layout.extents.map((extent, index) => ({
        ...{ label: `message ${index + 1}`, extent, flags: [] },
        ...{ sizeBytes: undefined, date: undefined },
      }))
    },

    async *read(messages, limitBytes) {
      if (!layout || messages.length === 0) return
      const file = await tree.open(path)
      try {
        for (const message of messages) {
          yield [message, await readOne(file, (message as Found).extent, layout, limitBytes, modifiedAt)]
        }
      } finally {
        await file.close()
      }
    },
  }
}

async function readOne(
  file: OpenFile,
  { start, end, date }: Extent,
  layout: MboxLayout,
  limitBytes: number,
  modifiedAt: number,
): Promise<ReadMessage | LeftBehind> {
  if (end - start > limitBytes) return { reason: tooLarge }
  try {
    const stored = await readRange(file, start, end - start)
    if (stored.length < end - start) return { reason: 'is cut off: the file was changed while it was read' }
    const message = readMboxMessage(stored, layout)
    if (message.isInternal)
      return { reason: 'is no mail, but what its mail program keeps for itself', isNoMail: true }
    const octets = normaliseLineEnds(message.octets)
    if (octets.length > limitBytes) return { reason: tooLarge }
    const told = message.isExactDate ? message.date : (date ?? message.date)
    return { octets, date: told ?? { epochMs: modifiedAt, zoneMinutes: 0 }, flags: message.flags }
  } catch (error) {
    return { reason: unreadable(error) }
  }
}

/** Opens an mbox, or a folder of them. Throws TransferFailure when it is none. */
export async function openMbox(place: string, tree: FileTree = diskTree): Promise<Source> {
  const root = bytePath(place.replace(/(?<=.)\/+$/, ''))
  const facts = await tree
    .facts(root)
    .then(async (found) => (found?.kind === 'link' ? tree.facts(`${root}/.`).catch(() => found) : found))
    .catch((error: unknown) => {
      throw new TransferFailure('cannot-read', `${place} ${unreadable(error)}`, { cause: error })
    })
  if (!facts) throw new TransferFailure('cannot-read', `there is nothing at ${place}`)
  const troubles: Trouble[] = []
  const files =
    facts.kind === 'directory'
      ? await folderFiles(tree, root, place, troubles)
      : await singleFile(tree, root, place)
  const table = facts.kind === 'directory' ? await exportTable(root, tree) : undefined
  return {
    kind: 'mbox',
    mailboxes: files.map((file) => {
      const row = table?.find(({ path }) => `${root}/${path}` === file.path)
      return mailboxOf(tree, file, row?.name ?? nameOf(file.levels), row)
    }),
    subscriptions: table
      ? table.filter(({ isSubscribed }) => isSubscribed).map(({ name }) => name)
      : await subscribedNames(tree, root),
    troubles,
    notes: [],
    [Symbol.asyncDispose]: async () => undefined,
  }
}

async function subscribedNames(tree: FileTree, root: BytePath): Promise<string[] | undefined> {
  const bytes = await readSmall(`${root}/.subscriptions`, 1024 * 1024, tree)
  return bytes
    ?.toString('latin1')
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => nameOf(line.split('/')))
}

async function singleFile(tree: FileTree, path: BytePath, place: string): Promise<MboxFile[]> {
  const isMbox = await looksLikeMbox(tree, path).catch((error: unknown) => {
    throw new TransferFailure('cannot-read', `${place} ${unreadable(error)}`, { cause: error })
  })
  if (isMbox) return [{ path, levels: ['INBOX'] }]
  throw new TransferFailure(
    'format-does-not-fit',
    `${place} is no mbox: it does not begin with a line "From sender date"`,
    { hint: 'compressed files must be unpacked first; a Maildir is a folder: `letterlock import maildir`' },
  )
}

async function folderFiles(
  tree: FileTree,
  root: BytePath,
  place: string,
  troubles: Trouble[],
): Promise<MboxFile[]> {
  if ((await tree.facts(`${root}/cur`))?.kind === 'directory') {
    throw new TransferFailure('format-does-not-fit', `${place} is a Maildir, not a folder of mbox files`, {
      hint: '`letterlock import maildir` reads it',
    })
  }
  const files = await findFiles(tree, root, troubles).catch((error: unknown) => {
    throw new TransferFailure('cannot-read', `a folder in ${place} ${unreadable(error)}`, { cause: error })
  })
  if (files.length > 0) return files
  throw new TransferFailure('format-does-not-fit', `there is no mbox in ${place}`, {
    hint: 'a folder of Maildirs: `letterlock import maildir`',
  })
}
