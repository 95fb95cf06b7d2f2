// CLOSE, RFC 3501 §6.4.2: removes what is marked \Deleted, without a word, and ends the selection.
import { command, noArguments, type Command } from '../command.ts'

export const close: Command = command({
  name: 'CLOSE',
  states: ['selected'],
  parse: noArguments,
  async run(session) {
    const { mailbox } = session.view
    // If removing fails the mailbox stays selected: the client must not believe that the messages are gone.
    if (!mailbox.isReadOnly) await mailbox.expunge()
    session.unselect()
    return { text: 'CLOSE completed' }
  },
})
