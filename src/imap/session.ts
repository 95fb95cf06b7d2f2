// One client's session: the four states of RFC 3501 §3, what moves between them, and what commands work with.
import type { Accounts, OpenAccount, SelectedMailbox } from '../account/api.ts'
import type { MemoryBudget } from '../account/memory-budget.ts'
import { breathe } from '../base/async.ts'
import type { Clock, Log } from '../base/ports.ts'
import type { ChannelBindingType } from '../sasl/scram.ts'
import type { Notify } from './notify.ts'
import { noModes, type SessionModes } from './modes.ts'
import { ConnectionLost } from './output.ts'
import type { ImapLimits, ImapSettings } from './settings.ts'
import type { Timers } from './timers.ts'
import { View, type NewsRules } from './view.ts'
import type { RawLine } from './wire/framer-events.ts'
import type { ResponseCode } from './wire/response-code.ts'
import type { ResponseWriter } from './wire/writer.ts'

/** RFC 3501 §3; the logout state is the connection's closing. */
export type SessionState = 'not-authenticated' | 'authenticated' | 'selected'

/** What all sessions of a server share. */
export interface ImapContext {
  readonly accounts: Accounts
  readonly log: Log
  readonly clock: Clock
  readonly timers: Timers
  readonly settings: ImapSettings
  readonly limits: ImapLimits
  /** For mail that must be in memory as a whole to be looked into. */
  readonly budget: MemoryBudget
}

/** What a session may ask of the connection it runs on. */
export interface SessionLink {
  readonly out: ResponseWriter
  /** Sends what was written; waits while the peer does not read. Throws ConnectionLost. */
  flush(): Promise<void>
  flushIfLarge(): Promise<void> | undefined
  /** One raw line from the peer, for AUTHENTICATE and IDLE; undefined when no more will come. */
  readLine(limitBytes: number): Promise<RawLine | undefined>
  /** Runs a task that writes while the peer is waited for: no goodbye comes in between. */
  speak(task: () => Promise<void>): Promise<void>
  /** Says goodbye as soon as no answer is half written, and ends the connection. */
  close(reason: string, code?: ResponseCode): void
  /** Ends the connection without a word, because an answer cannot be completed. */
  destroy(): void
  /** Aborted when the connection is lost or about to close: long commands stop. */
  readonly signal: AbortSignal
  /** A login succeeded: a stranger's limits no longer hold. */
  authenticated(): void
  /** UNAUTHENTICATE: they hold again, and so does the time there is for a login. */
  unauthenticated(): void
  /** What CAPABILITY says in the present state. */
  capabilities(): string[]
  /** What binds a login to this connection (`sasl/scram.ts`); undefined: it has nothing of that kind. */
  channelBinding(type: ChannelBindingType): Buffer | undefined
  readonly isTls: boolean
  readonly isCompressed: boolean
  readonly canStartTls: boolean
  readonly remoteAddress: string
}

export class Session {
  readonly context: ImapContext
  readonly link: SessionLink
  #account: OpenAccount | undefined
  #view: View | undefined
  readonly #modes: SessionModes = noModes()
  #notify: Notify | undefined
  failedLogins = 0
  #client: string | undefined

  constructor(context: ImapContext, link: SessionLink) {
    this.context = context
    this.link = link
  }

