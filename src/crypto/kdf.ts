// Argon2id behind an admission gate: a few at a time, a bounded queue, and no parameters beyond the limits of FORMAT.md §6.
import { argon2id, hash } from 'argon2'
import { Secret } from '../base/secret.ts'
import { Busy, UnsupportedVersion } from './errors.ts'
import { isPasswordLength, preparePassword } from './password.ts'

/** Cost of one password check. */
export interface KdfParameters {
  readonly memoryKiB: number
  readonly passes: number
  readonly parallelism: number
}

/** RFC 9106 §4, second recommended option. */
export const defaultKdf: KdfParameters = { memoryKiB: 65_536, passes: 3, parallelism: 4 }

const minimumMemoryKiB = 19_456
const maximumMemoryKiB = 1024 * 1024
const maximumWorkKiB = 4 * 1024 * 1024

export interface KdfGateOptions {
  /** How many run at once. They share libuv's pool with the store, which must not starve. */
  readonly parallel?: number
  /** How many may wait. */
  readonly queue?: number
  /** Lowers what is accepted, for tests. */
  readonly minimumMemoryKiB?: number
}

/** About a millisecond: long enough that each thread takes its part. */
const scrubOptions = {
  raw: true,
  type: argon2id,
  salt: Buffer.alloc(16),
  memoryCost: 1024,
  timeCost: 1,
  parallelism: 1,
} as const

interface Waiter {
  readonly admit: () => void
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

/** Admits password derivations in the order in which they came. */
export class KdfGate {
  readonly #parallel: number
  readonly #queue: number
  readonly #minimumMemoryKiB: number
  readonly #waiters: Waiter[] = []
  #running = 0
  #scrubbing: Promise<void> | undefined
  #scrubsWanted = 0

  constructor(options: KdfGateOptions = {}) {
    this.#parallel = options.parallel ?? 2
    this.#queue = options.queue ?? 64
    this.#minimumMemoryKiB = options.minimumMemoryKiB ?? minimumMemoryKiB
  }

  /** Derivations that have not begun. */
  get waiting(): number {
    return this.#waiters.length
  }

  /** Derivations under way. */
  get running(): number {
    return this.#running
  }

  /** Throws UnsupportedVersion for a cost that is too low to protect anything, or high enough to stop the server. */
  check(parameters: KdfParameters): void {
    const { memoryKiB, passes, parallelism } = parameters
    const isAccepted =
      isWithin(memoryKiB, this.#minimumMemoryKiB, maximumMemoryKiB) &&
      isWithin(passes, 1, 16) &&
      isWithin(parallelism, 1, 16) &&
      memoryKiB >= 8 * parallelism && // RFC 9106 §3.1
      memoryKiB * passes <= maximumWorkKiB
    if (!isAccepted) throw new UnsupportedVersion('password hashing cost')
  }

  /**
   * Argon2id of the prepared password, 32 bytes. Throws Busy when too many wait, UnsupportedVersion for parameters
   * outside the limits, RangeError for a password of wrong length, or the signal's reason when aborted while waiting.
   */
  async derive(
    password: Uint8Array,
    salt: Uint8Array,
    parameters: KdfParameters,
    signal?: AbortSignal,
  ): Promise<Secret> {
    this.check(parameters)
    if (!isPasswordLength(password)) throw new RangeError('a password has 1 to 1,024 bytes')
    await this.#enter(signal)
    try {
      using prepared = new Secret(preparePassword(password))
      // Given a Buffer, argon2 copies it into memory that nobody wipes; given its ArrayBuffer, it takes that as it is, and its
      // native part wipes the copy that it makes for its thread.
      const memory = prepared.bytes.buffer as unknown as Buffer
      const key = await hash(memory, {
        raw: true,
        type: argon2id,
        version: 0x13,
        salt: Buffer.from(salt),
        memoryCost: parameters.memoryKiB,
        timeCost: parameters.passes,
        parallelism: parameters.parallelism,
        hashLength: 32,
      })
      return new Secret(key)
    } finally {
      this.#leave()
    }
  }

  /**
   * Overwrites what Argon2id leaves on the stacks of libuv's threads (its result stood in registers that were saved there), by
   * small derivations on all of them. Call it when keys are wiped; resolves when that is done. Never rejects.
   */
  scrub(): Promise<void> {
    this.#scrubsWanted += 1
    this.#scrubbing ??= this.#scrubAll()
    return this.#scrubbing
  }

  async #scrubAll(): Promise<void> {
    for (let begun = 0; begun !== this.#scrubsWanted;) {
      begun = this.#scrubsWanted
      // Twice as many as there are threads: one that is busy must not be passed over.
      const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) || 4
      await Promise.allSettled(
        Array.from({ length: 2 * threads }, () => hash(Buffer.alloc(16), scrubOptions)),
      )
    }
    this.#scrubbing = undefined
  }

  #enter(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      if (this.#running < this.#parallel) {
        this.#running += 1
        resolve()
        return
      }
      if (this.#waiters.length >= this.#queue) throw new Busy()
      const abandon = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
        reject(signal?.reason as Error)
      }
      const waiter: Waiter = {
        admit: () => {
          signal?.removeEventListener('abort', abandon)
          resolve()
        },
      }
      signal?.addEventListener('abort', abandon, { once: true })
      this.#waiters.push(waiter)
    })
  }

  /** Gives the place to the next in line, so that nobody who comes later can overtake. */
  #leave(): void {
    const next = this.#waiters.shift()
    if (next) next.admit()
    else this.#running -= 1
  }
}
