// APPEND: seals one message straight into a mailbox of an unlocked account.
import { concat } from '../base/bytes.ts'
import { boxKinds, sealBox } from '../crypto/box.ts'
import { recoveryPlace } from '../crypto/places.ts'
import { recentChange } from './adopt.ts'
import type { AppendOptions, Uid, UidValidity } from './api.ts'
import { readFlags } from './flags.ts'
import { messageKey } from './keys.ts'
import type { Change } from './log-codec.ts'
import { encodeMessage } from './message-codec.ts'
import { sealMessageRecord } from './message-seal.ts'
import { withKeywords } from './store-flags.ts'
import { sealMessage } from './seal-message.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** Durable when it resolves. `message` is in its stored form (CRLF). */
export async function append(
  account: UnlockedAccount,
  name: string,
  message: Buffer,
  options: AppendOptions,
  by: object,
): Promise<{ uidValidity: UidValidity; uid: Uid }> {
  const table = await account.mailbox(name)
  const { vault, site, id } = account
  withKeywords(table.keywords, readFlags(options.flags, table.keywords))
  // The key is asked for when it is used: the account may be locked, or its keys renewed, while the message is parsed.
  const sealed = await sealMessage(site.store, id, message, (key, blob) =>
    concat(
      Buffer.of(2),
      sealBox(vault.root().headerKey, boxKinds.recoveryHeader, vault.epoch, recoveryPlace(id, blob), key),
    ),
  )
  try {
    const result = await account.commit(() => {
      // The mailbox may have been deleted, and made again, while the body was written.
      const present = account.state.mailboxes.get(table.id)
      if (!present) return undefined
      const uid = table.uidNext
      const now = site.clock.now()
      const flags = readFlags(options.flags, table.keywords)
      withKeywords(table.keywords, flags)
      const data = encodeMessage({ messageKey: sealed.messageKey, blob: sealed.blob, ...sealed.content })
      const record = sealMessageRecord(vault, table, uid, data)
      const change: Change = {
        kind: 'append',
        mailbox: table.id,
        uid,
        flags,
        internalDate: options.internalDate ?? now,
        zoneMinutes: options.zoneMinutes ?? 0,
        sizeBytes: sealed.content.sizeBytes,
        savedAt: now,
      }
      return {
        changes: [change, ...recentChange(account, table, uid + 1)],
        value: { uidValidity: table.uidValidity as UidValidity, uid: uid as Uid },
        write(tx) {
          tx.attach(sealed.staged)
          tx.addUsage(sealed.content.sizeBytes)
          tx.put(messageKey(table.idBytes, uid), record)
        },
      }
    }, by)
    if (result) return result
  } catch (error) {
    await site.store.blobs.discard(sealed.staged).catch(() => undefined)
    throw error
  } finally {
    sealed.messageKey.fill(0)
  }
  await site.store.blobs.discard(sealed.staged).catch(() => undefined)
  // Refuses: the name is gone, or stands for another mailbox now.
  return append(account, name, message, options, by)
}
