// A look at DER without decoding it: what kind of structure begins here, and where it ends.

export interface DerHead {
  readonly tag: number
  /** First octet of the content, and the one behind it. */
  readonly start: number
  readonly end: number
}

/** The element at `at`; undefined when its length does not fit. Of indefinite length (BER): to the end. */
export function derHead(bytes: Uint8Array, at: number = 0): DerHead | undefined {
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined
  if (first < 0x80) return fitting(bytes, tag, at + 2, first)
  if (first === 0x80) return { tag, start: at + 2, end: bytes.length }
  const count = first & 0x7f
  if (count > 6 || at + 2 + count > bytes.length) return undefined
  let length = 0
  for (let index = 0; index < count; index += 1) length = length * 256 + (bytes[at + 2 + index] ?? 0)
  return fitting(bytes, tag, at + 2 + count, length)
}

function fitting(bytes: Uint8Array, tag: number, start: number, length: number): DerHead | undefined {
  return start + length <= bytes.length ? { tag, start, end: start + length } : undefined
}

export const derTags = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  sequence: 0x30,
  explicit0: 0xa0,
} as const

/** The object identifier that begins at `at`, dotted; undefined when there is none. */
export function derOid(bytes: Uint8Array, at: number): string | undefined {
  const head = derHead(bytes, at)
  if (head?.tag !== derTags.oid || head.end - head.start > 32 || head.end === head.start) return undefined
  const numbers: number[] = []
  let value = 0
  for (const octet of bytes.subarray(head.start, head.end)) {
    value = value * 128 + (octet & 0x7f)
    if ((octet & 0x80) !== 0) continue
    numbers.push(value)
    value = 0
  }
  const [first = 0, ...rest] = numbers
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - root * 40, ...rest].join('.')
}

/** The heads of the first elements within `outer`, at most `count`. */
export function derChildren(bytes: Uint8Array, outer: DerHead, count: number): DerHead[] {
  const found: DerHead[] = []
  let at = outer.start
  while (found.length < count && at < outer.end) {
    const head = derHead(bytes, at)
    if (!head || head.end > outer.end) break
    found.push(head)
    at = head.end
  }
  return found
}
