// RENAME, RFC 3501 §6.3.5, with OLDNAME (RFC 9051 §6.3.6). A selected mailbox stays selected under its new name.
import { command, type Command } from '../command.ts'
import { tellOldName } from '../mailbox-list.ts'

export const rename: Command = command({
  name: 'RENAME',
  states: ['authenticated', 'selected'],
  mayExpunge: true,

  // rename = "RENAME" SP mailbox SP mailbox
  parse(input) {
    input.space()
    const from = input.mailbox()
    input.space()
    return { from, to: input.mailbox() }
  },

  async run(session, { from, to }) {
    await session.account.renameMailbox(from, to)
    tellOldName(session, from, to)
    return { text: 'RENAME completed' }
  },
})
