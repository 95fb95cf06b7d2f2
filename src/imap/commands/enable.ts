// ENABLE, RFC 5161.
import { command, type Command } from '../command.ts'
import type { Session } from '../session.ts'

/** What each of the extensions that wait for ENABLE does. */
const extensions: ReadonlyMap<string, (session: Session) => void> = new Map([
  ['CONDSTORE', (session) => session.enableCondstore()],
  ['QRESYNC', (session) => session.enableQresync()],
])

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
    const enabled: string[] = []
    for (const name of new Set(names)) {
      const enabling = extensions.get(name)
      if (!enabling) continue
      enabled.push(name)
      // RFC 7162 §3.2.3: it implies the other, and clients look for that name.
      if (name === 'QRESYNC' && !names.includes('CONDSTORE')) enabled.push('CONDSTORE')
    }
    // Said again even when it was on already: some clients turn the feature off when it is not (RFC 5161 §3.2 allows both).
    session.out.untaggedLine(['ENABLED', ...enabled].join(' '))
    for (const name of enabled) extensions.get(name)?.(session)
    return { text: 'ENABLE completed' }
  },
})
