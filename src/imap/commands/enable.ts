// ENABLE, RFC 5161.
import { command, type Command } from '../command.ts'
import type { Session } from '../session.ts'

/** What each of the extensions that wait for ENABLE does. */
const extensions: ReadonlyMap<string, (session: Session) => void> = new Map([
  ['CONDSTORE', (session) => session.enableCondstore()],
  ['QRESYNC', (session) => session.enableQresync()],
  ['UTF8=ACCEPT', (session) => session.enableUtf8Accept()],
  ['IMAP4REV2', (session) => session.enableRev2()],
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
    // What is switched off, or is not there, is passed over (RFC 5161 §3.1).
    const offered = new Map(session.link.capabilities().map((name) => [name.toUpperCase(), name]))
    // RFC 7162 §3.2.3: QRESYNC implies CONDSTORE, and clients look for that name.
    const wanted = new Set(names.flatMap((name) => (name === 'QRESYNC' ? [name, 'CONDSTORE'] : [name])))
    const enabled = [...wanted].filter((name) => extensions.has(name) && offered.has(name))
    // Said again even when it was on already: some clients turn the feature off when it is not (RFC 5161 §3.2 allows both).
    session.out.untaggedLine(['ENABLED', ...enabled.map((name) => offered.get(name) ?? name)].join(' '))
    for (const name of enabled) extensions.get(name)?.(session)
    return { text: 'ENABLE completed' }
  },
})
