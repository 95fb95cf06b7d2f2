// GETQUOTAROOT, RFC 9208 §4.1.2: every mailbox, also one that is still to be created, has the account's root.
import { command, type Command } from '../command.ts'
import { quotaRoot, sendQuota } from '../quota.ts'

export const getquotaroot: Command = command({
  name: 'GETQUOTAROOT',
  states: ['authenticated', 'selected'],
  mayExpunge: true,

  // getquotaroot = "GETQUOTAROOT" SP mailbox
  parse(input) {
    input.space()
    return input.mailbox()
  },

  async run(session, mailbox) {
    session.out.untagged().text('QUOTAROOT ').mailbox(mailbox).text(' ').string(quotaRoot).end()
    await sendQuota(session)
    return { text: 'GETQUOTAROOT completed' }
  },
})
