// Changes which keys an account's mail is sealed to: the record and what the log knows of it, in one commit; its directory entry goes along.
import { equalBytes } from '../base/bytes.ts'
import { vouchedAnew } from '../crypto/vouched.ts'
import { factNumbers } from './account-facts.ts'
import { noteAudit } from './audit.ts'
import { isRefusal } from './errors.ts'
import { sealingKey } from './keys.ts'
import { decodeSealing, encodeSealing, firstSettings, type SealingRecord } from './pubkey-codec.ts'
import { isDamage, refusing } from './refusing.ts'
import { knownDigest, knownSealing } from './sealing.ts'
import { expectEither, isNamed, sealingDigest, settleExpected } from './sealing-expected.ts'
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
  const { siteKey } = account.site
  await write(account, notes, (known) => {
    const present = known
      ? decodeSealing(siteKey, account.id, known)
      : { serial: 0, settings: firstSettings, keys: [] }
    return encodeSealing(siteKey, account.id, { ...change(present), serial: present.serial + 1 })
  })
}

async function write(
  account: UnlockedAccount,
  notes: readonly TrailNote[],
  make: (known: Uint8Array | undefined) => Buffer,
  read: (account: UnlockedAccount) => Promise<Uint8Array | undefined> = knownSealing,
): Promise<void> {
  try {
    await account.commit(async (): Promise<Commit<undefined>> => {
      const known = await read(account)
      const bytes = make(known)
      const trail = await trailWrites(account, notes)
      // The directory is another transaction: before this one it lets either record pass, so that no delivery is refused whatever happens.
      await expectEither(account, known, bytes)
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
  } finally {
    await settleEntry(account)
  }
}

/** Has the directory entry name what the account's log knows. Never throws: what remains to be done is done at the next unlock. */
async function settleEntry(account: UnlockedAccount): Promise<void> {
  const { site, address } = account
  try {
    const settled = await account.exclusive(() => settleExpected(account, knownDigest(account)))
    if (settled !== 'other') return
    site.log.write('error', 'pubkey.entry-was-other', { user: address })
    await noteAudit(site, { event: 'keys.public-entry', address, by: 'server' })
  } catch (error) {
    if (account.isFailed) return
    const reason = isRefusal(error) ? error.code : 'fault'
    site.log.write('error', 'pubkey.entry-not-settled', { user: address, reason })
  }
}

/**
 * For an unlock. Throws Damage when the record is not the one that the owner gave. One that came from another site, and that the account's own
 * log knows, gets this site's word; the directory entry is brought in line.
 */
export async function settleSealing(account: UnlockedAccount): Promise<void> {
  const { site, id } = account
  const known = await knownSealing(account)
  const ours = known && vouchedAnew(site.siteKey, 'publicKeys', id, known)
  if (known && ours && !equalBytes(known, ours)) await refusing(() => write(account, [], () => ours))
  else await settleEntry(account)
}

const storedSealing = (account: UnlockedAccount): Promise<Uint8Array | undefined> =>
  account.read((snapshot) => snapshot.get(sealingKey))

/**
 * How the record stands to the account. `forgotten`: the log that a repair made anew does not know it, but site and directory entry vouch for it.
 * `not-the-owners`: it is missing, or another one than the owner gave, and which that was cannot be found out.
 */
export async function sealingState(
  account: UnlockedAccount,
): Promise<'sound' | 'forgotten' | 'not-the-owners'> {
  const [bytes, known] = [await storedSealing(account), knownDigest(account)]
  if (known) return bytes && equalBytes(sealingDigest(bytes), known) ? 'sound' : 'not-the-owners'
  if (!bytes) return 'sound'
  try {
    decodeSealing(account.site.siteKey, account.id, bytes)
    return (await isNamed(account, bytes)) ? 'forgotten' : 'not-the-owners'
  } catch (error) {
    if (isDamage(error)) return 'not-the-owners'
    throw error
  }
}

/** For a repair: what is `forgotten` is known again; what is not the owner's gives way to a record without keys. Durable when it resolves. */
export async function repairSealing(account: UnlockedAccount): Promise<void> {
  const state = await sealingState(account)
  if (state === 'sound') return
  const { site, id } = account
  const none = encodeSealing(site.siteKey, id, { serial: 1, settings: firstSettings, keys: [] })
  const detail = 'by a repair: what was stored was not what the owner gave'
  const notes: TrailNote[] =
    state === 'forgotten' ? [] : [{ kind: 'public-key-removed', by: 'server', detail }]
  const make = (bytes: Uint8Array | undefined): Buffer =>
    state === 'forgotten' && bytes ? Buffer.from(bytes) : none
  await write(account, notes, make, storedSealing)
}
