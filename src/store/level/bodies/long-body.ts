// A long body on its way into a segment that nobody else writes to meanwhile.
import { addCrc } from './frame.ts'
import type { OpenFile } from './files.ts'
import type { Room } from './room.ts'
import { writeAll, type Segment } from './segment.ts'
import type { AccountSegments } from './segments.ts'

const writeBytes = 256 * 1024
/** One large sync would hold up everybody's: a long body is synchronised as it goes. */
const syncEveryBytes = 8 * 1024 * 1024

export class LongBody {
  readonly #segments: AccountSegments
  readonly #segment: Segment
  readonly #file: OpenFile
  readonly #room: Room
  readonly #start: number
  readonly #buffer = Buffer.allocUnsafe(writeBytes)
  #buffered = 0
  #written = 0
  #unsynced = 0
  #crc = 0

  constructor(segments: AccountSegments, segment: Segment, file: OpenFile, room: Room, start: number) {
    this.#segments = segments
    this.#segment = segment
    this.#file = file
    this.#room = room
    this.#start = start
  }

  get lengthBytes(): number {
    return this.#written + this.#buffered
  }
  get crc(): number {
    return this.#crc
  }

  async add(chunk: Uint8Array): Promise<void> {
    this.#crc = addCrc(this.#crc, chunk)
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + writeBytes - this.#buffered)
      this.#buffer.set(part, this.#buffered)
      this.#buffered += part.length
      at += part.length
      if (this.#buffered === writeBytes) await this.flush()
    }
  }

  async flush(): Promise<void> {
    const part = this.#buffer.subarray(0, this.#buffered)
    await this.#room.take(part.length)
    try {
      await writeAll(this.#file, [part], this.#start + this.#written)
      this.#written += part.length
      this.#unsynced += part.length
      this.#buffered = 0
      if (this.#unsynced < syncEveryBytes) return
      await this.#file.datasync()
      this.#unsynced = 0
    } catch (error) {
      throw this.#segments.failed(this.#segment, error, 'writing a body')
    }
  }
}
