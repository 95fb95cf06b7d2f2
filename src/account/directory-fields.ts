// The fields of a directory entry (FORMAT.md §8.3), typed: each subject declares its own with `entryField`.
import { ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import type { Language } from '../base/language.ts'
import type { LockedLogin } from '../crypto/locked-login.ts'
import type { AtRestPolicy } from './api-lifecycle.ts'
import { Damage } from './errors.ts'

/** Values by number, as stored. */
export type EntryFields = ReadonlyMap<number, Buffer>

/** Every number that this version knows; an entry with another one is refused. */
export const entryFieldNumbers = {
  capabilitiesOff: 1,
  policy: 2,
  pending: 3,
  mainPasswordUse: 4,
  revokedSlots: 5,
  alternateAddress: 6,
  recoveryWaiting: 7,
  lockedMail: 8,
  sealing: 9,
  keyDates: 10,
  adminRecovery: 11,
  language: 12,
} as const
export type EntryFieldName = keyof typeof entryFieldNumbers

const known: ReadonlySet<number> = new Set(Object.values(entryFieldNumbers))
export const isKnownField = (number: number): boolean => known.has(number)

export interface EntryField<T> {
  readonly number: number
  /** The value of an entry that does not have the field. */
  readonly standard: T
  readonly decode: (from: ByteReader) => T
  /** Writes the value; nothing at all for the one that need not be stored. */
  readonly encode: (to: ByteWriter, value: T) => void
}

/** Declares a field. `encode` that writes nothing takes the field out of the entry. */
export function entryField<T>(
  name: EntryFieldName,
  form: { readonly [Part in Exclude<keyof EntryField<T>, 'number'>]: EntryField<T>[Part] },
): EntryField<T> {
  return { ...form, number: entryFieldNumbers[name] }
}

/** The value of a field. Throws Damage. */
export function fieldOf<T>(fields: EntryFields, field: EntryField<T>): T {
  const bytes = fields.get(field.number)
  if (!bytes) return field.standard
  try {
    const from = new ByteReader(bytes)
    const value = field.decode(from)
    from.end()
    return value
  } catch (error) {
    if (error instanceof MalformedRecord) throw new Damage('a directory entry is damaged', { cause: error })
    throw error
  }
}

/** The fields with one of them set; the others stay as they are. */
export function withField<T>(fields: EntryFields, field: EntryField<T>, value: T): EntryFields {
  const to = new ByteWriter()
  field.encode(to, value)
  const bytes = to.finish()
  const changed = new Map(fields)
  if (bytes.length > 0) changed.set(field.number, bytes)
  else changed.delete(field.number)
  return changed
}

export const capabilitiesOffField: EntryField<readonly string[]> = entryField<readonly string[]>(
  'capabilitiesOff',
  {
    standard: [],
    decode: (from) => Array.from({ length: from.u8() }, () => from.text16()),
    encode(to, names) {
      if (names.length === 0) return
      to.u8(names.length)
      for (const name of names) to.text16(name)
    },
  },
)

const policies: readonly AtRestPolicy[] = ['off', 'offered', 'new', 'all']

/** undefined: what the domain or the site says. */
export const policyField: EntryField<AtRestPolicy | undefined> = entryField<AtRestPolicy | undefined>(
  'policy',
  {
    standard: undefined,
    decode(from) {
      const policy = policies[from.u8()]
      if (policy === undefined) throw new MalformedRecord('policy of an unknown kind')
      return policy
    },
    encode(to, policy) {
      if (policy !== undefined) to.u8(policies.indexOf(policy))
    },
  },
)

/** Whether the account may have a slot for the admin recovery key; undefined: what the domain or the site says. */
export const adminRecoveryField: EntryField<boolean | undefined> = entryField<boolean | undefined>(
  'adminRecovery',
  {
    standard: undefined,
    decode(from) {
      const value = from.u8()
      if (value > 1) throw new MalformedRecord('admin recovery of an unknown kind')
      return value === 1
    },
    encode(to, isAllowed) {
      if (isAllowed !== undefined) to.u8(isAllowed ? 1 : 0)
    },
  },
)

/** Marked to be encrypted at the next login. */
export const pendingField: EntryField<boolean> = entryField('pending', {
  standard: false,
  decode: (from) => from.u8() === 1,
  encode(to, isPending) {
    if (isPending) to.u8(1)
  },
})

/** Milliseconds since 1970; undefined: never, or not known. For show only. */
export interface KeyDates {
  readonly enabledAt?: number | undefined
  readonly codeCheckedAt?: number | undefined
}

export const keyDatesField: EntryField<KeyDates> = entryField<KeyDates>('keyDates', {
  standard: {},
  decode(from) {
    const [enabledAt, codeCheckedAt] = [from.u64(), from.u64()]
    return { enabledAt: enabledAt || undefined, codeCheckedAt: codeCheckedAt || undefined }
  },
  encode(to, { enabledAt, codeCheckedAt }) {
    if (enabledAt || codeCheckedAt) to.u64(enabledAt ?? 0).u64(codeCheckedAt ?? 0)
  },
})

/** Where notices go besides the mailbox; undefined: nowhere. */
export const alternateAddressField: EntryField<string | undefined> = entryField<string | undefined>(
  'alternateAddress',
  {
    standard: undefined,
    decode: (from) => from.text16(),
    encode(to, address) {
      if (address !== undefined) to.text16(address)
    },
  },
)

const languagesStored: readonly (Language | undefined)[] = [undefined, 'en', 'de']

/** In which the owner wants to be written to; undefined: as the site has it. */
export const languageField: EntryField<Language | undefined> = entryField<Language | undefined>('language', {
  standard: undefined,
  decode(from) {
    const language = languagesStored[from.u8()]
    if (language === undefined) throw new MalformedRecord('language of an unknown kind')
    return language
  },
  encode(to, language) {
    if (language !== undefined) to.u8(languagesStored.indexOf(language))
  },
})

/** A login password that does not open the mail, and since when it is so. */
export interface LockedMailField extends LockedLogin {
  /** Milliseconds since 1970. */
  readonly lockedAt: number
}

export const lockedMailField: EntryField<LockedMailField | undefined> = entryField<
  LockedMailField | undefined
>('lockedMail', {
  standard: undefined,
  decode: (from) => ({
    kdf: { memoryKiB: from.u32(), passes: from.u32(), parallelism: from.u32() },
    salt: Buffer.from(from.fixed(16)),
    verifier: Buffer.from(from.fixed(32)),
    lockedAt: from.u64(),
  }),
  encode(to, locked) {
    if (!locked) return
    to.u32(locked.kdf.memoryKiB).u32(locked.kdf.passes).u32(locked.kdf.parallelism)
    to.fixed(locked.salt).fixed(locked.verifier).u64(locked.lockedAt)
  },
})

/** A recovery that waits. */
export interface RecoveryWaiting {
  /** Milliseconds since 1970: from then on the code may be used; and when the waiting is over, used or not. */
  readonly readyAt: number
  readonly expiresAt: number
  /** SHA-256 of the token that cancels it. */
  readonly tokenDigest: Buffer
}

export const recoveryWaitingField: EntryField<RecoveryWaiting | undefined> = entryField<
  RecoveryWaiting | undefined
>('recoveryWaiting', {
  standard: undefined,
  decode: (from) => ({
    readyAt: from.u64(),
    expiresAt: from.u64(),
    tokenDigest: Buffer.from(from.fixed(32)),
  }),
  encode(to, waiting) {
    if (waiting) to.u64(waiting.readyAt).u64(waiting.expiresAt).fixed(waiting.tokenDigest)
  },
})
