// Cutting lines out of the input, however it is chopped.
import type { InputQueue } from './input-queue.ts'

/** A line without its end: CR LF, or LF alone as many servers take it. */
export interface CutLine {
  /** Over its limit: of what is between `bytes` and `tail`, nothing was kept. */
  readonly isTooLong: boolean
  /** The line, or its beginning. */
  readonly bytes: Buffer
  /** The line, or its last bytes. */
  readonly tail: Buffer
  /** How long it was, about. */
  readonly lengthBytes: number
}

const lineFeed = 0x0a
const carriageReturn = 0x0d
const smallest = 256

/** Collects one line at a time, however it is chopped. What it collects is overwritten when the line is handed over. */
export class LineCutter {
  readonly #tailBytes: number
  #held: Buffer = Buffer.alloc(smallest)
  #length = 0
  /** The last bytes of a line that is over its limit. */
  #tail: Buffer | undefined

  /** `tailBytes`: how much of the end of a line that is too long is wanted. */
  constructor(tailBytes: number) {
    this.#tailBytes = tailBytes
  }

  /** Bytes of the unfinished line that have come, kept or not. */
  get length(): number {
    return this.#length
  }

  /** The next line of `queue`, or undefined when its end has not come yet. All bytes looked at are dropped from the queue. */
  cut(queue: InputQueue, limitBytes: number): CutLine | undefined {
    for (let head = queue.head(); head; head = queue.head()) {
      const at = head.indexOf(lineFeed)
      this.#add(at < 0 ? head : head.subarray(0, at), limitBytes)
      queue.drop(at < 0 ? head.length : at + 1, true)
      if (at >= 0) return this.#finish(limitBytes)
    }
    return undefined
  }

  /** Forgets an unfinished line. */
  clear(): void {
    this.#held.fill(0, 0, Math.min(this.#length, this.#held.length))
    if (this.#held.length > smallest) this.#held = Buffer.alloc(smallest)
    this.#tail = undefined
    this.#length = 0
  }

  #add(bytes: Buffer, limitBytes: number): void {
    const before = this.#length
    this.#length += bytes.length
    // One byte more than the limit, because a CR may stand there.
    const room = limitBytes + 1
    if (before < room) {
      const kept = bytes.subarray(0, room - before)
      this.#grow(before + kept.length, room)
      kept.copy(this.#held, before)
    }
    if (this.#length > room) {
      const earlier = this.#tail ?? this.#held.subarray(Math.max(0, before - this.#tailBytes - 1), before)
      const joined = Buffer.concat([earlier, bytes.subarray(-this.#tailBytes - 1)])
      this.#tail?.fill(0)
      this.#tail = Buffer.from(joined.subarray(-this.#tailBytes - 1))
      joined.fill(0)
    }
  }

  #grow(needed: number, most: number): void {
    if (needed <= this.#held.length) return
    const grown = Buffer.alloc(Math.min(Math.max(needed, this.#held.length * 2), Math.max(most, needed)))
    this.#held.copy(grown)
    this.#held.fill(0)
    this.#held = grown
  }

  #finish(limitBytes: number): CutLine {
    const held = this.#held.subarray(0, Math.min(this.#length, limitBytes + 1))
    const bytes = Buffer.from(withoutReturn(held))
    const cut: CutLine = {
      isTooLong: this.#tail !== undefined || bytes.length > limitBytes,
      bytes,
      tail: this.#tail ? Buffer.from(withoutReturn(this.#tail)) : bytes,
      lengthBytes: this.#length,
    }
    this.#tail?.fill(0)
    this.clear()
    return cut
  }
}

function withoutReturn(line: Buffer): Buffer {
  return line[line.length - 1] === carriageReturn ? line.subarray(0, -1) : line
}
