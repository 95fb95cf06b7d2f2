// Cookies of the page: their names, reading them, writing them.

export type CookieName = 'session' | 'form' | 'language'

/**
 * `__Host-` binds a cookie to TLS and to this very host (RFC 6265bis §4.1.3.2). Over plain HTTP, which is only spoken on this machine,
 * it has another name, so that neither is ever taken for the other.
 */
function fullName(name: CookieName, isSecure: boolean): string {
  return isSecure ? `__Host-letterlock-${name}` : `letterlock-${name}`
}

export function readCookie(
  header: string | undefined,
  name: CookieName,
  isSecure: boolean,
): string | undefined {
  const wanted = `${fullName(name, isSecure)}=`
  const found = (header ?? '').split(/; */).filter((pair) => pair.startsWith(wanted))
  // Two of one name: somebody else planted one.
  const [first] = found
  return found.length === 1 && first !== undefined && /^[\w.-]{1,200}$/.test(first.slice(wanted.length))
    ? first.slice(wanted.length)
    : undefined
}

/** Without a value: takes the cookie away. */
export function writeCookie(
  name: CookieName,
  value: string | undefined,
  options: { readonly isSecure: boolean; readonly maxAgeSeconds?: number },
): string {
  const { isSecure, maxAgeSeconds } = options
  const age = value === undefined ? 0 : maxAgeSeconds
  return [
    `${fullName(name, isSecure)}=${value ?? ''}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    ...(isSecure ? ['Secure'] : []),
    ...(age === undefined ? [] : [`Max-Age=${age}`]),
  ].join('; ')
}
