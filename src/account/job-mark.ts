// The mark of work on everything an account has (`kj`, FORMAT.md §9.12): which job, since when, how far. For show: what is to be done stands in the keyset.
import { ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import type { Snapshot } from '../store/store.ts'
import type { JobKind, JobStatus } from './api-lifecycle.ts'
import { conversionKey } from './keys.ts'

export type JobMark = Pick<JobStatus, 'kind' | 'done' | 'total' | 'startedAt'>

const kinds: readonly JobKind[] = ['enable', 'disable', 'rotate', 're-encrypt', 'seal-to-public-key']
const version = 2

export function encodeJob({ kind, done, total, startedAt }: JobMark): Buffer {
  return new ByteWriter()
    .u8(version)
    .u8(kinds.indexOf(kind) + 1)
    .u64(startedAt)
    .u32(Math.min(done, total))
    .u32(total)
    .finish()
}

/** What a mark says; of one that says nothing, or nothing that is understood, only that something is under way. */
export function decodeJob(bytes: Uint8Array): JobMark {
  const unknown: JobMark = { kind: 'enable', done: 0, total: 0, startedAt: 0 }
  try {
    const from = new ByteReader(bytes)
    if (from.u8() !== version) return unknown
    const kind = kinds[from.u8() - 1]
    const [startedAt, done, total] = [from.u64(), from.u32(), from.u32()]
    from.end()
    return kind === undefined ? unknown : { kind, done, total, startedAt }
  } catch (error) {
    if (error instanceof MalformedRecord) return unknown
    throw error
  }
}

/** The job that is under way, if any. Needs no key. */
export async function readJob(snapshot: Snapshot): Promise<JobMark | undefined> {
  const bytes = await snapshot.get(conversionKey)
  return bytes && decodeJob(bytes)
}
