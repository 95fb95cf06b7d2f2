// STATUS, RFC 3501 §6.3.10, with HIGHESTMODSEQ (RFC 7162 §3.1.7) and SIZE (RFC 8438).
import { command, type Command } from '../command.ts'
import { readStatusItems } from '../wire/list-request.ts'
import { sendStatus } from '../mailbox-list.ts'

export const status: Command = command({
  name: 'STATUS',
  states: ['authenticated', 'selected'],
  capabilities: ['STATUS=SIZE'],
  mayExpunge: true,

  // status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"
  parse(input) {
    input.space()
    const mailbox = input.mailbox()
    input.space()
    return { mailbox, items: readStatusItems(input) }
  },

  async run(session, { mailbox, items }) {
    if (items.includes('HIGHESTMODSEQ')) session.enableCondstore()
    await sendStatus(session, mailbox, items)
    return { text: 'STATUS completed' }
  },
})
