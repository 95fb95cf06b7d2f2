// Seals bodies again under a new message key: every one in a rotation that is to do so, damaged frames in a repair (FORMAT.md §9.13).
import { breathe } from '../base/async.ts'
import { equalBytes, hex } from '../base/bytes.ts'
import { openBody, sealBody } from '../crypto/body.ts'
import { renewedBody } from '../crypto/renewed-body.ts'
import { Refused } from '../store/errors.ts'
import type { StagedBlob } from '../store/store.ts'
import { Damage } from './errors.ts'
import { conversionKey, mailboxRange, messageKey as messageRecordKey, pageKey, uidOfKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { decodeMessage, encodeMessage, type MessageRecord } from './message-codec.ts'
import { openMessagePage, openMessageRecord, sealMessagePage, sealMessageRecord } from './message-seal.ts'
import { headerEpoch, ownHeader } from './recovery-header.ts'
import { decoded } from './replay.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

/** Records of messages that were not packed, taken together: with a page as many as that are in it. */
const looseAtOnce = 16
/** A page that changes each time is left for the next round. */
const triesAtMost = 5

type Kind = 'p' | 'm'

/** A record of the store: a page, or a message by itself. */
interface Stored {
  readonly uid: number
  readonly sealed: Uint8Array
}

/** A body that goes, and what takes its place. */
interface Renewed {
  readonly old: Buffer
  readonly blob: Buffer
}

async function nextRecords(
  account: UnlockedAccount,
  table: MailboxTable,
  kind: Kind,
  from: number,
): Promise<Stored[]> {
  const key = kind === 'm' ? messageRecordKey : pageKey
  const range = { gte: key(table.idBytes, from), lt: mailboxRange(kind, table.idBytes).lt }
  return account.read(async (snapshot) => {
    const found: Stored[] = []
    for await (const entries of snapshot.range({ ...range, limit: kind === 'p' ? 1 : looseAtOnce }))
      for (const [name, sealed] of entries) found.push({ uid: uidOfKey(name), sealed })
    return found
  })
}

/** The messages in a record, each encoded; the caller wipes them. */
function messagesIn(
  account: UnlockedAccount,
  table: MailboxTable,
  kind: Kind,
  { uid, sealed }: Stored,
): [number, Buffer][] {
  if (kind === 'p') return openMessagePage(account.vault, table, uid, sealed)
  return [[uid, openMessageRecord(account.vault, table, uid, sealed)]]
}

/** Bodies on their way to take the place of older ones. */
class Renewal {
  readonly #account: UnlockedAccount
  readonly #epoch: number
  readonly #isDue: IsDue
  /** Staged by this renewal, by the identifier of the new body. */
  readonly #staged = new Map<string, StagedBlob>()

  constructor(account: UnlockedAccount, epoch: number, isDue: IsDue) {
    this.#account = account
    this.#epoch = epoch
    this.#isDue = isDue
  }

  /** The record with a new body, which is there or staged then; undefined when it needs none. */
  async renew(encoded: Buffer): Promise<{ encoded: Buffer; renewed: Renewed } | undefined> {
    const { site, id, vault } = this.#account
    const record = decoded('message record', () => decodeMessage(encoded))
    if (!this.#isDue(await site.store.blobs.header(id, record.blob))) return undefined
    const fresh = renewedBody(vault.root(this.#epoch).renewalKey, record.blob, record.messageKey)
    try {
      await this.#stage(record, fresh.blob, fresh.messageKey)
      const { emailId } = record
      return {
        encoded: encodeMessage({ ...record, emailId, blob: fresh.blob, messageKey: fresh.messageKey }),
        renewed: { old: Buffer.from(record.blob), blob: fresh.blob },
      }
    } finally {
      fresh.messageKey.fill(0)
    }
  }

  /** A copy of the message may have been here before. */
  async #stage(record: MessageRecord, blob: Buffer, messageKey: Buffer): Promise<void> {
    const { site, id, vault } = this.#account
    const { blobs } = site.store
    if (this.#staged.has(hex(blob)) || (await blobs.length(id, blob)) !== undefined) return
    await using reader = await blobs.open(id, record.blob)
    const { sizeBytes } = record
    const old = {
      ...{ messageKey: record.messageKey, account: id, blob: record.blob, sizeBytes },
      blobLength: reader.lengthBytes,
      read: (from: number, to: number) => reader.read(from, to),
    }
    const header = ownHeader(vault, blob, messageKey)
    const staged = await blobs.stage(id, blob, header, sealBody(messageKey, id, blob, openBody(old)))
    this.#staged.set(hex(blob), staged)
  }

  /** What takes the new bodies in and lets the old ones go, once for each message. Decided when it is asked for, inside a commit. */
  async writes(renewed: readonly Renewed[]): Promise<Commit<undefined>['write']> {
    const { site, id } = this.#account
    const attach: StagedBlob[] = []
    const link: Buffer[] = []
    const taken = new Set<string>()
    for (const { blob } of renewed) {
      const name = hex(blob)
      const staged = this.#staged.get(name)
      const isThere = taken.has(name) || (await site.store.blobs.length(id, blob)) !== undefined
      if (isThere) link.push(blob)
      else if (staged) attach.push(staged)
      else throw new Damage('a body that was renewed is gone')
      taken.add(name)
    }
    return (tx) => {
      for (const staged of attach) tx.attach(staged)
      for (const blob of link) tx.link(blob)
      for (const { old } of renewed) tx.unlink(old)
    }
  }

  /** Gives up what no commit took. */
  async end(): Promise<void> {
    for (const staged of this.#staged.values()) await this.#account.site.store.blobs.discard(staged)
    this.#staged.clear()
  }
}

/** Whether the record is what it was when it was read. */
async function isUnchanged(account: UnlockedAccount, key: Buffer, { sealed }: Stored): Promise<boolean> {
  const present = await account.read((snapshot) => snapshot.get(key))
  return present !== undefined && equalBytes(present, sealed)
}

/** Told how far it is; `mark` is what the account keeps of that, if it is a job that goes on after a restart. */
export interface BodyCourse {
  add(messages: number): void
  readonly mark?: Buffer
}

/** Whether the body with this recovery header is to be sealed again; undefined: its frame is damaged. */
type IsDue = (header: Uint8Array | undefined) => boolean

interface Outcome {
  readonly messages: number
  readonly hasRenewed: boolean
}

/** One page, or one message by itself; undefined when it was changed meanwhile. */
async function renewRecord(
  account: UnlockedAccount,
  table: MailboxTable,
  kind: Kind,
  stored: Stored,
  epoch: number,
  course: BodyCourse,
  isDue: IsDue,
): Promise<Outcome | undefined> {
  const key = (kind === 'm' ? messageRecordKey : pageKey)(table.idBytes, stored.uid)
  const renewal = new Renewal(account, epoch, isDue)
  const records = messagesIn(account, table, kind, stored)
  const gone: Renewed[] = []
  try {
    for (const record of records) {
      const next = await renewal.renew(record[1])
      if (next) {
        record[1].fill(0)
        record[1] = next.encoded
        gone.push(next.renewed)
      }
      await breathe()
    }
    const messages = records.length
    if (gone.length === 0) return { messages, hasRenewed: false }
    return await account.commit(async (): Promise<Commit<Outcome> | undefined> => {
      if (!account.state.mailboxes.has(table.id)) return undefined
      if (!(await isUnchanged(account, key, stored))) return undefined
      const write = await renewal.writes(gone)
      const { vault } = account
      const first = records[0]
      if (!first) return undefined
      const sealed =
        kind === 'p'
          ? sealMessagePage(vault, table, stored.uid, records)
          : sealMessageRecord(vault, table, stored.uid, first[1])
      return {
        changes: [],
        value: { messages, hasRenewed: true },
        async write(tx, version) {
          await write?.(tx, version)
          tx.put(key, sealed)
          if (course.mark) tx.put(conversionKey, course.mark)
        },
      }
    })
  } catch (error) {
    // A message of it went, and its body with it.
    if (error instanceof Refused && error.reason === 'no-blob' && !(await isUnchanged(account, key, stored)))
      return undefined
    throw error
  } finally {
    for (const [, encoded] of records) encoded.fill(0)
    await renewal.end()
  }
}

/**
 * All bodies of a mailbox that are of an older epoch than `epoch`, or what else `isDue` says. Resolves to
 * whether another round is needed: some were renewed, so that copies of older ones may have been made meanwhile, or a record was changed all the time.
 */
export async function renewBodies(
  account: UnlockedAccount,
  table: MailboxTable,
  epoch: number,
  course: BodyCourse,
  isDue: IsDue = (header) => headerEpoch(header) < epoch,
): Promise<boolean> {
  let needsMore = false
  for (const kind of ['p', 'm'] as const) {
    let from = 0
    let tries = 0
    for (;;) {
      if (!account.state.mailboxes.has(table.id)) return needsMore
      const found = await nextRecords(account, table, kind, from)
      if (found.length === 0) break
      for (const stored of found) {
        from = stored.uid
        const outcome = await renewRecord(account, table, kind, stored, epoch, course, isDue)
        if (!outcome) {
          tries += 1
          if (tries < triesAtMost) break
        } else course.add(outcome.messages)
        if (outcome?.hasRenewed !== false) needsMore = true
        from = stored.uid + 1
        tries = 0
      }
    }
  }
  return needsMore
}
