// Seals the mail that is there already to its owner's own keys: message by message, in commits that append the sealed one and remove the other.
import { breathe, collect } from '../base/async.ts'
import { ByteReader, ByteWriter, hex, fromHex, MalformedRecord } from '../base/bytes.ts'
import { recentChange, adoptAll } from './adopt.ts'
import type { JobStatus, Progress } from './api-lifecycle.ts'
import type { MessageContent, Uid } from './api.ts'
import { changesBytes, recordsBytes } from './commit-limits.ts'
import { isRefusal, Refusal } from './errors.ts'
import { messageKey, sealingJobKey } from './keys.ts'
import type { Change } from './log-codec.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { MemoryBudget } from './memory-budget.ts'
import { encodeMessage } from './message-codec.ts'
import { messageContents } from './message-contents.ts'
import { sealMessageRecord } from './message-seal.ts'
import type { SealingRecord } from './pubkey-codec.ts'
import { refusing } from './refusing.ts'
import { removal } from './removal.ts'
import type { SealedMessage } from './seal-message.ts'
import { currentSealing, noUsableKey, sealForOwner, troubleOf } from './sealing.ts'
import { discardStaged, mustBeReadable, stageMessage } from './stage-message.ts'
import { toRanges, lowerBound } from './uid-ranges.ts'
import type { Commit, Site, UnlockedAccount } from './unlocked-account.ts'

const messagesAtOnce = 32
/** Octets of sealed mail that wait for their commit. */
const octetsAtOnce = 8 * 1024 * 1024
/** What one append and its expunge take in the log entry, besides flags. */
const changeBytes = 64

/** Mail opened to be sealed, over all accounts. */
const budget = new MemoryBudget(96 * 1024 * 1024)

/** The mark of the job: it goes on from here. Not secret, and nothing is lost with it. */
interface Mark {
  readonly startedAt: number
  readonly done: number
  readonly total: number
  /** The last message of its mailbox that was looked at; mailboxes are taken in the order of their identifiers. */
  readonly mailbox: string
  readonly uid: number
  readonly waitsFor: string
}

const markVersion = 1
const noMailbox = '00'.repeat(16)

const encodeMark = (mark: Mark): Buffer =>
  new ByteWriter()
    .u8(markVersion)
    .u64(mark.startedAt)
    .u32(mark.done)
    .u32(mark.total)
    .fixed(fromHex(mark.mailbox))
    .u32(mark.uid)
    .text16(mark.waitsFor)
    .finish()

/** One that cannot be read counts as one that was just begun. */
function decodeMark(bytes: Uint8Array): Mark {
  try {
    const from = new ByteReader(bytes)
    if (from.u8() !== markVersion) throw new MalformedRecord('mark of an unknown version')
    return {
      ...{ startedAt: from.u64(), done: from.u32(), total: from.u32() },
      ...{ mailbox: hex(from.fixed(16)), uid: from.u32(), waitsFor: from.text16() },
    }
  } catch {
    return { startedAt: 0, done: 0, total: 0, mailbox: noMailbox, uid: 0, waitsFor: '' }
  }
}

/** Readable without any key. */
export async function sealingJobStatus(site: Site, account: Buffer): Promise<JobStatus | undefined> {
  const bytes = await refusing(() => site.store.read(account, (snapshot) => snapshot.get(sealingJobKey)))
  if (!bytes) return undefined
  const { startedAt, done, total, waitsFor } = decodeMark(bytes)
  return { kind: 'seal-to-public-key', startedAt, done, total, ...(waitsFor === '' ? {} : { waitsFor }) }
}

async function usableSealing(account: UnlockedAccount): Promise<SealingRecord> {
  const record = await currentSealing(account)
  if (!record || record.keys.length === 0)
    throw new Refusal('no-own-key', 'The account has no key of its own that mail could be sealed to')
  const trouble = troubleOf(account.site, record)
  if (trouble) throw noUsableKey(trouble)
  return record
}

/** Marks the account: what is there is sealed from now on, also after a restart. Refusals: 'no-own-key', 'key-trouble'. */
export async function beginSealingJob(account: UnlockedAccount): Promise<void> {
  await usableSealing(account)
  await account.commit(async () => {
    if (await account.read((snapshot) => snapshot.get(sealingJobKey))) return undefined
    const startedAt = account.site.clock.now()
    const mark = { startedAt, done: 0, total: 0, mailbox: noMailbox, uid: 0, waitsFor: '' }
    return { changes: [], value: undefined, write: (tx) => tx.put(sealingJobKey, encodeMark(mark)) }
  })
}

/** Takes the mark away: what is sealed stays so, nothing more is. Refuses with 'nothing-to-do' when there is none. */
export async function cancelSealingJob(account: UnlockedAccount): Promise<void> {
  const wasThere = await account.commit(async () => {
    if (!(await account.read((snapshot) => snapshot.get(sealingJobKey)))) return undefined
    return { changes: [], value: true, write: (tx) => tx.delete(sealingJobKey) }
  })
  if (!wasThere) throw new Refusal('nothing-to-do', 'No older mail of this account is being sealed')
}

