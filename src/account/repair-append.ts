// Puts messages that were found again into a mailbox: from a body and its recovery header, or from what is left of a message.
import { collect } from '../base/async.ts'
import { bodySize, openBody } from '../crypto/body.ts'
import { boxEpoch, boxKinds, openBox } from '../crypto/box.ts'
import { capsuleEpoch, openCapsule } from '../crypto/kem.ts'
import { recoveryPlace } from '../crypto/places.ts'
import { Damaged, Refused } from '../store/errors.ts'
import type { HeldBlob, Transaction } from '../store/store.ts'
import { flagSet, noFlags, type FlagSet } from './flags.ts'
import { messageKey as recordKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { creations } from './mailboxes.ts'
import { encodeMessage, type Content } from './message-codec.ts'
import { sealMessageRecord } from './message-seal.ts'
import { prepareContent } from './prepare.ts'
import { isDamage } from './refusing.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

export const recoveredName = 'Recovered'

/** A message ready to be filed. The key is wiped when it is. */
export interface Rebuilt {
  readonly messageKey: Buffer
  readonly blob: Buffer
  readonly content: Content
  readonly held: number
}

/** Makes a message of a body and what stands before it; undefined: it does not open. */
export async function rebuild(
  account: UnlockedAccount,
  { blobId, count }: HeldBlob,
): Promise<Rebuilt | undefined> {
  const { site, id } = account
  const blob = Buffer.from(blobId)
  let messageKey: Buffer | undefined
  try {
    await using reader = await site.store.blobs.open(id, blob)
    messageKey = openHeader(account, blob, await reader.recoveryHeader())
    const body = {
      ...{ messageKey, account: id, blob, blobLength: reader.lengthBytes },
      read: (start: number, end: number) => reader.read(start, end),
    }
    const sizeBytes = await bodySize(body)
    const message = await collect(openBody({ ...body, sizeBytes }))
    const content = await prepareContent(message)
    message.fill(0)
    return { messageKey, blob, content, held: count }
  } catch (error) {
    messageKey?.fill(0)
    const isGone = error instanceof Refused && error.reason === 'no-blob'
    if (isGone || isDamage(error) || error instanceof Damaged) return undefined
    throw error
  }
}

/** The message key of a recovery header (FORMAT.md §9.7). Throws Corrupt, Damage. */
function openHeader({ vault, id }: UnlockedAccount, blob: Buffer, header: Buffer): Buffer {
  const [kind, sealed] = [header[0], header.subarray(1)]
  const place = recoveryPlace(id, blob)
  const key =
    kind === 1
      ? openCapsule(vault.kemSeed(capsuleEpoch(sealed)), boxKinds.recoveryHeader, place, sealed)
      : openBox(vault.root(boxEpoch(sealed)).headerKey, boxKinds.recoveryHeader, place, sealed)
  if (key.length === 32) return key
  throw new Damaged('a recovery header holds no key')
}

export interface Filed {
  readonly rebuilt: Rebuilt
  readonly flags: FlagSet
  readonly internalDate: number
  readonly zoneMinutes: number
}

/** The mailbox for what has no place; made when it is not there. */
export async function recoveredMailbox(account: UnlockedAccount): Promise<MailboxTable> {
  if (!account.state.byName(recoveredName))
    await account.commit(() => ({
      changes: [
        ...creations(account, [{ name: recoveredName, specialUse: '' }]),
        { kind: 'subscribed' as const, name: recoveredName },
      ],
      value: undefined,
    }))
  return account.named(recoveredName)
}

/** Files one message; its body, which the account holds already, is counted once from then on. */
export async function file(
  account: UnlockedAccount,
  table: MailboxTable,
  filed: Filed,
  write: (tx: Transaction) => void = () => undefined,
): Promise<number> {
  const { rebuilt } = filed
  const uid = await account.commit((): Commit<number> => {
    const next = table.uidNext
    const { messageKey, blob, content } = rebuilt
    const record = encodeMessage({ messageKey, blob, ...content })
    const sealed = sealMessageRecord(account.vault, table, next, record)
    const { flags, internalDate, zoneMinutes } = filed
    const { sizeBytes } = content
    const savedAt = account.site.clock.now()
    const place = { kind: 'append' as const, mailbox: table.id, uid: next }
    return {
      changes: [{ ...place, flags, internalDate, zoneMinutes, sizeBytes, savedAt }],
      value: next,
      write(tx) {
        tx.put(recordKey(table.idBytes, next), sealed)
        for (let extra = rebuilt.held; extra > 1; extra -= 1) tx.unlink(rebuilt.blob)
        write(tx)
      },
    }
  })
  rebuilt.messageKey.fill(0)
  return uid ?? 0
}

/** As it was, without flags that only the list of keywords could name. */
export const bareFlags = (flags: FlagSet | undefined): FlagSet =>
  flags ? flagSet(flags.bits, flags.keywords) : noFlags
