// Waits for the work on keys that is under way in an account.
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { Accounts } from '../../src/account/api.ts'
import { password, session } from './support.ts'

const looksAtMost = 75_000

/** Logs in, and resolves when nothing is under way any more. */
export async function settled(accounts: Accounts, address: string): Promise<void> {
  const open = await accounts.login(address, password(), session)
  for (let looks = 0; (await accounts.atRest.atRestStatus(address)).job; looks += 1) {
    assert.ok(looks < looksAtMost, 'it does not come to its end')
    await delay(20)
  }
  await open.close()
}
