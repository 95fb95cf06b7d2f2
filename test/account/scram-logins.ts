// Logins by SCRAM on the account layer, as a front door does them, and what an account has for them.
import assert from 'node:assert/strict'
import type { Accounts, OpenAccount, SessionInfo } from '../../src/account/api.ts'
import type { SlotInfo } from '../../src/account/api-lifecycle.ts'
import { clientKeys, prove } from '../support/scram-client.ts'
import { password as standard, session } from './support.ts'

/** As few as are accepted. */
export const iterations = 4096

export async function scramLogin(
  { scram }: Accounts,
  user: string,
  password: string = standard().toString(),
  info: SessionInfo = session,
): Promise<OpenAccount> {
  assert.ok(scram)
  const { salt, iterations: told, nonce } = await scram.challenge(user)
  const authMessage = `n=${user},r=x,r=x${nonce},s=${salt.toString('base64')},i=${told},c=biws,r=x${nonce}`
  const { proof, signature } = prove(clientKeys(password, salt, told), authMessage)
  const given = { authMessage: Buffer.from(authMessage), clientProof: proof }
  const { account, serverSignature } = await scram.login(user, given, info)
  assert.deepEqual(serverSignature, signature)
  return account
}

export async function scramSlots(
  { slots }: Accounts,
  address: string,
  password: string = standard().toString(),
): Promise<readonly SlotInfo[]> {
  const all = await slots.slots(address, { kind: 'password', password: Buffer.from(password) })
  return all.filter(({ kind }) => kind === 'scram')
}

/** Resolves when what a login has set going is done. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; !(await isSo()); looks += 1) {
    assert.ok(looks < 10_000, 'it does not come to be so')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
