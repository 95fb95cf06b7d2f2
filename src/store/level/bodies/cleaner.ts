// Gives dead space back: rewrites segments that are mostly dead, one at a time, slowly when nobody waits for it.
import { Serial } from '../../../base/serial.ts'
import { Refused, Unavailable } from '../../errors.ts'
import type { Account } from '../account.ts'
import type { Accounts } from '../accounts.ts'
import type { Disk } from '../disk.ts'
import { segmentHeaderBytes } from './frame.ts'
import { decodeSegment, segmentSuffix } from '../layout.ts'
import type { RenewHeader } from '../../store.ts'
import { moveLiveFrames } from './move-frames.ts'
import { scrubSegments } from './scrub.ts'
import type { Segment } from './segment.ts'
import type { AccountSegments } from './segments.ts'

interface Pace {
  readonly minimumBytes: number
  readonly bytesPerSecond: number
}

export class Cleaner {
  readonly #disk: Disk
  readonly #accounts: Accounts
  readonly #serial = new Serial()
  /** Segments to look at, by account. */
  readonly #offered = new Map<string, { id: Uint8Array; numbers: Set<number> }>()
  #isStopped = false
  /** Callers of compact: while there are any, there is no pause. */
  #waiting = 0
  #wake: (() => void) | undefined

  constructor(disk: Disk, accounts: Accounts) {
    this.#disk = disk
    this.#accounts = accounts
  }

  /** These segments have lost blobs: looks at them in the background. */
  offer(account: Account, numbers: readonly number[]): void {
    if (numbers.length === 0 || this.#isStopped) return
    const known = this.#offered.get(account.hex)
    if (known) {
      for (const number of numbers) known.numbers.add(number)
      return
    }
    this.#offered.set(account.hex, { id: account.id, numbers: new Set(numbers) })
    const { cleanMinimumBytes: minimumBytes, cleanBytesPerSecond: bytesPerSecond } = this.#disk.limits
    void this.#serial.run(async () => {
      const offered = this.#offered.get(account.hex)
      this.#offered.delete(account.hex)
      if (!offered) return
      try {
        await this.#clean(offered.id, offered.numbers, { minimumBytes, bytesPerSecond })
      } catch (error) {
        this.#disk.log.write('warn', 'store.cleaning-failed', { account: account.hex, reason: String(error) })
      }
    })
  }

  /** Rewrites now whatever is mostly dead, however small. What goes on in the background is done first, at full speed. */
  async compact(id: Uint8Array): Promise<void> {
    this.#waiting += 1
    this.#wake?.()
    try {
      await this.#serial.run(() => this.#clean(id, undefined, { minimumBytes: 1, bytesPerSecond: Infinity }))
    } finally {
      this.#waiting -= 1
    }
    if (this.#isStopped) throw new Unavailable('closed', 'the store is closed')
  }

  /** See `BlobStore.scrub`. Nothing is cleaned meanwhile. */
  async scrub(id: Uint8Array, renew: RenewHeader): Promise<boolean> {
    this.#waiting += 1
    this.#wake?.()
    try {
      return await this.#serial.run(() =>
        this.#accounts.use(id, async (account, segments) => {
          this.#accounts.mustBeActive(account)
          return scrubSegments(this.#disk, account, segments, renew, () => this.#isStopped)
        }),
      )
    } finally {
      this.#waiting -= 1
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#wake?.()
    await this.#serial.idle()
  }

  async #clean(id: Uint8Array, numbers: ReadonlySet<number> | undefined, pace: Pace): Promise<void> {
    await this.#accounts.use(id, async (account, segments) => {
      if (this.#isStopped || !this.#accounts.isActive(account)) return
      // After a restart everything is worth a look: a crash may have left orphans.
      const isFirstLook = !segments.isLoaded
      await segments.load()
      for (const segment of segments.all()) {
        if (!isFirstLook && numbers?.has(segment.number) === false) continue
        if (this.#isMostlyDead(account, segment, pace)) await this.#rewrite(account, segments, segment, pace)
      }
    })
  }

  #isMostlyDead(account: Account, segment: Segment, { minimumBytes }: Pace): boolean {
    if (this.#isStopped || segment.isBusy || segment.isRetired) return false
    const bytes = this.#disk.records.get(account.key(segmentSuffix(segment.number)))
    const liveBytes = bytes ? decodeSegment(bytes).liveBytes : 0
    const usedBytes = segment.sizeBytes - segmentHeaderBytes
    return usedBytes - liveBytes >= minimumBytes && liveBytes * 2 < usedBytes
  }

  async #rewrite(account: Account, segments: AccountSegments, segment: Segment, pace: Pace): Promise<void> {
    segment.isRetired = true
    try {
      const pause = (bytes: number) => this.#pause((bytes / pace.bytesPerSecond) * 1000)
      const movedBytes = await moveLiveFrames(this.#disk, account, segments, segment, pause)
      if (this.#isStopped) return
      if (await dropRecord(account, segment)) {
        await segments.remove(segment)
        this.#disk.counters.reclaimedBytes += segment.sizeBytes - movedBytes
        return
      }
    } catch (error) {
      segment.isRetired = false
      throw error
    }
    // Something in it that records point at could not be copied. It stays retired: read, but neither written nor removed.
    this.#disk.log.write('error', 'store.segment-damaged', { account: account.hex, segment: segment.number })
  }

  /** True when cleaning is to stop. */
  async #pause(ms: number): Promise<boolean> {
    if (ms > 0 && !this.#isStopped && this.#waiting === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        setTimeout(resolve, ms).unref()
      })
    }
    return this.#isStopped
  }
}

/** Removes the segment record if the segment holds nothing live. */
async function dropRecord(account: Account, segment: Segment): Promise<boolean> {
  return account.change(async (view) => {
    if (view.account()?.state !== 'active') throw new Refused('no-account', 'the account was destroyed')
    const suffix = segmentSuffix(segment.number)
    const bytes = view.get(suffix)
    if (bytes && decodeSegment(bytes).liveBytes > 0) return { value: false, ops: [] }
    // Written even when there is no record: only a write that succeeds shows that no earlier one, whose fate was unknown,
    // has put something into the segment after all.
    return { value: true, ops: [{ suffix, value: undefined }] }
  })
}
