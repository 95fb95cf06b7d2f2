// Another IMAP server as a source: its mailboxes are examined, never selected, and fetched with BODY.PEEK.
import type { ImapFlow, ListResponse } from 'imapflow'
import { normaliseLineEnds } from '../mail/normalise.ts'
import { parseInternalDate } from '../mail/date.ts'
import type { SpecialUse } from '../account/api.ts'
import { command, connectImap, type ImapLogin, type ImapServer, type UntaggedAnswer } from './imap-client.ts'
import { TransferFailure } from './errors.ts'
import type { LeftBehind, ReadMessage, Source, SourceMailbox, SourceMessage } from './source.ts'
import { specialUseOf } from './special-use.ts'

/** Fetched with one command: so many messages, or so many octets as the server counts them. */
const messagesAtOnce = 50
const octetsAtOnce = 16 * 1024 * 1024
const tooLarge = 'is larger than this server takes (the setting limits.message_size)'

interface Found extends SourceMessage {
  readonly uid: number
}

function textOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('value' in value)) return undefined
  const { value: text } = value
  return typeof text === 'string' ? text : Buffer.isBuffer(text) ? text.toString('latin1') : undefined
}

/** FETCH's list of names and values. */
function fetchedItems({ attributes }: UntaggedAnswer): Map<string, unknown> {
  const items = new Map<string, unknown>()
  const list = attributes?.[1]
  if (!Array.isArray(list)) return items
  for (let index = 0; index + 1 < list.length; index += 2) {
    items.set((textOf(list[index]) ?? '').toUpperCase(), list[index + 1])
  }
  return items
}

function foundMessage(answer: UntaggedAnswer): Found | undefined {
  const items = fetchedItems(answer)
  const uid = Number(textOf(items.get('UID')))
  if (!(uid > 0)) return undefined
  const flags = items.get('FLAGS')
  const size = Number(textOf(items.get('RFC822.SIZE')))
  const listed = items.get('EMAILID')
  const identity = textOf(Array.isArray(listed) ? listed[0] : items.get('X-GM-MSGID'))
  return {
    ...{ uid, label: `UID ${uid}` },
    sizeBytes: Number.isSafeInteger(size) ? size : undefined,
    // imapflow's own reading of it has lost the zone.
    date: parseInternalDate((textOf(items.get('INTERNALDATE')) ?? '').padStart(26)),
    flags: Array.isArray(flags) ? flags.flatMap((flag) => textOf(flag) ?? []) : [],
    ...(identity === undefined ? {} : { identity }),
  }
}

const atom = (value: string): object => ({ type: 'ATOM', value })

class RemoteMailbox implements SourceMailbox {
  readonly name: string
  readonly specialUse: SpecialUse | undefined
  readonly isCollection: boolean
  readonly #client: ImapFlow
  readonly #path: string

  constructor(client: ImapFlow, path: string, name: string, specialUse: SpecialUse | undefined) {
    this.#client = client
    this.#path = path
    this.name = name
    this.specialUse = specialUse
    this.isCollection = specialUse === '\\All'
  }

