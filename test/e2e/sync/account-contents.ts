// Everything that is in an account, as a plain client reads it, and everything that is in a Maildir, in one form.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImapSession } from '../../support/imap-session.ts'
import { fetchResponses, valuesBehind } from '../../support/wire-value.ts'

/** One message. `flags` are the five of Maildir in RFC spelling, sorted; `text` is latin1 with CRLF. */
export interface Item {
  readonly text: string
  readonly flags: string
}

/** Mailboxes by name as the server writes it (modified UTF-7); their messages sorted by text. */
export type Contents = Readonly<Record<string, readonly Item[]>>

export interface StoredItem extends Item {
  readonly uid: number
  /** With keywords, without \Recent. */
  readonly allFlags: string
  readonly internalDate: string
}

const flagLetters = { D: '\\Draft', F: '\\Flagged', R: '\\Answered', S: '\\Seen', T: '\\Deleted' } as const

/** All messages of the mailbox, in order of UID. It is selected afterwards. */
export async function readMailbox(session: ImapSession, name: string): Promise<StoredItem[]> {
  await session.ok(`SELECT "${name}"`)
  const { untagged } = await session.ok('UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])')
  return fetchResponses(untagged).map(({ items }) => {
    const flags = (items.get('FLAGS') ?? []) as readonly string[]
    return {
      uid: Number(items.get('UID')),
      internalDate: String(items.get('INTERNALDATE')),
      text: String(items.get('BODY[]')),
      flags: sortedFlags(flags),
      allFlags: flags
        .filter((flag) => flag !== '\\Recent')
        .sort()
        .join(' '),
    }
  })
}

/** All mailboxes of the account that are not empty. */
export async function readAccount(session: ImapSession): Promise<Contents> {
  const contents: Record<string, Item[]> = {}
  for (const name of await mailboxNames(session)) {
    const items = await readMailbox(session, name)
    if (items.length > 0) contents[name] = items.map(({ text, flags }) => ({ text, flags }))
  }
  return sorted(contents)
}

export async function mailboxNames(session: ImapSession): Promise<string[]> {
  const { untagged } = await session.ok('LIST "" "*"')
  return untagged
    .filter(({ text }) => text.startsWith('* LIST'))
    .map((response) => String(valuesBehind(response, '* LIST').at(-1)))
}

function sortedFlags(flags: readonly string[]): string {
  const known: readonly string[] = Object.values(flagLetters)
  return flags
    .filter((flag) => known.includes(flag))
    .sort()
    .join(' ')
}

function sorted(contents: Readonly<Record<string, readonly Item[]>>): Contents {
  const byText = (one: Item, other: Item): number => (one.text < other.text ? -1 : 1)
  return Object.fromEntries(
    Object.entries(contents)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, items]) => [name, [...items].sort(byText)]),
  )
}

/** One mailbox as a Maildir, as programs and people change it. */
export class Maildir {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /** Files that hold messages, below the directory. */
  async files(): Promise<string[]> {
    const names = await Promise.all(
      ['cur', 'new'].map(async (kind) =>
        (await readdir(join(this.path, kind)).catch(() => [])).map((name) => join(kind, name)),
      ),
    )
    return names.flat().sort()
  }

  /** Its messages; without the fields by which programs know their own copies again. */
  async items(): Promise<Item[]> {
    return Promise.all(
      (await this.files()).map(async (file) => {
        const lines = (await readFile(join(this.path, file), 'latin1')).replaceAll(/\r?\n/g, '\r\n')
        const letters = /:2,([A-Z]*)[^/]*$/.exec(file)?.[1] ?? ''
        const flags = Object.entries(flagLetters).flatMap(([letter, flag]) =>
          letters.includes(letter) ? [flag] : [],
        )
        return { text: withoutOwnFields(lines), flags: sortedFlags(flags) }
      }),
    )
  }

  /** The file of the message whose text has `needle`. */
  async find(needle: string): Promise<string> {
    for (const file of await this.files())
      if ((await readFile(join(this.path, file), 'latin1')).includes(needle)) return file
    throw new Error(`no message with ${needle} in ${this.path}`)
  }

  /** Gives the message whose text has `needle` these flags, as letters in the order of the alphabet. */
  async setFlags(needle: string, letters: string): Promise<void> {
    const file = await this.find(needle)
    const name = file.replace(/^(?:cur|new)\//, '').replace(/:2,.*$/, '')
    await rename(join(this.path, file), join(this.path, 'cur', `${name}:2,${letters}`))
  }

  async remove(needle: string): Promise<void> {
    await rm(join(this.path, await this.find(needle)))
  }

  /** Puts a message there as another program would; `text` has LF line ends. */
  async add(name: string, text: string, letters: string = ''): Promise<void> {
    for (const kind of ['cur', 'new', 'tmp']) await mkdir(join(this.path, kind), { recursive: true })
    await writeFile(join(this.path, 'cur', `1700000000.${name}.local:2,${letters}`), text, 'latin1')
  }
}

/** Contents of Maildirs by mailbox name, without the empty ones. */
export async function readMaildirs(maildirs: ReadonlyMap<string, Maildir>): Promise<Contents> {
  const contents: Record<string, Item[]> = {}
  for (const [name, maildir] of maildirs) {
    const items = await maildir.items()
    if (items.length > 0) contents[name] = items
  }
  return sorted(contents)
}

/** mbsync writes X-TUID, OfflineIMAP X-OfflineIMAP into messages that it uploads or downloads. */
export function withoutOwnFields(text: string): string {
  return text.replaceAll(/^X-(?:TUID|OfflineIMAP): [^\r\n]*\r\n/gm, '')
}
