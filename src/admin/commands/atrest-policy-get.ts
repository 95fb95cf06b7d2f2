// atrest policy get: what an account, a domain or the site lets be encrypted, and who said so.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { policyResult, policyRow, showPolicies, who } from '../policy-forms.ts'

const input = z.strictObject({ who: who.optional() })
const result = z.object({
  policies: z.array(policyResult).describe('one object for each that was asked for'),
})

/** Of one account or domain, or of all domains. */
export const atrestPolicyGet: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest policy get',
  summary: 'show the at-rest policy of an account, a domain or all domains',
  examples: [
    { line: 'letterlock atrest policy get alice@example.org', does: 'what holds for alice, and why' },
    { line: 'letterlock atrest policy get', does: 'of every domain' },
  ],
  arguments: [{ name: '[ADDR|DOMAIN]', key: 'who', description: 'an account or a domain' }],
  input,
  result,

  async run(work, { who }) {
    if (who !== undefined) return { policies: [await policyRow(work, who)] }
    const domains = await work.accounts.names.domains()
    return { policies: await Promise.all(domains.map(({ ascii }) => policyRow(work, ascii))) }
  },

  show: ({ policies }, view) => showPolicies(policies, view),
})
