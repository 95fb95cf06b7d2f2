// Message contents of an unlocked account: what is kept ready of each message, and its body, opened as it is read.
import { hex } from '../base/bytes.ts'
import { secretBuffer, type Secret } from '../base/secret.ts'
import { openBody } from '../crypto/body.ts'
import { Refused } from '../store/errors.ts'
import type { BlobReader } from '../store/store.ts'
import type { MessageContent, Uid } from './api.ts'
import { readRecords, type FoundRecord } from './contents.ts'
import { Damage, isRefusal, Refusal } from './errors.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { takeKeyOfRecord } from './message-codec.ts'
import { asRefusal, refusing, refusingNow } from './refusing.ts'
import type { UnlockedAccount } from './unlocked-account.ts'
import type { Vault } from './vault.ts'

/** Message keys of a batch, one behind the other in one stretch of memory that is wiped with the batch, or with the vault. */
interface BatchKeys {
  readonly secret: Secret
  readonly at: number
}

/** A body and the message key that opens it. */
interface Sealed {
  readonly key: Secret
  readonly blob: Buffer
}

const messageKeyBytes = 32

const ready = (bytes: Buffer): Buffer | undefined => (bytes.length === 0 ? undefined : bytes)

/**
 * The key lives as long as the batch that the content was read with; a body read later looks its key up again. Made for each of
 * many thousand messages: so what few ask for is made when it is asked for.
 */
class StoredContent implements MessageContent {
  readonly uid: Uid
  readonly #account: UnlockedAccount
  readonly #table: MailboxTable
  readonly #record: FoundRecord['record']
  readonly #keys: BatchKeys

  /** Throws Damage when the record does not parse. */
  constructor(account: UnlockedAccount, table: MailboxTable, { uid, record }: FoundRecord, keys: BatchKeys) {
    this.uid = uid as Uid
    this.#account = account
    this.#table = table
    this.#record = record
    this.#keys = keys
  }

  get sizeBytes(): number {
    return this.#record.sizeBytes
  }
  get envelope(): Buffer | undefined {
    return ready(this.#record.envelope)
  }
  get body(): Buffer | undefined {
    return ready(this.#record.body)
  }
  get bodyStructure(): Buffer | undefined {
    return ready(this.#record.bodyStructure)
  }
  get tree(): Buffer | undefined {
    return ready(this.#record.tree)
  }
  get header(): Buffer | undefined {
    return ready(this.#record.header)
  }

  get emailId(): string {
    return hex(this.#record.emailId)
  }

  get bodyId(): string {
    return hex(this.#record.blob)
  }

  async *read(start: number, end: number): AsyncGenerator<Buffer> {
    const { secret, at } = this.#keys
    const account = this.#account
    const { sizeBytes } = this
    const { blob } = this.#record
    let sealed: Sealed = secret.isWiped
      ? await lookUp(account, this.#table, this.uid)
      : { key: account.vault.lend(secret.bytes.subarray(at, at + messageKeyBytes)), blob }
    try {
      let reader = await openBlob(account, sealed.blob)
      if (!reader) {
        // A rotation gave the message another body meanwhile, or it is gone.
        account.vault.takeBack(sealed.key)
        const before = sealed.blob
        // The commit that moved it, or took it away, may be durable and not yet applied.
        await account.exclusive(async () => undefined)
        sealed = await lookUp(account, this.#table, this.uid)
        reader = sealed.blob.equals(before) ? undefined : await openBlob(account, sealed.blob)
        if (!reader) throw new Damage('the body of a message is missing')
      }
      const { key: own, blob: place } = sealed
      try {
        const body = {
          ...{ messageKey: own.bytes, account: account.id, blob: place, sizeBytes },
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

/** Takes the keys out of the records of a batch: their copies there are wiped. */
function takeKeys(vault: Vault, batch: readonly FoundRecord[]): Secret {
  const keys = secretBuffer(batch.length * messageKeyBytes)
  for (const [index, { encoded }] of batch.entries()) takeKeyOfRecord(encoded, keys, index * messageKeyBytes)
  try {
    return vault.lend(keys)
  } finally {
    keys.fill(0)
  }
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
    const secret = takeKeys(vault, batch.value)
    try {
      for (const [index, found] of batch.value.entries())
        yield refusingNow(
          () => new StoredContent(account, table, found, { secret, at: index * messageKeyBytes }),
        )
    } finally {
      vault.takeBack(secret)
    }
  }
}
