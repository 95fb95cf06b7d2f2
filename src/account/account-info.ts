// What is known of an account without its keys, as shown to the admin.
import { readArrival } from '../crypto/arrival.ts'
import { boxKinds } from '../crypto/box.ts'
import { capsuleKind } from '../crypto/kem.ts'
import type { AccountInfo, AtRestState } from './api.ts'
import { alternateAddressField, fieldOf, languageField, lockedMailField } from './directory-fields.ts'
import type { DirectoryEntry } from './directory.ts'
import { readJob } from './job-mark.ts'
import { arrivalRange } from './keys.ts'
import { isDamage } from './refusing.ts'
import { readSlots } from './slots.ts'
import type { Site } from './unlocked-account.ts'

/** Whether an arrival is mail, and not an entry of the trail. One that is damaged counts: the unlock finds out. */
function isMessage(account: Buffer, value: Uint8Array): boolean {
  try {
    return capsuleKind(readArrival(undefined, account, value).capsule) !== boxKinds.trailEntry
  } catch (error) {
    if (isDamage(error)) return true
    throw error
  }
}

/** Throws what store and crypto throw. Counts the arrivals that wait by reading them. */
export async function accountInfo(
  site: Site,
  entry: DirectoryEntry,
  isUnlocked: boolean,
): Promise<AccountInfo> {
  const { account, address, isDisabled, capabilitiesOff, fields } = entry
  const { list } = await readSlots(site, account)
  const numbers = await site.store.info(account)
  const { pending, job } = await site.store.read(account, async (snapshot) => {
    let count = 0
    for await (const page of snapshot.range(arrivalRange))
      count += page.filter(([, value]) => isMessage(account, value)).length
    return { pending: count, job: await readJob(snapshot) }
  })
  const isOff = list.slots.some((slot) => slot.kind === 'server')
  const isConverting = job?.kind === 'enable'
  const atRest: AtRestState = isOff
    ? job?.kind === 'disable'
      ? 'disabling'
      : 'off'
    : fieldOf(fields, lockedMailField)
      ? 'locked'
      : isConverting
        ? 'converting'
        : 'on'
  return {
    address,
    accountId: account.toString('hex'),
    isDisabled,
    atRest,
    usedBytes: numbers?.usageBytes ?? 0,
    quotaBytes: numbers?.quotaBytes,
    pendingArrivals: pending,
    isUnlocked,
    capabilitiesOff,
    alternateAddress: fieldOf(fields, alternateAddressField),
    language: fieldOf(fields, languageField),
    slots: list.slots.map(({ id, kind, createdAt, kdf }) => ({
      id: Buffer.from(id).toString('hex'),
      kind,
      createdAt,
      ...(kdf ? { kdf } : {}),
    })),
  }
}
