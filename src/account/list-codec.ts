// Mailbox list pages and the manifest (FORMAT.md §9.2, §9.3).
import { ByteReader, ByteWriter, hex, fromHex, MalformedRecord, u32 } from '../base/bytes.ts'

/** A state page as its mailbox's list entry names it. */
export interface StatePageRef {
  readonly firstUid: number
  readonly count: number
  readonly digest: Buffer
}

export interface MailboxEntry {
  readonly id: string
  readonly name: string
  readonly specialUse: string
  /** Part of the places of its records, and what clients are told. */
  readonly uidValidity: number
  readonly shownUidValidity: number
  readonly uidNext: number
  readonly highestModSeq: number
  readonly recentFrom: number
  readonly packedUntil: number
  readonly messages: number
  readonly unseen: number
  readonly deleted: number
  readonly sizeBytes: number
  readonly keywords: readonly string[]
  readonly pages: readonly StatePageRef[]
  /** Of the expunge history's record, if there is one. */
  readonly expungedDigest: Buffer | undefined
}

/** Fields of a mailbox's entry that came later, by number (FORMAT.md §9.3). */
const laterFields = { expunged: 1, shownUidValidity: 2 } as const

export type ListEntry =
  | { readonly kind: 'mailbox'; readonly entry: MailboxEntry }
  | { readonly kind: 'subscription'; readonly name: string }
  | {
      readonly kind: 'annotation'
      readonly mailbox: string
      readonly entry: string
      readonly value: Buffer
    }
  | { readonly kind: 'fact'; readonly fact: number; readonly value: Buffer }

const listPageVersion = 2

function writeEntry(to: ByteWriter, item: ListEntry): void {
  if (item.kind === 'subscription') {
    to.u8(2).text16(item.name)
    return
  }
  if (item.kind === 'annotation') {
    to.u8(3).fixed(fromHex(item.mailbox)).text16(item.entry).bytes32(item.value)
    return
  }
  if (item.kind === 'fact') {
    to.u8(4).u8(item.fact).bytes16(item.value)
    return
  }
  const { entry } = item
  to.u8(1).fixed(fromHex(entry.id)).text16(entry.name).text16(entry.specialUse)
  to.u32(entry.uidValidity)
    .u32(entry.uidNext)
    .u64(entry.highestModSeq)
    .u32(entry.recentFrom)
    .u32(entry.packedUntil)
  to.u32(entry.messages).u32(entry.unseen).u32(entry.deleted).u64(entry.sizeBytes)
  to.u16(entry.keywords.length)
  for (const keyword of entry.keywords) to.text16(keyword)
  to.u16(entry.pages.length)
  for (const page of entry.pages) to.u32(page.firstUid).u16(page.count).fixed(page.digest)
  writeLaterFields(to, entry)
}

function writeLaterFields(to: ByteWriter, entry: MailboxEntry): void {
  const { expungedDigest, uidValidity, shownUidValidity } = entry
  const fields: (readonly [number, Uint8Array])[] = []
  if (expungedDigest) fields.push([laterFields.expunged, expungedDigest])
  if (shownUidValidity !== uidValidity) fields.push([laterFields.shownUidValidity, u32(shownUidValidity)])
  to.u8(fields.length)
  for (const [field, value] of fields) to.u8(field).bytes16(value)
}

interface LaterFields {
  readonly expungedDigest: Buffer | undefined
  readonly shownUidValidity: number | undefined
}

function readLaterFields(from: ByteReader): LaterFields {
  let expungedDigest: Buffer | undefined
  let shownUidValidity: number | undefined
  let last = 0
  for (let count = from.u8(); count > 0; count -= 1) {
    const field = from.u8()
    const value = new ByteReader(from.bytes16())
    if (field <= last) throw new MalformedRecord('mailbox list has fields out of order')
    last = field
    switch (field) {
      case laterFields.expunged:
        expungedDigest = Buffer.from(value.fixed(32))
        break
      case laterFields.shownUidValidity:
        shownUidValidity = value.u32()
        break
      default:
        throw new MalformedRecord('mailbox list has a field of an unknown kind')
    }
    value.end()
  }
  return { expungedDigest, shownUidValidity }
}