/** Somebody with the right to it has taken the mark away. */
export class SealingCancelled extends Refusal {
  constructor() {
    super('unavailable', 'Sealing older mail was cancelled; what was sealed stays so')
  }
}

interface Ready {
  readonly uid: Uid
  readonly sealed: SealedMessage
}

class Job {
  readonly #account: UnlockedAccount
  readonly #record: SealingRecord
  readonly #isStopped: () => boolean
  readonly #progress: Progress | undefined
  #mark: Mark

  constructor(
    account: UnlockedAccount,
    record: SealingRecord,
    mark: Mark,
    isStopped: () => boolean,
    progress: Progress | undefined,
  ) {
    this.#account = account
    this.#record = record
    this.#mark = mark
    this.#isStopped = isStopped
    this.#progress = progress
  }

  async run(): Promise<void> {
    await adoptAll(this.#account, this.#isStopped)
    const { exceptDrafts } = this.#record.settings
    const tables = [...this.#account.state.mailboxes.values()]
      .filter(({ specialUse }) => !(exceptDrafts && specialUse === '\\Drafts'))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    const total = tables.reduce((sum, { messages }) => sum + messages, 0)
    this.#mark = { ...this.#mark, total: Math.max(this.#mark.total, total), waitsFor: '' }
    for (const table of tables) {
      if (table.id >= this.#mark.mailbox) await this.#mailbox(table)
    }
  }

  async #mailbox(table: MailboxTable): Promise<void> {
    const account = this.#account
    const from = table.id === this.#mark.mailbox ? this.#mark.uid + 1 : 1
    // What is sealed now gets UIDs above.
    const until = table.uidNext
    await account.rowsOf(table)
    const { uids } = table
    const wanted = Array.from(uids.subarray(lowerBound(uids, from), lowerBound(uids, until))) as Uid[]
    for (let at = 0; at < wanted.length;)
      at += await this.#batch(table, wanted.slice(at, at + messagesAtOnce))
  }

  /** Looks at the first of `uids`, as many as one commit takes; resolves to how many those were. */
  async #batch(table: MailboxTable, uids: readonly Uid[]): Promise<number> {
    const ready: Ready[] = []
    let looked = 0
    let octets = 0
    let records = 0
    let changes = 0
    try {
      for (const uid of uids) {
        if (this.#isStopped()) throw stopped()
        const sealed = await this.#sealed(table, uid)
        looked += 1
        if (!sealed) continue
        ready.push({ uid, sealed })
        octets += sealed.content.sizeBytes
        const { envelope, body, bodyStructure, tree, header } = sealed.content
        for (const part of [envelope, body, bodyStructure, tree, header]) records += part.length
        changes += changeBytes + (table.flagsOf(uid)?.encodedBytes ?? 0)
        if (octets > octetsAtOnce || records > recordsBytes / 2 || changes > changesBytes / 2) break
      }
      const last = uids[looked - 1] ?? 0
      this.#mark = { ...this.#mark, done: this.#mark.done + looked, mailbox: table.id, uid: last }
      await this.#replace(table, ready)
    } finally {
      for (const { sealed } of ready) await discardStaged(this.#account, sealed)
    }
    const { done, total } = this.#mark
    this.#progress?.(Math.min(done, total), total)
    await breathe()
    return looked
  }

  /** undefined: it is encrypted already, gone, or cannot be read. */
  async #sealed(table: MailboxTable, uid: Uid): Promise<SealedMessage | undefined> {
    const account = this.#account
    try {
      for await (const content of messageContents(account, table, [uid], () => undefined)) {
        const release = await budget.reserve(content.sizeBytes * 2)
        try {
          return await this.#sealContent(content)
        } finally {
          release()
        }
      }
      return undefined
    } catch (error) {
      if (isRefusal(error, 'message-expunged')) return undefined
      if (!isRefusal(error, 'damaged') || account.isFailed) throw error
      account.site.log.write('warn', 'pubkey.left-damaged', { account: account.id.toString('hex') })
      return undefined
    }
  }

  async #sealContent(content: MessageContent): Promise<SealedMessage | undefined> {
    const original = await collect(content.read(0, content.sizeBytes))
    try {
      const { message, trouble } = await sealForOwner(this.#account.site, this.#record, original, {
        isVerified: true,
      })
      if (trouble) throw noUsableKey(trouble)
      return message === original ? undefined : await this.#stage(message)
    } finally {
      original.fill(0)
    }
  }

