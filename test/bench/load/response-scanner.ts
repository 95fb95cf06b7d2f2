// Watches an IMAP server's answer go by without parsing it: counts bytes and FETCH responses, notices the tagged line.

const tailLimit = 4_096
const headLimit = 4_096
const counted = Buffer.from(' FETCH (', 'latin1')
const lineFeed = 0x0a

/** The answer to one command, as bytes arrive. Generated mail never contains what is searched for. */
export class ResponseScanner {
  readonly #tag: string
  /** Everything seen so far, in bytes. */
  bytes = 0
  /** FETCH responses seen so far. */
  fetches = 0
  #head = ''
  #tail: Buffer = Buffer.alloc(0)

  constructor(tag: string) {
    this.#tag = tag
  }

  /** Messages in the mailbox by the last EXISTS at the end, or at the beginning, of the answer. */
  get exists(): number | undefined {
    const all = [...(this.#head + '\r\n' + this.#tail.toString('latin1')).matchAll(/^\* (\d+) EXISTS\r$/gm)]
    const last = all.at(-1)?.[1]
    return last === undefined ? undefined : Number(last)
  }

  /** Takes the next bytes; gives the tagged line, without its CRLF, when they end with it. */
  push(chunk: Buffer): string | undefined {
    this.bytes += chunk.length
    if (this.#head.length < headLimit)
      this.#head += chunk.toString('latin1', 0, headLimit - this.#head.length)
    this.#count(chunk)
    this.#tail =
      chunk.length >= tailLimit
        ? chunk.subarray(chunk.length - tailLimit)
        : Buffer.concat([this.#tail, chunk]).subarray(-tailLimit)
    return this.#taggedLine()
  }

  #count(chunk: Buffer): void {
    // A response cut in two by the network: look at the seam first, then at the chunk.
    const overlap = counted.length - 1
    const seam = Buffer.concat([this.#tail.subarray(-overlap), chunk.subarray(0, overlap)])
    if (this.#tail.length > 0) this.fetches += occurrences(seam)
    this.fetches += occurrences(chunk)
  }

  // The client sends one command at a time, so the tagged line is the last the server sends.
  #taggedLine(): string | undefined {
    const tail = this.#tail
    if (tail.at(-1) !== lineFeed) return undefined
    const start = tail.lastIndexOf(lineFeed, tail.length - 2) + 1
    const line = tail.toString('latin1', start).trimEnd()
    return line.startsWith(this.#tag + ' ') ? line : undefined
  }
}

function occurrences(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(counted); at >= 0; at = bytes.indexOf(counted, at + counted.length)) count++
  return count
}
