// Message contents of an unlocked account: what is kept ready of each message, and its body, opened as it is read.
import { hex } from '../base/bytes.ts'
import type { Secret } from '../base/secret.ts'
import { openBody } from '../crypto/body.ts'
import { Refused } from '../store/errors.ts'
import type { BlobReader } from '../store/store.ts'
import type { MessageContent, Uid } from './api.ts'
import { readRecords, type FoundRecord } from './contents.ts'
import { Damage, Refusal } from './errors.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { asRefusal, refusing } from './refusing.ts'
import type { UnlockedAccount } from './unlocked-account.ts'
import type { Vault } from './vault.ts'

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
  const { sizeBytes } = record
  return {
    uid: uid as Uid,
    get emailId() {
      return hex(blob)
    },
    sizeBytes,
    envelope: ready(record.envelope),
    body: ready(record.body),
    bodyStructure: ready(record.bodyStructure),
    tree: ready(record.tree),
    header: ready(record.header),
    async *read(start, end) {
      const own = key.isWiped ? await lookUpKey(account, table, uid) : account.vault.lend(key.bytes)
      try {
        const reader = await openBlob(account, table, uid, blob)
        try {
          const body = {
            ...{ messageKey: own.bytes, account: id, blob, sizeBytes, blobLength: reader.lengthBytes },
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
        throw own.isWiped ? locked() : asRefusal(error)
      } finally {
        account.vault.takeBack(own)
      }
    },
  }
}

const locked = (): Refusal => new Refusal('unavailable', 'The account was locked')
const expunged = (): Refusal => new Refusal('message-expunged', 'The message was expunged')

/** A body that is gone is damage, unless its message went meanwhile. */
async function openBlob(
  account: UnlockedAccount,
  table: MailboxTable,
  uid: number,
  blob: Buffer,
): Promise<BlobReader> {
  try {
    return await account.site.store.blobs.open(account.id, blob)
  } catch (error) {
    if (!(error instanceof Refused) || error.reason !== 'no-blob') throw error
    // The commit that took it away may be durable and not yet applied.
    await account.exclusive(async () => undefined)
    throw table.has(uid) ? new Damage('the body of a message is missing') : expunged()
  }
}

/** Takes the key out of a record: its copy there is wiped. */
function takeKey(vault: Vault, { record }: FoundRecord): Secret {
  const key = vault.lend(record.messageKey)
  record.messageKey.fill(0)
  return key
}

async function lookUpKey(account: UnlockedAccount, table: MailboxTable, uid: number): Promise<Secret> {
  for await (const batch of readRecords(account, table, [uid]))
    for (const found of batch) return takeKey(account.vault, found)
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
