// FETCH over many messages: which are opened, what is marked \Seen, and what goes wrong with one of them.
import type { MessageState, Uid } from '../../account/api.ts'
import { isRefusal, Refusal } from '../../account/errors.ts'
import { MessageParts, openContents } from '../../account/message-parts.ts'
import { readyPreviews } from '../../account/page-facts.ts'
import type { CommandResult } from '../command.ts'
import { Answer } from '../errors.ts'
import type { Session } from '../session.ts'
import { tellVanished } from '../resynchronise.ts'
import type { NumberKind } from '../view.ts'
import type { FetchArguments, FetchItem } from '../wire/fetch-items.ts'
import { partialIndexes, type PartialRange } from '../wire/search-returns.ts'
import { savedResult, type MessageSet } from '../wire/sequence-set.ts'
import { UnknownEncoding } from './binary.ts'
import { needsContent, sendContent, sendKept, sendState, type MessageAnswer } from './answer.ts'

/** Messages marked \Seen in one commit and then sent: few enough that a lost connection leaves most unmarked. */
const batchSize = 500

/** Runs FETCH or UID FETCH. */
export async function fetchMessages(
  session: Session,
  { set, items, changedSince, isVanished, partial }: FetchArguments,
  numbers: NumberKind,
): Promise<CommandResult> {
  const { view } = session
  // RFC 7162 §3.2.6.
  if (isVanished && (numbers !== 'uid' || !session.modes.isQresync))
    throw new Answer('BAD', 'VANISHED is for UID FETCH, after ENABLE QRESYNC')
  if (changedSince !== undefined || items.some(({ kind }) => kind === 'modSeq')) session.enableCondstore()
  // What is saved is there.
  if (isVanished && set !== savedResult) await tellVanished(session, set, changedSince ?? 0)
  const { uids, expunged } = view.resolve(set, numbers)
  const chosen = partial ? chosenBy(partial, uids) : uids
  const changed = (among: readonly Uid[]): readonly Uid[] =>
    changedSince === undefined
      ? among
      : among.filter((uid) => (view.mailbox.state(uid)?.modSeq ?? 0) > changedSince)
  const run = new FetchRun(session, withUid(items, numbers))
  await run.all(changed(chosen))
  // Mail that came meanwhile may be older than a MODSEQ that was told: a client that goes on from that one would never ask for it.
  while (run.isAhead && view.hasArrivals && hasNoEnd(set) && !partial) {
    const known = view.largestUid
    run.isAhead = false
    session.announce(false)
    await run.all(changed(view.resolve(set, numbers).uids.filter((uid) => uid > known)))
  }
  if (run.damaged > 0) {
    return {
      kind: 'NO',
      code: 'CORRUPTION',
      text: `${run.damaged} damaged or unreadable, nothing of them was sent`,
    }
  }
  if (run.unknownEncodings > 0) {
    return {
      kind: 'NO',
      code: 'UNKNOWN-CTE',
      text: `${run.unknownEncodings} with an unknown transfer encoding, nothing of them was sent`,
    }
  }
  if (numbers === 'sequence' && expunged + run.expunged > 0) {
    return { kind: 'NO', code: 'EXPUNGEISSUED', text: 'Some of the messages no longer exist' }
  }
  return { text: 'FETCH completed' }
}

/** `n:*`: whatever comes is in it. */
const hasNoEnd = (set: MessageSet): boolean =>
  set !== savedResult && set.ranges.some(({ from, to }) => from !== to && Math.max(from, to) === Infinity)

/** RFC 9394 §3.3: counted among those that are there. */
function chosenBy(partial: PartialRange, uids: readonly Uid[]): readonly Uid[] {
  const { start, end } = partialIndexes(partial, uids.length)
  return uids.slice(start, end)
}

/** FETCH responses of messages that have just come, which no command asked for (RFC 5465 §5.2). Never sets \Seen. */
export async function sendUnasked(
  session: Session,
  uids: readonly Uid[],
  items: readonly FetchItem[],
): Promise<void> {
  const peeking = items.map((item) => (item.kind === 'section' ? { ...item, setsSeen: false } : item))
  const hasModSeq = !session.isCondstore || items.some(({ kind }) => kind === 'modSeq')
  const all: FetchItem[] = hasModSeq ? peeking : [...peeking, { kind: 'modSeq', label: 'MODSEQ' }]
  await new FetchRun(session, all).batch(uids)
}

/** RFC 3501 §6.4.8: every answer to UID FETCH has the UID. */
function withUid(items: readonly FetchItem[], numbers: NumberKind): readonly FetchItem[] {
  if (numbers === 'sequence' || items.some(({ kind }) => kind === 'uid')) return items
  return [{ kind: 'uid', label: 'UID' }, ...items]
}

