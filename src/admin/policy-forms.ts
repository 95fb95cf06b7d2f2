// What the commands of at-rest policies share: whose it is, how it is read, written and shown.
import { z } from 'zod'
import { Refusal } from '../account/errors.ts'
import type { DomainRule } from '../account/api-names.ts'
import { asciiDomain } from '../base/domain.ts'
import type { Work } from './command.ts'
import { policyForm } from './forms.ts'
import type { View } from './view.ts'
import { tableLines } from './words.ts'

/** An account when it has an @, else a domain. */
export const who: z.ZodString = z
  .string()
  .max(320, 'is too long for an address')
  .regex(/^([^@\s\p{Cc}]+@)?[^@\s\p{Cc}]+$/u, 'must be an address or a domain')

export const policyResult = z.object({
  who: z.string().describe('the account or domain'),
  policy: policyForm.describe('what it may do, or must'),
  policyFrom: z.enum(['account', 'domain', 'settings']).describe('who says so'),
  adminRecovery: z
    .enum(['allowed', 'forbidden'])
    .describe('whether there may be a slot for the admin recovery key'),
  adminRecoveryFrom: z.enum(['account', 'domain', 'settings']).describe('who says so'),
})

type PolicyRow = z.output<typeof policyResult>

async function domainOf(
  work: Work,
  name: string,
): Promise<{ rule: DomainRule; policy: PolicyRow['policy']; adminRecovery: boolean } | undefined> {
  const found = (await work.accounts.names.domains()).find(({ ascii }) => ascii === asciiDomain(name))
  return found && { rule: found.own, policy: found.policy, adminRecovery: found.adminRecovery }
}

/** What holds now. Refuses with 'no-such-account', 'no-such-domain'. */
export async function policyRow(work: Work, who: string): Promise<PolicyRow> {
  const at = who.lastIndexOf('@')
  const domain = await domainOf(work, who.slice(at + 1))
  const from = (own: unknown, ofDomain: unknown): PolicyRow['policyFrom'] =>
    own !== undefined ? 'account' : ofDomain !== undefined ? 'domain' : 'settings'
  const inWords = (isAllowed: boolean): PolicyRow['adminRecovery'] => (isAllowed ? 'allowed' : 'forbidden')
  if (at >= 0) {
    const { address, policy, own } = await work.accounts.atRest.atRestStatus(who)
    return {
      ...{ who: address, policy, policyFrom: from(own.policy, domain?.rule.policy) },
      adminRecovery: inWords(own.adminRecovery ?? domain?.adminRecovery ?? true),
      adminRecoveryFrom: from(own.adminRecovery, domain?.rule.adminRecovery),
    }
  }
  if (!domain) throw new Refusal('no-such-domain', `${who} is no domain of this site`)
  return {
    ...{ who, policy: domain.policy, policyFrom: from(undefined, domain.rule.policy) },
    adminRecovery: inWords(domain.adminRecovery),
    adminRecoveryFrom: from(undefined, domain.rule.adminRecovery),
  }
}

/** Changes what is set for an account or a domain. */
export async function writePolicy(
  work: Work,
  who: string,
  make: (present: DomainRule) => DomainRule,
): Promise<void> {
  const { atRest, names } = work.accounts
  if (!who.includes('@')) {
    const domain = await domainOf(work, who)
    const rule = make(domain?.rule ?? { policy: undefined, adminRecovery: undefined })
    await names.setDomainRule(who, rule, { isDryRun: work.isDryRun })
    return
  }
  const { own } = await atRest.atRestStatus(who)
  const rule = make(own)
  if (work.isDryRun) return
  if (rule.policy !== own.policy) await atRest.setPolicy(who, rule.policy)
  if (rule.adminRecovery !== own.adminRecovery) await atRest.setAdminRecovery(who, rule.adminRecovery)
}

const sources: Readonly<Record<PolicyRow['policyFrom'], string>> = {
  account: 'set for the account',
  domain: 'set for the domain',
  settings: 'the settings',
}

export function showPolicies(rows: readonly PolicyRow[], view: View): void {
  if (rows.length === 0) return
  const lines = rows.map((row) => [
    row.who,
    row.policy,
    sources[row.policyFrom],
    row.adminRecovery,
    sources[row.adminRecoveryFrom],
  ])
  for (const line of tableLines(['WHO', 'AT REST', 'BY', 'ADMIN RECOVERY', 'BY'], lines)) view.out(line)
}
