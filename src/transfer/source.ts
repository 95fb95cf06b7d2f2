// What mail is imported from: mailboxes and messages of another program, seen the same way whatever holds them.
import type { Flag, SpecialUse } from '../account/api.ts'
import type { ZonedDate } from '../mail/date.ts'

/** One message. */
export interface SourceMessage {
  /** What it is called in reports: a file, a line, a UID. Holds no content of the message. */
  readonly label: string
  /** Octets as the source counts them; the stored form may have more (line ends). undefined: not known before it is read. */
  readonly sizeBytes: number | undefined
  /** Whole seconds. undefined: only reading it can tell, and it is part of what `read` resolves to. */
  readonly date: ZonedDate | undefined
  /** System flags and keywords, not yet checked. Never `\Recent`. */
  readonly flags: readonly Flag[]
  /** The same in every mailbox that holds this message, where the source knows such a thing. */
  readonly identity?: string
}

/** A message that was read. */
export interface ReadMessage {
  readonly octets: Buffer
  readonly date: ZonedDate
  readonly flags: readonly Flag[]
}

/** A message that was not read. */
export interface LeftBehind {
  readonly reason: string
  /** Nobody's mail, but what another program keeps among it: not missed. */
  readonly isNoMail?: boolean
}

/** Something that stays behind, and why. */
export interface Trouble {
  /** As in the source; undefined: it concerns no mailbox alone. */
  readonly mailbox: string | undefined
  readonly label: string | undefined
  readonly reason: string
}

export interface SourceMailbox {
  /** Unicode, levels separated by `/`. `INBOX` is the inbox. */
  readonly name: string
  /** What the source itself says that it is for. Names are looked at later. */
  readonly specialUse: SpecialUse | undefined
  /** Its messages are all, or nearly all, in other mailboxes too: it is taken last, and only what is nowhere else. */
  readonly isCollection?: boolean
  /** Messages in the order of the source. Called once. */
  list(report: (trouble: Trouble) => void): Promise<readonly SourceMessage[]>
  /**
   * Reads those of a list, in its order, each with what came of it: a message, or a reason. May read ahead. Messages beyond
   * `limitBytes` are not read.
   */
  read(
    messages: readonly SourceMessage[],
    limitBytes: number,
  ): AsyncIterable<readonly [SourceMessage, ReadMessage | LeftBehind]>
  /** The beginning of a message's header, when that is cheaper than reading it all. */
  header?(message: SourceMessage): Promise<Buffer | undefined>
}

/** Opened for reading only; nothing is ever changed or removed there. */
export interface Source extends AsyncDisposable {
  /** As `maildir`, for people. */
  readonly kind: string
  readonly mailboxes: readonly SourceMailbox[]
  /** Names as in `mailboxes`; undefined: the source does not say. */
  readonly subscriptions: readonly string[] | undefined
  /** What was seen on the way to the mailboxes and stays behind. */
  readonly troubles: readonly Trouble[]
  /** What people should know, and that nothing is lost by. */
  readonly notes: readonly string[]
}
