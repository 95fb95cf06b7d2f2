// CHECK, RFC 3501 §6.4.1: every change is durable before it is answered, so there is nothing to check.
import { command, noArguments, type Command } from '../command.ts'

export const check: Command = command({
  name: 'CHECK',
  states: ['selected'],
  mayExpunge: true,
  parse: noArguments,
  async run() {
    return { text: 'CHECK completed' }
  },
})
