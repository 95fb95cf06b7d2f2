// The change log's entries: changes to bytes and back (FORMAT.md §9.1).
import { ByteReader, ByteWriter, hex, fromHex, MalformedRecord } from '../base/bytes.ts'
import { flagSet, type FlagSet } from './flags.ts'
import { readRanges, writeRanges, type UidRange } from './uid-ranges.ts'

/** Mailboxes are named by their identifier in hexadecimal. */
export type Change =
  | {
      readonly kind: 'append'
      readonly mailbox: string
      readonly uid: number
      readonly flags: FlagSet
      readonly internalDate: number
      readonly zoneMinutes: number
      readonly sizeBytes: number
      readonly savedAt: number
    }
  | {
      readonly kind: 'flags'
      readonly mailbox: string
      readonly flags: FlagSet
      readonly ranges: readonly UidRange[]
    }
  | { readonly kind: 'expunge'; readonly mailbox: string; readonly ranges: readonly UidRange[] }
  | {
      readonly kind: 'created'
      readonly mailbox: string
      readonly name: string
      readonly specialUse: string
      readonly uidValidity: number
    }
  | { readonly kind: 'deleted'; readonly mailbox: string }
  | { readonly kind: 'renamed'; readonly mailbox: string; readonly name: string }
  | { readonly kind: 'subscribed' | 'unsubscribed'; readonly name: string }
  | { readonly kind: 'recent'; readonly mailbox: string; readonly recentFrom: number }
  | { readonly kind: 'adopted'; readonly arrivals: readonly (readonly [version: number, digest: Buffer])[] }
  | { readonly kind: 'checkpoint' }
  | {
      readonly kind: 'keys'
      readonly vkVersion: number
      readonly keysetVersion: number
      readonly slotsDigest: Buffer
    }
  /** Clients are told another UIDVALIDITY from now on; places keep the one of the mailbox's creation. */
  | { readonly kind: 'revalidated'; readonly mailbox: string; readonly uidValidity: number }
  | { readonly kind: 'packed'; readonly mailbox: string; readonly packedUntil: number }
  | {
      readonly kind: 'annotated'
      /** Or `ofAccount`. */
      readonly mailbox: string
      readonly entry: string
      readonly value: Buffer | undefined
    }
  /** Something that the account remembers of itself (`account-facts.ts`). */
  | { readonly kind: 'fact'; readonly fact: number; readonly value: Buffer }

const numbers = {
  append: 1,
  flags: 2,
  expunge: 3,
  created: 4,
  deleted: 5,
  renamed: 6,
  subscribed: 7,
  unsubscribed: 8,
  recent: 9,
  adopted: 10,
  checkpoint: 11,
  keys: 12,
  packed: 13,
  annotated: 14,
  fact: 17,
  revalidated: 18,
} as const

function writeFlags(to: ByteWriter, flags: FlagSet): void {
  to.u8(flags.bits).u8(flags.keywords.length)
  for (const keyword of flags.keywords) to.text16(keyword)
}

function readFlagSet(from: ByteReader): FlagSet {
  const bits = from.u8()
  const keywords: string[] = []
  for (let count = from.u8(); count > 0; count -= 1) keywords.push(from.text16())
  return flagSet(bits, keywords)
}

function writeChange(to: ByteWriter, change: Change): void {
  to.u8(numbers[change.kind])
  if ('mailbox' in change) to.fixed(fromHex(change.mailbox))
  switch (change.kind) {
    case 'append':
      to.u32(change.uid)
      writeFlags(to, change.flags)
      to.i64(change.internalDate)
        .u16(change.zoneMinutes & 0xffff)
        .u64(change.sizeBytes)
        .i64(change.savedAt)
      return
    case 'flags':
      writeFlags(to, change.flags)
      writeRanges(to, change.ranges)
      return
    case 'expunge':
      writeRanges(to, change.ranges)
      return
    case 'created':
      to.text16(change.name).text16(change.specialUse).u32(change.uidValidity)
      return
    case 'renamed':
      to.text16(change.name)
      return
    case 'subscribed':
    case 'unsubscribed':
      to.text16(change.name)
      return
    case 'recent':
      to.u32(change.recentFrom)
      return
    case 'adopted':
      to.u32(change.arrivals.length)
      for (const [version, digest] of change.arrivals) to.u64(version).fixed(digest)
      return
    case 'keys':
      to.u32(change.vkVersion).u32(change.keysetVersion).fixed(change.slotsDigest)
      return
    case 'packed':
      to.u32(change.packedUntil)
      return
    case 'revalidated':
      to.u32(change.uidValidity)
      return
    case 'annotated':
      to.text16(change.entry).u8(change.value ? 1 : 0)
      if (change.value) to.bytes32(change.value)
      return
    case 'fact':
      to.u8(change.fact).bytes16(change.value)
      return
    case 'deleted':
    case 'checkpoint':
      return
  }
}

