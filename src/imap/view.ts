// A session's own numbering of its mailbox: the only place that sends EXPUNGE, EXISTS, RECENT and unasked FETCH.
import type { Flag, MailboxEvent, SelectedMailbox, Uid } from '../account/api.ts'
import { sendFlags } from './flags-response.ts'
import { noModes, type SessionModes } from './modes.ts'
import { namedBy } from './named-messages.ts'
import { SavedResult } from './saved-result.ts'
import { SearchContexts } from './search-contexts.ts'
import { indexOf, lowerBound, type MessageSet, savedResult } from './wire/sequence-set.ts'
import { asRanges, sendVanished, without, type UidRange } from './wire/uid-ranges.ts'
import type { ResponseWriter } from './wire/writer.ts'

/** How a command's sets are to be read: as UIDs (the UID form) or as sequence numbers. */
export type NumberKind = 'uid' | 'sequence'

/** What news may be told now, and how. */
export interface NewsRules {
  /** RFC 3501 §7.4.1: not in answer to FETCH, STORE or SEARCH, nor while a command with sequence numbers waits. */
  readonly mayExpunge: boolean
  /** RFC 7162 §3.1: the client knows MODSEQ. */
  readonly withModSeq: boolean
  /** Whether it wants to hear of changed flags (RFC 5465). */
  readonly withFlags: boolean
}

/** Messages that a set names. */
export interface Resolved {
  /** Those that exist, ascending. */
  readonly uids: Uid[]
  /** Sequence numbers among the set whose message was expunged elsewhere and not yet announced. */
  readonly expunged: number
}

/**
 * The messages a session knows, in order. What happens in the mailbox is noted as it comes and told when `announce` is
 * called: an expunged message keeps its number until then, and one that arrived has none before.
 */
export class View {
  readonly mailbox: SelectedMailbox
  readonly saved: SavedResult = new SavedResult()
  readonly contexts: SearchContexts = new SearchContexts()
  readonly #modes: Readonly<SessionModes>
  /** The array of the mailbox itself, shared with other sessions, while there is nothing left to tell; never changed. */
  #uids: Uint32Array
  #announcedRecent = 0
  /** Expunged, not yet announced. */
  readonly #gone = new Set<Uid>()
  #arrived: Uid[] = []
  readonly #changed = new Set<Uid>()
  /** The client has been told everything up to this MODSEQ, if something waits to be told. */
  #toldModSeq = 0
  #hasNewKeywords = false
  #isLost = false
  /** Where the number last asked for stood: most are asked for in order. */
  #hint = 0
  /** The flags last put into words. */
  #worded: { readonly flags: readonly Flag[]; readonly text: string } = { flags: [], text: '' }
  #wake: (() => void) | undefined

