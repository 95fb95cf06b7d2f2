// Whether UNAUTHENTICATE (RFC 8437) may be used on a connection.
import type { Session } from './session.ts'

/**
 * Not while COMPRESS is on: where its stream ends inside a packet cannot be told. Not where the site, or for its account the admin,
 * has taken it off the list: RFC 8437 §8 asks for a way to disable it, for proxies that check the first login only.
 */
export function offersUnauthenticate(session: Session): boolean {
  const off = [...(session.context.settings.capabilitiesOff ?? []), ...session.capabilitiesOff]
  return !session.link.isCompressed && !off.some((name) => name.toUpperCase() === 'UNAUTHENTICATE')
}
