// What a password must be before any work is done on it.
import { passwordBytes } from '../base/limits.ts'
import { Refusal } from './errors.ts'

/** Refuses with 'limit' one that is empty or too long. */
export function requirePassword(password: Uint8Array): void {
  if (password.length === 0) throw new Refusal('limit', 'The password is empty')
  if (password.length > passwordBytes)
    throw new Refusal('limit', `The password is longer than ${passwordBytes} bytes`)
}