  constructor(mailbox: SelectedMailbox, modes: Readonly<SessionModes> = noModes()) {
    this.mailbox = mailbox
    this.#modes = modes
    mailbox.watch((event) => this.#note(event))
    this.#uids = mailbox.uidSnapshot()
    this.#announcedRecent = this.#countRecent()
  }

  /** EXISTS as last announced, less the EXPUNGEs announced since. */
  get exists(): number {
    return this.#uids.length
  }

  get recent(): number {
    return this.#announcedRecent
  }

  /** The mailbox was deleted, or its account can no longer be used. */
  get isLost(): boolean {
    return this.#isLost
  }

  /** All UIDs the session knows and that still exist, with their sequence numbers, ascending. */
  *present(): Generator<{ readonly uid: Uid; readonly sequenceNumber: number }> {
    for (const [index, uid] of this.#uids.entries()) {
      if (!this.#gone.has(uid as Uid)) yield { uid: uid as Uid, sequenceNumber: index + 1 }
    }
  }

  /** Greatest UID the session knows; 0 when it knows none. */
  get largestUid(): number {
    return this.#uids.at(-1) ?? 0
  }

  /** The number a message has in this session; undefined for one that was not announced or is not there. */
  sequenceNumber(uid: Uid): number | undefined {
    const next = this.#hint + 1
    if (this.#uids[next] === uid) this.#hint = next
    else if (this.#uids[this.#hint] !== uid) {
      const index = indexOf(this.#uids, uid)
      if (index < 0) return undefined
      this.#hint = index
    }
    return this.#hint + 1
  }

  isRecent(uid: Uid): boolean {
    return this.mailbox.isRecent(uid)
  }

  /**
   * The messages that `set` names in this session. Unknown UIDs are passed over (RFC 3501 §6.4.8); a sequence number
   * beyond EXISTS throws BadSequenceNumber, but `n:*` does not: clients ask so for what is new.
   */
  resolve(set: MessageSet, kind: NumberKind): Resolved {
    const isSaved = set === savedResult
    const named = isSaved ? this.saved.among(this.#uids) : namedBy(set, kind, this.#uids)
    if (this.#gone.size === 0) return { uids: named, expunged: 0 }
    const uids = named.filter((uid) => !this.#gone.has(uid))
    return { uids, expunged: isSaved || kind === 'uid' ? 0 : named.length - uids.length }
  }

  /** Whether there is something that `announce` would tell under these rules. */
  hasNews(rules: NewsRules): boolean {
    return (
      this.#hasNewKeywords ||
      this.#arrived.length > 0 ||
      (rules.withFlags && this.#changed.size > 0) ||
      (rules.mayExpunge && this.#gone.size > 0)
    )
  }

  /** Whether there are messages that have no number yet. */
  get hasArrivals(): boolean {
    return this.#arrived.length > 0
  }

  /** Whether an EXPUNGE waits to be told. */
  get hasExpunges(): boolean {
    return this.#gone.size > 0
  }

  /** The greatest MODSEQ up to which the client has heard of everything: what it may come back with (RFC 7162 §3.2). */
  get toldModSeq(): number {
    return this.#isTold ? this.mailbox.highestModSeq : this.#toldModSeq
  }

  get #isTold(): boolean {
    return this.#arrived.length === 0 && this.#changed.size === 0 && this.#gone.size === 0
  }

  /** UID of the message with that number; undefined beyond the end. */
  uidAt(sequenceNumber: number): number | undefined {
    return this.#uids[sequenceNumber - 1]
  }

  /** `ranges` without what is gone and still has a number in this session. */
  withoutUntold(ranges: readonly UidRange[]): readonly UidRange[] {
    if (this.#gone.size === 0) return ranges
    return without(
      ranges,
      [...this.#gone].sort((a, b) => a - b),
    )
  }

  /** `wake` is called, from inside a commit, whenever something has been noted; it must only set things going. */
  onNews(wake: (() => void) | undefined): void {
    this.#wake = wake
  }

  /** Tells what has happened since the last time, as far as the rules allow. */
  announce(out: ResponseWriter, rules: NewsRules): void {
    this.announceKeywords(out)
    this.#announceNumbers(out, rules.mayExpunge)
    for (const uid of [...this.#changed].sort((a, b) => a - b)) {
      if (!this.#gone.has(uid) && rules.withFlags) this.fetchFlags(out, uid, { ...rules, withUid: true })
    }
    this.#changed.clear()
  }

  /** FLAGS and PERMANENTFLAGS, if a keyword is new: must come before the first FETCH that shows it (RFC 3501 §7.2.6). */
  announceKeywords(out: ResponseWriter): void {
    if (this.#hasNewKeywords) this.sendFlags(out)
  }

  /** FLAGS and PERMANENTFLAGS as they are now. */
  sendFlags(out: ResponseWriter): void {
    this.#hasNewKeywords = false
    sendFlags(out, this.mailbox)
  }

  /** The numbers of a mailbox just selected (RFC 3501 §6.3.1). */
  sendCounts(out: ResponseWriter): void {
    out.untaggedLine(`${this.exists} EXISTS`)
    if (!this.#modes.isRev2) out.untaggedLine(`${this.#announcedRecent} RECENT`)
  }

  /** A FETCH response with the message's flags or MODSEQ as they are now; nothing for a message that is gone. */
  fetchFlags(
    out: ResponseWriter,
    uid: Uid,
    parts: { readonly withUid: boolean; readonly withFlags: boolean; readonly withModSeq: boolean },
  ): void {
    const state = this.mailbox.state(uid)
    const number = this.sequenceNumber(uid)
    if (!state || number === undefined) return
    let text = parts.withUid ? ` UID ${uid}` : ''
    if (parts.withFlags) {
      text += ` FLAGS ${this.flagsText(uid, state.flags)}`
      this.wasTold(uid)
    }
    if (parts.withModSeq) text += ` MODSEQ (${state.modSeq})`
    out.text(`* ${number} FETCH (${text.slice(1)})\r\n`)
  }

  /** `(` flags `)` of a message, with `\Recent` if this session has it. */
  flagsText(uid: Uid, flags: readonly Flag[]): string {
    if (flags !== this.#worded.flags) this.#worded = { flags, text: flags.join(' ') }
    const { text } = this.#worded
    if (this.#modes.isRev2 || !this.mailbox.isRecent(uid)) return `(${text})`
    return text === '' ? '(\\Recent)' : `(${text} \\Recent)`
  }

  /** The client has just been told these flags: nothing remains to be announced of them. */
  wasTold(uid: Uid): void {
    if (this.#changed.size > 0) this.#changed.delete(uid)
  }

  /** Ends the selection; events that still come are dropped. */
  close(): void {
    this.#wake = undefined
    this.mailbox.close()
  }

  #note(event: MailboxEvent): void {
    if ('modSeq' in event && this.#isTold) this.#toldModSeq = event.modSeq - 1
    this.contexts.note(event)
    switch (event.kind) {
      case 'append':
        for (const uid of event.uids) this.#arrived.push(uid)
        break
      case 'expunge':
        this.#noteExpunge(event.uids)
        break
      case 'flags':
        // The session's own STORE and FETCH answer for themselves.
        if (event.by === this.mailbox) return
        for (const uid of event.uids) if (indexOf(this.#uids, uid) >= 0) this.#changed.add(uid)
        break
      case 'keyword':
        this.#hasNewKeywords = true
        break
      case 'gone':
        this.#isLost = true
        break
    }
    this.#wake?.()
  }

  #noteExpunge(uids: readonly Uid[]): void {
    const unannounced = new Set<Uid>()
    for (const uid of uids) {
      this.#changed.delete(uid)
      if (indexOf(this.#uids, uid) >= 0) this.#gone.add(uid)
      else unannounced.add(uid)
    }
    // What came and went between two announcements was never there.
    if (unannounced.size > 0) this.#arrived = this.#arrived.filter((uid) => !unannounced.has(uid))
  }

  /** Tells expunged messages and arrivals, and numbers what is left anew. */
  #announceNumbers(out: ResponseWriter, mayExpunge: boolean): void {
    const gone: ReadonlySet<Uid> = mayExpunge ? new Set(this.#gone) : new Set()
    const arrived = this.#arrived
    if (gone.size === 0 && arrived.length === 0) return
    this.contexts.tellGone(out, gone, (uid) => indexOf(this.#uids, uid) + 1)
    if (this.#modes.isQresync) sendVanished(out, asRanges([...gone].sort((a, b) => a - b)), false)
    else {
      // From the end, so that every number is the same before and after those that go with it.
      for (const uid of [...gone].sort((a, b) => b - a))
        out.untaggedLine(`${indexOf(this.#uids, uid) + 1} EXPUNGE`)
    }
    for (const uid of gone) this.#gone.delete(uid)
    this.#arrived = []
    this.#uids = this.#renumbered(gone, arrived)
    if (arrived.length > 0) out.untaggedLine(`${this.exists} EXISTS`)
    this.#announceRecent(out)
  }

  #renumbered(gone: ReadonlySet<Uid>, arrived: readonly Uid[]): Uint32Array {
    const length = this.#uids.length - gone.size + arrived.length
    const present = this.mailbox.uidSnapshot()
    if (this.#gone.size === 0 && present.length === length) return present
    const own = new Uint32Array(length)
    let at = 0
    for (const uid of this.#uids) if (!gone.has(uid as Uid)) own[at++] = uid
    own.set(arrived, at)
    return own
  }

  #announceRecent(out: ResponseWriter): void {
    const recent = this.#countRecent()
    if (recent === this.#announcedRecent || this.#modes.isRev2) return
    this.#announcedRecent = recent
    out.untaggedLine(`${this.#announcedRecent} RECENT`)
  }

  /** Messages with a number that are \Recent. */
  #countRecent(): number {
    let count = 0
    for (const [first, last] of this.mailbox.recentRanges())
      count += lowerBound(this.#uids, last + 1) - lowerBound(this.#uids, first)
    return count
  }
}
