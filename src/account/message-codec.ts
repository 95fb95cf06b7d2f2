// Message records, pages of them, and arrivals: the parts of a message that FETCH answers from (FORMAT.md §9.4, §9.5, §8.2).
import { ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import { cachedHeaderBytes, cachedStructureBytes } from '../base/limits.ts'
import { signed16 } from './log-codec.ts'

/** Ready-made parts. An empty Buffer: too long to keep, read the body. */
export interface Content {
  readonly sizeBytes: number
  readonly envelope: Buffer
  readonly body: Buffer
  readonly bodyStructure: Buffer
  readonly tree: Buffer
  readonly header: Buffer
}

export interface MessageRecord extends Content {
  readonly messageKey: Buffer
  readonly blob: Buffer
  /** The identifier of the message's first body: what EMAILID is made of. Absent: that of its body. */
  readonly emailId?: Buffer
}

const empty = Buffer.alloc(0)

/** Leaves out what is too long to keep beside a message. */
export function boundedContent(content: Content): Content {
  const structures =
    content.envelope.length + content.body.length + content.bodyStructure.length + content.tree.length
  const keepStructures = structures <= cachedStructureBytes
  return {
    sizeBytes: content.sizeBytes,
    envelope: keepStructures ? content.envelope : empty,
    body: keepStructures ? content.body : empty,
    bodyStructure: keepStructures ? content.bodyStructure : empty,
    tree: keepStructures ? content.tree : empty,
    header: content.header.length <= cachedHeaderBytes ? content.header : empty,
  }
}

function writeContent(to: ByteWriter, content: Content): ByteWriter {
  return to
    .u64(content.sizeBytes)
    .bytes32(content.envelope)
    .bytes32(content.body)
    .bytes32(content.bodyStructure)
    .bytes32(content.tree)
    .bytes32(content.header)
}

function readContent(from: ByteReader): Content {
  return {
    sizeBytes: from.u64(),
    envelope: from.bytes32(),
    body: from.bytes32(),
    bodyStructure: from.bytes32(),
    tree: from.bytes32(),
    header: from.bytes32(),
  }
}

export function encodeMessage(record: MessageRecord): Buffer {
  const { messageKey, blob, emailId } = record
  const to = new ByteWriter()
  if (!emailId || emailId.equals(blob)) to.u8(1).fixed(messageKey).fixed(blob)
  else to.u8(2).fixed(messageKey).fixed(blob).fixed(emailId)
  return writeContent(to, record).finish()
}

/** Where both forms of a record have the message key: a view, to be wiped. Shorter, where there is no such record. */
export function keyOfRecord(encoded: Buffer): Buffer {
  return encoded.subarray(1, 33)
}

/** The record's Buffers are views on `data`. */
export function decodeMessage(data: Uint8Array): Required<MessageRecord> {
  const from = new ByteReader(data)
  const version = from.u8()
  if (version !== 1 && version !== 2) throw new MalformedRecord('message record of an unknown version')
  const [messageKey, blob] = [from.fixed(32), from.fixed(16)]
  const emailId = version === 2 ? from.fixed(16) : blob
  const record = { messageKey, blob, emailId, ...readContent(from) }
  from.end()
  return record
}

/** `records` are encoded message records by ascending UID. */
export function encodePage(records: readonly (readonly [uid: number, record: Uint8Array])[]): Buffer {
  const to = new ByteWriter().u8(1).u16(records.length)
  for (const [uid, record] of records) to.u32(uid).bytes32(record)
  return to.finish()
}

export function decodePage(data: Uint8Array): [uid: number, record: Buffer][] {
  const from = new ByteReader(data)
  if (from.u8() !== 1) throw new MalformedRecord('message page of an unknown version')
  const records: [number, Buffer][] = []
  for (let count = from.u16(); count > 0; count -= 1) records.push([from.u32(), from.bytes32()])
  from.end()
  return records
}

export interface Arrival extends Content {
  readonly messageKey: Buffer
  readonly internalDate: number
  readonly zoneMinutes: number
  /** What stood behind the `+` of the address. */
  readonly detail: string
}

export function encodeArrival(arrival: Arrival): Buffer {
  const to = new ByteWriter()
    .u8(1)
    .fixed(arrival.messageKey)
    .i64(arrival.internalDate)
    .u16(arrival.zoneMinutes & 0xffff)
    .text16(arrival.detail)
  return writeContent(to, arrival).finish()
}

export function decodeArrival(data: Uint8Array): Arrival {
  const from = new ByteReader(data)
  if (from.u8() !== 1) throw new MalformedRecord('arrival of an unknown version')
  const arrival = {
    messageKey: from.fixed(32),
    internalDate: from.i64(),
    zoneMinutes: signed16(from.u16()),
    detail: from.text16(),
    ...readContent(from),
  }
  from.end()
  return arrival
}
