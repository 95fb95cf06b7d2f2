// What the front doors see of a mailbox and its messages. Types only; they reach it by api.ts.
import type { TextPage } from './text-codec.ts'

/** 1 to 4,294,967,295; never reused within a UIDVALIDITY (RFC 3501 §2.3.1.1). */
export type Uid = number & { readonly brand: 'Uid' }
/** Version of the account at which something last changed (RFC 7162 §3.1); below 2^53. */
export type ModSeq = number & { readonly brand: 'ModSeq' }
/** 1 to 4,294,967,295. */
export type UidValidity = number & { readonly brand: 'UidValidity' }

/** System flags in their RFC spelling (`\Seen`, ...), keywords as first spelled. Never `\Recent`. */
export type Flag = string

/** Special-use attributes (RFC 6154), with the backslash. */
export type SpecialUse = '\\All' | '\\Archive' | '\\Drafts' | '\\Flagged' | '\\Junk' | '\\Sent' | '\\Trash'

/** One row of LIST. */
export interface MailboxInfo {
  /** 16 bytes as hexadecimal; stays the same when renamed. */
  readonly id: string
  /** Unicode, levels separated by `/`; `INBOX` is written so. */
  readonly name: string
  readonly specialUse: SpecialUse | undefined
  readonly isSubscribed: boolean
  readonly hasChildren: boolean
}

/** STATUS (RFC 3501 §6.3.10, RFC 7162, RFC 8438). */
export interface MailboxStatus {
  readonly id: string
  readonly messages: number
  readonly recent: number
  readonly unseen: number
  readonly deleted: number
  readonly uidNext: Uid
  readonly uidValidity: UidValidity
  readonly highestModSeq: ModSeq
  readonly sizeBytes: number
}

/** The changeable and small part of one message. Immutable value: a change makes a new one. */
export interface MessageState {
  readonly uid: Uid
  readonly modSeq: ModSeq
  readonly flags: readonly Flag[]
  /** Milliseconds since 1970, and the zone it was given in, in minutes east. */
  readonly internalDate: number
  readonly zoneMinutes: number
  /** RFC822.SIZE: exactly the octets of BODY[]. */
  readonly sizeBytes: number
  /** When it came into this mailbox (SAVEDATE), milliseconds since 1970. */
  readonly savedAt: number
}

/** Ready-made parts of one message. `undefined`: too long to keep ready, make it from `MessageBody`. */
export interface MessageContent {
  readonly uid: Uid
  /** In hexadecimal, the same for all copies, and kept when a rotation gives the message another body (usable as EMAILID). */
  readonly emailId: string
  /** The identifier of the body that it has now; absent: the same. */
  readonly bodyId?: string
  readonly sizeBytes: number
  /** IMAP wire bytes, from `mail/envelope.ts` and `mail/bodystructure.ts`. */
  readonly envelope: Buffer | undefined
  readonly body: Buffer | undefined
  readonly bodyStructure: Buffer | undefined
  /** MIME tree, `mail/tree-codec.ts`. */
  readonly tree: Buffer | undefined
  /** Raw header block with its blank line. */
  readonly header: Buffer | undefined
  /** The octets of the message from `start` up to `end`, opened chunk by chunk. Throws Refusal 'damaged'. */
  read(start: number, end: number): AsyncIterable<Buffer>
}

/** What happened in a mailbox, after it was committed, in order. UIDs ascend. */
export type MailboxEvent =
  | {
      readonly kind: 'append'
      readonly uids: readonly Uid[]
      readonly modSeq: ModSeq
      readonly by: object | undefined
    }
  | {
      readonly kind: 'expunge'
      readonly uids: readonly Uid[]
      readonly modSeq: ModSeq
      readonly by: object | undefined
    }
  | {
      readonly kind: 'flags'
      readonly uids: readonly Uid[]
      readonly modSeq: ModSeq
      readonly by: object | undefined
    }
  | { readonly kind: 'gone' } // the mailbox was deleted, or the account can no longer be used
  | { readonly kind: 'keyword'; readonly keyword: Flag } // a keyword that the mailbox did not know

export interface CopyResult {
  readonly uidValidity: UidValidity
  /** Same length; element i of `destination` is the copy of element i of `source`. */
  readonly source: readonly Uid[]
  readonly destination: readonly Uid[]
}

