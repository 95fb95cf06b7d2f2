// GETQUOTA, RFC 9208 §4.1.1.
import { command, type Command } from '../command.ts'
import { requireQuotaRoot, sendQuota } from '../quota.ts'

export const getquota: Command = command({
  name: 'GETQUOTA',
  states: ['authenticated', 'selected'],
  capabilities: ['QUOTA', 'QUOTA=RES-STORAGE', 'QUOTA=RES-MAILBOX'],
  mayExpunge: true,

  // getquota = "GETQUOTA" SP quota-root-name; quota-root-name = astring
  parse(input) {
    input.space()
    return input.astringText()
  },

  async run(session, root) {
    requireQuotaRoot(root)
    await sendQuota(session)
    return { text: 'GETQUOTA completed' }
  },
})