/** Bytes that a change takes in a log entry. */
export function encodedBytes(change: Change): number {
  const to = new ByteWriter()
  writeChange(to, change)
  return to.length
}

/** A u16 read back as the signed number it was written from. */
export const signed16 = (value: number): number => (value << 16) >> 16

function readValue(from: ByteReader): Buffer | undefined {
  const isThere = from.u8()
  if (isThere > 1) throw new MalformedRecord('an annotation is neither there nor gone')
  return isThere === 1 ? Buffer.from(from.bytes32()) : undefined
}

function readChange(from: ByteReader): Change {
  const kind = from.u8()
  const mailbox = (): string => hex(from.fixed(16))
  switch (kind) {
    case numbers.append:
      return {
        kind: 'append',
        mailbox: mailbox(),
        uid: from.u32(),
        flags: readFlagSet(from),
        internalDate: from.i64(),
        zoneMinutes: signed16(from.u16()),
        sizeBytes: from.u64(),
        savedAt: from.i64(),
      }
    case numbers.flags:
      return { kind: 'flags', mailbox: mailbox(), flags: readFlagSet(from), ranges: readRanges(from) }
    case numbers.expunge:
      return { kind: 'expunge', mailbox: mailbox(), ranges: readRanges(from) }
    case numbers.created:
      return {
        kind: 'created',
        mailbox: mailbox(),
        name: from.text16(),
        specialUse: from.text16(),
        uidValidity: from.u32(),
      }
    case numbers.deleted:
      return { kind: 'deleted', mailbox: mailbox() }
    case numbers.renamed:
      return { kind: 'renamed', mailbox: mailbox(), name: from.text16() }
    case numbers.subscribed:
      return { kind: 'subscribed', name: from.text16() }
    case numbers.unsubscribed:
      return { kind: 'unsubscribed', name: from.text16() }
    case numbers.recent:
      return { kind: 'recent', mailbox: mailbox(), recentFrom: from.u32() }
    case numbers.adopted: {
      const arrivals: [number, Buffer][] = []
      for (let count = from.u32(); count > 0; count -= 1) arrivals.push([from.u64(), from.fixed(32)])
      return { kind: 'adopted', arrivals }
    }
    case numbers.checkpoint:
      return { kind: 'checkpoint' }
    case numbers.keys:
      return { kind: 'keys', vkVersion: from.u32(), keysetVersion: from.u32(), slotsDigest: from.fixed(32) }
    case numbers.revalidated:
      return { kind: 'revalidated', mailbox: mailbox(), uidValidity: from.u32() }
    case numbers.packed:
      return { kind: 'packed', mailbox: mailbox(), packedUntil: from.u32() }
    case numbers.annotated:
      return { kind: 'annotated', mailbox: mailbox(), entry: from.text16(), value: readValue(from) }
    case numbers.fact:
      return { kind: 'fact', fact: from.u8(), value: Buffer.from(from.bytes16()) }
    default:
      throw new MalformedRecord(`log entry holds a change of unknown kind ${kind}`)
  }
}

/** One log entry's data: the chain's head before it, and what changed. */
export function encodeLogEntry(previousHead: Uint8Array, changes: readonly Change[]): Buffer {
  const to = new ByteWriter().u8(1).fixed(previousHead).u16(changes.length)
  for (const change of changes) writeChange(to, change)
  return to.finish()
}

export function decodeLogEntry(data: Uint8Array): { previousHead: Buffer; changes: Change[] } {
  const from = new ByteReader(data)
  if (from.u8() !== 1) throw new MalformedRecord('log entry of an unknown version')
  const previousHead = from.fixed(32)
  const changes: Change[] = []
  for (let count = from.u16(); count > 0; count -= 1) changes.push(readChange(from))
  from.end()
  return { previousHead, changes }
}
