// Small argument forms: STORE's action, and what SELECT and CREATE may carry in parentheses.
import type { SpecialUse } from '../../account/api.ts'
import type { ArgumentReader } from './arguments.ts'

export interface StoreArguments {
  readonly action: 'replace' | 'add' | 'remove'
  readonly isSilent: boolean
  readonly flags: readonly string[]
  readonly unchangedSince: number | undefined
}

/** Behind the sequence set: `[SP "(" "UNCHANGEDSINCE" SP n ")"] SP store-att-flags`, to the end (RFC 7162 §3.1.3). */
export function readStoreArguments(reader: ArgumentReader): StoreArguments {
  throw new Error(reader.peek())
}

/** Behind the mailbox of SELECT or EXAMINE: `[SP "(" "CONDSTORE" ")"]`, to the end (RFC 7162 §3.1.8). */
export function readSelectParameters(reader: ArgumentReader): { readonly isCondstore: boolean } {
  throw new Error(reader.peek())
}

/** Behind the mailbox of CREATE: `[SP "(" "USE" SP "(" use-attr ... ")" ")"]`, to the end (RFC 6154 §3). `unknown`: answer NO [USEATTR]. */
export function readCreateParameters(reader: ArgumentReader): {
  readonly specialUses: readonly (SpecialUse | 'unknown')[]
} {
  throw new Error(reader.peek())
}
