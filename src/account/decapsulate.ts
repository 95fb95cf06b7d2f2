// Decapsulation of many ciphertexts: here, or in a thread that lives as long as a backlog does and takes its memory with it.
import { Worker } from 'node:worker_threads'
import { breathe, deferred } from '../base/async.ts'
import { Decapsulator } from '../crypto/kem.ts'
import { kemCiphertextBytes } from '../crypto/sodium.ts'
import { answerBytes, layoutOf, type DecapsulateRequest } from './decapsulate-worker.ts'

/** What came out of each ciphertext, in order; the caller wipes them. undefined: it is none. */
export type Secrets = readonly (Buffer | undefined)[]

/** One takes about 0.2 ms. */
const betweenBreaths = 8

/** On the event loop, with breaths. The seed must stay as it is until it resolves. */
export async function decapsulateHere(
  seed: Uint8Array,
  ciphertexts: readonly Uint8Array[],
): Promise<Secrets> {
  const decapsulator = new Decapsulator(seed)
  const secrets: (Buffer | undefined)[] = []
  try {
    for (const ciphertext of ciphertexts) {
      secrets.push(decapsulator.open(ciphertext))
      if (secrets.length % betweenBreaths === 0) await breathe()
    }
    return secrets
  } finally {
    decapsulator.wipe()
  }
}

/** A thread for one backlog. What it is given is copied; seeds and secrets are in memory that is wiped when the call is over. */
export class DecapsulationThread {
  readonly #worker: Worker
  readonly #ended = deferred<never>()
  #answered = deferred<undefined>()

  constructor() {
    // The compiled file: this module runs from dist/.
    this.#worker = new Worker(new URL('./decapsulate-worker.js', import.meta.url))
    this.#ended.promise.catch(() => undefined)
    this.#worker.on('message', () => this.#answered.resolve(undefined))
    this.#worker.on('error', (error) => this.#ended.reject(error))
    this.#worker.on('exit', () => this.#ended.reject(new Error('the thread ended')))
  }

  /** One call at a time; each ciphertext has 1,120 bytes. Rejects when the thread has ended. */
  async run(seed: Uint8Array, ciphertexts: readonly Uint8Array[]): Promise<Secrets> {
    const layout = layoutOf(ciphertexts.length)
    const shared = new SharedArrayBuffer(layout.bytes)
    const bytes = new Uint8Array(shared)
    try {
      bytes.set(seed)
      for (const [index, ciphertext] of ciphertexts.entries())
        bytes.set(ciphertext, layout.ciphertexts + index * kemCiphertextBytes)
      this.#answered = deferred()
      const request: DecapsulateRequest = { shared, count: ciphertexts.length }
      this.#worker.postMessage(request)
      await Promise.race([this.#answered.promise, this.#ended.promise])
      return ciphertexts.map((_, index) => {
        const at = layout.answers + index * answerBytes
        return bytes[at] === 1 ? Buffer.from(bytes.subarray(at + 1, at + answerBytes)) : undefined
      })
    } finally {
      bytes.fill(0)
    }
  }

  /** Ends the thread: its memory goes with it. A call that runs rejects. */
  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}
