// What somebody sees whose login password does not open the mail: one mailbox with one message that says so, and nothing that looks empty.
//
// INBOX and the others are not listed and cannot be selected ([UNAVAILABLE]): a client that saw them empty, or gone, would take its local
// copies away. So a list of mailboxes is not answered with OK either (`isIncomplete`): what is missing in it is not gone.
import { languages, type Language } from '../base/language.ts'
import { prepareMessage } from '../mail/prepare.ts'
import type {
  MailboxInfo,
  MailboxStatus,
  MessageContent,
  MessageState,
  ModSeq,
  OpenAccount,
  SelectedMailbox,
  Uid,
  UidValidity,
} from './api.ts'
import { Refusal } from './errors.ts'
import { canonicalName } from './names.ts'

export const lockedMailboxName = 'Your mail is locked'
const id = '0'.repeat(32)

/** For the ALERT at login, and for what is refused. */
export const lockedText =
  'Your mail is locked: an administrator set this password, and it does not open your mail. Nothing is lost. ' +
  'Open it with your old password or your recovery code, on the web page or by `letterlock atrest unlock-mail`'

// An admin meant it so, and the line of the login says it: a mail program that goes on asking fills no log of errors.
const refuse = (): Refusal => new Refusal('unavailable', lockedText, { isNoted: true })
const readOnly = (): Refusal => new Refusal('read-only', 'This mailbox only shows that your mail is locked')
const uid = 1 as Uid
const modSeq = 1 as ModSeq

class NoticeMailbox implements SelectedMailbox {
  readonly id = id
  readonly name = lockedMailboxName
  readonly isReadOnly = true
  readonly uidValidity: UidValidity
  readonly uidNext = 2 as Uid
  readonly highestModSeq = modSeq
  readonly keywords: readonly string[] = []
  readonly #message: Buffer
  readonly #at: number

  constructor(message: Buffer, at: number, language: Language) {
    this.#message = message
    this.#at = at
    // Said in another language it is another message, and its UID the same.
    this.uidValidity = ((Math.floor(at / 1000) + languages.indexOf(language)) >>> 0 || 1) as UidValidity
  }

  uids(): Uid[] {
    return [uid]
  }
  uidSnapshot(): Uint32Array {
    return Uint32Array.of(1)
  }
  isRecent(): boolean {
    return false
  }
  recentRanges(): readonly (readonly [number, number])[] {
    return []
  }
  firstUnseen(): Uid | undefined {
    return uid
  }
  state(of: Uid): MessageState | undefined {
    if (of !== uid) return undefined
    const times = { internalDate: this.#at, zoneMinutes: 0, savedAt: this.#at }
    return { uid, modSeq, flags: ['\\Flagged'], sizeBytes: this.#message.length, ...times }
  }
  async vanishedSince(): Promise<readonly (readonly [Uid, Uid])[]> {
    return []
  }
  async *contents(uids: readonly Uid[]): AsyncGenerator<MessageContent> {
    const content = uids.includes(uid) ? await this.content(uid) : undefined
    if (content) yield content
  }
  async content(of: Uid): Promise<MessageContent | undefined> {
    if (of !== uid) return undefined
    const { sizeBytes, envelope, body, bodyStructure, tree, header } = prepareMessage(this.#message)
    const message = this.#message
    return {
      ...{ uid, emailId: id, sizeBytes, envelope, body, bodyStructure, tree, header },
      async *read(start, end) {
        yield message.subarray(start, end)
      },
    }
  }
  storeFlags(): Promise<never> {
    return Promise.reject(readOnly())
  }
  async expunge(): Promise<readonly Uid[]> {
    return []
  }
  copy(): Promise<never> {
    return Promise.reject(refuse())
  }
  move(): Promise<never> {
    return Promise.reject(refuse())
  }
  watch(): void {
    /* nothing ever happens here */
  }
  close(): void {
    /* holds nothing */
  }
}

export class LockedSession implements OpenAccount {
  readonly isIncomplete = true
  readonly maxMessageBytes = 0
  readonly address: string
  readonly sessionId: string
  readonly capabilitiesOff: readonly string[]
  readonly #mailbox: NoticeMailbox
  readonly #message: Buffer
  readonly #release: () => void

  constructor(fields: {
    readonly address: string
    readonly sessionId: string
    readonly capabilitiesOff: readonly string[]
    readonly message: Buffer
    /** Of the message. */
    readonly language: Language
    /** Milliseconds since 1970. */
    readonly lockedAt: number
    readonly release: () => void
  }) {
    this.address = fields.address
    this.sessionId = fields.sessionId
    this.capabilitiesOff = fields.capabilitiesOff
    this.#message = fields.message
    this.#release = fields.release
    this.#mailbox = new NoticeMailbox(fields.message, fields.lockedAt, fields.language)
  }

  #info(): MailboxInfo {
    return { id, name: lockedMailboxName, specialUse: undefined, isSubscribed: true, hasChildren: false }
  }
  mailboxes(): readonly MailboxInfo[] {
    return [this.#info()]
  }
  subscriptions(): readonly string[] {
    return [lockedMailboxName]
  }
  mailbox(name: string): MailboxInfo | undefined {
    return canonicalName(name) === lockedMailboxName ? this.#info() : undefined
  }
  #named(name: string): NoticeMailbox {
    if (canonicalName(name) !== lockedMailboxName) throw refuse()
    return this.#mailbox
  }
  async select(name: string): Promise<SelectedMailbox> {
    return this.#named(name)
  }
  async status(name: string): Promise<MailboxStatus> {
    const { uidNext, uidValidity, highestModSeq } = this.#named(name)
    const counts = { messages: 1, recent: 0, unseen: 1, deleted: 0, sizeBytes: this.#message.length }
    return { id, ...counts, uidNext, uidValidity, highestModSeq }
  }
  async deletedBytes(name: string): Promise<number> {
    this.#named(name)
    return 0
  }
  statusNow(): undefined {
    return undefined
  }
  createMailbox(): Promise<never> {
    return Promise.reject(refuse())
  }
  deleteMailbox(): Promise<never> {
    return Promise.reject(refuse())
  }
  renameMailbox(): Promise<never> {
    return Promise.reject(refuse())
  }
  subscribe(): Promise<never> {
    return Promise.reject(refuse())
  }
  unsubscribe(): Promise<never> {
    return Promise.reject(refuse())
  }
  append(): Promise<never> {
    return Promise.reject(refuse())
  }
  stageAppend(): never {
    throw refuse()
  }
  annotations(): ReadonlyMap<string, Buffer> {
    return new Map()
  }
  setAnnotations(): Promise<never> {
    return Promise.reject(refuse())
  }
  async quota(): Promise<{ usedBytes: number; limitBytes: number | undefined }> {
    return { usedBytes: 0, limitBytes: undefined }
  }
  watch(): () => void {
    return () => undefined
  }
  active(): void {
    /* there are no keys that an idle session would keep in memory */
  }
  noteClient(): void {
    /* shown nowhere */
  }
  async close(): Promise<void> {
    this.#release()
  }
}
