// DELETE, RFC 3501 §6.3.4. Deleting the selected mailbox ends the selection.
import { command, type Command } from '../command.ts'

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
    return { text: 'DELETE completed' }
  },
})
