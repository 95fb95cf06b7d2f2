// User name and password as bytes to credentials, under the limits that all mechanisms share.
import { passwordBytes } from '../base/limits.ts'
import { Secret } from '../base/secret.ts'
import type { SaslFailure, SaslStep } from './mechanism.ts'

/** As long as an address can be (RFC 5321 §4.5.3.1), and some. */
const usernameBytes = 320

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A user name: UTF-8, not empty, without control characters. */
export function readUsername(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0 || bytes.length > usernameBytes) return undefined
  try {
    const username = strictUtf8.decode(bytes)
    return /\p{Cc}/u.test(username) ? undefined : username
  } catch {
    return undefined
  }
}

/** The last step of a mechanism. The password is copied: the caller wipes its own. */
export function credentials(username: string | undefined, password: Uint8Array): SaslStep {
  const isUsable = password.length > 0 && password.length <= passwordBytes && !password.includes(0)
  if (username === undefined || !isUsable) return failed('malformed')
  return { kind: 'credentials', username, password: new Secret(Buffer.from(password)) }
}

export function failed(reason: SaslFailure): SaslStep {
  return { kind: 'failed', reason }
}
