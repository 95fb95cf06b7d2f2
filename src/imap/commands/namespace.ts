// NAMESPACE, RFC 2342: one personal namespace, `/` between levels.
import { command, noArguments, type Command } from '../command.ts'

export const namespace: Command = command({
  name: 'NAMESPACE',
  states: ['authenticated', 'selected'],
  capabilities: ['NAMESPACE'],
  mayExpunge: true,
  parse: noArguments,
  async run(session) {
    session.out.untaggedLine('NAMESPACE (("" "/")) NIL NIL')
    return { text: 'NAMESPACE completed' }
  },
})
