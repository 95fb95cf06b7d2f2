// Body (FORMAT.md §4): a message's octets, sealed in chunks while they come, opened from any octet on.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { chunkBytes } from '../base/limits.ts'
import { asBuffer } from '../base/bytes.ts'
import { gcmOpen, gcmSeal } from './aes-gcm.ts'
import { Corrupt, UnsupportedVersion } from './errors.ts'
import { labels } from './labels.ts'
import { equalSecret, padme, split } from './primitives.ts'

const headerStart = Buffer.from([1, 2, 16, 0])
const headerBytes = 36
const tagBytes = 16
const sealedChunkBytes = chunkBytes + tagBytes
const trailerBytes = 8
const maxBodyBytes = 2 ** 40
/** Adjacent chunks are read from the store together, as many as make about this much. */
const chunksPerRead = Math.floor((1024 * 1024) / sealedChunkBytes)

/** The keys of one body and what each chunk authenticates. */
interface BodyKeys {
  readonly key: KeyObject
  readonly header: Buffer
  readonly aad: Buffer
}

function deriveBodyKeys(messageKey: Uint8Array, account: Uint8Array, blob: Uint8Array): BodyKeys {
  if (account.length !== 16 || blob.length !== 16) throw new RangeError('an identifier has 16 bytes')
  const okm = split(messageKey, labels.body, headerStart, account, blob)
  const header = Buffer.concat([headerStart, okm.subarray(32)])
  const key = createSecretKey(okm.subarray(0, 32))
  okm.fill(0)
  return { key, header, aad: Buffer.concat([account, blob, header]) }
}

function nonceOf(chunk: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(chunk, 5, 6)
  nonce[11] = isLast ? 1 : 0
  return nonce
}

function plaintextLength(sizeBytes: number): number {
  if (!(sizeBytes >= 0 && sizeBytes <= maxBodyBytes)) throw new RangeError('size of a body')
  return padme(sizeBytes + trailerBytes)
}

/** Length in bytes of the blob that holds a message of `sizeBytes` octets. */
export function sealedBodyLength(sizeBytes: number): number {
  const plaintext = plaintextLength(sizeBytes)
  return headerBytes + plaintext + tagBytes * Math.ceil(plaintext / chunkBytes)
}

function sealChunk(keys: BodyKeys, chunk: number, isLast: boolean, parts: readonly Uint8Array[]): Buffer {
  let length = tagBytes
  for (const part of parts) length += part.length
  const out = Buffer.allocUnsafe(length)
  gcmSeal(keys.key, nonceOf(chunk, isLast), keys.aad, parts, out, 0)
  return out
}

const zeros = Buffer.alloc(chunkBytes)

/** The chunks from the one that holds `rest` (the last octets, less than a chunk) to the end: octets, padding, size. */
function* sealEnd(keys: BodyKeys, chunk: number, rest: Uint8Array): Generator<Buffer> {
  const sizeBytes = chunk * chunkBytes + rest.length
  const total = plaintextLength(sizeBytes)
  const trailer = Buffer.alloc(trailerBytes)
  trailer.writeBigUInt64BE(BigInt(sizeBytes))
  for (let start = chunk * chunkBytes; start < total; start += chunkBytes) {
    const end = Math.min(start + chunkBytes, total)
    const isLast = end === total
    const octets = start < sizeBytes ? rest : zeros.subarray(0, 0)
    // The size never lies across two chunks: with several, the last one has at least 2,048 bytes.
    const tail = isLast ? trailer : zeros.subarray(0, 0)
    const parts = [octets, zeros.subarray(0, end - start - octets.length - tail.length), tail]
    yield sealChunk(keys, start / chunkBytes, isLast, parts)
  }
}

/** Seals a message of unknown length while it comes. Yields the blob's bytes in pieces; holds one chunk at a time. */
export async function* sealBody(
  messageKey: Uint8Array,
  account: Uint8Array,
  blob: Uint8Array,
  source: AsyncIterable<Uint8Array> | Uint8Array,
): AsyncGenerator<Buffer, void, undefined> {
  const keys = deriveBodyKeys(messageKey, account, blob)
  const held = Buffer.alloc(chunkBytes)
  try {
    yield Buffer.from(keys.header)
    let heldBytes = 0
    let chunk = 0
    for await (const piece of source instanceof Uint8Array ? [source] : source) {
      let at = 0
      // A chunk full of octets is never the last one: the size still follows.
      if (heldBytes > 0) {
        at = Math.min(piece.length, chunkBytes - heldBytes)
        held.set(piece.subarray(0, at), heldBytes)
        heldBytes += at
        if (heldBytes < chunkBytes) continue
        yield sealChunk(keys, chunk++, false, [held])
        heldBytes = 0
      }
      for (; at + chunkBytes <= piece.length; at += chunkBytes) {
        yield sealChunk(keys, chunk++, false, [piece.subarray(at, at + chunkBytes)])
      }
      held.set(piece.subarray(at), 0)
      heldBytes = piece.length - at
    }
    yield* sealEnd(keys, chunk, held.subarray(0, heldBytes))
  } finally {
    held.fill(0)
  }
}

