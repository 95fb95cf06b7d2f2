// LSUB, RFC 3501 §6.3.9.
import { command, type Command } from '../command.ts'
import { requireComplete, sendRow, subscribedRows } from '../mailbox-list.ts'

export const lsub: Command = command({
  name: 'LSUB',
  states: ['authenticated', 'selected'],
  mayExpunge: true,

  // lsub = "LSUB" SP mailbox SP list-mailbox
  parse(input) {
    input.space()
    const reference = input.mailbox()
    input.space()
    return { reference, pattern: input.listMailbox() }
  },

  async run(session, { reference, pattern }) {
    for (const row of subscribedRows(reference, pattern, session.account.subscriptions())) {
      sendRow(session.out, 'LSUB', row)
      await session.pace()
    }
    requireComplete(session.account)
    return { text: 'LSUB completed' }
  },
})