function readEntry(from: ByteReader, pageVersion: number): ListEntry {
  const kind = from.u8()
  if (kind === 2) return { kind: 'subscription', name: from.text16() }
  if (kind === 3) {
    const mailbox = hex(from.fixed(16))
    return { kind: 'annotation', mailbox, entry: from.text16(), value: Buffer.from(from.bytes32()) }
  }
  if (kind === 4) return { kind: 'fact', fact: from.u8(), value: Buffer.from(from.bytes16()) }
  if (kind !== 1) throw new MalformedRecord(`mailbox list holds an entry of unknown kind ${kind}`)
  const fields = {
    id: hex(from.fixed(16)),
    name: from.text16(),
    specialUse: from.text16(),
    uidValidity: from.u32(),
    uidNext: from.u32(),
    highestModSeq: from.u64(),
    recentFrom: from.u32(),
    packedUntil: from.u32(),
    messages: from.u32(),
    unseen: from.u32(),
    deleted: from.u32(),
    sizeBytes: from.u64(),
  }
  const keywords: string[] = []
  for (let count = from.u16(); count > 0; count -= 1) keywords.push(from.text16())
  const pages: StatePageRef[] = []
  for (let count = from.u16(); count > 0; count -= 1) {
    pages.push({ firstUid: from.u32(), count: from.u16(), digest: Buffer.from(from.fixed(32)) })
  }
  const later = pageVersion > 1 ? readLaterFields(from) : undefined
  const shownUidValidity = later?.shownUidValidity ?? fields.uidValidity
  const expungedDigest = later?.expungedDigest
  return { kind: 'mailbox', entry: { ...fields, keywords, pages, expungedDigest, shownUidValidity } }
}

function encodeEntry(item: ListEntry): Buffer {
  const to = new ByteWriter()
  writeEntry(to, item)
  return to.finish()
}

/** Packs entries, in order, into pages whose data is at most `pageBytes` (unless one entry alone is longer). */
export function encodeListPages(items: readonly ListEntry[], pageBytes: number): Buffer[] {
  const pages: Buffer[][] = [[]]
  let size = 0
  for (const encoded of items.map(encodeEntry)) {
    if (size + encoded.length > pageBytes && size > 0) {
      pages.push([])
      size = 0
    }
    pages.at(-1)?.push(encoded)
    size += encoded.length
  }
  return pages.map((page) => {
    const to = new ByteWriter().u8(listPageVersion).u16(page.length)
    for (const encoded of page) to.fixed(encoded)
    return to.finish()
  })
}

/** Reads pages of this version and of the one before. */
export function decodeListPage(data: Uint8Array): ListEntry[] {
  const from = new ByteReader(data)
  const version = from.u8()
  if (version < 1 || version > listPageVersion)
    throw new MalformedRecord('mailbox list page of an unknown version')
  const items: ListEntry[] = []
  for (let count = from.u16(); count > 0; count -= 1) items.push(readEntry(from, version))
  from.end()
  return items
}

export interface Manifest {
  readonly version: number
  readonly head: Buffer
  readonly keysetVersion: number
  readonly slotsDigest: Buffer
  readonly lastUidValidity: number
  readonly pageDigests: readonly Buffer[]
  /** Arrivals of this version or an older one that are not adopted, in order. */
  readonly waiting: readonly (readonly [version: number, digest: Buffer])[]
}

export function encodeManifest(manifest: Manifest): Buffer {
  const to = new ByteWriter().u8(1).u64(manifest.version).fixed(manifest.head).u32(manifest.keysetVersion)
  to.fixed(manifest.slotsDigest).u32(manifest.lastUidValidity).u16(manifest.pageDigests.length)
  for (const digest of manifest.pageDigests) to.fixed(digest)
  to.u16(manifest.waiting.length)
  for (const [version, digest] of manifest.waiting) to.u64(version).fixed(digest)
  return to.finish()
}

export function decodeManifest(data: Uint8Array): Manifest {
  const from = new ByteReader(data)
  if (from.u8() !== 1) throw new MalformedRecord('manifest of an unknown version')
  const fields = {
    version: from.u64(),
    head: from.fixed(32),
    keysetVersion: from.u32(),
    slotsDigest: from.fixed(32),
    lastUidValidity: from.u32(),
  }
  const pageDigests: Buffer[] = []
  for (let count = from.u16(); count > 0; count -= 1) pageDigests.push(from.fixed(32))
  const waiting: [number, Buffer][] = []
  for (let count = from.u16(); count > 0; count -= 1) waiting.push([from.u64(), from.fixed(32)])
  from.end()
  return { ...fields, pageDigests, waiting }
}
