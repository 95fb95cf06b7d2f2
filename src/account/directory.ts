// The directory of people: address to account, and what the site settled about it. The only state that is not an account's own.
import { ByteReader, ByteWriter, concat, MalformedRecord } from '../base/bytes.ts'
import { directoryMac, directoryMacBytes, isDirectoryMacRight } from '../crypto/directory-mac.ts'
import type { SiteKey } from '../crypto/site-key.ts'
import type { Directory } from '../store/store.ts'
import {
  capabilitiesOffField,
  fieldOf,
  isKnownField,
  withField,
  type EntryFields,
} from './directory-fields.ts'
import { Damage, Refusal } from './errors.ts'
import { kindOfName } from './names-codec.ts'

export interface DirectoryEntry {
  readonly address: string
  readonly account: Buffer
  readonly isDisabled: boolean
  /** Being deleted: nothing of it is used any more. */
  readonly isDeleting: boolean
  /** What else the site has settled about it: read with `fieldOf`. */
  readonly fields: EntryFields
  /** One of them: IMAP capabilities that its sessions are not offered, in capitals. */
  readonly capabilitiesOff: readonly string[]
  /** As stored, for compare-and-set. */
  readonly bytes: Uint8Array
}

/** One spelling per address: domain and local part in lower case, Unicode normal form C. */
export function canonicalAddress(address: string): string {
  return address.trim().normalize('NFC').toLowerCase()
}

