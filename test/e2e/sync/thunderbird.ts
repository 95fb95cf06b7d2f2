// The commands that Thunderbird sends, in its order and spelling, with an offline copy of each mailbox behind them.
import { ImapSession, type ImapTarget } from '../../support/imap-session.ts'
import { fetchResponses, valuesBehind, type WireValue } from '../../support/wire-value.ts'

const headerFields =
  'From To Cc Bcc Subject Date Message-ID Priority X-Priority References Newsgroups In-Reply-To Content-Type Reply-To'
/** Octets of a message fetched at once; Thunderbird takes a shorter answer for the last. */
const chunk = 20_000

/** What is known offline of one mailbox. */
interface Offline {
  uidValidity: string
  highestModSeq: string
  readonly messages: Map<number, { flags: string; text: string }>
}

interface Credentials {
  readonly address: string
  readonly password: string
}

/** One profile: what is on its disk stays between `open` and `close`. */
export class Thunderbird {
  readonly #target: ImapTarget
  readonly #credentials: Credentials
  readonly #offline = new Map<string, Offline>()
  /** A connection for each mailbox, up to five; the first one is also for everything else. */
  #connections: ImapSession[] = []

  constructor(target: ImapTarget, credentials: Credentials) {
    this.#target = target
    this.#credentials = credentials
  }

  /** Mailboxes with messages: their UIDs, flags without \Recent, and octets. */
  get contents(): Record<string, [uid: number, flags: string, text: string][]> {
    return Object.fromEntries(
      [...this.#offline]
        .filter(([, { messages }]) => messages.size > 0)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([name, { messages }]) => [
          name,
          [...messages]
            .sort(([one], [other]) => one - other)
            .map(([uid, { flags, text }]) => [uid, flags, text]),
        ]),
    )
  }

  /** Starts it: logs in on five connections, and brings every subscribed mailbox up to date. */
  async start(): Promise<void> {
    this.#connections = await Promise.all(Array.from({ length: 5 }, () => this.#connect()))
    const [first] = this.#connections
    if (!first) return
    await first.ok('namespace')
    const { untagged } = await first.ok('list (subscribed) "" "*" return (special-use)')
    const names = untagged
      .filter(({ text }) => text.startsWith('* LIST') && !/\\noselect/i.test(text))
      .map((response) =>
        Buffer.from(String(valuesBehind(response, '* LIST').at(-1)), 'latin1').toString('utf8'),
      )
    const queue = names.values()
    await Promise.all(
      this.#connections.map(async (connection) => {
        for (const name of queue) await this.#update(connection, name)
      }),
    )
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) {
      await connection.run('close')
      await connection.logout()
    }
    this.#connections = []
  }

  /** Marks, moves and deletes as its user does: `what` is sent on the connection that has the mailbox open. */
  async act(name: string, ...what: readonly string[]): Promise<void> {
    const [, connection] = this.#connections
    if (!connection) throw new Error('not started')
    await connection.ok(`select "${name}" (CONDSTORE)`)
    for (const command of what) await connection.ok(command)
    await this.#update(connection, name)
  }

  /** Saves a sent message or a draft. */
  async append(name: string, flags: string, text: string): Promise<void> {
    await this.#connections[0]?.ok(`append "${name}" (${flags}) `, Buffer.from(text))
  }

  async #connect(): Promise<ImapSession> {
    const { address, password } = this.#credentials
    const session = await ImapSession.connect(this.#target)
    await session.ok('capability')
    const plain = Buffer.from(`\0${address}\0${password}`).toString('base64')
    await session.ok(`authenticate PLAIN ${plain}`)
    const { untagged } = await session.ok('CAPABILITY')
    const offered = untagged.map(({ text }) => text).join(' ')
    await session.ok('ID ("name" "Thunderbird" "version" "128.5.0")')
    if (offered.includes('CONDSTORE')) await session.ok('ENABLE CONDSTORE')
    // It reads names in UTF-8 from then on.
    if (offered.includes('UTF8=ACCEPT')) await session.ok('ENABLE UTF8=ACCEPT')
    return session
  }

  async #update(connection: ImapSession, name: string): Promise<void> {
    const { untagged } = await connection.ok(`select "${name}" (CONDSTORE)`)
    const said = (pattern: RegExp): string =>
      untagged.map(({ text }) => pattern.exec(text)?.[1]).find((found) => found !== undefined) ?? ''
    const uidValidity = said(/UIDVALIDITY (\d+)/)
    const known = this.#offline.get(name)
    const isKnown = known?.uidValidity === uidValidity
    const offline = isKnown ? known : { uidValidity, highestModSeq: '', messages: new Map<number, never>() }
    this.#offline.set(name, offline)
    const since = isKnown ? ` (CHANGEDSINCE ${offline.highestModSeq})` : ''
    offline.highestModSeq = said(/HIGHESTMODSEQ (\d+)/)
    const changed = await this.#flags(connection, `UID fetch 1:* (FLAGS)${since}`)
    // CHANGEDSINCE says nothing of what has gone: when the number is not right, all flags are fetched.
    const exists = Number(said(/^\* (\d+) EXISTS/))
    const fresh = [...changed.keys()].filter((uid) => !offline.messages.has(uid))
    const isShort = isKnown && exists !== offline.messages.size + fresh.length
    const all =
      isKnown && !isShort
        ? undefined
        : isShort
          ? await this.#flags(connection, 'UID fetch 1:* (FLAGS)')
          : changed
    for (const uid of offline.messages.keys()) if (all && !all.has(uid)) offline.messages.delete(uid)
    for (const [uid, flags] of all ?? changed) {
      const message = offline.messages.get(uid) ?? { flags, text: await this.#body(connection, uid) }
      offline.messages.set(uid, { ...message, flags })
    }
  }

  async #flags(connection: ImapSession, command: string): Promise<Map<number, string>> {
    const { untagged } = await connection.ok(command)
    return new Map(
      fetchResponses(untagged).map(({ items }) => {
        const flags = (items.get('FLAGS') ?? []) as readonly string[]
        const shown = flags.filter((flag) => flag !== '\\Recent').sort()
        return [Number(items.get('UID')), shown.join(' ')]
      }),
    )
  }

  async #body(connection: ImapSession, uid: number): Promise<string> {
    const headers = await connection.ok(
      `UID fetch ${uid} (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (${headerFields})])`,
    )
    const size = Number(fetchResponses(headers.untagged)[0]?.items.get('RFC822.SIZE'))
    let text = ''
    for (let at = 0; at < Math.max(1, size); at += chunk) {
      const { untagged } = await connection.ok(
        `UID fetch ${uid} (UID RFC822.SIZE BODY.PEEK[]<${at}.${chunk}>)`,
      )
      const items = fetchResponses(untagged).find(
        (response) => Number(response.items.get('UID')) === uid,
      )?.items
      const part: WireValue | undefined = items?.get(`BODY[]<${at}>`)
      if (typeof part !== 'string') throw new Error(`no octets from ${at} of UID ${uid}`)
      text += part
    }
    return text
  }
}
