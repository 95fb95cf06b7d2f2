// Passwords made by the machine: random enough to need no rules, spelled so that people can copy them.
import { randomBytes } from '../crypto/random.ts'

// No i, l, o, u: nothing that looks like a digit, no accidental words. 32 letters are five bits each.
const letters = Buffer.from('0123456789abcdefghjkmnpqrstvwxyz', 'latin1')
const groups = 5
const groupLength = 4

/** A new password of 100 random bits, as `k7fq-9xw3-...`. The bytes are the caller's to wipe. */
export function makePassword(): Buffer {
  const random = randomBytes(groups * groupLength)
  const password = Buffer.alloc(groups * (groupLength + 1) - 1, '-')
  random.forEach((byte, index) => {
    password[index + Math.floor(index / groupLength)] = letters[byte & 31] ?? 0
  })
  random.fill(0)
  return password
}
