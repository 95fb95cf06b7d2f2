// A form as it came (application/x-www-form-urlencoded), read from bytes, so that secret fields never become strings.
import { secretBuffer } from '../base/secret.ts'

const maxFields = 64

function hexValue(octet: number | undefined): number {
  if (octet === undefined) return -1
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30
  const letter = octet | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

/** Decodes `+` and `%XX`; what is no escape stands for itself (URL Standard, percent-decode). The result is the caller's. */
function decode(bytes: Buffer): Buffer {
  const room = secretBuffer(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    const octet = bytes[at] ?? 0
    const [high, low] = octet === 0x25 ? [hexValue(bytes[at + 1]), hexValue(bytes[at + 2])] : [-1, -1]
    if (high >= 0 && low >= 0) at += 2
    room[length++] = high >= 0 && low >= 0 ? high * 16 + low : octet === 0x2b ? 0x20 : octet
  }
  return room.subarray(0, length)
}

/** Fields by name; the first of a name counts. `wipe` zeroes every value. */
export class Form {
  readonly #fields: ReadonlyMap<string, Buffer>

  constructor(fields: ReadonlyMap<string, Buffer>) {
    this.#fields = fields
  }

  /** `body` stays the caller's, who wipes it. Undefined when there are too many fields. */
  static parse(body: Buffer): Form | undefined {
    const fields = new Map<string, Buffer>()
    let start = 0
    for (let count = 0; start < body.length; count++) {
      if (count === maxFields) {
        new Form(fields).wipe()
        return undefined
      }
      const end = body.indexOf(0x26, start)
      const pair = body.subarray(start, end < 0 ? body.length : end)
      start = end < 0 ? body.length : end + 1
      const equals = pair.indexOf(0x3d)
      const name = decode(equals < 0 ? pair : pair.subarray(0, equals)).toString('latin1')
      if (name === '' || fields.has(name)) continue
      fields.set(name, decode(equals < 0 ? Buffer.alloc(0) : pair.subarray(equals + 1)))
    }
    return new Form(fields)
  }

  has(name: string): boolean {
    return this.#fields.has(name)
  }

  /** As text, without white space around it. Never for a secret. */
  text(name: string): string {
    return (this.#fields.get(name)?.toString('utf8') ?? '').trim()
  }

  /** The bytes themselves, not a copy: they are wiped with the form. Empty when the field is missing. */
  secret(name: string): Buffer {
    return this.#fields.get(name) ?? Buffer.alloc(0)
  }

  isTicked(name: string): boolean {
    return this.text(name) === 'yes'
  }

  wipe(): void {
    for (const value of this.#fields.values()) value.fill(0)
  }
}
