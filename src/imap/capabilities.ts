// What the server says it can do: facts of the commands, features without a command, and what this connection allows.
import { mechanisms } from '../sasl/registry.ts'
import { mayLogIn } from './login.ts'
import { commands } from './registry.ts'
import { scramMechanisms } from './scram.ts'
import type { Session } from './session.ts'
import { offersUnauthenticate } from './unauthenticate.ts'

/** Features that no single command stands for. */
const features = [
  'CHILDREN', // RFC 3348: every LIST answer
  'SPECIAL-USE', // RFC 6154
  'CREATE-SPECIAL-USE', // RFC 6154
  'CONDSTORE', // RFC 7162
  'QRESYNC', // RFC 7162
  'INPROGRESS', // RFC 9585: `in-progress.ts`
  'OBJECTID', // RFC 8474
  'PREVIEW', // RFC 8970
  'SAVEDATE', // RFC 8514
  'UTF8=ACCEPT', // RFC 6855: `modes.ts`
  'IMAP4rev2', // RFC 9051: `modes.ts`
]

/** Whether site or account have switched it off. `name` in capitals. */
export function isSwitchedOff(session: Session, name: string): boolean {
  const { settings } = session.context
  return (
    session.capabilitiesOff.includes(name) ||
    settings.capabilitiesOff?.some((other) => other.toUpperCase() === name) === true
  )
}

/** The capabilities in force now. Before login they hold everything that comes after it, since some clients never ask again. */
export function capabilitiesOf(session: Session): string[] {
  const { settings } = session.context
  // RFC 7888 §4: never both.
  const literals = isSwitchedOff(session, 'LITERAL+') ? 'LITERAL-' : 'LITERAL+'
  const names = [
    'IMAP4rev1',
    literals,
    ...features,
    ...commands.flatMap((command) => command.capabilities ?? []),
  ]
  names.push(`APPENDLIMIT=${settings.maxMessageBytes}`)
  if (session.state === 'not-authenticated') {
    names.push('SASL-IR')
    if (session.link.canStartTls) names.push('STARTTLS')
    const offered = [...scramMechanisms(session), ...mechanisms.map(({ name }) => name)]
    if (mayLogIn(session)) names.push(...offered.map((name) => `AUTH=${name}`))
    else names.push('LOGINDISABLED')
  } else {
    if (!session.link.isCompressed) names.push('COMPRESS=DEFLATE')
    if (offersUnauthenticate(session)) names.push('UNAUTHENTICATE')
  }
  const bare = (name: string): string => name.toUpperCase().replace(/^(APPENDLIMIT)=.*/, '$1')
  return [...new Set(names)].filter((name) => !isSwitchedOff(session, bare(name)))
}
