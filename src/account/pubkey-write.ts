// Changes which keys an account's mail is sealed to: the record and what the log knows of it, in one commit.
import { factNumbers } from './account-facts.ts'
import { sealingKey } from './keys.ts'
import { encodeSealing, firstSettings, type SealingRecord } from './pubkey-codec.ts'
import { currentSealing, sealingDigest } from './sealing.ts'
import { trailWrites, type TrailNote } from './trail.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

export interface SealingChange {
  /** Makes the new record of the present one; refuses by throwing. */
  readonly change: (record: SealingRecord) => Omit<SealingRecord, 'serial'>
  /** For the owner's trail. */
  readonly notes: readonly TrailNote[]
}

/** Durable when it resolves. A record without keys stays, with its settings. */
export async function writeSealing(
  account: UnlockedAccount,
  { change, notes }: SealingChange,
): Promise<void> {
  await account.commit(async (): Promise<Commit<undefined>> => {
    const present = (await currentSealing(account)) ?? { serial: 0, settings: firstSettings, keys: [] }
    const record = { ...change(present), serial: present.serial + 1 }
    const bytes = encodeSealing(account.site.siteKey, account.id, record)
    const trail = await trailWrites(account, notes)
    return {
      changes: [
        { kind: 'fact', fact: factNumbers.publicKeys, value: sealingDigest(bytes) },
        ...trail.changes,
      ],
      value: undefined,
      write(tx) {
        tx.put(sealingKey, bytes)
        trail.write(tx)
      },
    }
  })
}
