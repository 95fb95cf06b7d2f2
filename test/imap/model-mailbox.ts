// A mailbox as plain values, with as many sessions as wanted: what a view is tested against.
import type {
  CopyResult,
  Flag,
  MailboxEvent,
  MessageContent,
  MessageState,
  ModSeq,
  SelectedMailbox,
  Uid,
  UidValidity,
} from '../../src/account/api.ts'

const unused = (): never => {
  throw new Error('a view does not call this')
}

/** The messages, and who watches them. */
export class ModelMailbox {
  readonly messages = new Map<number, MessageState>()
  readonly watchers = new Set<ModelSelected>()
  readonly keywords: Flag[] = []
  uidNext = 1
  modSeq = 1

  select(): ModelSelected {
    const selected = new ModelSelected(this)
    this.watchers.add(selected)
    return selected
  }

  append(flags: readonly Flag[] = []): Uid {
    const uid = this.uidNext as Uid
    this.uidNext += 1
    this.#put(uid, flags)
    const [claimant] = this.watchers
    claimant?.recent.add(uid)
    this.#tell({ kind: 'append', uids: [uid], modSeq: this.modSeq as ModSeq, by: undefined })
    return uid
  }

  setFlags(uid: number, flags: readonly Flag[], by?: ModelSelected): void {
    if (!this.messages.has(uid)) return
    for (const keyword of flags.filter((flag) => !flag.startsWith('\\') && !this.keywords.includes(flag))) {
      this.keywords.push(keyword)
      this.#tell({ kind: 'keyword', keyword })
    }
    this.#put(uid as Uid, flags)
    this.#tell({ kind: 'flags', uids: [uid as Uid], modSeq: this.modSeq as ModSeq, by })
  }

  expunge(uids: readonly number[], by?: ModelSelected): void {
    const gone = uids.filter((uid) => this.messages.delete(uid)) as Uid[]
    this.modSeq += 1
    if (gone.length > 0) this.#tell({ kind: 'expunge', uids: gone, modSeq: this.modSeq as ModSeq, by })
  }

  #put(uid: Uid, flags: readonly Flag[]): void {
    this.modSeq += 1
    const modSeq = this.modSeq as ModSeq
    this.messages.set(uid, { uid, modSeq, flags, internalDate: 0, zoneMinutes: 0, sizeBytes: 1, savedAt: 0 })
  }

  #tell(event: MailboxEvent): void {
    for (const watcher of this.watchers) watcher.listener(event)
  }
}

export class ModelSelected implements SelectedMailbox {
  readonly id = '00'
  readonly name = 'Model'
  readonly isReadOnly = false
  readonly uidValidity = 1 as UidValidity
  readonly recent = new Set<number>()
  listener: (event: MailboxEvent) => void = () => undefined
  readonly #model: ModelMailbox

  constructor(model: ModelMailbox) {
    this.#model = model
  }
  get uidNext(): Uid {
    return this.#model.uidNext as Uid
  }
  get highestModSeq(): ModSeq {
    return this.#model.modSeq as ModSeq
  }
  get keywords(): readonly Flag[] {
    return this.#model.keywords
  }
  uids(): Uid[] {
    return [...this.#model.messages.keys()].sort((a, b) => a - b) as Uid[]
  }
  uidSnapshot(): Uint32Array {
    return Uint32Array.from(this.uids())
  }
  recentRanges(): (readonly [first: number, last: number])[] {
    return [...this.recent].sort((a, b) => a - b).map((uid) => [uid, uid] as const)
  }
  firstUnseen(): Uid | undefined {
    return this.uids().find((uid) => !this.state(uid)?.flags.includes('\\Seen'))
  }
  isRecent(uid: Uid): boolean {
    return this.recent.has(uid)
  }
  state(uid: Uid): MessageState | undefined {
    return this.#model.messages.get(uid)
  }
  watch(listener: (event: MailboxEvent) => void): void {
    this.listener = listener
  }
  close(): void {
    this.#model.watchers.delete(this)
  }
  vanishedSince(): Promise<readonly (readonly [Uid, Uid])[]> {
    return unused()
  }
  contents(): AsyncIterable<MessageContent> {
    return unused()
  }
  content(): Promise<MessageContent | undefined> {
    return unused()
  }
  storeFlags(): Promise<{ changed: readonly Uid[]; modified: readonly Uid[] }> {
    return unused()
  }
  expunge(): Promise<readonly Uid[]> {
    return unused()
  }
  copy(): Promise<CopyResult> {
    return unused()
  }
  move(): Promise<CopyResult> {
    return unused()
  }
}
