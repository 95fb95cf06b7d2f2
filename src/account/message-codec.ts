// Message records, pages of them, and arrivals: the parts of a message that FETCH answers from (FORMAT.md §9.4, §9.5, §8.2).
import { ByteReader, ByteWriter, joined, MalformedRecord } from '../base/bytes.ts'
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

const keyAt = 1
const blobAt = 33
const idBytes = 16

/** Moves the message key out of a record, of either form, to `at` in `keys`. Of a record that is too short to be one, what there is. */
export function takeKeyOfRecord(encoded: Buffer, keys: Buffer, at: number): void {
  const end = Math.min(blobAt, encoded.length)
  if (end <= keyAt) return
  encoded.copy(keys, at, keyAt, end)
  encoded.fill(0, keyAt, end)
}

/** A record whose parts are made when they are asked for: FETCH looks at some parts of each of many thousand messages. They are views on it. */
export class MessageView implements Required<MessageRecord> {
  readonly sizeBytes: number
  readonly #encoded: Buffer
  readonly #firstBlobAt: number
  /** Where the lengths of the parts stand. */
  readonly #envelopeAt: number
  readonly #bodyAt: number
  readonly #bodyStructureAt: number
  readonly #treeAt: number
  readonly #headerAt: number

  /** Throws MalformedRecord. */
  constructor(encoded: Buffer) {
    const version = encoded[0]
    if (version === undefined) throw new MalformedRecord('record ends early')
    if (version !== 1 && version !== 2) throw new MalformedRecord('message record of an unknown version')
    this.#encoded = encoded
    this.#firstBlobAt = version === 2 ? blobAt + idBytes : blobAt
    const sizeAt = this.#firstBlobAt + idBytes
    if (sizeAt + 8 > encoded.length) throw new MalformedRecord('record ends early')
    this.sizeBytes = joined(encoded.readUInt32BE(sizeAt), encoded.readUInt32BE(sizeAt + 4))
    this.#envelopeAt = sizeAt + 8
    this.#bodyAt = this.#behind(this.#envelopeAt)
    this.#bodyStructureAt = this.#behind(this.#bodyAt)
    this.#treeAt = this.#behind(this.#bodyStructureAt)
    this.#headerAt = this.#behind(this.#treeAt)
    if (this.#behind(this.#headerAt) !== encoded.length)
      throw new MalformedRecord('record has bytes behind its end')
  }

  #behind(at: number): number {
    if (at + 4 > this.#encoded.length) throw new MalformedRecord('record ends early')
    const end = at + 4 + this.#encoded.readUInt32BE(at)
    if (end > this.#encoded.length) throw new MalformedRecord('record ends early')
    return end
  }

  #part(at: number, end: number): Buffer {
    return this.#encoded.subarray(at + 4, end)
  }

  get messageKey(): Buffer {
    return this.#encoded.subarray(keyAt, blobAt)
  }
  get blob(): Buffer {
    return this.#encoded.subarray(blobAt, blobAt + idBytes)
  }
  get emailId(): Buffer {
    return this.#encoded.subarray(this.#firstBlobAt, this.#firstBlobAt + idBytes)
  }
  get envelope(): Buffer {
    return this.#part(this.#envelopeAt, this.#bodyAt)
  }
  get body(): Buffer {
    return this.#part(this.#bodyAt, this.#bodyStructureAt)
  }
  get bodyStructure(): Buffer {
    return this.#part(this.#bodyStructureAt, this.#treeAt)
  }
  get tree(): Buffer {
    return this.#part(this.#treeAt, this.#headerAt)
  }
  get header(): Buffer {
    return this.#part(this.#headerAt, this.#encoded.length)
  }
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
