// The trail's entries and what the account remembers of them (FORMAT.md §9.10, §9.11).
import { ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import { emptyHead } from '../crypto/chain.ts'
import type { TrailBy, TrailKind } from './api-lifecycle.ts'

/** What happened, as it is written down. */
export interface TrailNote {
  readonly kind: TrailKind
  readonly by: TrailBy
  readonly remoteAddress?: string | undefined
  /** In plain words, ASCII where it can be; never a secret, the name of a mailbox or what a message says. At most 200 characters are kept. */
  readonly detail?: string | undefined
}

export interface TrailData extends TrailNote {
  /** From 1 on; 0 in an entry that still waits to be taken into the trail. */
  readonly number: number
  /** Milliseconds since 1970. */
  readonly at: number
}

const version = 1
const detailCharacters = 200
const addressCharacters = 64

const cut = (text: string, most: number): string => Array.from(text).slice(0, most).join('')

export function encodeTrailEntry({ number, at, kind, by, remoteAddress, detail }: TrailData): Buffer {
  return new ByteWriter()
    .u8(version)
    .u32(number)
    .i64(at)
    .text16(kind)
    .text16(by)
    .text16(cut(remoteAddress ?? '', addressCharacters))
    .text16(cut(detail ?? '', detailCharacters))
    .finish()
}

/** Throws MalformedRecord. Kinds are not looked at: a later version may know more of them. */
export function decodeTrailEntry(data: Uint8Array): TrailData {
  const from = new ByteReader(data)
  if (from.u8() !== version) throw new MalformedRecord('trail entry of an unknown version')
  const entry = {
    number: from.u32(),
    at: from.i64(),
    kind: from.text16() as TrailKind,
    by: from.text16() as TrailBy,
    remoteAddress: from.text16() || undefined,
    detail: from.text16() || undefined,
  }
  from.end()
  return entry
}

/** What the account remembers of its trail. */
export interface TrailFact {
  /** The oldest entry that is kept; one more than `last` when there is none. */
  readonly first: number
  /** Of the trail's chain, before `first` and after `last`; 32 bytes each. */
  readonly headBefore: Buffer
  readonly last: number
  readonly head: Buffer
  /** Entries up to this one were shown to the owner. */
  readonly seen: number
}

const noTrail: TrailFact = {
  first: 1,
  headBefore: Buffer.from(emptyHead),
  last: 0,
  head: Buffer.from(emptyHead),
  seen: 0,
}

export function encodeTrailFact({ first, headBefore, last, head, seen }: TrailFact): Buffer {
  return new ByteWriter().u32(first).fixed(headBefore).u32(last).fixed(head).u32(seen).finish()
}

/** Throws MalformedRecord. Without a value the trail is empty. */
export function decodeTrailFact(value: Uint8Array | undefined): TrailFact {
  if (!value) return noTrail
  const from = new ByteReader(value)
  const fact = {
    first: from.u32(),
    headBefore: Buffer.from(from.fixed(32)),
    last: from.u32(),
    head: Buffer.from(from.fixed(32)),
    seen: from.u32(),
  }
  from.end()
  return fact
}
