// How commands that work inside an account are let in: the password, the recovery code, the site's key, or the admin recovery key.
import { z } from 'zod'
import type { OpenAccount } from '../account/api.ts'
import type { OwnerSecret } from '../account/api-lifecycle.ts'
import { adminNeeds, adminSecrets, mayNeedAdmins, presentForm, presentOption } from './admin-passwords.ts'
import type { Option, SecretNeed, Work } from './command.ts'
import { interrupted, usageFailure } from './failure.ts'

/** Keys of the input. */
export const ownerInput = { siteKey: z.boolean().optional(), recovery: z.boolean().optional() }

/** For commands that the site's key cannot do. */
export const recoveryOption: Option = {
  flags: '--recovery',
  description: 'open it with the recovery code, not the password',
}

export const ownerOptions: readonly Option[] = [
  { flags: '--site-key', description: 'open an account without at-rest encryption with the key of the site' },
  { ...recoveryOption, description: `${recoveryOption.description}; the code stays valid` },
]

/** Of commands that an admin may also do with the recovery key: keys of the input, and options. */
export const insideInput = { ...ownerInput, adminKey: z.boolean().optional(), admins: presentForm }

export const insideOptions: readonly Option[] = [
  ...ownerOptions,
  {
    flags: '--admin-key',
    description: 'open it with the admin recovery key; its owner is shown that it was used',
  },
  presentOption,
]

export const ownerMayNeed: readonly Pick<SecretNeed, 'name' | 'kind'>[] = [
  { name: 'password', kind: 'current' },
  { name: 'recovery-code', kind: 'current' },
]

export const insideMayNeed: readonly Pick<SecretNeed, 'name' | 'kind'>[] = [
  ...ownerMayNeed,
  ...mayNeedAdmins('admin-password'),
]

interface OwnerInput {
  readonly address: string
  readonly siteKey?: boolean | undefined
  readonly recovery?: boolean | undefined
  readonly adminKey?: boolean | undefined
  readonly admins?: number | undefined
}

export function ownerNeeds(input: OwnerInput): readonly SecretNeed[] {
  const { address, siteKey, recovery, adminKey, admins } = input
  if (siteKey) return []
  if (adminKey) return adminNeeds('admin-password', admins)
  if (recovery) {
    return [{ name: 'recovery-code', kind: 'current', prompt: `Recovery code of ${address}` }]
  }
  return [{ name: 'password', kind: 'current', prompt: `Password of ${address}` }]
}

/** What opens the account; undefined in a rehearsal, when nobody was asked yet. Throws Failure 'usage'. */
export function ownerSecret(work: Work, input: OwnerInput): OwnerSecret | undefined {
  const { siteKey, recovery, adminKey, admins } = input
  if ([siteKey, recovery, adminKey].filter(Boolean).length > 1)
    throw usageFailure(`--site-key, --recovery${adminKey ? ', --admin-key' : ''}: one of them`)
  if (admins !== undefined && !adminKey) throw usageFailure('--admins goes with --admin-key')
  if (siteKey) return { kind: 'site' }
  if (adminKey) {
    if (work.isDryRun && !work.hasSecret('admin-password')) return undefined
    return { kind: 'admin', passwords: adminSecrets(work, 'admin-password', admins) }
  }
  const name = recovery ? 'recovery-code' : 'password'
  if (work.isDryRun && !work.hasSecret(name)) return undefined
  return recovery
    ? { kind: 'recovery', code: work.secret(name) }
    : { kind: 'password', password: work.secret(name) }
}

/**
 * Runs `task` in an account, which is closed afterwards. `task` is given undefined in a rehearsal. Its signal is aborted when the
 * asker leaves or the session is ended. Throws Failure 'interrupted' then.
 */
export async function inAccount<T>(
  work: Work,
  input: OwnerInput,
  task: (account: OpenAccount | undefined, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const secret = ownerSecret(work, input)
  if (!secret) {
    await work.accounts.info(input.address)
    return task(undefined, work.signal)
  }
  const ended = new AbortController()
  const signal = AbortSignal.any([work.signal, ended.signal])
  const account = await work.accounts.openFor(input.address, secret, {
    ...{ protocol: 'admin', remoteAddress: 'local', isTls: true },
    end: () => ended.abort(interrupted()),
  })
  try {
    return await task(account, signal)
  } catch (error) {
    if (signal.aborted && !(error instanceof Error && error.name === 'Refusal')) throw interrupted()
    throw error
  } finally {
    await account.close()
  }
}
