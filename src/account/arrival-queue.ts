// Arrivals of an account in order, opened: a few at a time, and of a long backlog the next ones in threads meanwhile.
import { availableParallelism } from 'node:os'
import { readArrival, type ArrivalFrame } from '../crypto/arrival.ts'
import { boxKinds } from '../crypto/box.ts'
import { sha256 } from '../crypto/digest.ts'
import { capsuleCiphertext, capsuleEpoch, capsuleKind, openCapsuleWith } from '../crypto/kem.ts'
import { arrivalPlace, trailArrivalPlace } from '../crypto/places.ts'
import { breathe } from '../base/async.ts'
import { decapsulateHere, DecapsulationThread, type Secrets } from './decapsulate.ts'
import { Damage } from './errors.ts'
import { arrivalKey, arrivalRange, versionOfKey } from './keys.ts'
import { decodeArrival, type Arrival } from './message-codec.ts'
import { decoded } from './replay.ts'
import { decodeTrailEntry, type TrailData } from './trail-codec.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** Arrivals that one commit adopts. */
const batchArrivals = 200
const batchBytes = 4 * 1024 * 1024
const betweenBreaths = 8
/** Threads that decapsulate: that takes as long as all the rest of adoption, which the event loop does. */
const threadsAtMost = Math.min(2, availableParallelism())

interface Opened {
  readonly version: number
  readonly digest: Buffer
  /** What the rest is a view on; of a message it holds the key, and whoever took it wipes it. */
  readonly data: Buffer
}

export type OpenedArrival = Opened &
  (
    | { readonly kind: 'message'; readonly blob: Buffer; readonly arrival: Arrival }
    | { readonly kind: 'trail'; readonly entry: TrailData }
  )

/** An arrival whose capsule is still closed, and what its ciphertext gave. */
interface Framed {
  readonly version: number
  readonly value: Uint8Array
  readonly frame: ArrivalFrame
}

interface Batch {
  readonly framed: readonly Framed[]
  /** There may be more. */
  readonly isFull: boolean
  readonly secrets: Secrets
}

const wipe = (secrets: Secrets): void => {
  for (const secret of secrets) secret?.fill(0)
}

/** One at a time for an account: adoption takes arrivals out in order. To be closed, which ends the threads. */
export class ArrivalQueue {
  readonly #account: UnlockedAccount
  readonly #startThread: () => DecapsulationThread
  #threads: DecapsulationThread[] = []
  #isThreadLost = false
  #ahead: Promise<Batch> | undefined
  /** Versions up to here were read. */
  #readThrough = 0

  constructor(
    account: UnlockedAccount,
    startThread: () => DecapsulationThread = () => new DecapsulationThread(),
  ) {
    this.#account = account
    this.#startThread = startThread
  }

  /** What was taken last filled a batch: it is part of a backlog. */
  get hasMore(): boolean {
    return this.#ahead !== undefined
  }

