// Seals a message of an unlocked account, ready for the commit that makes it visible.
import { openBody } from '../crypto/body.ts'
import { Damage, Refusal } from './errors.ts'
import { ownHeader } from './recovery-header.ts'
import { sealMessage, type SealedMessage } from './seal-message.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** The caller wipes the message key, and discards what it does not commit. Refuses with 'unavailable'. */
export function stageMessage(account: UnlockedAccount, message: Buffer): Promise<SealedMessage> {
  // The key is asked for when it is used: the account may be locked, or its keys renewed, while the message is parsed.
  return sealMessage(account.site.store, account.id, message, (key, blob) =>
    ownHeader(account.vault, blob, key),
  )
}

/**
 * Reads a staged message back from the store, opens it and compares it with what it was made of: for one that takes the place of another. Refuses
 * with 'unavailable'.
 */
export async function mustBeReadable(
  account: UnlockedAccount,
  { messageKey, blob, staged }: SealedMessage,
  message: Buffer,
): Promise<void> {
  const { blobs } = account.site.store
  let at = 0
  try {
    const body = {
      ...{ messageKey, account: account.id, blob, sizeBytes: message.length },
      blobLength: staged.lengthBytes,
      read: (start: number, end: number) => blobs.readStaged(staged, start, end),
    }
    for await (const piece of openBody(body)) {
      if (!message.subarray(at, at + piece.length).equals(piece)) throw new Damage('other octets were stored')
      at += piece.length
      piece.fill(0)
    }
    if (at !== message.length) throw new Damage('fewer octets were stored')
  } catch (error) {
    account.site.log.write('error', 'stage.not-readable', { account: account.id.toString('hex'), at })
    throw new Refusal('unavailable', 'What was stored cannot be read back', { cause: error })
  }
}

/** Gives up what was not committed. */
export async function discardStaged(account: UnlockedAccount, sealed: SealedMessage): Promise<void> {
  sealed.messageKey.fill(0)
  await account.site.store.blobs.discard(sealed.staged).catch(() => undefined)
}
