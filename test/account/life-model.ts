// What an account is known to be after a random life, and what of it nobody can know since a write failed.
import type { AccountCopy } from './copies.ts'

/** Something that is so for sure, or perhaps: whoever wrote it was told of a failure. */
export interface Known {
  /** Messages by subject, octet for octet: each is there once. */
  readonly mail: Map<string, Buffer>
  /** Messages that may be there, once at the most. */
  readonly perhaps: Map<string, Buffer>
  /** One of these opens the account, unless `codes` or `apps` do. */
  passwords: readonly string[]
  /** One of these is the recovery code, where at-rest encryption is on. */
  codes: readonly Buffer[]
  /** App passwords that open it, by their identifier, and those of which nobody can tell. */
  readonly apps: Map<string, Buffer>
  readonly perhapsApps: Map<string, Buffer>
  /** undefined: a failure was told when it was turned on or off. */
  isOn: boolean | undefined
  /** The login password that does not open the mail; undefined with `isLocked` undefined: nobody can tell. */
  lockedWords: readonly string[]
}

export const nothing = (password: string): Known => ({
  ...{ mail: new Map(), perhaps: new Map(), passwords: [password], codes: [] },
  ...{ apps: new Map(), perhapsApps: new Map(), isOn: false, lockedWords: [] },
})

export const copied = (known: Known): Known => ({
  ...known,
  ...{ mail: new Map(known.mail), perhaps: new Map(known.perhaps) },
  ...{ apps: new Map(known.apps), perhapsApps: new Map(known.perhapsApps) },
})

/** The account as it was once, behind everybody's back. */
export interface Image {
  readonly copy: AccountCopy
  readonly known: Known
}
