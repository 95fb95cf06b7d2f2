// Logging in, as LOGIN and AUTHENTICATE share it.
import type { OpenAccount, SessionInfo } from '../account/api.ts'
import { isRefusal, Refusal } from '../account/errors.ts'
import { lockedText } from '../account/locked-session.ts'
import { scrubStack, type Secret } from '../base/secret.ts'
import type { CommandResult } from './command.ts'
import { Answer, isTrouble } from './errors.ts'
import { ConnectionLost } from './output.ts'
import { ScramError } from '../sasl/scram.ts'
import type { Session } from './session.ts'

/** Whether a password may be sent on this connection: encrypted, or from this machine where the site allows it. */
export function mayLogIn(session: Session): boolean {
  const { isTls, remoteAddress } = session.link
  return isTls || (session.context.settings.allowPlainLogin && isLoopback(remoteAddress))
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address)
}

/** Throws unless a password may be sent on this connection (RFC 3501 §6.2.3, RFC 5530 §3 PRIVACYREQUIRED). */
export function requirePrivacy(session: Session): void {
  if (!mayLogIn(session)) throw new Answer('NO', 'Passwords are taken only over TLS', 'PRIVACYREQUIRED')
}

/** Unlocks the account. Wipes the password in any case. */
export async function logIn(session: Session, username: string, password: Secret): Promise<CommandResult> {
  try {
    return await enter(session, (info) => session.context.accounts.login(username, password.bytes, info))
  } finally {
    password.wipe()
    scrubStack()
  }
}

/** The client did not go on to the end: it did not like the server's answer, or is gone. */
const isGivenUp = (error: unknown): boolean =>
  error instanceof Answer || error instanceof ConnectionLost || error instanceof ScramError

/** Lets in whom `open` lets in. */
export async function enter(
  session: Session,
  open: (info: SessionInfo) => Promise<OpenAccount>,
): Promise<CommandResult> {
  const { link, context } = session
  try {
    const account = await open({
      protocol: 'imap',
      remoteAddress: link.remoteAddress,
      isTls: link.isTls,
      client: session.client,
      end: (reason) => link.close(reason, 'UNAVAILABLE'),
    })
    await session.loggedIn(account)
    // RFC 3501 §7.1: clients must show it to their user.
    if (account.isIncomplete) session.out.untaggedStatus('OK', lockedText, 'ALERT')
    const mail = account.isIncomplete ? 'locked' : undefined
    context.log.write('info', 'auth.ok', { tls: link.isTls, user: account.address, mail })
  } catch (error) {
    // Whoever was told to wait and does not is sent away as well: each try writes a line to the log.
    if (isRefusal(error, 'authentication-failed') || isRefusal(error, 'busy')) session.failedLogins += 1
    // Wrong passwords are written by the guard, troubles and faults with the answer. Never the name: people type passwords into the wrong field.
    const isOurs = error instanceof Refusal ? !error.isNoted && !isTrouble(error) : isGivenUp(error)
    if (isOurs)
      context.log.write('warn', 'auth.refused', {
        tls: link.isTls,
        code: error instanceof Refusal ? error.code : 'given-up',
      })
    throw error
  }
  // Quirk: some clients never ask again after login, so the whole list comes with the answer.
  return { text: 'Logged in', code: { code: 'CAPABILITY', capabilities: link.capabilities() } }
}