  get state(): SessionState {
    if (this.#view) return 'selected'
    return this.#account ? 'authenticated' : 'not-authenticated'
  }

  get out(): ResponseWriter {
    return this.link.out
  }

  /** The account. Only for commands that are not allowed before login. */
  get account(): OpenAccount {
    if (!this.#account) throw new Error('no account in this state')
    return this.#account
  }

  /** Switched off for this account, in capitals; nothing before login. */
  get capabilitiesOff(): readonly string[] {
    return this.#account?.capabilitiesOff ?? []
  }

  /** The selected mailbox. Only for commands of the selected state. */
  get view(): View {
    if (!this.#view) throw new Error('no mailbox in this state')
    return this.#view
  }

  get selected(): View | undefined {
    return this.#view
  }

  /** Takes over an account that was just unlocked. The peer may have gone meanwhile: then it is locked again. */
  async loggedIn(account: OpenAccount): Promise<void> {
    if (this.link.signal.aborted) {
      await account.close()
      throw new ConnectionLost('the connection was lost during login')
    }
    this.#account = account
    this.link.authenticated()
  }

  /** What the client calls itself (RFC 2971). */
  get client(): string | undefined {
    return this.#client
  }

  noteClient(client: string): void {
    this.#client = client
    this.#account?.noteClient(client)
  }

  /** Something was asked for, beyond waiting. */
  active(): void {
    this.#account?.active()
  }

  /** Gives up everything that belongs to the user (RFC 8437 §3, §4.1); the connection stays. */
  async unauthenticate(): Promise<void> {
    await this.end()
    Object.assign(this.#modes, noModes())
    this.out.isUtf8 = false
    this.link.unauthenticated()
  }

  /** Begins a selection; any former one must have been ended. */
  select(mailbox: SelectedMailbox): View {
    this.#view = new View(mailbox, this.#modes)
    return this.#view
  }

  /** Ends the selection without expunging (RFC 3691). */
  unselect(): void {
    const view = this.#view
    this.#view = undefined
    view?.close()
  }

  /** Whether the client knows MODSEQ (RFC 7162 §3.1). */
  get isCondstore(): boolean {
    return this.#modes.isCondstore
  }

  get modes(): Readonly<SessionModes> {
    return this.#modes
  }

  /** A CONDSTORE-enabling command came: from here on every FETCH response carries MODSEQ (RFC 7162 §3.1). */
  enableCondstore(): void {
    if (this.#modes.isCondstore) return
    this.#modes.isCondstore = true
    if (this.#view) this.sendHighestModSeq(this.#view)
  }

  /** ENABLE QRESYNC (RFC 7162 §3.2.3). */
  enableQresync(): void {
    this.enableCondstore()
    this.#modes.isQresync = true
  }

  sendHighestModSeq(view: View): void {
    this.out.untaggedStatus('OK', 'Highest', { code: 'HIGHESTMODSEQ', value: view.toldModSeq })
  }

  /** ENABLE IMAP4rev2 (RFC 9051 §6.3.1). */
  enableRev2(): void {
    this.#modes.isRev2 = true
    this.#useUtf8()
  }

  /** ENABLE UTF8=ACCEPT (RFC 6855 §3). */
  enableUtf8Accept(): void {
    this.#modes.isUtf8Accept = true
    this.#useUtf8()
  }

  #useUtf8(): void {
    this.#modes.isUtf8 = true
    this.out.isUtf8 = true
  }

  /**
   * The code of the answer to a command that removed `count` messages of the selected mailbox and tells of everything before its
   * answer (RFC 7162 §3.2.7, §3.2.9).
   */
  codeAfterExpunge(count: number): { readonly code?: ResponseCode } {
    if (count === 0 || !this.#modes.isQresync) return {}
    return { code: { code: 'HIGHESTMODSEQ', value: this.view.mailbox.highestModSeq } }
  }

  /** What NOTIFY has asked for; undefined before its first use. */
  get notify(): Notify | undefined {
    return this.#notify
  }

  setNotify(notify: Notify | undefined): void {
    this.#notify?.close()
    this.#notify = notify
  }

  /** `wake` is called, from inside a commit, when there may be news; it must only set things going. */
  onNews(wake: (() => void) | undefined): void {
    this.#view?.onNews(wake)
    if (this.#notify) this.#notify.onNews = wake
  }

  /** Whether `announce` and `tellNotices` would tell something. */
  hasNews(mayExpunge: boolean): boolean {
    if (this.#notify?.hasNews) return true
    return this.#tellsSelected && this.#view?.hasNews(this.#newsRules(mayExpunge)) === true
  }

  get #tellsSelected(): boolean {
    return this.#notify?.tellsSelected ?? true
  }

  #newsRules(mayExpunge: boolean): NewsRules {
    const withFlags = this.#notify?.tellsFlags ?? true
    return { mayExpunge, withFlags, withModSeq: this.isCondstore }
  }

  /** Sends what NOTIFY has asked for, behind `announce`. */
  async tellNotices(): Promise<void> {
    await this.#notify?.tell()
  }

  /** Tells what happened in the selected mailbox, as far as it may be told now; `isAsked`: whatever NOTIFY says. */
  announce(mayExpunge: boolean, isAsked: boolean = false): void {
    const view = this.#view
    if (!view || !(isAsked || this.#tellsSelected)) return
    view.announce(this.out, this.#newsRules(mayExpunge))
    // RFC 7162 §3.2: a client that has seen greater MODSEQs must come back with one from before what waits to be told.
    if (view.hasExpunges && this.#modes.isQresync) this.sendHighestModSeq(view)
  }

  /** What `announce` has told changes the results of updated searches (RFC 5267 §4.3): told behind it. */
  async tellContexts(): Promise<void> {
    await this.#view?.contexts.tellChanges(this)
  }

  /** The connection has ended: gives up the mailbox and the account, whose keys are wiped if this was its last session. */
  async end(): Promise<void> {
    this.setNotify(undefined)
    this.unselect()
    const account = this.#account
    this.#account = undefined
    await account?.close()
  }

  /** For loops over many messages: sends what has gathered, stops when nobody listens any more; undefined: nothing to wait for. */
  pace(): Promise<void> | undefined {
    if (this.link.signal.aborted) throw new ConnectionLost('the connection is closing')
    const flushed = this.link.flushIfLarge()
    return flushed && this.#afterFlush(flushed)
  }

  async #afterFlush(flushed: Promise<void>): Promise<void> {
    await flushed
    // A peer that reads fast must not keep the others waiting.
    await breathe()
  }
}
