// Whether the files that an incremental run would go on using are still whole: some of them are read in each run, so that all are in time (LAYOUT.md).
import { stat } from 'node:fs/promises'
import { BackupDamaged, codeOf } from './errors.ts'
import type { Places } from './layout.ts'
import type { AccountRef, PackRef } from './manifest.ts'
import { drain, readPack } from './packs.ts'
import { readRecords } from './records-file.ts'

/** Runs in which every file is read once. A prime: whoever backs up one account in between, by a fixed rule, leaves none out. */
export const recheckRuns = 13

/** What of the older files is read again: those whose turn it is in this generation, or all. */
export interface Recheck {
  readonly generation: number
  readonly isAll: boolean
  readonly signal: AbortSignal | undefined
}

/** `name` is hexadecimal and random, as the names of packs and accounts are. */
function isDue(name: string, { generation, isAll }: Recheck): boolean {
  return isAll || parseInt(name.slice(-8), 16) % recheckRuns === generation % recheckRuns
}

/** Undefined, or what is wrong. */
async function faultOf(task: () => Promise<void>): Promise<string | undefined> {
  try {
    await task()
    return undefined
  } catch (error) {
    if (!(error instanceof BackupDamaged)) throw error
    return error.message
  }
}

/** That a file is there, and as long as it was: costs no reading. */
async function lengthFault(path: string, name: string, sizeBytes: number): Promise<string | undefined> {
  try {
    return (await stat(path)).size === sizeBytes ? undefined : `${name} has another length`
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    return `${name} is missing`
  }
}

/** What is wrong with a pack that a manifest names, as far as it is this run's turn to look. */
export async function packFault(
  places: Places,
  account: string,
  ref: PackRef,
  recheck: Recheck,
): Promise<string | undefined> {
  const path = places.pack(account, ref.pack)
  const fault = await lengthFault(path, `pack ${ref.pack}`, ref.sizeBytes)
  if (fault !== undefined || !isDue(ref.pack, recheck)) return fault
  return faultOf(async () => {
    for await (const { pieces } of readPack(path, account, ref)) {
      recheck.signal?.throwIfAborted()
      await drain(pieces)
    }
  })
}

/** What is wrong with the files of an account that a run would take over as they are. */
export async function accountFaults(places: Places, ref: AccountRef, recheck: Recheck): Promise<string[]> {
  const found: (string | undefined)[] = []
  const records = places.records(ref.account, ref.recordsOf)
  const name = `the file of records ${ref.recordsOf} of ${ref.address || ref.account}`
  found.push(
    isDue(ref.account, recheck)
      ? await faultOf(async () => {
          const items = readRecords(records, name, ref.records)
          for (let item = await items.next(); item.done !== true;) item = await items.next()
        })
      : await lengthFault(records, name, ref.records.sizeBytes),
  )
  for (const pack of ref.packs) found.push(await packFault(places, ref.account, pack, recheck))
  return found.filter((fault) => fault !== undefined)
}
