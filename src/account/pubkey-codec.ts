// The records of sealing to an owner's own keys: which keys and how, and what the owner was told (FORMAT.md §8.10).
import { ByteReader, ByteWriter, hex, fromHex, MalformedRecord } from '../base/bytes.ts'
import { openVouched, vouched } from '../crypto/vouched.ts'
import type { SiteKey } from '../crypto/site-key.ts'
import type { PublicKeyKind, SealingSettings } from './api-lifecycle.ts'
import { Damage } from './errors.ts'

export interface StoredKey {
  readonly kind: PublicKeyKind
  readonly fingerprint: string
  readonly names: readonly string[]
  readonly algorithm: string
  readonly addedAt: number
  readonly createdAt: number | undefined
  readonly expiresAt: number | undefined
  /** What sealing needs of it. */
  readonly bytes: Buffer
}

/** As the owner set it; `append` undefined: as the site says. */
export type OwnSettings = Omit<SealingSettings, 'append'> & { readonly append: boolean | undefined }

export interface SealingRecord {
  /** Grows with every change. */
  readonly serial: number
  readonly settings: OwnSettings
  /** None: only settings. */
  readonly keys: readonly StoredKey[]
}

export const firstSettings: OwnSettings = {
  append: undefined,
  exceptDrafts: false,
  protectHeaders: false,
  onTrouble: 'defer',
}

/** Keys of one account, and their octets together: the record is one value of the store. */
export const keysAtMost = 12
export const keysBytesAtMost: number = 48 * 1024

const kinds = ['openpgp', 'smime'] as const
const version = 1
const flags = { exceptDrafts: 1, protectHeaders: 2, storeMarked: 4 } as const

/** A time that may be missing: 0. */
const moment = (to: ByteWriter, at: number | undefined): ByteWriter =>
  to.u64(at === undefined ? 0 : Math.max(1, at))
const readMoment = (from: ByteReader): number | undefined => from.u64() || undefined

export function encodeSealing(siteKey: SiteKey, account: Uint8Array, record: SealingRecord): Buffer {
  const { append, exceptDrafts, protectHeaders, onTrouble } = record.settings
  const to = new ByteWriter()
    .u8(version)
    .u32(record.serial)
    .u8(append === undefined ? 0 : append ? 2 : 1)
    .u8(
      (exceptDrafts ? flags.exceptDrafts : 0) |
        (protectHeaders ? flags.protectHeaders : 0) |
        (onTrouble === 'store-marked' ? flags.storeMarked : 0),
    )
    .u8(record.keys.length)
  for (const key of record.keys) {
    to.u8(kinds.indexOf(key.kind) + 1).bytes16(fromHex(key.fingerprint))
    to.u8(key.names.length)
    for (const name of key.names) to.text16(name)
    to.text16(key.algorithm)
    moment(moment(to.u64(key.addedAt), key.createdAt), key.expiresAt).bytes16(key.bytes)
  }
  return vouched(siteKey, 'publicKeys', account, to.finish())
}

function readKey(from: ByteReader): StoredKey {
  const kind = kinds[from.u8() - 1]
  if (!kind) throw new MalformedRecord('public key of an unknown kind')
  const fingerprint = hex(from.bytes16())
  const names = Array.from({ length: from.u8() }, () => from.text16())
  return {
    ...{ kind, fingerprint, names, algorithm: from.text16(), addedAt: from.u64() },
    ...{ createdAt: readMoment(from), expiresAt: readMoment(from), bytes: Buffer.from(from.bytes16()) },
  }
}

/** Verifies and reads. Throws Corrupt, Damage: then nothing may be stored that was to be sealed. */
export function decodeSealing(siteKey: SiteKey, account: Uint8Array, bytes: Uint8Array): SealingRecord {
  const from = new ByteReader(openVouched(siteKey, 'publicKeys', account, bytes))
  try {
    if (from.u8() !== version) throw new MalformedRecord('public keys of an unknown version')
    const serial = from.u32()
    const append = from.u8()
    const bits = from.u8()
    if (append > 2 || bits > 7) throw new MalformedRecord('public keys with unknown settings')
    const settings: OwnSettings = {
      append: append === 0 ? undefined : append === 2,
      exceptDrafts: (bits & flags.exceptDrafts) !== 0,
      protectHeaders: (bits & flags.protectHeaders) !== 0,
      onTrouble: (bits & flags.storeMarked) !== 0 ? 'store-marked' : 'defer',
    }
    const keys = Array.from({ length: from.u8() }, () => readKey(from))
    from.end()
    return { serial, settings, keys }
  } catch (error) {
    if (error instanceof MalformedRecord) throw new Damage('the public keys are damaged', { cause: error })
    throw error
  }
}

/** What the owner was told: of a key by its fingerprint, or of all together by the serial of their record. */
export type NoticesSent = ReadonlyMap<string, number>

const noticesVersion = 1

export function encodeNotices(siteKey: SiteKey, account: Uint8Array, sent: NoticesSent): Buffer {
  const to = new ByteWriter().u8(noticesVersion).u8(sent.size)
  for (const [about, stage] of sent) to.text16(about).u8(stage)
  return vouched(siteKey, 'publicKeyNotices', account, to.finish())
}

/** What cannot be read counts as nothing: the owner is told once more. */
export function decodeNotices(
  siteKey: SiteKey,
  account: Uint8Array,
  bytes: Uint8Array | undefined,
): Map<string, number> {
  const sent = new Map<string, number>()
  if (!bytes) return sent
  try {
    const from = new ByteReader(openVouched(siteKey, 'publicKeyNotices', account, bytes))
    if (from.u8() !== noticesVersion) return sent
    for (let count = from.u8(); count > 0; count -= 1) sent.set(from.text16(), from.u8())
    return sent
  } catch {
    return new Map()
  }
}