  /**
   * The next arrivals; none: there are no more. For use inside a commit. When it throws, or the commit fails, the queue must
   * not be used again. Throws Corrupt, Damage.
   */
  async next(): Promise<OpenedArrival[]> {
    const batch = (await this.#takeAhead()) ?? (await this.#read(false))
    if (batch.isFull) {
      this.#ahead = this.#read(true)
      // Heard when its turn comes.
      this.#ahead.catch(() => undefined)
    }
    const opened: OpenedArrival[] = []
    try {
      for (const [index, framed] of batch.framed.entries()) {
        opened.push(this.#open(framed, batch.secrets[index]))
        if (opened.length % betweenBreaths === 0) await breathe()
      }
      return opened
    } catch (error) {
      for (const { data } of opened) data.fill(0)
      throw error
    } finally {
      wipe(batch.secrets)
    }
  }

  /** What was read ahead, unless somebody else has adopted of it: a rotation of keys adopts too. */
  async #takeAhead(): Promise<Batch | undefined> {
    const batch = await this.#ahead
    this.#ahead = undefined
    const first = batch?.framed[0]?.version
    if (!batch || first === undefined || first > this.#account.state.adoptedThrough) return batch
    wipe(batch.secrets)
    this.#readThrough = 0
    return undefined
  }

  async #read(isBacklog: boolean): Promise<Batch> {
    const { id, site } = this.#account
    const { values, isFull } = await this.#values()
    const framed: Framed[] = []
    for (const [version, value] of values) {
      framed.push({ version, value, frame: readArrival(site.siteKey, id, value) })
      this.#readThrough = version
      if (framed.length % betweenBreaths === 0) await breathe()
    }
    return { framed, isFull, secrets: await this.#decapsulate(framed, isBacklog) }
  }

  #values(): Promise<{ values: [version: number, value: Uint8Array][]; isFull: boolean }> {
    const range = { gte: arrivalKey(this.#readThrough + 1), lt: arrivalRange.lt, limit: batchArrivals }
    return this.#account.read(async (snapshot) => {
      const values: [number, Uint8Array][] = []
      let bytes = 0
      for await (const page of snapshot.range(range)) {
        for (const [key, value] of page) {
          if (bytes > batchBytes) return { values, isFull: true }
          values.push([versionOfKey(key), value])
          bytes += value.length
        }
      }
      return { values, isFull: values.length === batchArrivals }
    })
  }

  /** All of one epoch together: mostly there is only one. */
  async #decapsulate(framed: readonly Framed[], isBacklog: boolean): Promise<Secrets> {
    const epochs = framed.map(({ frame }) => capsuleEpoch(frame.capsule))
    const secrets: (Buffer | undefined)[] = []
    try {
      for (const epoch of new Set(epochs)) {
        const indexes = [...epochs.keys()].filter((index) => epochs[index] === epoch)
        const ciphertexts = framed
          .filter((_, index) => epochs[index] === epoch)
          .map(({ frame }) => capsuleCiphertext(frame.capsule))
        const opened = await this.#run(epoch, ciphertexts, isBacklog)
        for (const [nth, index] of indexes.entries()) secrets[index] = opened[nth]
      }
      return secrets
    } catch (error) {
      wipe(secrets)
      throw error
    }
  }

  async #run(epoch: number, ciphertexts: readonly Uint8Array[], isBacklog: boolean): Promise<Secrets> {
    const { vault } = this.#account
    if (isBacklog && !this.#isThreadLost) {
      try {
        return await this.#inThreads(vault.kemSeed(epoch), ciphertexts)
      } catch {
        // Without a thread it takes longer, and is done all the same.
        this.#isThreadLost = true
      }
    }
    return decapsulateHere(vault.kemSeed(epoch), ciphertexts)
  }

  /** Each thread takes a share. When one fails, what the others found is wiped. */
  async #inThreads(seed: Buffer, ciphertexts: readonly Uint8Array[]): Promise<Secrets> {
    while (this.#threads.length < threadsAtMost) this.#threads.push(this.#startThread())
    const share = Math.ceil(ciphertexts.length / this.#threads.length)
    const shares = await Promise.allSettled(
      this.#threads.map((thread, index) =>
        thread.run(seed, ciphertexts.slice(index * share, (index + 1) * share)),
      ),
    )
    const found = shares.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
    const failed = shares.find((each) => each.status === 'rejected')
    if (!failed) return found
    wipe(found)
    throw failed.reason
  }

  #open({ version, value, frame }: Framed, secret: Buffer | undefined): OpenedArrival {
    const { id, state } = this.#account
    if (frame.accountVersion !== version) throw new Damage('an arrival was moved')
    if (version <= state.adoptedThrough) throw new Damage('an arrival that was adopted is there again')
    const digest = sha256(value)
    if (capsuleKind(frame.capsule) === boxKinds.trailEntry) {
      const place = trailArrivalPlace(id, frame.blob)
      const data = openCapsuleWith(secret, boxKinds.trailEntry, place, frame.capsule)
      const entry = decoded('trail entry', () => decodeTrailEntry(data))
      return { kind: 'trail', version, digest, entry, data }
    }
    const data = openCapsuleWith(secret, boxKinds.arrival, arrivalPlace(id, frame.blob), frame.capsule)
    const arrival = decoded('arrival', () => decodeArrival(data))
    return { kind: 'message', version, digest, blob: Buffer.from(frame.blob), arrival, data }
  }

  /** Waits for what was read ahead, so that no key is in use any more, and ends the threads. Never throws. */
  async close(): Promise<void> {
    const left = await this.#ahead?.catch(() => undefined)
    this.#ahead = undefined
    if (left) wipe(left.secrets)
    for (const thread of this.#threads) await thread.close()
  }
}
