// What the server says it can do: facts of the commands, features without a command, and what this connection allows.
import { mechanisms } from '../sasl/registry.ts'
import { mayLogIn } from './login.ts'
import { commands } from './registry.ts'
import type { Session } from './session.ts'

/** Features that no single command stands for. */
const features = [
  'LITERAL+', // RFC 7888: the framer
  'CHILDREN', // RFC 3348: every LIST answer
  'SPECIAL-USE', // RFC 6154
  'CREATE-SPECIAL-USE', // RFC 6154
  'CONDSTORE', // RFC 7162
  'QRESYNC', // RFC 7162
  'OBJECTID', // RFC 8474
  'SAVEDATE', // RFC 8514
]

/** The capabilities in force now. Before login they hold everything that comes after it, since some clients never ask again. */
export function capabilitiesOf(session: Session): string[] {
  const { settings } = session.context
  const names = ['IMAP4rev1', ...features, ...commands.flatMap((command) => command.capabilities ?? [])]
  names.push(`APPENDLIMIT=${settings.maxMessageBytes}`)
  if (session.state === 'not-authenticated') {
    names.push('SASL-IR')
    if (session.link.canStartTls) names.push('STARTTLS')
    if (mayLogIn(session)) names.push(...mechanisms.map(({ name }) => `AUTH=${name}`))
    else names.push('LOGINDISABLED')
  } else if (!session.link.isCompressed) names.push('COMPRESS=DEFLATE')
  const off = new Set(settings.capabilitiesOff?.map((name) => name.toUpperCase()))
  return [...new Set(names)].filter((name) => !off.has(name.toUpperCase().replace(/^(APPENDLIMIT)=.*/, '$1')))
}
