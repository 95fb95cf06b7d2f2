// The state of an account at rest, read without its keys.
import { accountInfo } from './account-info.ts'
import type { AtRestStatus, JobStatus } from './api-lifecycle.ts'
import { adminRecoveryOf, isDue, policyOf, type AtRestRules } from './at-rest-rules.ts'
import { adminRecoveryField, fieldOf, keyDatesField, policyField } from './directory-fields.ts'
import type { DirectoryEntry } from './directory.ts'
import { readJob } from './job-mark.ts'
import { mainPasswordUseField } from './slot-fields.ts'
import type { Site } from './unlocked-account.ts'

/** Throws what store and crypto throw. */
export async function atRestStatus(
  site: Site,
  entry: DirectoryEntry,
  rules: AtRestRules,
  isUnlocked: boolean,
): Promise<AtRestStatus> {
  const { atRest, slots } = await accountInfo(site, entry, isUnlocked)
  const mark = await site.store.read(entry.account, readJob)
  const job: JobStatus | undefined = mark && {
    ...mark,
    ...(isUnlocked ? {} : { waitsFor: 'the next login of its owner' }),
  }
  const has = (kind: string): boolean => slots.some((slot) => slot.kind === kind)
  const adminRecovery = adminRecoveryOf(rules, entry)
  const hasKey = (await site.escrow.record())?.key !== undefined
  const dates = fieldOf(entry.fields, keyDatesField)
  return {
    address: entry.address,
    state: atRest,
    policy: policyOf(rules, entry),
    own: {
      policy: fieldOf(entry.fields, policyField),
      adminRecovery: fieldOf(entry.fields, adminRecoveryField),
    },
    isPending: atRest === 'off' && isDue(rules, entry),
    hasRecoveryCode: has('recovery'),
    adminRecovery: has('escrow') ? 'active' : !adminRecovery ? 'forbidden' : hasKey ? 'possible' : 'none',
    mainPassword: fieldOf(entry.fields, mainPasswordUseField),
    job,
    enabledAt: dates.enabledAt,
    recoveryCodeCheckedAt: dates.codeCheckedAt,
  }
}
