// Seals everything an account has under its newest key epoch, then drops the older ones: the second half of enabling at-rest encryption.
import { breathe } from '../base/async.ts'
import { boxEpoch } from '../crypto/box.ts'
import { currentEpoch, dropOldEpochs } from '../crypto/keyset.ts'
import { factNumbers } from './account-facts.ts'
import { adoptAll } from './adopt.ts'
import { checkpoint, type Stale } from './checkpoint.ts'
import { conversionKey, mailboxRange, messageKey, pageKey, uidOfKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { openMessagePage, openMessageRecord, sealMessagePage, sealMessageRecord } from './message-seal.ts'
import { convertSlotUses } from './slot-uses.ts'
import { Damage, Refusal } from './errors.ts'
import { encodeJob, readJob, type JobMark } from './job-mark.ts'
import { messagesOf } from './key-jobs.ts'
import { decodeMessage } from './message-codec.ts'
import { renewBodies } from './renew-bodies.ts'
import { NewHeaders, renewHeaders } from './renew-headers.ts'
import { decoded } from './replay.ts'
import { editSlots, type KeySettings } from './slots.ts'
import { refusing } from './refusing.ts'
import { convertText } from './text-convert.ts'
import { convertTrail } from './trail.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

const recordsAtOnce = 64
const bytesAtOnce = 2 * 1024 * 1024

type Progress = (done: number, total: number) => void

/** The new header of a message's body, while its key is at hand. */
function noteHeader(headers: NewHeaders, encoded: Buffer): void {
  const { blob, messageKey } = decoded('message record', () => decodeMessage(encoded))
  headers.add(blob, messageKey)
}

/** Seals the next records of one kind that are still of an older epoch; resolves to how many messages and where to go on. */
async function convertSome(
  account: UnlockedAccount,
  table: MailboxTable,
  kind: 'm' | 'p',
  from: number,
  headers: NewHeaders,
  course: Course,
): Promise<{ messages: number; next: number | undefined }> {
  const { vault } = account
  let next: number | undefined
  const converted = await account.commit(async (): Promise<Commit<number> | undefined> => {
    if (!account.state.mailboxes.has(table.id)) return undefined
    const key = kind === 'm' ? messageKey : pageKey
    const found = await account.read(async (snapshot) => {
      const records: (readonly [number, Uint8Array])[] = []
      let bytes = 0
      const range = {
        gte: key(table.idBytes, from),
        lt: mailboxRange(kind, table.idBytes).lt,
        limit: recordsAtOnce,
      }
      for await (const entries of snapshot.range(range)) {
        for (const [name, sealed] of entries) {
          if (bytes > bytesAtOnce) return records
          records.push([uidOfKey(name), sealed])
          bytes += sealed.length
        }
      }
      return records
    })
    const last = found.at(-1)?.[0]
    if (last === undefined) return undefined
    next = last + 1
    const puts: { key: Buffer; sealed: Buffer }[] = []
    let messages = 0
    for (const [uid, sealed] of found) {
      if (boxEpoch(sealed) === vault.epoch) continue
      if (kind === 'm') {
        const record = openMessageRecord(vault, table, uid, sealed)
        noteHeader(headers, record)
        puts.push({ key: key(table.idBytes, uid), sealed: sealMessageRecord(vault, table, uid, record) })
        messages += 1
      } else {
        const records = openMessagePage(vault, table, uid, sealed)
        for (const [, record] of records) noteHeader(headers, record)
        puts.push({ key: key(table.idBytes, uid), sealed: sealMessagePage(vault, table, uid, records) })
        messages += records.length
        await breathe()
      }
    }
    if (puts.length === 0) return undefined
    return {
      changes: [],
      value: messages,
      write(tx) {
        for (const { key: at, sealed } of puts) tx.put(at, sealed)
        tx.put(conversionKey, course.mark)
      },
    }
  })
  return { messages: converted ?? 0, next }
}

/** State pages and expunge histories that one checkpoint seals anew: about 4 MB. */
const recordsInCheckpoint = 100

/** Seals manifest, list, state pages and expunge histories under the newest epoch, and drops the older log, in checkpoints of bounded size. */
async function renewState(account: UnlockedAccount): Promise<void> {
  const left = [...account.state.mailboxes.values()].flatMap((table) => [
    [table, undefined] as const,
    ...table.pages.map(({ firstUid }) => [table, firstUid] as const),
  ])
  do {
    const stale = new Map<MailboxTable, Stale>()
    for (const [table, firstUid] of left.splice(0, recordsInCheckpoint)) {
      const { pages, expunges } = stale.get(table) ?? { pages: new Set(), expunges: false }
      stale.set(
        table,
        firstUid === undefined
          ? { pages, expunges: true }
          : { pages: new Set(pages).add(firstUid), expunges },
      )
    }
    // Not while a great many arrivals wait.
    while (!(await checkpoint(account, stale))) await adoptAll(account)
  } while (left.length > 0)
}

/** How far a rotation is: told to whoever follows it, and kept in the account's mark for those who ask later. */
class Course {
  readonly #mark: JobMark
  readonly #progress: Progress | undefined
  #done: number

  constructor(mark: JobMark, progress: Progress | undefined) {
    this.#mark = mark
    this.#done = mark.done
    this.#progress = progress
  }

  add(messages: number): void {
    this.#done = Math.min(this.#done + messages, this.#mark.total)
    this.#progress?.(this.#done, this.#mark.total)
  }

  end(): void {
    const { total } = this.#mark
    this.#progress?.(total, total)
  }

  get mark(): Buffer {
    return encodeJob({ ...this.#mark, done: this.#done })
  }
}

/** What the mark says; total and start are made up where it was written by a version that did not count. */
async function courseOf(account: UnlockedAccount, progress: Progress | undefined): Promise<Course> {
  const mark = await account.read(readJob)
  const known = mark && mark.total > 0 ? mark : undefined
  const fresh = { kind: 'enable', done: 0, startedAt: account.site.clock.now(), ...mark } as const
  return new Course(known ?? { ...fresh, total: messagesOf(account) }, progress)
}

async function renewRecords(account: UnlockedAccount, headers: NewHeaders, course: Course): Promise<void> {
  for (const table of [...account.state.mailboxes.values()]) {
    for (const kind of ['p', 'm'] as const) {
      let from: number | undefined = 0
      while (from !== undefined) {
        const { messages, next } = await convertSome(account, table, kind, from, headers, course)
        course.add(messages)
        from = next
      }
    }
    await convertText(account, table)
  }
}

/** Rounds after which mail that is copied about all the time has to wait for the next login. */
const roundsAtMost = 20

/** New bodies, if the rotation is to make them. The records that hold their keys are sealed anew with them. */
async function renewAllBodies(account: UnlockedAccount, course: Course): Promise<void> {
  const fact = account.state.facts.get(factNumbers.bodies)
  const epoch = fact?.length === 4 ? fact.readUInt32BE() : 0
  if (epoch === 0) return
  for (let round = 0; round < roundsAtMost; round += 1) {
    let needsMore = false
    for (const table of [...account.state.mailboxes.values()]) {
      if (await renewBodies(account, table, epoch, course)) needsMore = true
    }
    if (!needsMore) {
      // The files of bodies that are gone: else they would be overwritten one by one.
      await refusing(() => account.site.store.compact(account.id))
      return
    }
  }
  throw new Refusal('busy', 'Messages are being moved all the time; the rotation goes on at the next login')
}

/** Letters of records that a key of an epoch seals and that must not be lost. Whoever adds one adds its conversion above. */
const sealedLetters = 'nLmpxvtc'

/** Whether anything is still sealed under an older epoch. Dropping that would lose it: so this is looked at, not concluded. */
async function isAnythingOlder(account: UnlockedAccount, epoch: number): Promise<boolean> {
  return account.read(async (snapshot) => {
    for await (const page of snapshot.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) })) {
      for (const [key, value] of page) {
        if (sealedLetters.includes(String.fromCharCode(key[0] ?? 0)) && boxEpoch(value) < epoch) return true
      }
      await breathe()
    }
    return false
  })
}