/** The canonical form of an address for a new account, or a refusal. */
export function newAddress(given: string): string {
  const address = canonicalAddress(given)
  const at = address.lastIndexOf('@')
  const isFaulty =
    at < 1 ||
    at !== address.indexOf('@') ||
    at === address.length - 1 ||
    Buffer.byteLength(address) > 254 ||
    /[\s"(),:;<>[\\\]\p{C}]/u.test(address)
  if (isFaulty) throw new Refusal('limit', 'That is not an address for an account; give local-part@domain')
  return address
}

/** A name as a capability may have it (RFC 3501 §9, `capability`), in capitals. */
const capabilityName = /^[A-Z0-9][A-Z0-9=+.\-]{0,63}$/
const capabilitiesAtMost = 64

/** Names in capitals, each once. Refuses with 'limit' what cannot be a capability, and IMAP4rev1, which every session needs. */
export function newCapabilitiesOff(given: readonly string[]): string[] {
  const names = [...new Set(given.map((name) => name.toUpperCase()))]
  if (names.length > capabilitiesAtMost || names.some((name) => !capabilityName.test(name)))
    throw new Refusal('limit', 'Those are not names of capabilities')
  if (names.includes('IMAP4REV1')) throw new Refusal('limit', 'IMAP4rev1 cannot be switched off')
  return names
}

/** What an entry says beside its account. */
export type EntryState = Pick<DirectoryEntry, 'isDisabled' | 'isDeleting' | 'fields'>

const version = 3
const flagDisabled = 1
const flagDeleting = 2

/** The entry's bytes, in version 3 (FORMAT.md §8.3). */
export function encodeEntry(
  siteKey: SiteKey,
  address: string,
  account: Uint8Array,
  { isDisabled, isDeleting, fields }: EntryState,
): Buffer {
  const to = new ByteWriter()
    .u8(version)
    .fixed(account)
    .u8((isDisabled ? flagDisabled : 0) | (isDeleting ? flagDeleting : 0))
    .u8(fields.size)
  for (const [number, value] of [...fields].sort(([a], [b]) => a - b)) to.u8(number).bytes16(value)
  const before = to.finish()
  return concat(before, directoryMac(siteKey, address, before))
}

/** Versions 1 and 2 had no MAC; they are read until they are next changed. */
function decodeOld(from: ByteReader, has: { readonly capabilities: boolean }): Omit<EntryParts, 'account'> {
  const flags = from.u8()
  const names = has.capabilities ? Array.from({ length: from.u8() }, () => from.text16()) : []
  return { flags, fields: withField(new Map(), capabilitiesOffField, names) }
}

function decodeFields(from: ByteReader): EntryFields {
  const fields = new Map<number, Buffer>()
  let last = 0
  for (let count = from.u8(); count > 0; count -= 1) {
    const number = from.u8()
    if (number <= last) throw new MalformedRecord('directory entry with fields out of order')
    if (!isKnownField(number)) throw new MalformedRecord('directory entry with a field of a later version')
    fields.set(number, Buffer.from(from.bytes16()))
    last = number
  }
  return fields
}

interface EntryParts {
  readonly account: Buffer
  readonly flags: number
  readonly fields: EntryFields
}

function decodeParts(siteKey: SiteKey | undefined, address: string, bytes: Uint8Array): EntryParts {
  const from = new ByteReader(bytes)
  const found = from.u8()
  if (found < 1 || found > version) throw new MalformedRecord('directory entry of an unknown version')
  if (found === version && siteKey && !isDirectoryMacRight(siteKey, address, bytes))
    throw new MalformedRecord('directory entry that this site did not write')
  const account = Buffer.from(from.fixed(16))
  if (found < version) {
    const parts = decodeOld(from, { capabilities: found === 2 })
    from.end()
    return { account, ...parts }
  }
  const flags = from.u8()
  const fields = decodeFields(from)
  from.fixed(directoryMacBytes)
  from.end()
  return { account, flags, fields }
}

/** Whether an entry says which site wrote it; those of earlier versions do not. */
export const hasMac = (bytes: Uint8Array): boolean => (bytes[0] ?? 0) >= version

/**
 * Reads and verifies an entry of this address. Throws Damage, also for an entry of another address or site. Without the site's key nothing
 * is verified: enough to save sealed mail when the key is lost.
 */
export function decodeEntry(
  siteKey: SiteKey | undefined,
  address: string,
  bytes: Uint8Array,
): DirectoryEntry {
  try {
    const { account, flags, fields } = decodeParts(siteKey, address, bytes)
    if ((flags & ~(flagDisabled | flagDeleting)) !== 0)
      throw new MalformedRecord('directory entry with unknown flags')
    const isDisabled = (flags & flagDisabled) !== 0
    const isDeleting = (flags & flagDeleting) !== 0
    const capabilitiesOff = fieldOf(fields, capabilitiesOffField)
    return { address, account, isDisabled, isDeleting, fields, capabilitiesOff, bytes }
  } catch (error) {
    if (error instanceof MalformedRecord) throw new Damage('a directory entry is damaged', { cause: error })
    throw error
  }
}

/** Where entries lie and who vouches for them. */
export interface EntrySource {
  readonly store: { readonly directory: Directory }
  /** undefined: entries are read without being verified. */
  readonly siteKey: SiteKey | undefined
}

/** The entry of an address, also of an account that is being deleted. */
export async function storedEntry(
  { store, siteKey }: EntrySource,
  address: string,
): Promise<DirectoryEntry | undefined> {
  const name = canonicalAddress(address)
  if (name === '' || Buffer.byteLength(name) > 254) return undefined
  const bytes = await store.directory.get(name)
  return bytes && kindOfName(bytes) === 'account' ? decodeEntry(siteKey, name, bytes) : undefined
}

/** The entry of an address, unless there is none or it is being deleted. */
export async function findEntry(source: EntrySource, address: string): Promise<DirectoryEntry | undefined> {
  const entry = await storedEntry(source, address)
  return entry && !entry.isDeleting ? entry : undefined
}

/** All entries, also those being deleted. One that is damaged is passed over, after `onDamage` was told. */
export async function* allEntries(
  { store, siteKey }: EntrySource,
  onDamage: () => void,
): AsyncGenerator<DirectoryEntry> {
  let after: string | undefined
  for (;;) {
    const page = await store.directory.list('', after, 500)
    for (const [name, bytes] of page) {
      if (kindOfName(bytes) !== 'account') continue
      const entry = entryOrDamage(siteKey, name, bytes)
      if (entry) yield entry
      else onDamage()
    }
    after = page.at(-1)?.[0]
    if (after === undefined) return
  }
}

function entryOrDamage(
  siteKey: SiteKey | undefined,
  name: string,
  bytes: Uint8Array,
): DirectoryEntry | undefined {
  try {
    return decodeEntry(siteKey, name, bytes)
  } catch (error) {
    if (error instanceof Damage) return undefined
    throw error
  }
}
