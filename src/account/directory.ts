// The directory of people: address to account, and whether it may be used. The only state that is not an account's own.
import { ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import type { Directory } from '../store/store.ts'
import { Damage, Refusal } from './errors.ts'

export interface DirectoryEntry {
  readonly address: string
  readonly account: Buffer
  readonly isDisabled: boolean
  /** Being deleted: nothing of it is used any more. */
  readonly isDeleting: boolean
  /** IMAP capabilities that its sessions are not offered, in capitals. */
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
    at === address.length - 1 ||
    Buffer.byteLength(address) > 254 ||
    /[\s"(),:;<>[\\\]\p{C}]/u.test(address)
  if (isFaulty) throw new Refusal('limit', 'That is not an address for an account; give local-part@domain')
  return address
}

export type EntryState = Pick<DirectoryEntry, 'isDisabled' | 'isDeleting' | 'capabilitiesOff'>

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

/**
 * `u8 version ‖ account 16 ‖ u8 flags (1 disabled, 2 being deleted)`, and in version 2 `‖ u8 count ‖ count × text16 capability
 * that is off`. Version 1 is written while there is none.
 */
export function encodeEntry(account: Uint8Array, state: EntryState): Buffer {
  const { isDisabled, isDeleting, capabilitiesOff } = state
  const to = new ByteWriter()
    .u8(capabilitiesOff.length > 0 ? 2 : 1)
    .fixed(account)
    .u8((isDisabled ? 1 : 0) | (isDeleting ? 2 : 0))
  if (capabilitiesOff.length > 0) {
    to.u8(capabilitiesOff.length)
    for (const name of capabilitiesOff) to.text16(name)
  }
  return to.finish()
}

export function decodeEntry(address: string, bytes: Uint8Array): DirectoryEntry {
  try {
    const from = new ByteReader(bytes)
    const version = from.u8()
    if (version !== 1 && version !== 2) throw new MalformedRecord('directory entry of an unknown version')
    const account = Buffer.from(from.fixed(16))
    const flags = from.u8()
    const capabilitiesOff: string[] = []
    if (version > 1) for (let count = from.u8(); count > 0; count -= 1) capabilitiesOff.push(from.text16())
    from.end()
    const state = { isDisabled: (flags & 1) !== 0, isDeleting: (flags & 2) !== 0, capabilitiesOff }
    return { address, account, ...state, bytes }
  } catch (error) {
    if (error instanceof MalformedRecord) throw new Damage('a directory entry is damaged', { cause: error })
    throw error
  }
}

/** The entry of an address, unless there is none or it is being deleted. */
export async function findEntry(directory: Directory, address: string): Promise<DirectoryEntry | undefined> {
  const name = canonicalAddress(address)
  if (name === '' || Buffer.byteLength(name) > 254) return undefined
  const bytes = await directory.get(name)
  const entry = bytes && decodeEntry(name, bytes)
  return entry && !entry.isDeleting ? entry : undefined
}

/** All entries, also those being deleted. One that is damaged is passed over, after `onDamage` was told. */
export async function* allEntries(
  directory: Directory,
  onDamage: () => void,
): AsyncGenerator<DirectoryEntry> {
  let after: string | undefined
  for (;;) {
    const page = await directory.list('', after, 500)
    for (const [name, bytes] of page) {
      const entry = entryOrDamage(name, bytes)
      if (entry) yield entry
      else onDamage()
    }
    after = page.at(-1)?.[0]
    if (after === undefined) return
  }
}

function entryOrDamage(name: string, bytes: Uint8Array): DirectoryEntry | undefined {
  try {
    return decodeEntry(name, bytes)
  } catch (error) {
    if (error instanceof Damage) return undefined
    throw error
  }
}