/** Seals a message that is in memory: the whole blob. */
export function sealBodyNow(
  messageKey: Uint8Array,
  account: Uint8Array,
  blob: Uint8Array,
  message: Uint8Array,
): Buffer {
  const keys = deriveBodyKeys(messageKey, account, blob)
  const out = Buffer.allocUnsafe(sealedBodyLength(message.length))
  out.set(keys.header)
  let at = headerBytes
  const full = Math.floor(message.length / chunkBytes)
  for (let chunk = 0; chunk < full; chunk++, at += sealedChunkBytes) {
    const octets = message.subarray(chunk * chunkBytes, (chunk + 1) * chunkBytes)
    gcmSeal(keys.key, nonceOf(chunk, false), keys.aad, [octets], out, at)
  }
  for (const sealed of sealEnd(keys, full, message.subarray(full * chunkBytes))) {
    out.set(sealed, at)
    at += sealed.length
  }
  return out
}

/** A sealed body and how to read it. */
export interface SealedBody {
  readonly messageKey: Uint8Array
  readonly account: Uint8Array
  readonly blob: Uint8Array
  /** Octets of the message, from its record. */
  readonly sizeBytes: number
  /** Length of the blob in the store. */
  readonly blobLength: number
  /** The blob's bytes from `start` up to `end`. */
  readonly read: (start: number, end: number) => Promise<Uint8Array>
}

/**
 * The size that a body itself says it has, for a reader that lost its record; only the last chunk is opened. Throws Corrupt, UnsupportedVersion.
 */
export async function bodySize(body: Omit<SealedBody, 'sizeBytes'>): Promise<number> {
  const sealed = body.blobLength - headerBytes
  const chunks = Math.ceil(sealed / sealedChunkBytes)
  const plaintext = sealed - chunks * tagBytes
  if (chunks < 1 || plaintext < trailerBytes) throw new Corrupt('body')
  const keys = deriveBodyKeys(body.messageKey, body.account, body.blob)
  checkHeader(keys, await readExactly(body, 0, headerBytes))
  const last = chunks - 1
  const bytes = await readExactly(body, headerBytes + last * sealedChunkBytes, body.blobLength)
  const octets = gcmOpen(keys.key, nonceOf(last, true), keys.aad, bytes)
  if (octets === undefined) throw new Corrupt('body')
  const sizeBytes = Number(octets.readBigUInt64BE(octets.length - trailerBytes))
  octets.fill(0)
  if (sizeBytes > maxBodyBytes || plaintextLength(sizeBytes) !== plaintext) throw new Corrupt('body')
  return sizeBytes
}

async function readExactly(body: Pick<SealedBody, 'read'>, start: number, end: number): Promise<Buffer> {
  const bytes = asBuffer(await body.read(start, end))
  if (bytes.length !== end - start) throw new Corrupt('body')
  return bytes
}

function checkHeader(keys: BodyKeys, header: Buffer): void {
  if (header[0] !== headerStart[0] || header[1] !== headerStart[1]) throw new UnsupportedVersion('body')
  if (!equalSecret(header, keys.header)) throw new Corrupt('body')
}

/**
 * The octets of a message from `start` up to `end` (cut at its size). Opens only the chunks that they touch, and
 * yields nothing of a chunk before it verified. Throws Corrupt, UnsupportedVersion.
 */
export async function* openBody(
  body: SealedBody,
  start = 0,
  end: number = body.sizeBytes,
): AsyncGenerator<Buffer, void, undefined> {
  const { sizeBytes } = body
  if (sizeBytes > maxBodyBytes || body.blobLength !== sealedBodyLength(sizeBytes)) throw new Corrupt('body')
  const until = Math.min(end, sizeBytes)
  if (start < 0 || (start >= until && sizeBytes > 0)) return
  const keys = deriveBodyKeys(body.messageKey, body.account, body.blob)
  const first = Math.floor(start / chunkBytes)
  const last = Math.floor(Math.max(until - 1, 0) / chunkBytes)
  if (first > 0) checkHeader(keys, await readExactly(body, 0, headerBytes))
  for (let from = first; from <= last; from += chunksPerRead) {
    const to = Math.min(from + chunksPerRead, last + 1)
    // The header stands right before the first chunk: a small message is one read.
    const readFrom = from === 0 ? 0 : headerBytes + from * sealedChunkBytes
    const readTo = Math.min(headerBytes + to * sealedChunkBytes, body.blobLength)
    const bytes = await readExactly(body, readFrom, readTo)
    if (from === 0) checkHeader(keys, bytes.subarray(0, headerBytes))
    let at = from === 0 ? headerBytes : 0
    for (let chunk = from; chunk < to; chunk++, at += sealedChunkBytes) {
      const octets = openChunk(keys, sizeBytes, chunk, bytes.subarray(at, at + sealedChunkBytes))
      const chunkStart = chunk * chunkBytes
      const piece = octets.subarray(Math.max(start - chunkStart, 0), until - chunkStart)
      if (piece.length > 0) yield piece
    }
  }
}

function openChunk(keys: BodyKeys, sizeBytes: number, chunk: number, sealed: Buffer): Buffer {
  const isLast = (chunk + 1) * chunkBytes >= plaintextLength(sizeBytes)
  const octets = gcmOpen(keys.key, nonceOf(chunk, isLast), keys.aad, sealed)
  if (octets === undefined) throw new Corrupt('body')
  if (isLast && octets.readBigUInt64BE(octets.length - trailerBytes) !== BigInt(sizeBytes)) {
    octets.fill(0)
    throw new Corrupt('body')
  }
  return octets
}
