// The segment files of one account: which there are, and which of them takes the next append.
import { Refused, Unavailable } from '../../errors.ts'
import type { Account } from '../account.ts'
import type { Disk } from '../disk.ts'
import { storeError } from '../faults.ts'
import { hasCode, type OpenFile } from './files.ts'
import { checkSegmentHeader, encodeSegmentHeader, segmentHeaderBytes } from './frame.ts'
import { segmentName, segmentNumber } from './frame.ts'
import { decodeSegment, segmentKind } from '../layout.ts'
import type { HeldFile } from './open-files.ts'
import { AppendQueue } from './append-queue.ts'
import { Segment, writeAll } from './segment.ts'

/** Bytes in a segment that are written but not yet anybody's. */
export interface Placement {
  readonly segment: Segment
  readonly offset: number
  readonly bytes: number
  /** Stands for the write in `Segment.sync`. */
  readonly mark: number
  /** Keeps the file open until the write is durable: a later opening might not hear of a failure. */
  readonly held: HeldFile
}

export class AccountSegments {
  readonly #disk: Disk
  readonly #account: Account
  readonly #directory: string
  readonly #segments = new Map<number, Segment>()
  #nextNumber = 1
  #isDirectoryDurable = false
  #isLoaded = false
  #isDestroyed = false
  #small: Segment | undefined
  #creating: Promise<Segment> | undefined
  #loading: Promise<void> | undefined

  constructor(disk: Disk, account: Account) {
    this.#disk = disk
    this.#account = account
    this.#directory = `${disk.segments}/${account.hex}`
  }

