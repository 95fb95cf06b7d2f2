// Group commit: everything that is ready, of all accounts, goes to disk in one synchronous batch.
import type { RecordOp } from './record-handle.ts'
import type { Records } from './records.ts'

/** Bytes in one batch: what LevelDB writes in one go without making the next group wait long. */
const groupBytes = 24 * 1024 * 1024

/** A prepared set of writes. `settle` is called exactly once, unless it was dropped before its turn. */
export interface Commit {
  readonly ops: readonly RecordOp[]
  readonly bytes: number
  /** True when what it was built on has failed: it must not be written. */
  readonly isDropped: boolean
  /** undefined: durable. */
  settle(failure: Error | undefined): void
}

export class Committer {
  readonly #records: Records
  #queue: Commit[] = []
  #isRunning = false
  #running: Promise<void> = Promise.resolve()
  #batches = 0

  constructor(records: Records) {
    this.#records = records
  }

  get batches(): number {
    return this.#batches
  }

  /** Queues a commit. Commits are written in the order they are submitted. */
  submit(commit: Commit): void {
    this.#queue.push(commit)
    if (this.#isRunning) return
    this.#isRunning = true
    this.#running = this.#run()
  }

  /** Writes on behalf of no account. */
  async write(ops: readonly RecordOp[]): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const settle = (failure: Error | undefined) => {
        if (failure) reject(failure)
        else resolve()
      }
      this.submit({ ops, bytes: 0, isDropped: false, settle })
    })
  }

  async idle(): Promise<void> {
    while (this.#isRunning) await this.#running
  }

  async #run(): Promise<void> {
    // Whoever else submits in this turn belongs to the first group.
    await Promise.resolve()
    while (this.#queue.length > 0) {
      const group = this.#takeGroup()
      if (group.length === 0) continue
      let failure: Error | undefined
      try {
        await this.#records.write(lastOnly(group))
        this.#batches += 1
      } catch (error) {
        failure = error as Error
      }
      // The last first: a failed commit takes along those behind it that were not in this batch.
      for (const commit of failure ? group.reverse() : group) commit.settle(failure)
    }
    this.#isRunning = false
  }

  #takeGroup(): Commit[] {
    const group: Commit[] = []
    let bytes = 0
    while (this.#queue.length > 0) {
      const next = this.#queue[0] as Commit
      if (group.length > 0 && bytes + next.bytes > groupBytes) break
      this.#queue.shift()
      if (next.isDropped) continue
      group.push(next)
      bytes += next.bytes
    }
    return group
  }
}

/**
 * The ops of a group without those that a later one overwrites: with many commits of one account in a group these are
 * its own record and its segments', every time. They are known by having the very same key buffer.
 */
function lastOnly(group: readonly Commit[]): readonly RecordOp[] {
  if (group.length === 1) return group[0]?.ops ?? []
  const last = new Map<Buffer, RecordOp>()
  const ops = group.flatMap((commit) => commit.ops)
  for (const op of ops) last.set(op.key, op)
  return last.size === ops.length ? ops : ops.filter((op) => last.get(op.key) === op)
}
