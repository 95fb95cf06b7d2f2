// What must hold in a session over all its responses: whose turn it is, what numbers may be, what never falls.
import { GrammarError, countOf } from './scan.ts'
import type { Esearch, StatusOf, Vanished } from './mailbox-data.ts'
import type { Fetched } from './message-items.ts'
import { readResponse, type Heard } from './response.ts'
import { SentCommands, type SentCommand } from './sent-commands.ts'

/** A mailbox as its client knows it. */
interface Selection {
  /** UIDs in order, as far as the server has told them; its length is EXISTS. */
  uids: (number | undefined)[]
  readonly modSeqs: Map<number, bigint>
  flags: ReadonlySet<string> | undefined
  uidNext: number
  uidValidity: number
  highestModSeq: bigint
  hasExists: boolean
}

const numberCommands = new Set(['FETCH', 'STORE', 'SEARCH', 'SORT', 'THREAD'])

/** Hears both sides of one connection. Every method throws GrammarError when the server has gone wrong. */
export class SessionRules {
  readonly #sent = new SentCommands()
  #enabled = new Set<string>()
  #selection: Selection | undefined
  /** Being opened by the SELECT in progress. */
  #opening: Selection | undefined
  readonly #statuses = new Map<string, bigint>()
  #mayNotify = false
  /** RFC 5465 §6.1: with SELECTED, and not SELECTED-DELAYED, EXPUNGE may cross any command on its way. */
  #tellsAtOnce = false
  /** The session has deleted a mailbox, which may have been its own: then nothing is selected, and no CLOSED says so. */
  #mayBeDeleted = false
  #isOver = false
  #isOff = false

  /** The client has written these bytes. */
  sent(bytes: Buffer): void {
    this.#sent.push(bytes)
  }

  /** From here on another protocol is spoken (TLS), or what follows was never meant to be right. */
  stop(): void {
    this.#isOff = true
  }

  /** The client's bytes are not commands any more: only the grammar is looked at. */
  get isBlind(): boolean {
    return this.#sent.isBlind
  }

  /** Commands sent whole that were not answered. */
  get unanswered(): readonly SentCommand[] {
    return this.#sent.waiting
  }

  /** A synchronising literal, IDLE or AUTHENTICATE waits for the server's word. */
  get isStuck(): boolean {
    return this.#sent.isStuck
  }

  /** A mailbox is selected, as far as answers have told. */
  get isSelected(): boolean {
    return this.#selection !== undefined
  }

  /** What would give the server all that it waits for: DONE, or the rest of a literal. */
  get owed(): string | undefined {
    return this.#sent.owed
  }

  /** One response, without its last CRLF. */
  heard(bytes: Buffer): void {
    if (this.#isOff) return
    const isUtf8 = this.#enabled.has('UTF8=ACCEPT') || this.#enabled.has('IMAP4REV2')
    const heard = readResponse(bytes, isUtf8)
    if (heard.kind === 'data' && heard.name === 'ENABLED') this.#enable(heard.value as readonly string[])
    if (this.#isOver && heard.kind !== 'tagged') throw new GrammarError('something came behind BYE')
    if (this.isBlind) return
    try {
      this.#rules(heard)
    } catch (error) {
      const command = this.#sent.waiting[0]
      const during = command ? `${command.isUid ? 'UID ' : ''}${command.name}${command.rest}` : 'no command'
      const text = JSON.stringify(bytes.toString('latin1').slice(0, 200))
      throw new GrammarError(`${error instanceof Error ? error.message : ''}: ${text} during ${during}`)
    }
  }

  #rules(heard: Heard): void {
    const command = this.#sent.waiting[0]
    switch (heard.kind) {
      case 'continuation':
        must(command?.wantsContinuation === true, 'nothing was to be continued')
        this.#sent.continued()
        break
      case 'tagged':
        this.#tagged(heard.tag, heard.status, heard.code)
        break
      case 'status':
        if (heard.status === 'BYE') this.#isOver = true
        if (heard.code) this.#code(heard.code.name, heard.code.value, command)
        break
      case 'numbered':
        this.#numbered(heard.name, heard.number, heard.value, command)
        break
      case 'data':
        this.#data(heard.name, heard.value, command)
        break
    }
  }

  #tagged(
    tag: string,
    status: string,
    code: { readonly name: string; readonly value: unknown } | undefined,
  ): void {
    const command = this.#sent.answered(tag)
    if (!command) throw new GrammarError('a tag that was not sent, or out of turn')
    if (code) this.#code(code.name, code.value, command)
    const isOk = status === 'OK'
    if (isSelect(command)) {
      if (isOk) {
        const opened = this.#opening
        must(opened?.hasExists === true && opened.flags !== undefined, 'SELECT without EXISTS or FLAGS')
        must(opened.uidNext > 0 && opened.uidValidity > 0, 'SELECT without UIDNEXT or UIDVALIDITY')
        this.#selection = opened
        this.#mayBeDeleted = false
      }
      this.#opening = undefined
    }
    if (!isOk) return
    if (['CLOSE', 'UNSELECT', 'UNAUTHENTICATE'].includes(command.name)) this.#selection = undefined
    if (command.name === 'DELETE') this.#mayBeDeleted = true
    if (command.name === 'UNAUTHENTICATE') this.#enabled = new Set()
    if (command.name === 'NOTIFY') {
      this.#mayNotify = /\bSET\b/i.test(command.rest)
      this.#tellsAtOnce = this.#mayNotify && /\(SELECTED \(/i.test(command.rest)
    }
    if (command.name === 'STARTTLS') this.stop()
  }

