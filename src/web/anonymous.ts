// Tokens for the forms of those who have not signed in: bound to a cookie of the browser and to the form (double submit, signed).
import { utf8 } from '../base/bytes.ts'
import { equalSecret } from '../crypto/digest.ts'
import { hmac } from '../crypto/hmac.ts'

export function anonymousToken(key: Buffer, cookie: string, action: string): string {
  return hmac('sha256', key, [utf8(`${action}\0${cookie}`)]).toString('base64url')
}

export function isAnonymousToken(
  key: Buffer,
  cookie: string | undefined,
  action: string,
  token: string,
): boolean {
  return cookie !== undefined && equalSecret(utf8(anonymousToken(key, cookie, action)), utf8(token))
}
