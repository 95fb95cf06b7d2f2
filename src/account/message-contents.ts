// Message contents of an unlocked account: what is kept ready of each message, and its body, opened as it is read.
import { hex } from '../base/bytes.ts'
import type { Secret } from '../base/secret.ts'
import { openBody } from '../crypto/body.ts'
import { Refused } from '../store/errors.ts'
import type { BlobReader } from '../store/store.ts'
import type { MessageContent, Uid } from './api.ts'
import { readRecords, type FoundRecord } from './contents.ts'
import { Damage, isRefusal, Refusal } from './errors.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { asRefusal, refusing } from './refusing.ts'
import type { UnlockedAccount } from './unlocked-account.ts'
import type { Vault } from './vault.ts'

/** A body and the message key that opens it. */
interface Sealed {
  readonly key: Secret
  readonly blob: Buffer
}

const ready = (bytes: Buffer): Buffer | undefined => (bytes.length === 0 ? undefined : bytes)

/** `key` lives as long as the batch that the content was read with; a body read later looks its key up again. */
function contentOf(
  account: UnlockedAccount,
  table: MailboxTable,
  { uid, record }: FoundRecord,
  key: Secret,
): MessageContent {
  const { id } = account
  const blob = Buffer.from(record.blob)
  const emailId = Buffer.from(record.emailId)
  const { sizeBytes } = record
  return {
    uid: uid as Uid,
    get emailId() {
      return hex(emailId)
    },
    get bodyId() {
      return hex(blob)
    },
    sizeBytes,
    envelope: ready(record.envelope),
    body: ready(record.body),
    bodyStructure: ready(record.bodyStructure),
    tree: ready(record.tree),
    header: ready(record.header),
    async *read(start, end) {
      let sealed: Sealed = key.isWiped
        ? await lookUp(account, table, uid)
        : { key: account.vault.lend(key.bytes), blob }
      try {
        let reader = await openBlob(account, sealed.blob)
        if (!reader) {
          // A rotation gave the message another body meanwhile, or it is gone.
          account.vault.takeBack(sealed.key)
          const before = sealed.blob
          // The commit that moved it, or took it away, may be durable and not yet applied.
          await account.exclusive(async () => undefined)
          sealed = await lookUp(account, table, uid)
          reader = sealed.blob.equals(before) ? undefined : await openBlob(account, sealed.blob)
          if (!reader) throw new Damage('the body of a message is missing')
        }
        const { key: own, blob: place } = sealed
        try {
          const body = {
            ...{ messageKey: own.bytes, account: id, blob: place, sizeBytes },
            blobLength: reader.lengthBytes,
            read: (from: number, to: number) => reader.read(from, to),
          }
          for await (const piece of openBody(body, start, end)) {
            if (own.isWiped) throw locked()
            yield piece
          }
        } finally {
          await reader.close()
        }
      } catch (error) {
        throw sealed.key.isWiped && !isRefusal(error, 'message-expunged') ? locked() : asRefusal(error)
      } finally {
        account.vault.takeBack(sealed.key)
      }
    },
  }
}

const locked = (): Refusal => new Refusal('unavailable', 'The account was locked')
const expunged = (): Refusal => new Refusal('message-expunged', 'The message was expunged')

/** undefined: there is none. */
async function openBlob(account: UnlockedAccount, blob: Buffer): Promise<BlobReader | undefined> {
  try {
    return await account.site.store.blobs.open(account.id, blob)
  } catch (error) {
    if (error instanceof Refused && error.reason === 'no-blob') return undefined
    throw error
  }
}

/** Takes the key out of a record: its copy there is wiped. */
function takeKey(vault: Vault, { record }: FoundRecord): Secret {
  const key = vault.lend(record.messageKey)
  record.messageKey.fill(0)
  return key
}

/** Where a message's body is now and what opens it. */
async function lookUp(account: UnlockedAccount, table: MailboxTable, uid: number): Promise<Sealed> {
  for await (const batch of readRecords(account, table, [uid]))
    for (const found of batch)
      return { blob: Buffer.from(found.record.blob), key: takeKey(account.vault, found) }
  throw expunged()
}

/**
 * Contents of those of `uids` (ascending) that exist, in order, opened page by page. `check` is called before each page and
 * throws when it is not to go on. Refuses with 'damaged', 'unavailable'.
 */
export async function* messageContents(
  account: UnlockedAccount,
  table: MailboxTable,
  uids: readonly number[],
  check: () => void,
): AsyncGenerator<MessageContent> {
  const batches = readRecords(account, table, uids)
  for (;;) {
    check()
    const batch = await refusing(() => batches.next())
    if (batch.done) return
    const { vault } = account
    const keys = batch.value.map((found) => takeKey(vault, found))
    try {
      for (const [index, found] of batch.value.entries()) {
        const key = keys[index]
        if (key) yield contentOf(account, table, found, key)
      }
    } finally {
      for (const key of keys) vault.takeBack(key)
    }
  }
}