  get isBusy(): boolean {
    return [...this.#segments.values()].some((segment) => segment.isBusy)
  }
  all(): Segment[] {
    return [...this.#segments.values()]
  }

  get isLoaded(): boolean {
    return this.#isLoaded
  }

  /** Looks at the directory and the segment records, once. */
  load(): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined
      throw storeError(error, 'listing segments')
    })
    return this.#loading
  }

  async #load(): Promise<void> {
    const { files, records, log } = this.#disk
    const ends = new Map<number, number>()
    const all = { gte: '', lt: '\xff\xff\xff\xff\xff' }
    for await (const page of this.#account.entries(records, segmentKind, all)) {
      for (const [key, value] of page)
        ends.set(Buffer.from(key).readUInt32BE(), decodeSegment(value).endBytes)
    }
    const names = await files.list(this.#directory).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return undefined
      throw error
    })
    // A record points into the directory only after its name was made durable.
    this.#isDirectoryDurable = ends.size > 0
    const numbers = (names ?? []).map(segmentNumber).filter((number) => number !== undefined)
    for (const number of numbers) {
      const path = this.#path(number)
      const segment = new Segment(
        number,
        path,
        await files.size(path),
        ends.has(number) ? undefined : this.#syncName,
      )
      const end = ends.get(number) ?? segmentHeaderBytes
      segment.isSuspect = segment.sizeBytes < end
      if (segment.isSuspect && ends.has(number)) {
        log.write('error', 'store.segment-short', { account: this.#account.hex, segment: number })
      }
      this.#segments.set(number, segment)
    }
    this.#nextNumber = Math.max(0, ...numbers, ...ends.keys()) + 1
    this.#isLoaded = true
  }

  #path(number: number): string {
    return `${this.#directory}/${segmentName(number)}`
  }

  /** Opens a segment for reading. Throws the system's ENOENT when it is gone, Damaged when it is not this segment. */
  hold(number: number): Promise<HeldFile> {
    return this.#disk.open.acquire(this.#path(number), async (file) => {
      const header = Buffer.alloc(segmentHeaderBytes)
      const length = await file.read(header, 0)
      checkSegmentHeader(header.subarray(0, length), this.#account.id, number)
    })
  }

  /** Writes a small frame behind others, and beside others being written. */
  async append(parts: readonly Uint8Array[]): Promise<Placement> {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0)
    const { segment, held } = await this.#holdWithRoom(bytes)
    const offset = segment.sizeBytes // reserved and queued in the turn in which room was found: the order is the same
    segment.sizeBytes += bytes
    segment.writers += 1
    segment.appends ??= new AppendQueue((run, at, length) => this.#write(segment, run, at, length))
    try {
      await segment.appends.add(parts, offset, bytes)
      segment.staged += 1
      return { segment, offset, bytes, mark: segment.mark(), held }
    } catch (error) {
      held.release()
      throw error
    } finally {
      segment.writers -= 1
    }
  }

  /** The current segment for small bodies, or the next, with room at this moment. */
  async #holdWithRoom(bytes: number): Promise<{ segment: Segment; held: HeldFile }> {
    for (;;) {
      let segment = this.#small
      if (!segment || !this.#hasRoom(segment, bytes)) segment = await this.#nextSmall(bytes)
      let held: HeldFile
      try {
        held = await this.hold(segment.number)
      } catch (error) {
        throw this.failed(segment, error, 'opening a segment')
      }
      if (this.#hasRoom(segment, bytes)) return { segment, held }
      held.release()
    }
  }

  async #write(segment: Segment, parts: readonly Uint8Array[], offset: number, bytes: number): Promise<void> {
    const held = await this.hold(segment.number)
    try {
      await writeAll(held.file, parts, offset)
    } catch (error) {
      const failure = this.failed(segment, error, 'writing a body')
      await this.giveBack(segment, offset, bytes, held.file)
      throw failure
    } finally {
      held.release()
    }
  }

  #hasRoom(segment: Segment, bytes: number): boolean {
    if (!segment.canAppend) return false
    const isEmpty = segment.sizeBytes === segmentHeaderBytes
    return isEmpty || segment.sizeBytes + bytes <= this.#disk.limits.segmentBytes
  }

  async #nextSmall(bytes: number): Promise<Segment> {
    this.#small = this.all().find((segment) => this.#hasRoom(segment, bytes))
    if (this.#small) return this.#small
    this.#creating ??= this.#create({ isExclusive: false }).finally(() => {
      this.#creating = undefined
    })
    this.#small = await this.#creating
    return this.#small
  }

  /** A segment for one writer alone, from its present end on. Give it back with `release`. */
  async takeExclusive(): Promise<Segment> {
    const half = this.#disk.limits.segmentBytes / 2
    // Not the current one for small bodies, and none with bodies waiting for a sync, which would wait for this one too.
    const free = this.all().find(
      (segment) =>
        segment !== this.#small && segment.canAppend && !segment.isBusy && segment.sizeBytes <= half,
    )
    if (!free) return this.#create({ isExclusive: true })
    free.isExclusive = true
    return free
  }

  release(segment: Segment): void {
    segment.isExclusive = false
  }

  async #create(options: { readonly isExclusive: boolean }): Promise<Segment> {
    try {
      return await this.#createNext(options)
    } catch (error) {
      throw storeError(error, 'creating a segment')
    }
  }

  async #createNext({ isExclusive }: { readonly isExclusive: boolean }): Promise<Segment> {
    const { files, open, segments } = this.#disk
    if (this.#isDestroyed) throw new Refused('no-account', 'the account was destroyed')
    if (!this.#isDirectoryDurable) {
      await files.makeDirectory(this.#directory).catch(unless('EEXIST'))
      await files.syncDirectory(segments)
      this.#isDirectoryDurable = true
    }
    for (;;) {
      const number = this.#nextNumber
      this.#nextNumber += 1
      const path = this.#path(number)
      const file = await files.create(path).catch(unless('EEXIST'))
      if (!file) continue
      try {
        await writeAll(file, [encodeSegmentHeader(this.#account.id, number)], 0)
      } catch (error) {
        await file.close().catch(() => undefined)
        await files.remove(path).catch(() => undefined)
        throw error
      }
      const held = await open.adopt(path, file)
      const segment = new Segment(number, path, segmentHeaderBytes, this.#syncName)
      // Before anybody can find it: some turns pass until the caller has it.
      segment.isExclusive = isExclusive
      this.#segments.set(number, segment)
      held.release()
      return segment
    }
  }

  readonly #syncName = (): Promise<void> => this.#disk.files.syncDirectory(this.#directory)

  /** The store error for a failed write. Anything but a full disk makes the segment suspect. */
  failed(segment: Segment, error: unknown, what: string): Error {
    const failure = storeError(error, what)
    if (!(failure instanceof Unavailable && failure.reason === 'disk-full')) segment.isSuspect = true
    return failure
  }

  /** Cuts off bytes that became nobody's, when nothing stands behind them; else they stay as dead space. */
  async giveBack(segment: Segment, offset: number, bytes: number, file: OpenFile): Promise<void> {
    if (segment.sizeBytes !== offset + bytes) return
    if (segment.isSuspect || segment.isRetired || segment.isTruncating) return
    segment.isTruncating = true
    try {
      await file.truncate(offset)
      segment.sizeBytes = offset
    } catch {
      segment.isSuspect = true
    } finally {
      segment.isTruncating = false
    }
  }

  /** Makes a placement durable. Throws Unavailable when it never will be. */
  async sync({ segment, mark, held }: Placement): Promise<void> {
    await segment.sync(mark, held.file, () => {
      this.#disk.counters.bodySyncs += 1
    })
  }

  /** As new, after `destroy`: the account comes back. */
  renew(): void {
    this.#isDestroyed = false
    this.#isDirectoryDurable = false
    this.#isLoaded = false
    this.#loading = undefined
    this.#nextNumber = 1
  }

  /** Forgets and removes a segment that no record points into, once nobody reads it. */
  async remove(segment: Segment): Promise<void> {
    this.#segments.delete(segment.number)
    if (this.#small === segment) this.#small = undefined
    await this.#disk.open.remove(segment.path).catch(unless('ENOENT'))
  }

  /** Removes all files: the account is gone. */
  async destroy(): Promise<void> {
    const { files, open } = this.#disk
    this.#isDestroyed = true
    await this.#creating?.catch(() => undefined)
    try {
      for (const name of await files.list(this.#directory)) {
        await open.removeNow(`${this.#directory}/${name}`).catch(unless('ENOENT'))
      }
      await files.removeDirectory(this.#directory)
    } catch (error) {
      // A file that was being created meanwhile; no other follows.
      if (hasCode(error, 'ENOTEMPTY')) {
        await this.destroy()
        return
      }
      if (!hasCode(error, 'ENOENT')) throw storeError(error, 'removing segments')
    }
    this.#segments.clear()
    this.#small = undefined
  }
}

/** For `catch`: lets one system error pass as undefined. */
function unless(code: string): (error: unknown) => undefined {
  return (error) => {
    if (!hasCode(error, code)) throw error
    return undefined
  }
}
