// Single messages in files, as programs save and drag them (.eml): folders are mailboxes, and what lies in none is INBOX.
import { normaliseLineEnds } from '../mail/normalise.ts'
import { readRange, shown, unreadable, type BytePath, type FileTree } from './files.ts'
import { readMboxMessage } from './mbox-fields.ts'
import { decodeLevel } from './names.ts'
import type { LeftBehind, ReadMessage, Source, SourceMailbox, SourceMessage, Trouble } from './source.ts'

const tooLarge = 'is larger than this server takes (the setting limits.message_size)'
const asStored = { isQuoted: false, hasLengths: false }

interface Found extends SourceMessage {
  readonly path: BytePath
}

/** Whether a file begins with a header field, as mail does. */
export async function looksLikeMessage(tree: FileTree, path: BytePath): Promise<boolean> {
  const file = await tree.open(path)
  try {
    const begin = (await readRange(file, 0, 1000)).toString('latin1')
    return /^(?:\xef\xbb\xbf)?[!-9;-~]{1,100}[ \t]*:[^\n]*\r?\n(?:[ \t]|[!-9;-~]+[ \t]*:|\r?\n|$)/.test(begin)
  } finally {
    await file.close()
  }
}

async function readOne(
  tree: FileTree,
  path: BytePath,
  limitBytes: number,
): Promise<ReadMessage | LeftBehind> {
  try {
    const file = await tree.open(path)
    try {
      const { size, mtimeMs } = await file.stat()
      if (size > limitBytes) return { reason: tooLarge }
      const bytes = await readRange(file, 0, size)
      const hasMark = bytes.subarray(0, 3).toString('hex') === 'efbbbf'
      const { octets, date, flags } = readMboxMessage(hasMark ? bytes.subarray(3) : bytes, asStored)
      const message = normaliseLineEnds(octets)
      if (message.length > limitBytes) return { reason: tooLarge }
      return { octets: message, date: date ?? { epochMs: mtimeMs, zoneMinutes: 0 }, flags }
    } finally {
      await file.close()
    }
  } catch (error) {
    return { reason: unreadable(error) }
  }
}

function mailboxOf(tree: FileTree, name: string, paths: readonly BytePath[]): SourceMailbox {
  return {
    name,
    specialUse: undefined,
    list: async () =>
      paths.map((path) => ({
        ...{ path, label: shown(path.split('/').at(-1) ?? path), flags: [] },
        ...{ sizeBytes: undefined, date: undefined },
      })),
    async *read(messages, limitBytes) {
      for (const message of messages)
        yield [message, await readOne(tree, (message as Found).path, limitBytes)]
    },
  }
}

/** `paths` are files that look like messages. */
export function emlSource(tree: FileTree, paths: readonly BytePath[], troubles: readonly Trouble[]): Source {
  const mailboxes = new Map<string, BytePath[]>()
  for (const path of paths) {
    const levels = path
      .split('/')
      .filter((level) => level !== '')
      .slice(0, -1)
    const name = levels.map((level) => decodeLevel(level).replaceAll('/', '_')).join('/')
    const own = /^(?:inbox)?$/i.test(name) ? 'INBOX' : name
    mailboxes.set(own, [...(mailboxes.get(own) ?? []), path])
  }
  return {
    kind: 'eml',
    mailboxes: [...mailboxes].map(([name, found]) => mailboxOf(tree, name, found)),
    subscriptions: undefined,
    troubles,
    notes: [],
    [Symbol.asyncDispose]: async () => undefined,
  }
}
