// Writing a body: small ones at once behind others, long ones as they come into a segment of their own.
import { Unavailable } from '../../errors.ts'
import type { AccountId, BlobId, StagedBlob } from '../../store.ts'
import type { Account } from '../account.ts'
import { addCrc, encodeFrame, frameBytes } from './frame.ts'
import { LongBody } from './long-body.ts'
import type { HeldFile } from './open-files.ts'
import type { Room } from './room.ts'
import { writeAll, type Segment } from './segment.ts'
import type { AccountSegments, Placement } from './segments.ts'

export class Staged implements StagedBlob {
  readonly account: AccountId
  readonly blobId: BlobId
  readonly lengthBytes: number
  readonly headerBytes: number
  readonly placement: Placement
  readonly #segments: AccountSegments
  #isWaiting = true
  #isDiscarded = false
  #isInDoubt = false
  #attaching = 0
  #discarding: Promise<void> | undefined

  constructor(
    account: AccountId,
    blobId: BlobId,
    lengthBytes: number,
    headerBytes: number,
    placement: Placement,
    segments: AccountSegments,
  ) {
    this.account = account
    this.blobId = blobId
    this.lengthBytes = lengthBytes
    this.headerBytes = headerBytes
    this.placement = placement
    this.#segments = segments
  }

  /** False once it is committed or discarded. */
  get isWaiting(): boolean {
    return this.#isWaiting && !this.#isDiscarded
  }

  /** A commit that holds it has been prepared. */
  attaching(): void {
    this.#attaching += 1
  }

  async attached(failure: Error | undefined): Promise<void> {
    this.#attaching -= 1
    if (failure instanceof Unavailable && failure.isOutcomeUnknown) this.#isInDoubt = true
    if (!failure) this.#letGo()
    else if (this.#isDiscarded) await this.discard()
  }

  sync(): Promise<void> {
    return this.#segments.sync(this.placement)
  }

  async discard(): Promise<void> {
    this.#isDiscarded = true
    if (!this.#isWaiting || this.#attaching > 0) return
    // Once only: its bytes may be somebody else's by the time of a second call.
    this.#discarding ??= this.#giveUp()
    await this.#discarding
  }

  async #giveUp(): Promise<void> {
    const { segment, offset, bytes, held } = this.placement
    // A commit whose fate is unknown may still turn out to hold it.
    if (!this.#isInDoubt) await this.#segments.giveBack(segment, offset, bytes, held.file)
    this.#letGo()
  }

  #letGo(): void {
    if (!this.#isWaiting) return
    this.#isWaiting = false
    this.placement.segment.staged -= 1
    this.placement.held.release()
  }
}

export interface Body {
  readonly account: Account
  readonly segments: AccountSegments
  readonly blobId: BlobId
  readonly recoveryHeader: Uint8Array
  readonly source: AsyncIterable<Uint8Array> | Uint8Array
  readonly room: Room
  readonly smallBodyBytes: number
  /** Rejects when the store closes: a slow source is not waited for. */
  readonly closed: Promise<never>
}

export async function stageBody(body: Body): Promise<Staged> {
  const { source, smallBodyBytes, closed } = body
  if (source instanceof Uint8Array) {
    return source.length <= smallBodyBytes ? stageSmall(body, [source]) : stageLong(body, [source])
  }
  const chunks = source[Symbol.asyncIterator]()
  try {
    const first: Uint8Array[] = []
    for (let length = 0; length <= smallBodyBytes;) {
      const next = await Promise.race([chunks.next(), closed])
      if (next.done) return await stageSmall(body, first)
      first.push(Buffer.from(next.value)) // a copy: the source may use its buffer again
      length += next.value.length
    }
    return await stageLong(body, first, chunks)
  } catch (error) {
    // The source may never come to an end: it is told, not waited for.
    chunks.return?.().catch(() => undefined)
    throw error
  }
}

async function stageSmall(body: Body, parts: readonly Uint8Array[]): Promise<Staged> {
  const { account, segments, blobId, recoveryHeader, room } = body
  const bodyBytes = parts.reduce((sum, part) => sum + part.length, 0)
  const bodyCrc = parts.reduce(addCrc, 0)
  const head = encodeFrame(account.id, { blobId, bodyBytes, bodyCrc, recoveryHeader })
  await room.take(head.length + bodyBytes)
  const placement = await segments.append([head, ...parts])
  return new Staged(account.id, blobId, bodyBytes, recoveryHeader.length, placement, segments)
}

async function stageLong(
  body: Body,
  first: readonly Uint8Array[],
  rest?: AsyncIterator<Uint8Array>,
): Promise<Staged> {
  const { account, segments, blobId, recoveryHeader, room } = body
  const segment = await segments.takeExclusive()
  const offset = segment.sizeBytes
  let held: HeldFile | undefined
  try {
    held = await holdForWriting(segments, segment)
    const start = offset + frameBytes(recoveryHeader.length, 0)
    const long = new LongBody(segments, segment, held.file, room, start)
    for (const chunk of first) await long.add(chunk)
    for (let next = await nextChunk(body, rest); next; next = await nextChunk(body, rest))
      await long.add(next)
    await long.flush()

    const { lengthBytes, crc } = long
    const head = encodeFrame(account.id, { blobId, bodyBytes: lengthBytes, bodyCrc: crc, recoveryHeader })
    // Last of all: until now there was no frame here, after a crash at any byte.
    await writeHead(segments, segment, held, head, offset)
    const bytes = head.length + lengthBytes
    const placement = { segment, offset, bytes, mark: segment.mark(), held }
    segment.sizeBytes = offset + bytes
    await segments.sync(placement)
    segment.staged += 1
    return new Staged(account.id, blobId, lengthBytes, recoveryHeader.length, placement, segments)
  } catch (error) {
    if (held) await segments.giveBack(segment, offset, segment.sizeBytes - offset, held.file)
    held?.release()
    throw error
  } finally {
    segments.release(segment)
  }
}

async function holdForWriting(segments: AccountSegments, segment: Segment): Promise<HeldFile> {
  try {
    return await segments.hold(segment.number)
  } catch (error) {
    throw segments.failed(segment, error, 'opening a segment')
  }
}

async function nextChunk(
  { closed }: Body,
  rest: AsyncIterator<Uint8Array> | undefined,
): Promise<Uint8Array | undefined> {
  if (!rest) return undefined
  const next = await Promise.race([rest.next(), closed])
  return next.done ? undefined : next.value
}

async function writeHead(
  segments: AccountSegments,
  segment: Segment,
  held: HeldFile,
  head: Buffer,
  offset: number,
): Promise<void> {
  try {
    await writeAll(held.file, [head], offset)
  } catch (error) {
    throw segments.failed(segment, error, 'writing a body')
  }
}
