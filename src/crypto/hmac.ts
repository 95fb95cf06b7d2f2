// HMAC (RFC 2104) from one-shot hashes. Keys here are short-lived bytes that get wiped; an Hmac object of node:crypto costs
// three times as much on Node 24 when it is given such bytes, and keeps them until it is collected.
import { hash } from 'node:crypto'

interface Variant {
  readonly algorithm: 'sha256' | 'sha512'
  readonly blockBytes: number
  readonly digestBytes: number
}

const variants = {
  sha256: { algorithm: 'sha256', blockBytes: 64, digestBytes: 32 },
  sha512: { algorithm: 'sha512', blockBytes: 128, digestBytes: 64 },
} as const satisfies Record<string, Variant>

const innerPad = 0x36
const outerPad = 0x5c
// Calls are synchronous and do not nest: one scratch serves them all, and is wiped after each.
const scratch = Buffer.alloc(2048)

function fillPad(buffer: Buffer, key: Uint8Array, pad: number, blockBytes: number): void {
  buffer.fill(pad, 0, blockBytes)
  for (let at = 0; at < key.length; at++) buffer[at] = (key[at] ?? 0) ^ pad
}

/** HMAC of the parts joined. `key` is at most one block (64 or 128 bytes) long. */
export function hmac(variant: keyof typeof variants, key: Uint8Array, parts: readonly Uint8Array[]): Buffer {
  const { algorithm, blockBytes, digestBytes } = variants[variant]
  if (key.length > blockBytes) throw new RangeError('key is longer than a block')
  let length = blockBytes
  for (const part of parts) length += part.length
  const buffer = Math.max(length, blockBytes + digestBytes) <= scratch.length ? scratch : Buffer.alloc(length)
  fillPad(buffer, key, innerPad, blockBytes)
  let at = blockBytes
  for (const part of parts) {
    buffer.set(part, at)
    at += part.length
  }
  const inner = hash(algorithm, buffer.subarray(0, length), 'buffer')
  buffer.fill(0, 0, length)
  fillPad(scratch, key, outerPad, blockBytes)
  scratch.set(inner, blockBytes)
  const outer = hash(algorithm, scratch.subarray(0, blockBytes + digestBytes), 'buffer')
  scratch.fill(0, 0, blockBytes + digestBytes)
  return outer
}
