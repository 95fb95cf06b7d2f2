// Small tools with which the vectors are described.
import type { Expectation, Vector } from '../../crypto/vector.ts'
import { sha256 } from '../../../src/crypto/digest.ts'

type Value = string | number | Uint8Array

/** One vector. Byte values are written in hexadecimal. */
export function scenario(
  name: string,
  expect: Expectation,
  fields: Readonly<Record<string, Value>>,
  bytes: Uint8Array,
): Vector {
  return { name, expect, fields: Object.entries(fields).map(print), bytes: Buffer.from(bytes) }
}

function print([key, value]: readonly [string, Value]): readonly [string, string] {
  return [key, value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value)]
}

/** What comes out: in full when short, else its SHA-256. */
export function gives(bytes: Uint8Array): Readonly<Record<string, Value>> {
  return bytes.length <= 256 ? { gives: bytes } : { 'gives sha256': sha256(bytes) }
}

/** A copy with other bytes at `at`. */
export function put(bytes: Uint8Array, at: number, other: Uint8Array): Buffer {
  const copy = Buffer.from(bytes)
  copy.set(other, at < 0 ? bytes.length + at : at)
  return copy
}

/** A copy with the lowest bit of one byte changed; counts from the end when negative. */
export function flip(bytes: Uint8Array, at: number): Buffer {
  const index = at < 0 ? bytes.length + at : at
  return put(bytes, index, Uint8Array.of((bytes[index] ?? 0) ^ 1))
}

/** Readable filler that compresses to nothing and shows a wrong offset at once: numbered lines of 16 bytes. */
export function numberedLines(length: number): Buffer {
  const lines = Array.from(
    { length: Math.ceil(length / 16) },
    (_, line) => `line ${String(line).padStart(9, '0')}\r\n`,
  )
  return Buffer.from(lines.join('')).subarray(0, length)
}
