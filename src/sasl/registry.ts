// The mechanisms on offer, in the order they are advertised.
import { login } from './login.ts'
import type { Mechanism } from './mechanism.ts'
import { plain } from './plain.ts'

export const mechanisms: readonly Mechanism[] = [plain, login]

/** By name, any case. */
export function findMechanism(name: string): Mechanism | undefined {
  const wanted = name.toUpperCase()
  return mechanisms.find((mechanism) => mechanism.name === wanted)
}
