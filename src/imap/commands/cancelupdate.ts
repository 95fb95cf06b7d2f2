// CANCELUPDATE, RFC 5267 §4.3.4.
import { command, type Command } from '../command.ts'

export const cancelupdate: Command = command({
  name: 'CANCELUPDATE',
  states: ['selected'],
  mayExpunge: true,

  // cancel-update = "CANCELUPDATE" 1*(SP quoted)
  parse(input) {
    const tags: string[] = []
    do {
      input.space()
      input.count()
      tags.push(input.string().toString('latin1'))
    } while (!input.isAtEnd)
    return { tags }
  },

  async run({ view }, { tags }) {
    for (const tag of tags) view.contexts.close(tag)
    return { text: 'CANCELUPDATE completed' }
  },
})