  async #examine(): Promise<number> {
    const { exists } = await this.#client.mailboxOpen(this.#path, { readOnly: true })
    return exists
  }

  async list(): Promise<readonly SourceMessage[]> {
    return lostOr(async () => {
      if ((await this.#examine()) === 0) return []
      const { capabilities } = this.#client
      const identity = capabilities.has('OBJECTID')
        ? [atom('EMAILID')]
        : capabilities.has('X-GM-EXT-1')
          ? [atom('X-GM-MSGID')]
          : []
      const items = [atom('UID'), atom('FLAGS'), atom('INTERNALDATE'), atom('RFC822.SIZE'), ...identity]
      const found: Found[] = []
      await command(
        this.#client,
        'UID FETCH',
        [{ type: 'SEQUENCE', value: '1:*' }, items],
        'FETCH',
        (answer) => {
          const message = foundMessage(answer)
          if (message) found.push(message)
        },
      )
      return found.sort((a, b) => a.uid - b.uid)
    })
  }

  async *read(
    messages: readonly SourceMessage[],
    limitBytes: number,
  ): AsyncGenerator<readonly [SourceMessage, ReadMessage | LeftBehind]> {
    if (messages.length > 0) await lostOr(() => this.#examine())
    let batch: Found[] = []
    let octets = 0
    for (const message of messages as readonly Found[]) {
      const size = message.sizeBytes ?? 0
      if (batch.length > 0 && (batch.length >= messagesAtOnce || octets + size > octetsAtOnce)) {
        yield* this.#fetch(batch, limitBytes)
        batch = []
        octets = 0
      }
      if (size > limitBytes) {
        yield* this.#fetch(batch, limitBytes)
        batch = []
        octets = 0
        yield [message, { reason: tooLarge }]
      } else {
        batch.push(message)
        octets += size
      }
    }
    yield* this.#fetch(batch, limitBytes)
  }

  /** In the order asked for, whatever order the server answers in. */
  async *#fetch(
    batch: readonly Found[],
    limitBytes: number,
  ): AsyncGenerator<readonly [SourceMessage, ReadMessage | LeftBehind]> {
    if (batch.length === 0) return
    const sources = new Map<number, Buffer>()
    await lostOr(async () => {
      const range = batch.map(({ uid }) => uid).join(',')
      for await (const { uid, source } of this.#client.fetch(
        range,
        { uid: true, source: true },
        { uid: true },
      )) {
        if (source) sources.set(uid, source)
      }
    })
    for (const message of batch) {
      const source = sources.get(message.uid)
      sources.delete(message.uid)
      yield [message, readMessage(message, source, limitBytes)]
    }
  }

  async header(message: SourceMessage): Promise<Buffer | undefined> {
    const { uid } = message as Found
    return lostOr(async () => {
      if (this.#client.mailbox === false || this.#client.mailbox.path !== this.#path) await this.#examine()
      const found = await this.#client.fetchOne(String(uid), { headers: true }, { uid: true })
      return found ? found.headers : undefined
    })
  }
}

function readMessage(
  { date, flags }: SourceMessage,
  source: Buffer | undefined,
  limitBytes: number,
): ReadMessage | LeftBehind {
  if (!source) return { reason: 'was not sent by the other server; it may be gone' }
  if (!date) return { reason: 'has no internal date at the other server' }
  const octets = normaliseLineEnds(source)
  return octets.length > limitBytes ? { reason: tooLarge } : { octets, date, flags }
}

/** What breaks while the other server is asked, in words. */
async function lostOr<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    if (error instanceof TransferFailure) throw error
    const said = error instanceof Error && 'responseText' in error ? `: ${String(error.responseText)}` : ''
    throw new TransferFailure('source-lost', `the other server broke off${said}`, {
      cause: error,
      hint: 'what came until then is kept: the same command goes on with the rest',
    })
  }
}

/** Its name here: levels by `/`, without the prefix that the server puts before everything. */
function nameOf({ path, delimiter }: ListResponse, prefix: string): string {
  if (/^inbox$/i.test(path)) return 'INBOX'
  const own = prefix !== '' && path.startsWith(prefix) ? path.slice(prefix.length) : path
  const levels = delimiter === '' ? [own] : own.split(delimiter)
  return levels.map((level) => level.replaceAll('/', '_')).join('/')
}

function useOf(listed: ListResponse): SpecialUse | undefined {
  for (const flag of listed.flags) {
    const use = specialUseOf(flag)
    if (use) return use
  }
  return undefined
}

/** Connects and lists. Throws TransferFailure. */
export async function openImap(server: ImapServer, login: ImapLogin, limitBytes: number): Promise<Source> {
  const client = await connectImap(server, login, limitBytes)
  try {
    return await lostOr(() => listed(client))
  } catch (error) {
    client.close()
    throw error
  }
}

async function listed(client: ImapFlow): Promise<Source> {
  const all = await client.list()
  const { namespaces } = client
  const prefix = namespaces === undefined ? '' : (namespaces.personal[0]?.prefix ?? '')
  const foreign = [...((namespaces && namespaces.other) || []), ...((namespaces && namespaces.shared) || [])]
  const notes: string[] = []
  const mailboxes: SourceMailbox[] = []
  const subscriptions: string[] = []
  for (const one of all) {
    const isForeign = foreign.some(({ prefix: theirs }) => theirs !== '' && one.path.startsWith(theirs))
    if (isForeign) continue
    const name = nameOf(one, prefix)
    if (one.subscribed) subscriptions.push(name)
    if (one.flags.has('\\Noselect') || one.flags.has('\\NonExistent')) continue
    const use = useOf(one)
    if (use === '\\Flagged') {
      notes.push(`${name} shows messages of other mailboxes (\\Flagged) and was not taken`)
      continue
    }
    mailboxes.push(new RemoteMailbox(client, one.path, name, use))
  }
  return {
    kind: 'imap',
    mailboxes,
    subscriptions: subscriptions.length > 0 ? subscriptions : undefined,
    troubles: [],
    notes,
    async [Symbol.asyncDispose]() {
      await client.logout().catch(() => client.close())
    },
  }
}
