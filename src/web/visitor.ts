// From a request to a visit: peer, language, session, and whether that session still stands for its account.
import type { IncomingMessage } from 'node:http'
import type { AccountInfo } from '../account/api.ts'
import { isRefusal } from '../account/errors.ts'
import { randomToken } from '../crypto/random.ts'
import { anonymousToken } from './anonymous.ts'
import { readCookie, writeCookie } from './cookies.ts'
import type { Page, Visit } from './page.ts'
import type { Peer } from './peer.ts'
import type { WebSession } from './sessions.ts'
import type { WebSite } from './site.ts'
import { isLanguage, preferredLanguage, translator } from './text.ts'

export interface Visitor {
  readonly visit: Visit
  /** Cookies to set with the answer. */
  readonly cookies: readonly string[]
  /** What the browser sent to bind anonymous forms to. */
  readonly formCookie: string | undefined
}

/** Of the password slot: it is a new one after each change of the password. */
export function passwordSlotOf(info: AccountInfo): string | undefined {
  return info.slots.find((slot) => slot.kind === 'password')?.id
}

async function accountOf(site: WebSite, session: WebSession): Promise<AccountInfo | undefined> {
  try {
    const info = await site.accounts.info(session.address)
    const isSame =
      info.accountId === session.accountId &&
      passwordSlotOf(info) === session.passwordSlot &&
      (info.atRest === 'locked') === session.isLocked
    return isSame && !info.isDisabled ? info : undefined
  } catch (error) {
    if (isRefusal(error, 'no-such-account')) return undefined
    throw error
  }
}

export async function receive(
  site: WebSite,
  page: Page | undefined,
  incoming: IncomingMessage,
  peer: Peer,
): Promise<Visitor> {
  const { isSecure } = peer
  const { cookie } = incoming.headers
  const target = incoming.url ?? '/'
  // What is no address at all, like `//[`, has no page either.
  const url = new URL(URL.canParse(target, 'http://x') ? target : '/', 'http://x')
  const chosen = readCookie(cookie, 'language', isSecure)
  const language = isLanguage(chosen)
    ? chosen
    : preferredLanguage(incoming.headers['accept-language'], site.settings.language)
  let session =
    page?.access === 'machine' ? undefined : site.sessions.find(readCookie(cookie, 'session', isSecure))
  const info = session && (await accountOf(site, session))
  if (session && !info) {
    site.sessions.end(session)
    session = undefined
  }
  if (session) session.lastSeenAt = site.clock.now()
  const formCookie = readCookie(cookie, 'form', isSecure)
  const bound = formCookie ?? randomToken()
  const isNeeded = !session && formCookie === undefined && page?.access === 'open'
  return {
    formCookie,
    cookies: isNeeded ? [writeCookie('form', bound, { isSecure })] : [],
    visit: {
      site,
      peer,
      language,
      isLanguageChosen: isLanguage(chosen),
      t: translator(language),
      path: url.pathname,
      query: url.searchParams,
      session,
      info,
      isAdmin: session !== undefined && site.settings.admins.has(session.address),
      makeToken: (action) => session?.makeToken(action) ?? anonymousToken(site.formKey, bound, action),
    },
  }
}
