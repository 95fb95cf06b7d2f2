// What the operating system and LevelDB throw, turned into the store's own errors.
import { Damaged, Refused, Unavailable } from '../errors.ts'

/**
 * `error` as a store error: Unavailable 'disk-full', 'in-use' or 'io', or Damaged. `what` says in words what failed and
 * goes before the system's own message. Store errors pass unchanged.
 */
export function storeError(error: unknown, what: string): Unavailable | Damaged | Refused {
  if (error instanceof Unavailable || error instanceof Damaged || error instanceof Refused) return error
  const chain = causes(error)
  const has = (...codes: string[]) => chain.some(({ code }) => codes.includes(code))
  const says = (text: string) => chain.some(({ message }) => message.includes(text))
  const cause = { cause: error }

  // LevelDB gives the system's error only as text.
  if (has('ENOSPC', 'EDQUOT') || says('No space left on device') || says('Disk quota exceeded')) {
    return new Unavailable('disk-full', `${what}: disk full`, cause)
  }
  if (has('LEVEL_LOCKED')) {
    return new Unavailable('in-use', 'store is in use by another process', cause)
  }
  if (has('LEVEL_CORRUPTION')) return new Damaged(`${what}: ${chain.at(-1)?.message ?? ''}`, cause)
  if (has('LEVEL_DATABASE_NOT_OPEN', 'LEVEL_SNAPSHOT_NOT_OPEN', 'LEVEL_ITERATOR_NOT_OPEN')) {
    return new Unavailable('io', `${what}: ${chain.at(-1)?.message ?? 'the records are not open'}`, cause)
  }
  return new Unavailable('io', `${what}: ${chain.at(-1)?.message ?? String(error)}`, cause)
}

/** The error and what caused it, outermost first. */
function causes(error: unknown): { code: string; message: string }[] {
  const chain: { code: string; message: string }[] = []
  for (let at = error; at instanceof Error && chain.length < 5; at = at.cause) {
    chain.push({ code: 'code' in at ? String(at.code) : '', message: at.message })
  }
  return chain
}
