// What all parts of the level engine share: files, records, limits, counters.
import type { Log } from '../../base/ports.ts'
import type { FileOperations } from './bodies/files.ts'
import type { OpenFiles } from './bodies/open-files.ts'
import type { Records } from './records.ts'

export interface Limits {
  /** A segment takes small appends up to this size, long ones up to half of it. */
  readonly segmentBytes: number
  /** Bodies up to this size are collected in memory and written at once. */
  readonly smallBodyBytes: number
  /** With less than this free, no body is accepted: records must still have room. */
  readonly reserveBytes: number
  /** Rewriting of mostly dead segments in the background. */
  readonly cleanBytesPerSecond: number
  /** Fewer dead bytes than this in a segment are left alone by the background rewriting. */
  readonly cleanMinimumBytes: number
  readonly openFiles: number
  readonly accountsInMemory: number
  readonly retryMs: number
}

export const defaultLimits: Limits = {
  segmentBytes: 128 * 1024 * 1024,
  smallBodyBytes: 256 * 1024,
  reserveBytes: 64 * 1024 * 1024,
  cleanBytesPerSecond: 16 * 1024 * 1024,
  cleanMinimumBytes: 1024 * 1024,
  openFiles: 256,
  accountsInMemory: 2000,
  retryMs: 1000,
}

interface Counters {
  transactions: number
  bodySyncs: number
  reclaimedBytes: number
}

export interface Disk {
  readonly files: FileOperations
  readonly open: OpenFiles
  readonly records: Records
  /** The directory of all segments. */
  readonly segments: string
  readonly limits: Limits
  readonly counters: Counters
  readonly log: Log
}
