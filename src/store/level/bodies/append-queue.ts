// Frames on their way into one segment: what waits while a write is under way is written together, in one call.
import { deferred } from '../../../base/async.ts'

/** Frames, and bytes, that one call takes: far below what the system accepts at once. */
const groupFrames = 64
const groupBytes = 4 * 1024 * 1024

interface Waiting {
  readonly parts: readonly Uint8Array[]
  readonly offset: number
  readonly bytes: number
  readonly done: ReturnType<typeof deferred<undefined>>
}

/** Writes at reserved offsets. `write` gets runs of frames that lie one behind the other; a run succeeds or fails whole. */
export class AppendQueue {
  readonly #write: (parts: readonly Uint8Array[], offset: number, bytes: number) => Promise<void>
  #waiting: Waiting[] = []
  #isWriting = false

  constructor(write: (parts: readonly Uint8Array[], offset: number, bytes: number) => Promise<void>) {
    this.#write = write
  }

  /** Resolves when the frame is written. */
  add(parts: readonly Uint8Array[], offset: number, bytes: number): Promise<undefined> {
    const done = deferred<undefined>()
    this.#waiting.push({ parts, offset, bytes, done })
    if (!this.#isWriting) void this.#run()
    return done.promise
  }

  async #run(): Promise<void> {
    this.#isWriting = true
    for (let run = this.#takeRun(); run[0]; run = this.#takeRun()) {
      const bytes = run.reduce((sum, frame) => sum + frame.bytes, 0)
      try {
        await this.#write(
          run.flatMap(({ parts }) => parts),
          run[0].offset,
          bytes,
        )
        for (const { done } of run) done.resolve(undefined)
      } catch (error) {
        for (const { done } of run) done.reject(error)
      }
    }
    this.#isWriting = false
  }

  #takeRun(): readonly Waiting[] {
    let count = 0
    let bytes = 0
    let end = this.#waiting[0]?.offset
    for (const frame of this.#waiting) {
      if (frame.offset !== end || count === groupFrames || (count > 0 && bytes + frame.bytes > groupBytes))
        break
      count += 1
      bytes += frame.bytes
      end += frame.bytes
    }
    return this.#waiting.splice(0, count)
  }
}
