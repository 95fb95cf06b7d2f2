// Randomness of the operating system. It is not a port: nothing replaces it, tests included.
import { randomBytes as systemRandomBytes } from 'node:crypto'

/** Fresh random bytes, in memory of their own so that wiping them is complete. */
export function randomBytes(count: number): Buffer {
  return systemRandomBytes(count)
}

/** A new 16-byte identifier of an account, mailbox, blob or slot. */
export function makeId(): Buffer {
  return systemRandomBytes(16)
}

/** A 192-bit token in 32 base64url characters, for sessions, file names and the control socket. */
export function randomToken(): string {
  return systemRandomBytes(24).toString('base64url')
}
