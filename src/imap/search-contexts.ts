// Searches whose results are kept up to date (CONTEXT=SEARCH, RFC 5267 §4): who is in them, and telling who comes and goes.
import type { MailboxEvent, Uid } from '../account/api.ts'
import type { Criterion } from '../account/criterion.ts'
import type { SearchSubject } from '../account/criterion-test.ts'
import { searchAmong } from './found.ts'
import { ConnectionLost } from './output.ts'
import type { Session } from './session.ts'
import type { NumberKind } from './view.ts'
import { formatNumbers, SequenceSet } from './wire/sequence-set.ts'
import type { ResponseWriter } from './wire/writer.ts'

/** Updated searches of one session: each is looked at with every change. */
const maxContexts = 8

interface Context {
  readonly tag: string
  readonly numbers: NumberKind
  readonly criterion: Criterion
  readonly members: Set<Uid>
}

/** Those of one selection. */
export class SearchContexts {
  readonly #open = new Map<string, Context>()
  /** Came or changed since they were last looked at, while a search was open. */
  readonly #touched = new Set<Uid>()

  get isFull(): boolean {
    return this.#open.size >= maxContexts
  }

  has(tag: string): boolean {
    return this.#open.has(tag)
  }

  /** Begins before the search itself, so that nothing is missed while it runs; `found` says what it found. */
  open(tag: string, numbers: NumberKind, criterion: Criterion): void {
    this.#open.set(tag, { tag, numbers, criterion, members: new Set() })
  }

  found(tag: string, subjects: readonly SearchSubject[]): void {
    const members = this.#open.get(tag)?.members
    for (const { uid } of subjects) members?.add(uid)
  }

  /** Nothing happens when no search has that tag. */
  close(tag: string): void {
    this.#open.delete(tag)
    if (this.#open.size === 0) this.#touched.clear()
  }

  note(event: MailboxEvent): void {
    if (this.#open.size === 0) return
    if (event.kind === 'append' || event.kind === 'flags')
      for (const uid of event.uids) this.#touched.add(uid)
    if (event.kind === 'expunge') for (const uid of event.uids) this.#touched.delete(uid)
  }

  /** Must come before the EXPUNGEs, which change the numbers (RFC 5267 §4.3.3). */
  tellGone(out: ResponseWriter, gone: ReadonlySet<Uid>, numberOf: (uid: Uid) => number): void {
    for (const context of this.#open.values()) {
      const left = [...gone].filter((uid) => context.members.delete(uid)).sort((a, b) => a - b)
      tell(
        out,
        context,
        'REMOVEFROM',
        left.map((uid) => ({ uid, sequenceNumber: numberOf(uid) })),
      )
    }
  }

  /** Looks at what came or changed, as far as the session has numbers for it. Throws ConnectionLost only. */
  async tellChanges(session: Session): Promise<void> {
    const subjects: SearchSubject[] = []
    for (const uid of [...this.#touched].sort((a, b) => a - b)) {
      const sequenceNumber = session.view.sequenceNumber(uid)
      if (sequenceNumber === undefined) continue
      this.#touched.delete(uid)
      subjects.push({ uid, sequenceNumber })
    }
    if (subjects.length === 0) return
    for (const context of this.#open.values()) await this.#update(session, context, subjects)
  }

  async #update(session: Session, context: Context, subjects: readonly SearchSubject[]): Promise<void> {
    const { tag, members, criterion } = context
    try {
      const { found } = await searchAmong(session, subjects, criterion)
      const matching = new Set(found.map(({ uid }) => uid))
      const left = subjects.filter(({ uid }) => !matching.has(uid) && members.delete(uid))
      const joined = found.filter(({ uid }) => !members.has(uid))
      for (const { uid } of joined) members.add(uid)
      tell(session.out, context, 'REMOVEFROM', left)
      tell(session.out, context, 'ADDTO', joined)
    } catch (error) {
      if (error instanceof ConnectionLost) throw error
      this.close(tag)
      refuseUpdates(session, tag, 'This search can no longer be updated')
    }
  }
}

/** RFC 5267 §4.3.1: the result stands, but nothing will be told of changes. */
export function refuseUpdates({ out }: Session, tag: string, text: string): void {
  out.untaggedStatus('NO', text, { code: 'NOUPDATE', tag })
}

// ret-data =/ ("ADDTO" / "REMOVEFROM") SP "(" context-position SP sequence-set *(SP context-position SP sequence-set) ")"
function tell(
  out: ResponseWriter,
  { tag, numbers }: Context,
  change: 'ADDTO' | 'REMOVEFROM',
  subjects: readonly SearchSubject[],
): void {
  if (subjects.length === 0) return
  const set = formatNumbers(subjects.map((subject) => subject[numbers === 'uid' ? 'uid' : 'sequenceNumber']))
  out.untagged().text('ESEARCH (TAG ').string(tag).text(')')
  if (numbers === 'uid') out.text(' UID')
  // RFC 5267 §4.3.3: position 0, since a result that is not sorted is in the order of the mailbox.
  out.text(` ${change} (0 ${set})`).end()
}

/** Whether only the messages' own changes change the result: neither time nor other messages nor other commands do. */
export function canBeUpdated(criterion: Criterion): boolean {
  switch (criterion.kind) {
    case 'and':
    case 'or':
      return criterion.criteria.every(canBeUpdated)
    case 'not':
      return canBeUpdated(criterion.criterion)
    case 'age':
    case 'saved':
    case 'sequence':
      return false
    case 'uid':
      return criterion.set instanceof SequenceSet && !criterion.set.usesLargest
    default:
      return true
  }
}