async function renewAll(
  account: UnlockedAccount,
  settings: KeySettings,
  progress: Progress | undefined,
): Promise<void> {
  const { epoch } = account.vault
  const headers = new NewHeaders(account.vault)
  // Arrivals under the older key: none comes any more, since the delivery card names the new one.
  await adoptAll(account)
  const course = await courseOf(account, progress)
  await renewAllBodies(account, course)
  await renewRecords(account, headers, course)
  await convertTrail(account)
  await convertSlotUses(account)
  await renewState(account)
  await renewHeaders(account, headers)
  if (await isAnythingOlder(account, epoch)) {
    // What others wrote meanwhile while they still held what was read before.
    await renewRecords(account, headers, course)
    await convertSlotUses(account)
    await renewState(account)
    if (await isAnythingOlder(account, epoch)) throw new Damage('something is still sealed under older keys')
  }
  await editSlots(account, settings, {
    keep: () => true,
    add: [],
    keyset(present) {
      // Records were sealed under the epoch that was current when this began, and nothing else may be dropped.
      if (currentEpoch(present).epoch !== epoch) throw new Refusal('busy', 'The keys were renewed meanwhile')
      return dropOldEpochs(present)
    },
    changes: account.state.facts.has(factNumbers.bodies)
      ? [{ kind: 'fact', fact: factNumbers.bodies, value: Buffer.alloc(4) }]
      : [],
  })
  course.end()
}

/**
 * Ends a rotation that is under way; does nothing when there is none. Resumable at any record, and the account is usable
 * meanwhile: each record names the epoch that opens it. In the end old epochs are dropped and the store is compacted, so that old key
 * material is not lying about; only then the mark of the rotation goes. Refuses with 'busy', 'damaged', 'unavailable'.
 */
export async function convert(
  account: UnlockedAccount,
  settings: KeySettings,
  progress?: Progress,
): Promise<void> {
  if (account.vault.keyset.epochs.length > 1) await renewAll(account, settings, progress)
  const mark = await account.read((snapshot) => snapshot.get(conversionKey))
  if (!mark) return
  await refusing(() => account.site.store.compact(account.id))
  await account.commit(() => {
    // Another rotation began meanwhile: the mark is its own.
    if (account.vault.keyset.epochs.length > 1) return undefined
    return { changes: [], value: undefined, write: (tx) => tx.delete(conversionKey) }
  })
}
