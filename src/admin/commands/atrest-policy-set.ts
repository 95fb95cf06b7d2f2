// atrest policy set: at-rest policy, and whether admin recovery is allowed, of one account or one domain.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { usageFailure } from '../failure.ts'
import { policyForm } from '../forms.ts'
import { policyResult, policyRow, showPolicies, who, writePolicy } from '../policy-forms.ts'

const input = z.strictObject({
  who,
  policy: policyForm.optional(),
  adminRecovery: z.enum(['allowed', 'forbidden']).optional(),
})
const result = policyResult

/** In force at once for logins that follow; slots of the admin recovery key follow when an account next opens. */
export const atrestPolicySet: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest policy set',
  summary: 'set the at-rest policy of an account or a domain',
  notes:
    'off: nobody may turn encryption on. offered: owners may. new: accounts made from now on are encrypted at their first login. all: everybody at the next ' +
    'login. An account\u2019s own policy is before its domain\u2019s, that before [atrest] domains, that before [atrest] policy of the settings. What is encrypted stays ' +
    'so under any policy. Where admin recovery becomes forbidden, slots for the admin recovery key go when their accounts next open.',
  examples: [
    { line: 'letterlock atrest policy set example.org all', does: 'everybody there, at the next login' },
    {
      line: 'letterlock atrest policy set alice@example.org --admin-recovery forbidden',
      does: 'nobody but alice ever opens her mail',
    },
  ],
  arguments: [
    { name: 'ADDR|DOMAIN', key: 'who', description: 'an account or a domain' },
    { name: '[POLICY]', key: 'policy', description: 'off, offered, new or all; not given: it stays' },
  ],
  options: [{ flags: '--admin-recovery WORD', description: 'allowed or forbidden; not given: it stays' }],
  input,
  result,
  changesData: true,

  async run(work, { who, policy, adminRecovery }) {
    if (policy === undefined && adminRecovery === undefined)
      throw usageFailure('atrest policy set: give a policy, or --admin-recovery, or both')
    if (policy === 'new' && who.includes('@'))
      throw usageFailure(
        'atrest policy set: new is about accounts that are not there yet',
        'all encrypts this one at its next login',
      )
    await writePolicy(work, who, (present) => ({
      policy: policy ?? present.policy,
      adminRecovery: adminRecovery === undefined ? present.adminRecovery : adminRecovery === 'allowed',
    }))
    return policyRow(work, who)
  },

  show: (row, view) => showPolicies([row], view),
})
