// ENABLE, RFC 5161.
import { command, type Command } from '../command.ts'

export const enable: Command = command({
  name: 'ENABLE',
  states: ['authenticated', 'selected'],
  capabilities: ['ENABLE'],
  mayExpunge: true,

  // enable = "ENABLE" 1*(SP capability)
  parse(input) {
    const names: string[] = []
    do {
      input.space()
      input.count()
      names.push(input.atom().toUpperCase())
    } while (!input.isAtEnd)
    return names
  },

  async run(session, names) {
    // Said again even when it was on already: some clients turn the feature off when it is not (RFC 5161 §3.2 allows both).
    const enabled = names.includes('CONDSTORE') ? ' CONDSTORE' : ''
    session.out.untaggedLine(`ENABLED${enabled}`)
    if (enabled) session.enableCondstore()
    return { text: 'ENABLE completed' }
  },
})
