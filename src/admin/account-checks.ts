// Looks at accounts before a change, for dry runs and for refusals that a command makes itself.
import type { AccountInfo, Accounts } from '../account/api.ts'
import type { AtRestStatus } from '../account/api-lifecycle.ts'
import { isRefusal, Refusal } from '../account/errors.ts'
import { exitCodes } from './exit-code.ts'
import { Failure } from './failure.ts'

/** As `Accounts.info`; of an alias it says what it is. */
export async function infoOf(accounts: Accounts, address: string): Promise<AccountInfo> {
  try {
    return await accounts.info(address)
  } catch (error) {
    const alias = isRefusal(error, 'no-such-account') ? await accounts.names.alias(address) : undefined
    if (!alias) throw error
    const text = `${alias.alias} is an alias of ${alias.targets.join(', ')}`
    throw new Refusal('no-such-account', text, { cause: error })
  }
}

/** Throws Refusal 'account-exists' when `address` is an account's or an alias. */
export async function refuseTakenAddress(accounts: Accounts, address: string): Promise<void> {
  const info = await accounts.info(address).catch((error: unknown) => {
    if (isRefusal(error, 'no-such-account')) return undefined
    throw error
  })
  if (info) throw new Refusal('account-exists', `there is an account ${info.address} already`)
  const alias = await accounts.names.alias(address)
  if (alias) throw new Refusal('account-exists', `${alias.alias} is an alias: remove it first`)
}

/** Whether at-rest encryption is on or being turned on: then only the owner's secrets open the mail. */
export function isSealed(info: AccountInfo): boolean {
  return info.atRest === 'on' || info.atRest === 'converting' || info.atRest === 'locked'
}

/** Throws Failure 'mail-would-be-lost' for an account whose mail only its owner can open. */
export function refuseSealed(info: AccountInfo): void {
  if (!isSealed(info)) return
  throw new Failure(
    'mail-would-be-lost',
    exitCodes.data,
    `${info.address} is encrypted at rest: a password set from outside could not open its mail`,
    {
      hint:
        'ways on:\n' +
        `  the old password is known:    letterlock user passwd ${info.address} --own\n` +
        `  the recovery code is at hand: letterlock atrest recover ${info.address}\n` +
        `  by the admin recovery key:    letterlock atrest admin reset-password ${info.address}\n` +
        `  none of these:                letterlock user passwd ${info.address} --lock-mail`,
    },
  )
}

/** Octets a second, search text and older headers included: bodies written anew, or records alone. For estimates (test/e2e/key-cost.test.ts). */
const bodiesPerSecond = 10e6
const recordsPerSecond = 15e6

/** Seconds that sealing all of an account anew takes, roughly. */
export function estimated({ usedBytes }: AccountInfo, withBodies: boolean): number {
  return Math.ceil(usedBytes / (withBodies ? bodiesPerSecond : recordsPerSecond))
}

/** Sealed, and its owner has nothing but the password: one that is forgotten loses the mail, unless the site's admin recovery key opens it. */
export function needsCode({
  state,
  hasRecoveryCode,
}: Pick<AtRestStatus, 'state' | 'hasRecoveryCode'>): boolean {
  return !hasRecoveryCode && (state === 'on' || state === 'converting' || state === 'locked')
}
