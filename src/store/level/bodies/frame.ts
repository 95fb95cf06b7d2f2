// Segment and frame headers: LAYOUT.md, "Segment files", in code.
import { crc32 } from 'node:zlib'
import { asBuffer, ByteReader, ByteWriter, concat, equalBytes, utf8 } from '../../../base/bytes.ts'
import { Damaged } from '../../errors.ts'
import { maxRecoveryHeaderBytes } from '../../store.ts'

export const segmentHeaderBytes: number = 32
export const frameHeaderBytes: number = 38
const segmentMagic = utf8('LLSG')
export const frameMagic: Buffer = utf8('LLFR')
const segmentVersion = 1

export function segmentName(number: number): string {
  return `${number.toString(16).padStart(8, '0')}.seg`
}

/** The number in a segment file's name; undefined for another file. */
export function segmentNumber(name: string): number | undefined {
  return /^[0-9a-f]{8}\.seg$/.test(name) ? Number.parseInt(name, 16) : undefined
}

export function encodeSegmentHeader(account: Uint8Array, number: number): Buffer {
  const head = new ByteWriter()
    .fixed(segmentMagic)
    .u8(segmentVersion)
    .fixed(Buffer.alloc(3))
    .fixed(account)
    .u32(number)
    .finish()
  return new ByteWriter().fixed(head).u32(crc32(head)).finish()
}

/** Throws Damaged unless `bytes` are the header of just this segment. */
export function checkSegmentHeader(bytes: Buffer, account: Uint8Array, number: number): void {
  const expected = encodeSegmentHeader(account, number)
  if (equalBytes(bytes, expected)) return
  const version = bytes[4]
  const isOurs = bytes.length === segmentHeaderBytes && bytes.subarray(0, 4).equals(segmentMagic)
  if (isOurs && version !== segmentVersion) {
    throw new Damaged(`segment ${segmentName(number)} has the unknown version ${version ?? 0}`)
  }
  throw new Damaged(`segment ${segmentName(number)} does not begin with its own header`)
}

export interface Frame {
  readonly blobId: Buffer
  readonly bodyBytes: number
  readonly bodyCrc: number
  readonly recoveryHeader: Buffer
}

/** Bytes of a whole frame: header, recovery header and body. */
export function frameBytes(headerBytes: number, bodyBytes: number): number {
  return frameHeaderBytes + headerBytes + bodyBytes
}

/** Frame header and recovery header; the body follows. */
export function encodeFrame(
  account: Uint8Array,
  frame: { blobId: Uint8Array; bodyBytes: number; bodyCrc: number; recoveryHeader: Uint8Array },
): Buffer {
  const head = new ByteWriter()
    .fixed(frameMagic)
    .fixed(frame.blobId)
    .u64(frame.bodyBytes)
    .u16(frame.recoveryHeader.length)
    .u32(frame.bodyCrc)
    .finish()
  return new ByteWriter()
    .fixed(head)
    .u32(headCrc(account, head, frame.recoveryHeader))
    .fixed(frame.recoveryHeader)
    .finish()
}

/** The frame that begins `bytes`; undefined when none does. `bytes` may end with the recovery header. */
export function decodeFrame(account: Uint8Array, bytes: Buffer): Frame | undefined {
  if (bytes.length < frameHeaderBytes || !bytes.subarray(0, 4).equals(frameMagic)) return undefined
  if (bytes.readUInt32BE(20) > 0x1f_ffff) return undefined // beyond 2^53
  const reader = new ByteReader(bytes.subarray(4, frameHeaderBytes))
  const blobId = reader.fixed(16)
  const bodyBytes = reader.u64()
  const headerBytes = reader.u16()
  const bodyCrc = reader.u32()
  const crc = reader.u32()
  if (headerBytes > maxRecoveryHeaderBytes || bytes.length < frameHeaderBytes + headerBytes) return undefined
  const recoveryHeader = bytes.subarray(frameHeaderBytes, frameHeaderBytes + headerBytes)
  if (headCrc(account, bytes.subarray(0, frameHeaderBytes - 4), recoveryHeader) !== crc) return undefined
  return { blobId, bodyBytes, bodyCrc, recoveryHeader }
}

function headCrc(account: Uint8Array, head: Buffer, recoveryHeader: Uint8Array): number {
  return crc32(concat(account, head, recoveryHeader))
}

/** CRC-32 of bytes that come in pieces: start with 0. */
export function addCrc(crc: number, bytes: Uint8Array): number {
  return crc32(asBuffer(bytes), crc)
}
