// Base64 (RFC 4648 §4), strictly, without secrets passing through strings.

import { secretBuffer } from '../base/secret.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const pad = 0x3d
const noValue = 0xff

const values: Uint8Array = new Uint8Array(256).fill(noValue)
for (let value = 0; value < alphabet.length; value += 1) values[alphabet.charCodeAt(value)] = value

/**
 * The bytes, in a new Buffer that the caller wipes when they are secret. Undefined for anything but the one right form: no white
 * space, padding complete, no stray bits.
 */
export function decodeBase64(text: Uint8Array): Buffer | undefined {
  if (text.length % 4 !== 0) return undefined
  const padding = text.at(-1) !== pad ? 0 : text.at(-2) !== pad ? 1 : 2
  const digits = text.length - padding
  // What is decoded here may be a password.
  const bytes = secretBuffer((text.length / 4) * 3 - padding)
  let bits = 0
  let held = 0
  let at = 0
  for (let index = 0; index < digits; index += 1) {
    const value = values[text[index] ?? 0] ?? noValue
    if (value === noValue) {
      bytes.fill(0)
      return undefined
    }
    bits = ((bits << 6) | value) & 0xfff
    held += 6
    if (held >= 8) {
      held -= 8
      bytes[at] = bits >>> held
      at += 1
    }
  }
  // Padding stands for bits that must be zero, else one secret could be written in several ways.
  if ((bits & ((1 << held) - 1)) !== 0) {
    bytes.fill(0)
    return undefined
  }
  return bytes
}

/** For challenges, which are public. */
export function encodeBase64(bytes: Buffer): string {
  return bytes.toString('base64')
}
