// One thread that seals, one job after another, with a bounded queue: started when it is needed, ended when it was idle for a while.
import { Worker } from 'node:worker_threads'
import { breathe, deferred } from '../base/async.ts'
import { Serial } from '../base/serial.ts'
import type { SealAnswer, SealJob } from './seal-worker.ts'

/** Nobody may wait: too much is waiting already. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded'
}

/** The thread did not answer in time, or broke. */
export class ThreadFault extends Error {
  override readonly name = 'ThreadFault'
}

export interface ThreadLimits {
  /** Jobs that wait or run, and their octets. */
  readonly jobs: number
  readonly bytes: number
  /** After this a job is given up, and the thread with it. */
  readonly timeoutMs: number
  readonly idleMs: number
}

const copyBytes = 4 * 1024 * 1024

export class SealThread {
  readonly #limits: ThreadLimits
  readonly #queue = new Serial()
  #worker: Worker | undefined
  #answer: ReturnType<typeof deferred<SealAnswer>> | undefined
  #jobs = 0
  #bytes = 0
  #lastId = 0
  #idle: NodeJS.Timeout | undefined

  constructor(limits: ThreadLimits) {
    this.#limits = limits
  }

  /** Octets that wait or are being sealed. */
  get heldBytes(): number {
    return this.#bytes
  }

  /** Throws Overloaded at once, ThreadFault when the thread breaks or takes too long. The bytes are not changed. */
  async run(bytes: Uint8Array, task: SealJob['task']): Promise<SealAnswer> {
    const { jobs, bytes: most } = this.#limits
    const isTooMuch = this.#jobs > 0 && (this.#jobs >= jobs || this.#bytes + bytes.length > most)
    if (isTooMuch) throw new Overloaded('too much mail waits to be sealed')
    this.#jobs += 1
    this.#bytes += bytes.length
    try {
      return await this.#queue.run(() => this.#do(bytes, task))
    } finally {
      this.#jobs -= 1
      this.#bytes -= bytes.length
      if (this.#jobs === 0) this.#rest()
    }
  }

  async #do(bytes: Uint8Array, task: SealJob['task']): Promise<SealAnswer> {
    clearTimeout(this.#idle)
    const shared = new SharedArrayBuffer(bytes.length)
    const copy = new Uint8Array(shared)
    for (let at = 0; at < bytes.length; at += copyBytes) {
      copy.set(bytes.subarray(at, at + copyBytes), at)
      if (bytes.length > copyBytes) await breathe()
    }
    const id = (this.#lastId += 1)
    const answer = (this.#answer = deferred<SealAnswer>())
    const timer = setTimeout(() => this.#giveUp('it took too long'), this.#limits.timeoutMs)
    try {
      const worker = this.#start()
      worker.ref()
      worker.postMessage({ id, bytes: shared, task } satisfies SealJob)
      return await answer.promise
    } finally {
      clearTimeout(timer)
      this.#answer = undefined
      for (let at = 0; at < copy.length; at += copyBytes) {
        copy.fill(0, at, at + copyBytes)
        if (copy.length > copyBytes) await breathe()
      }
    }
  }

  #start(): Worker {
    if (this.#worker) return this.#worker
    // The compiled file: this module runs from dist/.
    const worker = new Worker(new URL('./seal-worker.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    })
    worker.on('message', (answer: SealAnswer) => this.#answer?.resolve(answer))
    worker.on('error', () => this.#lost(worker))
    worker.on('exit', () => this.#lost(worker))
    this.#worker = worker
    return worker
  }

  #lost(worker: Worker): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#answer?.reject(new ThreadFault('the sealing thread ended'))
  }

  #giveUp(reason: string): void {
    const worker = this.#worker
    this.#worker = undefined
    this.#answer?.reject(new ThreadFault(`the sealing thread was given up: ${reason}`))
    void worker?.terminate()
  }

  /** It keeps the process alive while it has work, and its memory only for a while. */
  #rest(): void {
    this.#worker?.unref()
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => {
      if (this.#jobs > 0) return
      const worker = this.#worker
      this.#worker = undefined
      void worker?.terminate()
    }, this.#limits.idleMs).unref()
  }
}
