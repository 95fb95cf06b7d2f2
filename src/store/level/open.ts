// Makes a store directory, once, and opens one that exists: never the one for the other.
import { silentLog, type Log } from '../../base/ports.ts'
import { Damaged, Refused } from '../errors.ts'
import type { Store } from '../store.ts'
import { defaultLimits, type Disk, type Limits } from './disk.ts'
import { storeError } from './faults.ts'
import { hasCode, nodeFiles, type FileOperations } from './bodies/files.ts'
import { decodeFormat, encodeFormat, formatKey, formatVersion } from './layout.ts'
import { LevelStore } from './level-store.ts'
import { OpenFiles } from './bodies/open-files.ts'
import { openLevelRecords, type OpenRecords } from './record-handle.ts'
import { Records } from './records.ts'

export interface LevelOptions {
  readonly log?: Log
  readonly limits?: Partial<Limits>
  /** For tests: the disk. */
  readonly files?: FileOperations
  readonly openRecords?: OpenRecords
}

async function names(files: FileOperations, path: string): Promise<string[] | undefined> {
  try {
    return await files.list(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw storeError(error, `reading ${path}`)
  }
}

/**
 * Makes an empty store at `path`, whose parent exists. A crash leaves either a whole store or none, and init can be
 * called again. Refused 'store-exists' when there is one.
 */
export async function initLevelStore(path: string, options: LevelOptions = {}): Promise<void> {
  const files = options.files ?? nodeFiles
  const open = options.openRecords ?? openLevelRecords
  const present = await names(files, path)
  if (present?.includes('records')) throw new Refused('store-exists', `there is a store at ${path}`)
  try {
    if (!present) {
      await files.makeDirectory(path)
      await files.syncDirectory(`${path}/..`)
    }
    if (!present?.includes('segments')) await files.makeDirectory(`${path}/segments`)
    const fresh = `${path}/records.new`
    for (const name of (await names(files, fresh)) ?? []) await files.remove(`${fresh}/${name}`)
    if (!present?.includes('records.new')) await files.makeDirectory(fresh)
    const handle = await open(fresh, true)
    try {
      await handle.write([{ key: formatKey, value: encodeFormat() }])
    } finally {
      await handle.close()
    }
    await files.syncDirectory(fresh)
    await files.rename(fresh, `${path}/records`)
    await files.syncDirectory(path)
  } catch (error) {
    throw storeError(error, `making a store at ${path}`)
  }
}

/**
 * Opens the store at `path`. Refused 'no-store' when there is none or its format version is unknown ('unknown-format'),
 * Unavailable 'in-use' when another process has it open, Damaged when it is not whole.
 */
export async function openLevelStore(path: string, options: LevelOptions = {}): Promise<Store> {
  const files = options.files ?? nodeFiles
  const log = options.log ?? silentLog
  const limits = { ...defaultLimits, ...options.limits }
  const present = await names(files, path)
  if (!present?.includes('records')) {
    throw new Refused('no-store', `there is no store at ${path}: make one with init`)
  }
  const recordsPath = `${path}/records`
  if (!present.includes('segments'))
    throw new Damaged(`${path}/segments is missing: restore it from a backup`)
  // LevelDB's own answer would be to start afresh, over the tables.
  if (!(await names(files, recordsPath))?.includes('CURRENT')) {
    throw new Damaged(`${recordsPath}/CURRENT is missing: restore it from a backup`)
  }
  const records = new Records({
    path: recordsPath,
    open: options.openRecords ?? openLevelRecords,
    files,
    log,
    retryMs: limits.retryMs,
  })
  await records.open()
  try {
    checkFormat(records.get(formatKey))
    const disk: Disk = {
      files,
      open: new OpenFiles(files, log, limits.openFiles),
      records,
      segments: `${path}/segments`,
      limits,
      counters: { transactions: 0, bodySyncs: 0, reclaimedBytes: 0 },
      log,
    }
    const store = new LevelStore(disk)
    await store.resume()
    return store
  } catch (error) {
    await records.close()
    throw error
  }
}

function checkFormat(bytes: Uint8Array | undefined): void {
  if (!bytes) throw new Damaged('the store has no format record')
  const version = decodeFormat(bytes)
  if (version === formatVersion) return
  throw new Refused(
    'unknown-format',
    `the store has format version ${version}, this program knows only ${formatVersion}: use the program that wrote it`,
  )
}
