// NOOP, RFC 3501 §6.1.2: the news that goes with every answer is all there is to it.
import { command, noArguments, type Command } from '../command.ts'

export const noop: Command = command({
  name: 'NOOP',
  states: ['not-authenticated', 'authenticated', 'selected'],
  mayExpunge: true,
  isWaiting: true,
  parse: noArguments,
  async run() {
    return { text: 'NOOP completed' }
  },
})
