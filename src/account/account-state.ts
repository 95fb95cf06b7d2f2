// What an unlocked account knows of itself in memory, and how one logged change alters it: the same code for replay and for live commits.
import { AnnotationTable, ofAccount } from './annotation-table.ts'
import { Damage } from './errors.ts'
import type { Change } from './log-codec.ts'
import { MailboxTable } from './mailbox-table.ts'
import { toRanges, within } from './uid-ranges.ts'

/** What a change did that sessions want to hear of. */
export type Effect =
  | { readonly kind: 'append' | 'expunge' | 'flags'; readonly mailbox: string; readonly uids: number[] }
  | { readonly kind: 'keyword'; readonly mailbox: string; readonly keyword: string }
  | { readonly kind: 'created' | 'deleted'; readonly mailbox: string; readonly name: string }
  | { readonly kind: 'renamed'; readonly mailbox: string; readonly from: string; readonly name: string }
  | { readonly kind: 'subscribed' | 'unsubscribed'; readonly name: string }
  | { readonly kind: 'annotated'; readonly mailbox: string; readonly entry: string }

/** So many messages changed at once are as much work as a change. */
const messagesPerChange = 50

export class AccountState {
  readonly mailboxes = new Map<string, MailboxTable>()
  readonly #byName = new Map<string, MailboxTable>()
  readonly subscriptions = new Set<string>()
  readonly annotations = new AnnotationTable()
  /** What the account remembers of itself, by number (`account-facts.ts`). */
  readonly facts = new Map<number, Buffer>()
  lastUidValidity = 0
  /** Work that the log since the manifest would be to replay: its changes, and those of many messages count for more. */
  tailLength = 0
  /** No arrival of this version or an older one waits: they are adopted in order. */
  adoptedThrough = 0
  vkVersion = 0
  keysetVersion = 0
  slotsDigest: Buffer = Buffer.alloc(32)

  addMailbox(table: MailboxTable): void {
    this.mailboxes.set(table.id, table)
    this.#byName.set(table.name, table)
  }

  byName(name: string): MailboxTable | undefined {
    return this.#byName.get(name)
  }

  names(): string[] {
    return [...this.#byName.keys()]
  }

  /** Sets an annotation of a mailbox that exists, or of the account; without a value it goes. */
  annotate(mailbox: string, entry: string, value: Buffer | undefined): void {
    if (mailbox !== ofAccount) this.#table(mailbox)
    this.annotations.set(mailbox, entry, value)
  }

  #table(id: string): MailboxTable {
    const table = this.mailboxes.get(id)
    if (!table) throw new Damage('the change log names a mailbox that does not exist')
    return table
  }

  /**
   * Applies one change of the commit that made `version`. The rows of the mailbox it names must be loaded for
   * flags and expunge. Throws Corrupt when the change does not fit.
   */
  apply(change: Change, version: number): Effect[] {
    const effects = this.#take(change, version)
    this.tailLength += 1
    for (const effect of effects)
      if ('uids' in effect) this.tailLength += Math.floor(effect.uids.length / messagesPerChange)
    return effects
  }

  #take(change: Change, version: number): Effect[] {
    switch (change.kind) {
      case 'append': {
        const table = this.#table(change.mailbox)
        if (change.uid < table.uidNext) throw new Damage('the change log gives a UID twice')
        const fresh = table.learn(change.flags)
        table.add({ ...change, flagSet: change.flags, modSeq: version })
        return [
          ...fresh.map((keyword) => ({ kind: 'keyword' as const, mailbox: table.id, keyword })),
          { kind: 'append', mailbox: table.id, uids: [change.uid] },
        ]
      }
      case 'flags': {
        const table = this.#table(change.mailbox)
        const fresh = table.learn(change.flags)
        const uids = table.setFlags(change.ranges, change.flags, version)
        return [
          ...fresh.map((keyword) => ({ kind: 'keyword' as const, mailbox: table.id, keyword })),
          { kind: 'flags', mailbox: table.id, uids },
        ]
      }
      case 'expunge': {
        const table = this.#table(change.mailbox)
        const uids = within(table.uids, change.ranges)
        table.remove(uids, version)
        table.expunges.note(version, toRanges(uids), table.uids)
        return [{ kind: 'expunge', mailbox: table.id, uids }]
      }
      case 'created': {
        if (this.#byName.has(change.name)) throw new Damage('the change log makes a mailbox twice')
        this.lastUidValidity = Math.max(this.lastUidValidity, change.uidValidity)
        const zero = { recentFrom: 1, packedUntil: 1, messages: 0, unseen: 0, deleted: 0, sizeBytes: 0 }
        const entry = {
          ...change,
          ...zero,
          id: change.mailbox,
          uidNext: 1,
          highestModSeq: version,
          shownUidValidity: change.uidValidity,
          keywords: [],
          pages: [],
          expungedDigest: undefined,
        }
        this.addMailbox(new MailboxTable(entry, true))
        return [{ kind: 'created', mailbox: change.mailbox, name: change.name }]
      }
      case 'deleted': {
        const table = this.#table(change.mailbox)
        this.mailboxes.delete(table.id)
        this.#byName.delete(table.name)
        this.annotations.forget(table.id)
        return [{ kind: 'deleted', mailbox: table.id, name: table.name }]
      }
      case 'renamed': {
        const table = this.#table(change.mailbox)
        const from = table.name
        this.#byName.delete(from)
        table.name = change.name
        this.#byName.set(change.name, table)
        return [{ kind: 'renamed', mailbox: table.id, from, name: change.name }]
      }
      case 'subscribed':
        this.subscriptions.add(change.name)
        return [{ kind: 'subscribed', name: change.name }]
      case 'unsubscribed':
        this.subscriptions.delete(change.name)
        return [{ kind: 'unsubscribed', name: change.name }]
      case 'recent': {
        const table = this.#table(change.mailbox)
        table.recentFrom = change.recentFrom
        return []
      }
      case 'revalidated': {
        this.#table(change.mailbox).shownUidValidity = change.uidValidity
        this.lastUidValidity = Math.max(this.lastUidValidity, change.uidValidity)
        return []
      }
      case 'packed': {
        const table = this.#table(change.mailbox)
        table.packedUntil = change.packedUntil
        return []
      }
      case 'keys':
        this.vkVersion = change.vkVersion
        this.keysetVersion = change.keysetVersion
        this.slotsDigest = Buffer.from(change.slotsDigest)
        return []
      case 'adopted':
        this.adoptedThrough = Math.max(this.adoptedThrough, ...change.arrivals.map(([adopted]) => adopted))
        return []
      case 'annotated':
        this.annotate(change.mailbox, change.entry, change.value)
        // RFC 7162, Appendix B: SETMETADATA raises HIGHESTMODSEQ. No message has changed.
        this.mailboxes.get(change.mailbox)?.raiseModSeq(version)
        return [{ kind: 'annotated', mailbox: change.mailbox, entry: change.entry }]
      case 'fact':
        this.facts.set(change.fact, change.value)
        return []
      case 'checkpoint':
        return []
    }
  }
}
