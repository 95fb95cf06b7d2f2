// The mechanisms on offer, in the order they are advertised.
import type { Mechanism } from './mechanism.ts'

export const mechanisms: readonly Mechanism[] = []

/** By name, any case. */
export function findMechanism(name: string): Mechanism | undefined {
  const wanted = name.toUpperCase()
  return mechanisms.find((mechanism) => mechanism.name === wanted)
}
