// DELETE, RFC 3501 §6.3.4, with OLDNAME (RFC 9051 §6.3.5). Deleting the selected mailbox ends the selection.
import { command, type Command } from '../command.ts'
import { tellOldName } from '../mailbox-list.ts'

export const deleteMailbox: Command = command({
  name: 'DELETE',
  states: ['authenticated', 'selected'],
  mayExpunge: true,

  // delete = "DELETE" SP mailbox
  parse(input) {
    input.space()
    return { mailbox: input.mailbox() }
  },

  async run(session, { mailbox }) {
    const id = session.account.mailbox(mailbox)?.id
    await session.account.deleteMailbox(mailbox)
    if (id !== undefined && session.selected?.mailbox.id === id) session.unselect()
    tellOldName(session, mailbox, undefined)
    return { text: 'DELETE completed' }
  },
})
