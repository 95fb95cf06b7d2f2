// Seals a message of an unlocked account, ready for the commit that makes it visible.
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

/** Gives up what was not committed. */
export async function discardStaged(account: UnlockedAccount, sealed: SealedMessage): Promise<void> {
  sealed.messageKey.fill(0)
  await account.site.store.blobs.discard(sealed.staged).catch(() => undefined)
}