class FetchRun {
  readonly #session: Session
  readonly #items: readonly FetchItem[]
  readonly setsSeen: boolean
  readonly #needsContent: boolean
  /** Those of the present batch that are kept ready. */
  #previews: ReadonlyMap<number, string> | undefined
  damaged = 0
  unknownEncodings = 0
  /** Expunged elsewhere since the command began. */
  expunged = 0
  /** The client was told a MODSEQ greater than that of something it has not heard of. */
  isAhead = false

  constructor(session: Session, items: readonly FetchItem[]) {
    this.#session = session
    this.#items = items
    this.setsSeen =
      !session.view.mailbox.isReadOnly && items.some((item) => 'setsSeen' in item && item.setsSeen)
    this.#needsContent = items.some(needsContent)
  }

  async all(uids: readonly Uid[]): Promise<void> {
    const atOnce = this.setsSeen ? batchSize : uids.length
    for (let start = 0; start < uids.length; start += atOnce)
      await this.batch(uids.slice(start, start + atOnce))
  }

  async batch(uids: readonly Uid[]): Promise<void> {
    const newlySeen = this.setsSeen ? await this.#markSeen(uids) : new Set<Uid>()
    if (!this.#needsContent) {
      for (const uid of uids) {
        const answer = this.#answer(uid, newlySeen)
        if (answer) sendState(this.#session, answer)
        const paced = this.#session.pace()
        if (paced) await paced
      }
      return
    }
    const { mailbox } = this.#session.view
    if (this.#items.some(({ kind }) => kind === 'preview'))
      this.#previews = await readyPreviews(mailbox, uids)
    let sent = 0
    for await (const opened of openContents(mailbox, uids)) {
      sent += 1
      const answer = this.#answer(opened.uid, newlySeen)
      if (!answer) continue
      if ('damage' in opened) this.#noteDamage(opened.uid)
      else if (!sendKept(this.#session, answer, opened.content))
        await this.#send(answer, new MessageParts(opened.content, this.#session.context.budget))
      const paced = this.#session.pace()
      if (paced) await paced
    }
    this.expunged += uids.length - sent
  }

  async #send(answer: MessageAnswer, parts: MessageParts): Promise<void> {
    try {
      await sendContent(this.#session, answer, parts)
    } catch (error) {
      // Only what failed before its first byte went out arrives here.
      if (isRefusal(error, 'message-expunged')) this.expunged += 1
      else if (error instanceof UnknownEncoding) this.unknownEncodings += 1
      else if (isRefusal(error, 'damaged')) this.#noteDamage(answer.uid)
      else throw error
    }
  }

  #noteDamage(uid: Uid): void {
    this.damaged += 1
    this.#session.context.log.write('error', 'imap.damaged', { uid })
  }

  /** One commit for all; the answers then show the flag. Mail stays readable when the flag cannot be stored. */
  async #markSeen(uids: readonly Uid[]): Promise<Set<Uid>> {
    const { mailbox } = this.#session.view
    const unseen = uids.filter((uid) => mailbox.state(uid)?.flags.includes('\\Seen') === false)
    if (unseen.length === 0) return new Set()
    try {
      return new Set((await mailbox.storeFlags(unseen, 'add', ['\\Seen'])).changed)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.#session.context.log.write('warn', 'imap.seen', { code: error.code })
      return new Set()
    }
  }

  #answer(uid: Uid, newlySeen: ReadonlySet<Uid>): MessageAnswer | undefined {
    const { view } = this.#session
    const state: MessageState | undefined = view.mailbox.state(uid)
    const sequenceNumber = view.sequenceNumber(uid)
    if (!state || sequenceNumber === undefined) {
      this.expunged += 1
      return undefined
    }
    const items = newlySeen.has(uid) ? this.#itemsOfSeen() : this.#items
    if (this.#session.isCondstore && state.modSeq > view.toldModSeq) this.isAhead = true
    return { uid, sequenceNumber, state, items, preview: this.#previews?.get(uid) }
  }

  /** RFC 3501 §6.4.5: a flag set by the way is reported in the answer; and as with every change RFC 7162 §3.2.4 wants more. */
  #itemsOfSeen(): readonly FetchItem[] {
    const wanted: FetchItem[] = [{ kind: 'flags', label: 'FLAGS' }]
    if (this.#session.isCondstore)
      wanted.push({ kind: 'uid', label: 'UID' }, { kind: 'modSeq', label: 'MODSEQ' })
    const kinds = new Set(this.#items.map(({ kind }) => kind))
    return [...this.#items, ...wanted.filter(({ kind }) => !kinds.has(kind))]
  }
}
