// Frames of the control socket: a u32 length, a u8 kind, and that many bytes less one.

import { secretBuffer } from '../base/secret.ts'

/** Kinds of frames. To the server: request, secret, go, answer. From it: the others. */
export const frameKinds = {
  request: 1,
  secret: 2,
  go: 3,
  answer: 4,
  progress: 16,
  row: 17,
  reveal: 18,
  result: 19,
  failure: 20,
  data: 21,
  question: 22,
} as const

export type FrameKind = (typeof frameKinds)[keyof typeof frameKinds]

/** The most bytes behind the kind; a longer frame ends the connection before anything of it is kept. */
const maxPayloadBytes: Readonly<Record<FrameKind, number>> = {
  [frameKinds.request]: 64 * 1024,
  [frameKinds.secret]: 4096,
  [frameKinds.go]: 0,
  [frameKinds.answer]: 4096,
  [frameKinds.progress]: 1024,
  [frameKinds.row]: 256 * 1024,
  [frameKinds.reveal]: 4096,
  [frameKinds.result]: 1024 * 1024,
  [frameKinds.failure]: 64 * 1024,
  [frameKinds.data]: 64 * 1024,
  [frameKinds.question]: 1024,
}

/** The bytes are no frame of this protocol. */
export class BadFrame extends Error {
  override readonly name = 'BadFrame'
}

export interface Frame {
  readonly kind: FrameKind
  /** Memory of its own: the receiver wipes it when it is secret. */
  readonly payload: Buffer
}

function isFrameKind(value: number): value is FrameKind {
  return Object.hasOwn(maxPayloadBytes, value)
}

/** One frame as bytes. Throws BadFrame when the payload is too long. */
export function encodeFrame(kind: FrameKind, payload: Uint8Array): Buffer {
  if (payload.length > maxPayloadBytes[kind]) throw new BadFrame('frame is too long')
  const bytes = secretBuffer(5 + payload.length)
  bytes.writeUInt32BE(1 + payload.length, 0)
  bytes.writeUInt8(kind, 4)
  bytes.set(payload, 5)
  return bytes
}

export function encodeJson(kind: FrameKind, value: object): Buffer {
  return encodeFrame(kind, Buffer.from(JSON.stringify(value), 'utf8'))
}

/** A name and a secret in one payload: a u8 length, the name, the bytes. */
export function encodeSecret(kind: 'secret' | 'reveal', name: string, bytes: Uint8Array): Buffer {
  const payload = secretBuffer(1 + name.length + bytes.length)
  payload.writeUInt8(name.length, 0)
  payload.write(name, 1, 'latin1')
  payload.set(bytes, 1 + name.length)
  const frame = encodeFrame(frameKinds[kind], payload)
  payload.fill(0)
  return frame
}

/** The name, and the secret in memory of its own; wipes the payload. Throws BadFrame. */
export function decodeSecret(payload: Buffer): { readonly name: string; readonly bytes: Buffer } {
  const nameLength = payload[0]
  if (nameLength === undefined || nameLength === 0 || 1 + nameLength > payload.length) {
    payload.fill(0)
    throw new BadFrame('a secret has no name')
  }
  const name = payload.toString('latin1', 1, 1 + nameLength)
  const bytes = secretBuffer(payload.length - 1 - nameLength)
  payload.copy(bytes, 0, 1 + nameLength)
  payload.fill(0)
  return { name, bytes }
}

/** The object in a JSON payload. Throws BadFrame. */
export function decodeJson(payload: Buffer): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(payload.toString('utf8'))
  } catch (error) {
    throw new BadFrame('a frame is not JSON', { cause: error })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadFrame('not an object')
  return { ...value }
}

/**
 * Cuts frames out of chunks as they come. Chunks are wiped, because secrets may be in them; so is what was collected,
 * by `wipe`, when the connection ends in the middle.
 */
export class FrameReader {
  readonly #accepted: ReadonlySet<FrameKind>
  readonly #head = Buffer.alloc(5)
  #headLength = 0
  #payload: Buffer | undefined
  #payloadLength = 0

  constructor(accepted: readonly FrameKind[]) {
    this.#accepted = new Set(accepted)
  }

  /** A frame has begun and is not complete. */
  get isInside(): boolean {
    return this.#headLength > 0
  }

  /** The frames that end in this chunk. Throws BadFrame on a kind or length that is not accepted. */
  *read(chunk: Buffer): Generator<Frame, void, undefined> {
    try {
      let at = 0
      while (at < chunk.length) {
        if (!this.#payload) {
          const taken = chunk.copy(this.#head, this.#headLength, at, at + 5 - this.#headLength)
          this.#headLength += taken
          at += taken
          if (this.#headLength < 5) return
          this.#payload = this.#begin()
          this.#payloadLength = 0
        }
        const taken = chunk.copy(this.#payload, this.#payloadLength, at)
        this.#payloadLength += taken
        at += taken
        if (this.#payloadLength < this.#payload.length) return
        const payload = this.#payload
        this.#payload = undefined
        this.#headLength = 0
        yield { kind: this.#head.readUInt8(4) as FrameKind, payload }
      }
    } finally {
      chunk.fill(0)
    }
  }

  #begin(): Buffer {
    const length = this.#head.readUInt32BE(0) - 1
    const kind = this.#head.readUInt8(4)
    if (!isFrameKind(kind) || !this.#accepted.has(kind)) throw new BadFrame('a frame of an unknown kind')
    if (length < 0 || length > maxPayloadBytes[kind]) throw new BadFrame('a frame of a forbidden length')
    return secretBuffer(length)
  }

  wipe(): void {
    this.#payload?.fill(0)
    this.#payload = undefined
    this.#headLength = 0
  }
}
