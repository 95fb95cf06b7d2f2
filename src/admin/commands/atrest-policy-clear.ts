// atrest policy clear: what was set for one account or one domain goes, and the domain or the settings hold again.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { policyResult, policyRow, showPolicies, who, writePolicy } from '../policy-forms.ts'

const input = z.strictObject({ who })
const result = policyResult

/** Policy and admin recovery alike. */
export const atrestPolicyClear: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest policy clear',
  summary: 'let domain or settings decide on an account or a domain again',
  examples: [{ line: 'letterlock atrest policy clear alice@example.org', does: 'as for her domain again' }],
  arguments: [{ name: 'ADDR|DOMAIN', key: 'who', description: 'an account or a domain' }],
  input,
  result,
  changesData: true,

  async run(work, { who }) {
    await writePolicy(work, who, () => ({ policy: undefined, adminRecovery: undefined }))
    return policyRow(work, who)
  },

  show: (row, view) => showPolicies([row], view),
})
