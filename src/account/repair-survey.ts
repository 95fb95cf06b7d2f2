// What an account really has: which records open, which bodies, and which of them nobody names. For repair, while no one else uses it.
import { breathe } from '../base/async.ts'
import { hex } from '../base/bytes.ts'
import { openBody, type SealedBody } from '../crypto/body.ts'
import { readArrival } from '../crypto/arrival.ts'
import { Damaged, Refused } from '../store/errors.ts'
import type { AccountView, BlobReader, HeldBlob } from '../store/store.ts'
import { mailboxRange, quarantineKey, uidOfKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { decodeMessage } from './message-codec.ts'
import { openMessagePage, openMessageRecord } from './message-seal.ts'
import { isDamage } from './refusing.ts'
import { objection } from './verify-stored.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** A message whose record opens. The key is wiped with the survey. */
export interface FoundMessage {
  readonly uid: number
  readonly messageKey: Buffer
  readonly blob: string
  readonly sizeBytes: number
  readonly header: Buffer
}

export interface MailboxSurvey {
  readonly table: MailboxTable
  readonly found: ReadonlyMap<number, FoundMessage>
  /** Messages without a record that opens. */
  readonly damaged: readonly number[]
}

export interface Survey {
  readonly mailboxes: readonly MailboxSurvey[]
  /** How often messages, and arrivals that wait, name each body. */
  readonly used: ReadonlyMap<string, number>
  readonly held: ReadonlyMap<string, HeldBlob>
  /** Bodies that are kept aside. */
  readonly quarantined: ReadonlySet<string>
  readonly strays: readonly { readonly key: Buffer; readonly text: string }[]
  readonly usageBytes: number
  /** Mail that waits to be adopted: the quota counts it, and no mailbox does. */
  readonly waiting: number
  wipe(): void
}

/** Records of one mailbox, by UID: those in pages below `packedUntil`, single ones from there on. */
async function recordsOf(
  { vault }: UnlockedAccount,
  table: MailboxTable,
  view: AccountView,
): Promise<Map<number, FoundMessage>> {
  const found = new Map<number, FoundMessage>()
  const take = (uid: number, encoded: Buffer): void => {
    const record = decodeMessage(encoded)
    const { sizeBytes } = record
    const copies = { messageKey: Buffer.from(record.messageKey), header: Buffer.from(record.header) }
    found.set(uid, { uid, sizeBytes, blob: hex(record.blob), ...copies })
    encoded.fill(0)
  }
  for (const kind of ['p', 'm'] as const) {
    for await (const entries of view.range(mailboxRange(kind, table.idBytes))) {
      for (const [key, sealed] of entries) {
        const uid = uidOfKey(key)
        try {
          if (kind === 'p')
            for (const [each, encoded] of openMessagePage(vault, table, uid, sealed)) {
              if (each < table.packedUntil) take(each, encoded)
            }
          else if (uid >= table.packedUntil) take(uid, openMessageRecord(vault, table, uid, sealed))
        } catch (error) {
          if (!isDamage(error)) throw error
        }
      }
      await breathe()
    }
  }
  return found
}

function bodyOfArrival(account: UnlockedAccount, value: Uint8Array): string | undefined {
  try {
    return hex(readArrival(undefined, account.id, value).blob)
  } catch (error) {
    if (!isDamage(error)) throw error
    return undefined
  }
}

/** Looks at everything but the bodies themselves. */
export async function surveyAccount(account: UnlockedAccount): Promise<Survey> {
  const { state } = account
  for (const table of state.mailboxes.values()) await account.loadRowsNow(table)
  return account.site.store.read(account.id, async (view) => {
    const mailboxes: MailboxSurvey[] = []
    const used = new Map<string, number>()
    const use = (blob: string): void => void used.set(blob, (used.get(blob) ?? 0) + 1)
    for (const table of state.mailboxes.values()) {
      const found = await recordsOf(account, table, view)
      for (const uid of [...found.keys()]) if (!table.has(uid)) found.delete(uid)
      for (const { blob } of found.values()) use(blob)
      mailboxes.push({ table, found, damaged: [...table.uids].filter((uid) => !found.has(uid)) })
    }
    const strays: { key: Buffer; text: string }[] = []
    let waiting = 0
    for await (const entries of view.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) })) {
      for (const [key, value] of entries) {
        const name = Buffer.from(key)
        const text = objection(state, name)
        if (text !== undefined) strays.push({ key: name, text })
        else if (name[0] === arrivalLetter) {
          waiting += 1
          const blob = bodyOfArrival(account, value)
          if (blob !== undefined) use(blob)
        }
      }
      await breathe()
    }
    const held = new Map<string, HeldBlob>()
    for await (const page of view.blobs()) for (const blob of page) held.set(hex(blob.blobId), blob)
    const aside = Buffer.from((await view.get(quarantineKey)) ?? Buffer.alloc(0))
    const quarantined = new Set<string>()
    for (let at = 1; at + 16 <= aside.length; at += 16) quarantined.add(hex(aside.subarray(at, at + 16)))
    return {
      ...{ mailboxes, used, held, quarantined, strays, usageBytes: view.usageBytes, waiting },
      wipe() {
        for (const { found } of mailboxes) for (const { messageKey } of found.values()) messageKey.fill(0)
      },
    }
  })
}

const arrivalLetter = 'd'.charCodeAt(0)

/** `bare`: it opens, but what stands before it in its file is damaged, so that it could not be found without its record. */
export type BodyState = 'whole' | 'bare' | 'missing' | 'damaged'

/** Reads a body to its end. */
export async function bodyState(
  account: UnlockedAccount,
  message: Pick<FoundMessage, 'messageKey' | 'blob' | 'sizeBytes'>,
): Promise<BodyState> {
  const blob = Buffer.from(message.blob, 'hex')
  let reader: BlobReader
  try {
    reader = await account.site.store.blobs.open(account.id, blob)
  } catch (error) {
    if (error instanceof Refused && error.reason === 'no-blob') return 'missing'
    if (error instanceof Damaged) return 'damaged'
    throw error
  }
  await using open = reader
  const body: SealedBody = {
    ...{ messageKey: message.messageKey, account: account.id, blob, sizeBytes: message.sizeBytes },
    ...{ blobLength: open.lengthBytes, read: (start: number, end: number) => open.read(start, end) },
  }
  let octets = 0
  try {
    for await (const piece of openBody(body)) {
      octets += piece.length
      await breathe()
    }
  } catch (error) {
    if (isDamage(error) || error instanceof Damaged) return 'damaged'
    throw error
  }
  if (octets !== message.sizeBytes) return 'damaged'
  return (await account.site.store.blobs.header(account.id, blob)) === undefined ? 'bare' : 'whole'
}
