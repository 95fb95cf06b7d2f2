// At an unlock: the account gets or loses its slot for the site's recovery key, as the site wants it by now.
import { isEscrowStale } from './escrow-slots.ts'
import { editSlots, readSlots, type KeySettings } from './slots.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** Edits the slots where that is needed, which tells the owner in the trail. */
export async function reconcileEscrow(account: UnlockedAccount, settings: KeySettings): Promise<void> {
  const { list } = await readSlots(account.site, account.id)
  if (!(await isEscrowStale(account, list.slots))) return
  await editSlots(account, settings, { keep: () => true, add: [] })
}
