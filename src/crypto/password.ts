// Passwords: brought to one form, so that two keyboards agree (FORMAT.md §6).
import { isAscii, isUtf8 } from 'node:buffer'
import { passwordBytes } from '../base/limits.ts'
import { asBuffer } from '../base/bytes.ts'
import { secretCopy } from '../base/secret.ts'

/** Whether a password has 1 to 1,024 bytes. Others are no password, and are refused before any work. */
export function isPasswordLength(password: Uint8Array): boolean {
  return password.length >= 1 && password.length <= passwordBytes
}

/** The bytes that are hashed: an ArrayBuffer of their own, which the caller wipes. Throws RangeError unless 1 to 1,024 bytes. */
export function preparePassword(password: Uint8Array): Buffer {
  if (!isPasswordLength(password)) throw new RangeError('a password has 1 to 1,024 bytes')
  // Unicode normalisation works on strings only, which cannot be wiped: passwords that do not need it never become one.
  if (isAscii(password) || !isUtf8(password)) return secretCopy(password)
  return secretCopy(Buffer.from(asBuffer(password).toString('utf8').normalize('NFC'), 'utf8'))
}
