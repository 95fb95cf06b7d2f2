// The slot for logins by SCRAM (FORMAT.md §6): which accounts have one, and that it comes and goes with the password that it is of.
import type { SiteKey } from '../crypto/site-key.ts'
import { Corrupt, UnsupportedVersion } from '../crypto/errors.ts'
import { isScramPassword } from '../crypto/scram.ts'
import { openScramVerifier, type ScramVerifier } from '../crypto/scram-verifier.ts'
import type { NewScramSecret, NewSlotSecret, Slot } from '../crypto/slot.ts'
import { findEntry, type EntrySource } from './directory.ts'
import { fieldOf } from './directory-fields.ts'
import { mainPasswordUseField } from './slot-fields.ts'

/** `[auth] scram`; where there are none, nobody has such a slot. */
export interface ScramSettings {
  /** Of PBKDF2, for new slots. */
  readonly iterations: number
  /** Whether this account is to have one. */
  readonly isWanted: (address: string, account: Uint8Array) => Promise<boolean>
}

/** Of a site where new slots have this cost; undefined: no logins by SCRAM. */
export function scramSettings(site: EntrySource, iterations: number | undefined): ScramSettings | undefined {
  if (iterations === undefined) return undefined
  return {
    iterations,
    // Where the main password is for the page only, there is no second way to guess it.
    isWanted: async (address, account) => {
      const entry = await findEntry(site, address)
      if (!entry?.account.equals(account)) return true
      return fieldOf(entry.fields, mainPasswordUseField) === 'everywhere'
    },
  }
}

/** Whose slots, and what the site wants of them. */
export interface ScramOwner {
  readonly address: string
  readonly account: Uint8Array
  readonly siteKey: SiteKey
  readonly scram: ScramSettings | undefined
}

type Kind = { readonly kind: Slot['kind'] }
const isScram = ({ kind }: Kind): boolean => kind === 'scram'
const isPassword = ({ kind }: Kind): boolean => kind === 'password'

const isWanted = async ({ scram, address, account }: ScramOwner): Promise<boolean> =>
  scram !== undefined && (await scram.isWanted(address, account))

/** A secret for a slot of this password; undefined where there is to be none, or SASLprep does not take the password. */
async function secretOf(owner: ScramOwner, password: Uint8Array): Promise<NewScramSecret | undefined> {
  const { scram, siteKey } = owner
  if (!scram || !(await isWanted(owner)) || !(await isScramPassword(password))) return undefined
  return { kind: 'scram', password, siteKey, iterations: scram.iterations }
}

/** The secrets for the slots of a new account, with the one for SCRAM if there is to be one. */
export async function withScram(
  owner: ScramOwner,
  add: readonly NewSlotSecret[],
): Promise<readonly NewSlotSecret[]> {
  return (await scramEdit(owner, [], [], add)).add
}

export interface ScramEdit<Added> {
  readonly kept: readonly Slot[]
  readonly add: readonly (Added | NewScramSecret)[]
}

/**
 * What becomes of the SCRAM slot when an account keeps these of its slots and gets those: part of every edit of slots, in the same commit. One that
 * is of a password which goes must go with it, else that password would go on opening the mail.
 */
export async function scramEdit<Added extends NewSlotSecret>(
  owner: ScramOwner,
  present: readonly Slot[],
  kept: readonly Slot[],
  add: readonly Added[],
): Promise<ScramEdit<Added>> {
  const stay = new Set(kept)
  const isPasswordGone = present.some((slot) => isPassword(slot) && !stay.has(slot))
  const [password, another] = add.filter((secret) => secret.kind === 'password')
  const isReplaced = isPasswordGone || password !== undefined
  const others = kept.filter((slot) => !isScram(slot))
  if (!isReplaced) {
    if (await isWanted(owner)) return { kept, add }
    return { kept: others, add: add.filter((secret) => !isScram(secret)) }
  }
  const secret =
    password?.kind === 'password' && !another ? await secretOf(owner, password.password) : undefined
  return { kept: others, add: secret ? [...add, secret] : add }
}

export interface UsableScram extends ScramVerifier {
  readonly slot: Slot
}

/** The slot that a handshake can be run with; undefined where there is none, or one of another site's or that was altered. */
export function usableScram(
  siteKey: SiteKey,
  account: Uint8Array,
  slots: readonly Slot[],
): UsableScram | undefined {
  const slot = slots.find(isScram)
  if (!slot) return undefined
  try {
    return { ...openScramVerifier(siteKey, account, slot), slot }
  } catch (error) {
    // Another site's key, after a restore. Whoever altered it has gained that nobody logs in by it.
    if (error instanceof Corrupt || error instanceof UnsupportedVersion) return undefined
    throw error
  }
}

/** A slot for SCRAM of this password, where the account is to have one and has none as the settings want it; undefined: nothing is to be done. */
export async function missingScram(
  owner: ScramOwner,
  slots: readonly Slot[],
  password: Uint8Array,
): Promise<NewScramSecret | undefined> {
  const { scram, siteKey, account } = owner
  if (!scram || slots.filter(isPassword).length !== 1) return undefined
  if (usableScram(siteKey, account, slots)?.iterations === scram.iterations) return undefined
  return secretOf(owner, password)
}

/** Whether there is a slot that should not be. */
export async function isScramUnwanted(owner: ScramOwner, slots: readonly Slot[]): Promise<boolean> {
  return slots.some(isScram) && !(await isWanted(owner))
}
