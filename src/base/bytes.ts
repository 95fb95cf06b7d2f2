// Byte helpers: concatenate, compare, hexadecimal, and a small big-endian reader and writer for stored records.

/** Joins byte strings into one new Buffer. */
export function concat(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts)
}

/** Orders byte strings as the store does: unsigned, shorter first on a common prefix. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b)
}

/** Equality of public bytes. For secrets use `crypto/primitives`. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

export function fromHex(text: string): Buffer {
  if (text.length % 2 !== 0 || /[^0-9a-f]/i.test(text)) throw new RangeError('not hexadecimal')
  return Buffer.from(text, 'hex')
}

export function utf8(text: string): Buffer {
  return Buffer.from(text, 'utf8')
}

/** A Buffer view on the same memory. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

/** Raised by ByteReader when a record is shorter or longer than its form says. */
export class MalformedRecord extends Error {
  override readonly name = 'MalformedRecord'
}

const twoTo32 = 2 ** 32

/** Writes the fields of a record; every integer is big-endian, lengths go before variable fields. */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(256)
  #length = 0

  #reserve(count: number): number {
    const at = this.#length
    if (at + count > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, at + count))
      this.#buffer.copy(grown, 0, 0, at)
      this.#buffer.fill(0, 0, at) // what was written may be secret
      this.#buffer = grown
    }
    this.#length = at + count
    return at
  }

  u8(value: number): this {
    const at = this.#reserve(1)
    this.#buffer.writeUInt8(value, at)
    return this
  }
  u16(value: number): this {
    const at = this.#reserve(2)
    this.#buffer.writeUInt16BE(value, at)
    return this
  }
  u32(value: number): this {
    const at = this.#reserve(4)
    this.#buffer.writeUInt32BE(value, at)
    return this
  }
  /** A count up to 2^53 - 1, in eight bytes. */
  u64(value: number | bigint): this {
    const at = this.#reserve(8)
    if (typeof value === 'bigint') this.#buffer.writeBigUInt64BE(value, at)
    else this.#integer(value, at, value >= 0)
    return this
  }
  /** Milliseconds since 1970, possibly negative, in eight bytes. */
  i64(value: number | bigint): this {
    const at = this.#reserve(8)
    if (typeof value === 'bigint') this.#buffer.writeBigInt64BE(value, at)
    else this.#integer(value, at, true)
    return this
  }
  /** In two halves: a bigint for each of many thousand numbers takes its time. */
  #integer(value: number, at: number, isInRange: boolean): void {
    if (!Number.isSafeInteger(value) || !isInRange) throw new RangeError('not an integer of its range')
    const high = Math.floor(value / twoTo32)
    this.#buffer.writeInt32BE(high, at)
    this.#buffer.writeUInt32BE(value - high * twoTo32, at + 4)
  }
  /** Bytes of a length that both sides know. */
  fixed(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length)
    this.#buffer.set(bytes, at)
    return this
  }
  /** Up to 65,535 bytes behind a u16 length. */
  bytes16(bytes: Uint8Array): this {
    return this.u16(bytes.length).fixed(bytes)
  }
  /** Bytes behind a u32 length. */
  bytes32(bytes: Uint8Array): this {
    return this.u32(bytes.length).fixed(bytes)
  }
  /** UTF-8 behind a u16 length. */
  text16(text: string): this {
    return this.bytes16(utf8(text))
  }
  get length(): number {
    return this.#length
  }
  /** The record. The writer must not be used afterwards. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }
}

/** The integer of a high and a low half of 32 bits each. Throws MalformedRecord beyond 2^53 - 1 either way. */
export function joined(high: number, low: number): number {
  const value = high * twoTo32 + low
  if (!Number.isSafeInteger(value)) throw new MalformedRecord('integer too large')
  return value
}

/** Reads the fields of a record in order. Throws MalformedRecord past the end; `end()` refuses left-over bytes. */
export class ByteReader {
  readonly #buffer: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#buffer = asBuffer(bytes)
  }

  #take(count: number): number {
    const at = this.#at
    if (at + count > this.#buffer.length) throw new MalformedRecord('record ends early')
    this.#at = at + count
    return at
  }
  u8(): number {
    return this.#buffer.readUInt8(this.#take(1))
  }
  u16(): number {
    return this.#buffer.readUInt16BE(this.#take(2))
  }
  u32(): number {
    return this.#buffer.readUInt32BE(this.#take(4))
  }
  /** A count; refuses values beyond 2^53 - 1. */
  u64(): number {
    const at = this.#take(8)
    return joined(this.#buffer.readUInt32BE(at), this.#buffer.readUInt32BE(at + 4))
  }
  i64(): number {
    const at = this.#take(8)
    return joined(this.#buffer.readInt32BE(at), this.#buffer.readUInt32BE(at + 4))
  }
  /** A view, not a copy. */
  fixed(count: number): Buffer {
    const at = this.#take(count)
    return this.#buffer.subarray(at, at + count)
  }
  bytes16(): Buffer {
    return this.fixed(this.u16())
  }
  bytes32(): Buffer {
    return this.fixed(this.u32())
  }
  text16(): string {
    return this.bytes16().toString('utf8')
  }
  /** What is left, as a view. */
  rest(): Buffer {
    return this.fixed(this.#buffer.length - this.#at)
  }
  get remaining(): number {
    return this.#buffer.length - this.#at
  }
  end(): void {
    if (this.remaining !== 0) throw new MalformedRecord('record has bytes behind its end')
  }
}