/** A mailbox as one session has it selected. All methods see the live mailbox; numbering is the session's own affair. */
export interface SelectedMailbox {
  readonly id: string
  readonly name: string
  readonly isReadOnly: boolean
  readonly uidValidity: UidValidity
  readonly uidNext: Uid
  readonly highestModSeq: ModSeq
  /** Every keyword in use or used before, for FLAGS and PERMANENTFLAGS. */
  readonly keywords: readonly Flag[]
  /** UIDs present now, ascending; a fresh array. */
  uids(): Uid[]
  /** The same, in one array for all who ask: never to be changed, and what happens later is not in it. */
  uidSnapshot(): Uint32Array
  /** The UIDs that are \Recent for this session, claimed at SELECT (or seen at EXAMINE) and as appends come. */
  isRecent(uid: Uid): boolean
  /** The same as ranges, both ends included, ascending; messages expunged since and UIDs never given may be among them. */
  recentRanges(): readonly (readonly [first: number, last: number])[]
  /** The first message without \Seen. */
  firstUnseen(): Uid | undefined
  state(uid: Uid): MessageState | undefined
  /**
   * UIDs that went after `modSeq`, and perhaps others that are gone, as ranges with both ends included, ascending and disjoint
   * (RFC 7162 §3.2.6). Never one that is there, nor one that was not given yet. Refusals: 'unavailable'.
   */
  vanishedSince(modSeq: number): Promise<readonly (readonly [first: Uid, last: Uid])[]>
  /** Contents of those of `uids` (ascending) that exist, in order, opened page by page. Throws Refusal 'damaged'. */
  contents(uids: readonly Uid[]): AsyncIterable<MessageContent>
  content(uid: Uid): Promise<MessageContent | undefined>
  /**
   * Pages of sealed search text that hold some of `uids` (ascending), in order. They may hold less than there is, or more: of a
   * message that is in none nothing is known. Refusals: 'unavailable'.
   */
  textPages?(uids: readonly Uid[]): AsyncIterable<TextPage>
  /**
   * STORE. With `unchangedSince`, messages whose modSeq is greater are left alone and returned in `modified` (RFC 7162 §3.1.3).
   * `changed` holds those whose flags really changed. Committed when it resolves. Refusals: 'read-only', 'limit', 'unavailable'.
   */
  storeFlags(
    uids: readonly Uid[],
    action: 'replace' | 'add' | 'remove',
    flags: readonly Flag[],
    options?: { readonly unchangedSince?: number },
  ): Promise<{ readonly changed: readonly Uid[]; readonly modified: readonly Uid[] }>
  /** Removes those of `uids` that carry \Deleted (all that carry it, when `uids` is not given). Returns what went. */
  expunge(uids?: readonly Uid[]): Promise<readonly Uid[]>
  copy(uids: readonly Uid[], destination: string): Promise<CopyResult>
  /** One commit a batch: copies and removes together, so that a message is never in neither or in both. */
  move(uids: readonly Uid[], destination: string): Promise<CopyResult>
  /** Calls `listener` after each commit that concerns this mailbox, also for the session's own changes (`by` is this object). */
  watch(listener: (event: MailboxEvent) => void): void
  /** Ends the selection. Never expunges by itself (CLOSE does that first). */
  close(): void
}

export interface AppendOptions {
  readonly flags: readonly Flag[]
  /** Milliseconds since 1970; now, when absent. */
  readonly internalDate?: number
  readonly zoneMinutes?: number
  /** It came as a literal8 (RFC 3516 §4.4): a part labelled `binary` may hold any octets, and is encoded where it must be. */
  readonly isBinary?: boolean
}

/** Where messages went; UIDs ascend, in the order in which the messages were given. */
export interface AppendResult {
  readonly uidValidity: UidValidity
  readonly uids: readonly Uid[]
}

/** A message that another one takes the place of (RFC 8508). */
export interface Replaced {
  /** The mailbox it is in, selected read-write. */
  readonly mailbox: SelectedMailbox
  readonly uid: Uid
}

/** Messages on their way into one mailbox: all of them, in one commit, or none (RFC 3502). */
export interface StagedAppend {
  /**
   * Seals one message. Nobody sees it before `commit`. Refusals: 'message-too-large', 'not-encodable', 'over-quota',
   * 'limit', 'mailbox-not-found', 'unavailable'; what `source` throws is passed on. After any of them, `discard`.
   */
  add(source: AsyncIterable<Uint8Array>, options: AppendOptions): Promise<void>
  /** Durable when it resolves. Refusals as for `add`; 'message-expunged' when what was to be replaced is gone. */
  commit(): Promise<AppendResult>
  /** Gives up what was not committed. */
  discard(): Promise<void>
}
