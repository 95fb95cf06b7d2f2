// Keys and records that the engine itself writes: LAYOUT.md, "Keys in LevelDB", in code.
import { ByteReader, ByteWriter, concat, u32, u64, utf8 } from '../../base/bytes.ts'
import { Damaged } from '../errors.ts'

export const formatVersion: number = 1
export const formatKey: Buffer = Buffer.from([0x00, 0x66])
export const commitNumberKey: Buffer = Buffer.from([0x00, 0x63])
const formatMagic = utf8('letterlock store')

/** Bounds of all keys that begin with `prefix`. */
function prefixRange(prefix: Buffer): { gte: Buffer; lt: Buffer } {
  const lt = Buffer.from(prefix)
  const last = lt.length - 1
  lt[last] = (lt[last] ?? 0) + 1 // no prefix here ends in ff
  return { gte: prefix, lt }
}

const destroyingPrefix = Buffer.from([0x00, 0x78])
export const destroyingRange: { gte: Buffer; lt: Buffer } = prefixRange(destroyingPrefix)
export function destroyingKey(account: Uint8Array): Buffer {
  return concat(destroyingPrefix, account)
}
export function destroyingAccount(key: Buffer): Buffer {
  return key.subarray(destroyingPrefix.length)
}

export function directoryKey(name: string): Buffer {
  return concat(Buffer.from('d'), utf8(name))
}
export function siteKey(name: string): Buffer {
  return concat(Buffer.from('s'), utf8(name))
}

const accountPrefix = Buffer.from('a')
export function accountKeyPrefix(account: Uint8Array): Buffer {
  return concat(accountPrefix, account)
}
/** The first byte behind an account's prefix, as text: see OrderedMap. */
export const accountSuffix: string = '\x00'
export const valueKind: string = '\x01'
export const blobKind: string = '\x02'
export const segmentKind: string = '\x03'
export function blobSuffix(blobId: Uint8Array): string {
  return blobKind + Buffer.from(blobId).toString('latin1')
}
export function segmentSuffix(segment: number): string {
  return segmentKind + u32(segment).toString('latin1')
}

function decode<T>(what: string, bytes: Uint8Array, read: (reader: ByteReader) => T): T {
  try {
    const reader = new ByteReader(bytes)
    const value = read(reader)
    reader.end()
    return value
  } catch (error) {
    if (error instanceof Damaged) throw error
    throw new Damaged(`${what} cannot be read`, { cause: error })
  }
}

function checkVersion(what: string, version: number): void {
  if (version !== 1) throw new Damaged(`${what} has the unknown version ${version}`)
}

export function encodeFormat(): Buffer {
  return concat(formatMagic, u32(formatVersion))
}

/** The format version of a format record. */
export function decodeFormat(bytes: Uint8Array): number {
  return decode('the format record', bytes, (reader) => {
    if (!reader.fixed(formatMagic.length).equals(formatMagic)) throw new Damaged('not a letterlock store')
    return reader.u32()
  })
}

export function encodeCommitNumber(value: number): Buffer {
  return u64(value)
}
export function decodeCommitNumber(bytes: Uint8Array): number {
  return decode('the commit number', bytes, (reader) => reader.u64())
}

const states = ['active', 'destroying', 'destroyed', 'restoring'] as const

export interface AccountRecord {
  readonly state: (typeof states)[number]
  readonly version: number
  readonly usageBytes: number
  readonly quotaBytes: number | undefined
}

export function encodeAccount({ state, version, usageBytes, quotaBytes }: AccountRecord): Buffer {
  return new ByteWriter()
    .u8(1)
    .u8(states.indexOf(state) + 1)
    .u64(version)
    .u64(usageBytes)
    .u8(quotaBytes === undefined ? 0 : 1)
    .u64(quotaBytes ?? 0)
    .finish()
}

export function decodeAccount(bytes: Uint8Array): AccountRecord {
  return decode('an account record', bytes, (reader) => {
    checkVersion('an account record', reader.u8())
    const state = states[reader.u8() - 1]
    if (!state) throw new Damaged('an account record has an unknown state')
    const version = reader.u64()
    const usageBytes = reader.u64()
    const hasQuota = reader.u8()
    const quota = reader.u64()
    if (hasQuota > 1) throw new Damaged('an account record cannot be read')
    return { state, version, usageBytes, quotaBytes: hasQuota ? quota : undefined }
  })
}

/** Where a body is and how often it is held. */
export interface BlobRecord {
  readonly segment: number
  /** Of the frame in the segment file. */
  readonly offset: number
  readonly headerBytes: number
  readonly bodyBytes: number
  readonly count: number
}

export function encodeBlob({ segment, offset, headerBytes, bodyBytes, count }: BlobRecord): Buffer {
  return new ByteWriter().u8(1).u32(segment).u64(offset).u16(headerBytes).u64(bodyBytes).u32(count).finish()
}

export function decodeBlob(bytes: Uint8Array): BlobRecord {
  return decode('a blob record', bytes, (reader) => {
    checkVersion('a blob record', reader.u8())
    return {
      segment: reader.u32(),
      offset: reader.u64(),
      headerBytes: reader.u16(),
      bodyBytes: reader.u64(),
      count: reader.u32(),
    }
  })
}

export interface SegmentRecord {
  /** Lengths of all frames that blob records point at. */
  readonly liveBytes: number
  /** Where the farthest frame ever pointed at ends. */
  readonly endBytes: number
}

export function encodeSegment({ liveBytes, endBytes }: SegmentRecord): Buffer {
  return new ByteWriter().u8(1).u64(liveBytes).u64(endBytes).finish()
}

export function decodeSegment(bytes: Uint8Array): SegmentRecord {
  return decode('a segment record', bytes, (reader) => {
    checkVersion('a segment record', reader.u8())
    return { liveBytes: reader.u64(), endBytes: reader.u64() }
  })
}
