// Seals a message of an unlocked account, ready for the commit that makes it visible.
import { concat } from '../base/bytes.ts'
import { boxKinds, sealBox } from '../crypto/box.ts'
import { recoveryPlace } from '../crypto/places.ts'
import { sealMessage, type SealedMessage } from './seal-message.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** The caller wipes the message key, and discards what it does not commit. Refuses with 'unavailable'. */
export function stageMessage(account: UnlockedAccount, message: Buffer): Promise<SealedMessage> {
  const { id, site } = account
  // The key is asked for when it is used: the account may be locked, or its keys renewed, while the message is parsed.
  return sealMessage(site.store, id, message, (key, blob) => {
    const { vault } = account
    const place = recoveryPlace(id, blob)
    return concat(
      Buffer.of(2),
      sealBox(vault.root().headerKey, boxKinds.recoveryHeader, vault.epoch, place, key),
    )
  })
}

/** Gives up what was not committed. */
export async function discardStaged(account: UnlockedAccount, sealed: SealedMessage): Promise<void> {
  sealed.messageKey.fill(0)
  await account.site.store.blobs.discard(sealed.staged).catch(() => undefined)
}