  /** The original goes only when what takes its place was read back from where it is stored. */
  async #stage(message: Buffer): Promise<SealedMessage> {
    const sealed = await stageMessage(this.#account, message)
    try {
      await mustBeReadable(this.#account, sealed, message)
      return sealed
    } catch (error) {
      await discardStaged(this.#account, sealed)
      throw error
    }
  }

  /** Appends the sealed messages and removes the others in one commit each time, until all are done. */
  async #replace(table: MailboxTable, ready: Ready[]): Promise<void> {
    do {
      const done = await this.#account.commit(() => this.#plan(table, ready))
      if (!done) break
      for (const uid of done) {
        const index = ready.findIndex((each) => each.uid === uid)
        const [taken] = index < 0 ? [] : ready.splice(index, 1)
        taken?.sealed.messageKey.fill(0)
      }
    } while (ready.some(({ uid }) => table.has(uid)))
  }

  async #plan(table: MailboxTable, ready: readonly Ready[]): Promise<Commit<readonly Uid[]> | undefined> {
    const account = this.#account
    // Looked at where it would be written again: else a job that was cancelled came back.
    if (!(await account.read((snapshot) => snapshot.get(sealingJobKey)))) throw new SealingCancelled()
    const mark = encodeMark(this.#mark)
    const markOnly: Commit<readonly Uid[]> = {
      changes: [],
      value: [],
      write: (tx) => tx.put(sealingJobKey, mark),
    }
    if (!account.state.mailboxes.has(table.id)) return markOnly
    await account.loadRowsNow(table)
    const present = ready.filter(({ uid }) => table.has(uid))
    if (present.length === 0) return markOnly
    const plan = await removal(
      account,
      table,
      present.map(({ uid }) => uid),
      { damagedToo: false },
    )
    const { vault } = account
    const first = table.uidNext
    const changes: Change[] = []
    const puts: { readonly key: Buffer; readonly record: Buffer; readonly from: SealedMessage }[] = []
    let added = 0
    for (const uid of plan.uids) {
      const row = table.row(uid)
      const sealed = present.find((each) => each.uid === uid)?.sealed
      if (!row || !sealed) continue
      const to = first + puts.length
      const { messageKey: key, blob, content } = sealed
      const data = encodeMessage({ messageKey: key, blob, ...content })
      puts.push({
        key: messageKey(table.idBytes, to),
        record: sealMessageRecord(vault, table, to, data),
        from: sealed,
      })
      const { internalDate, zoneMinutes, savedAt, flagSet: flags } = row
      const { sizeBytes } = content
      added += sizeBytes
      changes.push({
        ...{ kind: 'append', mailbox: table.id, uid: to },
        ...{ flags, internalDate, zoneMinutes, sizeBytes, savedAt },
      })
    }
    changes.push(...recentChange(account, table, first + puts.length))
    changes.push({ kind: 'expunge', mailbox: table.id, ranges: toRanges(plan.uids) })
    const removed = table.octetsOf(plan.uids)
    return {
      changes,
      value: plan.uids,
      write(tx) {
        for (const { from } of puts) tx.attach(from.staged)
        for (const { key, record } of puts) tx.put(key, record)
        plan.write(tx)
        tx.addUsage(added - removed)
        tx.put(sealingJobKey, mark)
      },
    }
  }
}

const stopped = (): Refusal =>
  new Refusal('unavailable', 'Sealing older mail was stopped; it goes on at the next login')

async function noteWaiting(account: UnlockedAccount, error: unknown): Promise<void> {
  if (!isRefusal(error) || account.isFailed) return
  await account.commit(async () => {
    const bytes = await account.read((snapshot) => snapshot.get(sealingJobKey))
    if (!bytes) return undefined
    const mark = encodeMark({ ...decodeMark(bytes), waitsFor: error.message })
    return { changes: [], value: undefined, write: (tx) => tx.put(sealingJobKey, mark) }
  })
}

/**
 * Ends a job that was begun; does nothing when there is none. Resumable at any message, and the account is usable meanwhile. In the
 * end the store is compacted, so that what was replaced is not lying about, and only then the mark goes. Refuses with 'key-trouble', 'over-quota',
 * 'unavailable', which is a SealingCancelled where that was it.
 */
export async function sealExisting(
  account: UnlockedAccount,
  isStopped: () => boolean,
  progress?: Progress,
): Promise<void> {
  const bytes = await account.read((snapshot) => snapshot.get(sealingJobKey))
  if (!bytes) return
  try {
    const record = await usableSealing(account)
    await new Job(account, record, decodeMark(bytes), isStopped, progress).run()
    await refusing(() => account.site.store.compact(account.id))
    await account.commit(() => ({ changes: [], value: undefined, write: (tx) => tx.delete(sealingJobKey) }))
  } catch (error) {
    // What was replaced so far is not to lie about either.
    if (error instanceof SealingCancelled) await refusing(() => account.site.store.compact(account.id))
    else if (!isStopped()) await noteWaiting(account, error).catch(() => undefined)
    throw error
  }
}