  #code(name: string, value: unknown, command: SentCommand | undefined): void {
    if (name === 'CLOSED') {
      must(this.#selection !== undefined && isSelect(command), 'CLOSED without a mailbox')
      this.#selection = undefined
    } else if (name === 'UIDNEXT' || name === 'UIDVALIDITY' || name === 'HIGHESTMODSEQ') {
      const selection = this.#current(command)
      if (name === 'UIDVALIDITY') selection.uidValidity = Number(value)
      else if (name === 'UIDNEXT') {
        must(Number(value) >= selection.uidNext, 'UIDNEXT has fallen')
        selection.uidNext = Number(value)
      } else {
        must((value as bigint) >= selection.highestModSeq, 'HIGHESTMODSEQ has fallen')
        selection.highestModSeq = value as bigint
      }
    } else if (name === 'UNSEEN') {
      must(Number(value) <= this.#current(command).uids.length, 'UNSEEN beyond EXISTS')
    } else if (name === 'MODIFIED' && command?.isUid === false) {
      this.#withinExists(value as [number, number][])
    }
  }

  #numbered(
    name: string,
    number: number,
    value: Fetched | undefined,
    command: SentCommand | undefined,
  ): void {
    const selection = this.#current(command)
    if (name === 'EXISTS') {
      must(number >= selection.uids.length, 'EXISTS has fallen without EXPUNGE')
      while (selection.uids.length < number) selection.uids.push(undefined)
      selection.hasExists = true
    } else if (name === 'RECENT') {
      must(!this.#enabled.has('IMAP4REV2'), 'RECENT in an IMAP4rev2 session')
      must(number <= selection.uids.length, 'RECENT beyond EXISTS')
    } else if (name === 'EXPUNGE') {
      must(!this.#enabled.has('QRESYNC'), 'EXPUNGE where VANISHED is to be sent (RFC 7162 §3.2.10)')
      this.#mustBeAllowed(command)
      must(number <= selection.uids.length, 'EXPUNGE beyond EXISTS')
      selection.uids.splice(number - 1, 1)
    } else if (value) {
      must(number <= selection.uids.length, 'FETCH beyond EXISTS')
      fetched(selection, number, value)
      const isUnasked = command?.name !== 'FETCH' && value.flags !== undefined
      const withModSeq = this.#enabled.has('CONDSTORE') || this.#enabled.has('QRESYNC')
      must(!isUnasked || !withModSeq || value.modSeq !== undefined, 'FETCH without MODSEQ (RFC 7162 §3.1)')
    }
  }

  #data(name: string, value: unknown, command: SentCommand | undefined): void {
    if (name === 'FLAGS') {
      this.#current(command).flags = new Set((value as string[]).map((flag) => flag.toUpperCase()))
    } else if (name === 'CAPABILITY') {
      must((value as string[]).includes('IMAP4REV1'), 'CAPABILITY without IMAP4rev1')
    } else if (name === 'SEARCH' || name === 'SORT' || name === 'THREAD') {
      must(command?.name === name, `${name} was not asked for`)
      must(name !== 'SEARCH' || !this.#enabled.has('IMAP4REV2'), 'SEARCH in an IMAP4rev2 session')
      if (!command.isUid) this.#withinExists((value as number[]).map((number) => [number, number]))
    } else if (name === 'ESEARCH') {
      const esearch = value as Esearch
      if (esearch.isUpdate) return
      must(esearch.tag === command?.tag, 'ESEARCH with the tag of another command')
      must(esearch.isUid === command?.isUid, 'ESEARCH with the numbers of the other form')
      if (!esearch.isUid) this.#withinExists(esearch.ranges)
    } else if (name === 'STATUS') this.#status(value as StatusOf)
    else if (name === 'VANISHED') this.#vanished(value as Vanished, command)
  }

  #status({ mailbox, items }: StatusOf): void {
    const validity = items.get('UIDVALIDITY')
    if (validity === undefined) return
    for (const item of ['UIDNEXT', 'HIGHESTMODSEQ']) {
      const key = `${mailbox} ${validity} ${item}`
      const value = items.get(item)
      if (value === undefined) continue
      must(value >= (this.#statuses.get(key) ?? 0n), `${item} has fallen`)
      this.#statuses.set(key, value)
    }
  }

  #vanished({ isEarlier, ranges }: Vanished, command: SentCommand | undefined): void {
    const selection = this.#current(command)
    must(this.#enabled.has('QRESYNC'), 'VANISHED though QRESYNC is not on')
    if (isEarlier) {
      const mayBe = isSelect(command) || (command?.name === 'FETCH' && command.isUid)
      must(mayBe, 'VANISHED (EARLIER) where it was not asked for')
      const isThere = selection.uids.some((uid) => uid !== undefined && contains(ranges, uid))
      must(!isThere, 'VANISHED (EARLIER) of a message that is there')
      return
    }
    this.#mustBeAllowed(command)
    const left = selection.uids.length - countOf(ranges)
    must(left >= 0, 'more vanished than there were')
    const rest = selection.uids.filter((uid) => uid === undefined || !contains(ranges, uid))
    // Where not all their places are known, no place is known behind.
    selection.uids = rest.length === left ? rest : Array.from({ length: left }, () => undefined)
  }

  #enable(names: readonly string[]): void {
    for (const name of names) this.#enabled.add(name.toUpperCase())
  }

  /** RFC 3501 §7.4.1, RFC 7162 §3.2.10.2. */
  #mustBeAllowed(command: SentCommand | undefined): void {
    if (this.#tellsAtOnce) return
    if (command) must(command.isUid || !numberCommands.has(command.name), 'EXPUNGE where numbers are in use')
    else must(this.#mayNotify, 'EXPUNGE while no command is in progress')
  }

  #withinExists(ranges: readonly (readonly [from: number, to: number])[]): void {
    const exists = this.#selection?.uids.length ?? 0
    for (const [, to] of ranges) must(to <= exists, 'a number beyond EXISTS')
  }

  #current(command: SentCommand | undefined): Selection {
    if (this.#mayBeDeleted && isSelect(command)) this.#selection = undefined
    if (this.#selection) return this.#selection
    if (!isSelect(command)) throw new GrammarError('nothing is selected')
    this.#opening ??= {
      ...{ uids: [], modSeqs: new Map(), flags: undefined, uidNext: 0, uidValidity: 0 },
      ...{ highestModSeq: 0n, hasExists: false },
    }
    return this.#opening
  }
}

function fetched(selection: Selection, number: number, { uid: told, flags, modSeq }: Fetched): void {
  const { uids } = selection
  const known = uids[number - 1]
  if (told !== undefined) {
    must(known === undefined || known === told, `number ${number} was UID ${known ?? 0}`)
    const before = uids[number - 2]
    const behind = uids[number]
    must(
      (before === undefined || before < told) && (behind === undefined || told < behind),
      'UIDs do not ascend',
    )
    uids[number - 1] = told
  }
  for (const flag of flags ?? []) {
    const isKnown = flag.toUpperCase() === '\\RECENT' || selection.flags?.has(flag.toUpperCase())
    must(isKnown === true, `${flag} was not in FLAGS`)
  }
  const uid = told ?? known
  if (modSeq === undefined || uid === undefined) return
  must(modSeq >= (selection.modSeqs.get(uid) ?? 0n), 'MODSEQ of a message has fallen')
  selection.modSeqs.set(uid, modSeq)
}

function isSelect(command: SentCommand | undefined): boolean {
  return command?.name === 'SELECT' || command?.name === 'EXAMINE'
}

function contains(ranges: readonly (readonly [from: number, to: number])[], uid: number): boolean {
  return ranges.some(([from, to]) => from <= uid && uid <= to)
}

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new GrammarError(what)
}
