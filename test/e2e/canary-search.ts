// Looks for patterns in files, directories, and the memory of a process.
import { createReadStream } from 'node:fs'
import { lstat, open, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pattern } from './canary-marks.ts'

/** Something found: what, where, and a little of what stands around it. */
export interface Sighting {
  readonly pattern: Pattern
  readonly where: string
  readonly around: string
}

const sliceBytes = 8 * 1024 * 1024
const aroundBytes = 32

/** ASCII capitals made small, and nothing moved. */
function folded(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').toLowerCase(), 'latin1')
}

/** Where the patterns occur in these octets; at most one sighting each. */
export function searchBytes(bytes: Buffer, patterns: readonly Pattern[], where: string): Sighting[] {
  const small = patterns.some(({ isFolded }) => isFolded) ? folded(bytes) : bytes
  return patterns.flatMap((pattern) => {
    const at = (pattern.isFolded ? small : bytes).indexOf(pattern.bytes)
    if (at < 0) return []
    const around = bytes.toString(
      'latin1',
      Math.max(0, at - aroundBytes),
      at + pattern.bytes.length + aroundBytes,
    )
    return [{ pattern, where: `${where} at ${at}`, around: JSON.stringify(around) }]
  })
}

/** Chunks with the end of the one before put before each, so that nothing is cut in two. */
async function* overlapping(source: AsyncIterable<Buffer>, overlap: number): AsyncGenerator<Buffer> {
  let tail = Buffer.alloc(0)
  for await (const chunk of source) {
    const joined = Buffer.concat([tail, chunk])
    yield joined
    tail = joined.subarray(Math.max(0, joined.length - overlap))
  }
}

async function searchStream(
  source: AsyncIterable<Buffer>,
  patterns: readonly Pattern[],
  where: string,
): Promise<Sighting[]> {
  const longest = Math.max(...patterns.map(({ bytes }) => bytes.length))
  const sightings: Sighting[] = []
  for await (const bytes of overlapping(source, longest - 1))
    sightings.push(...searchBytes(bytes, patterns, where))
  return sightings
}

export function searchFile(
  path: string,
  patterns: readonly Pattern[],
  where: string = path,
): Promise<Sighting[]> {
  return searchStream(createReadStream(path, { highWaterMark: sliceBytes }), patterns, where)
}

export interface DirectorySearch {
  readonly files: number
  readonly bytes: number
  readonly sightings: readonly Sighting[]
}

/** All files and file names below a directory, of those whose status changed after `since` (ms since 1970). */
export async function searchDirectory(
  path: string,
  patterns: readonly Pattern[],
  {
    since = 0,
    except = [],
    skips,
  }: {
    readonly since?: number
    readonly except?: readonly string[]
    /** Names that are passed over. */
    readonly skips?: RegExp
  } = {},
): Promise<DirectorySearch> {
  const total = { files: 0, bytes: 0, sightings: [] as Sighting[] }
  const visit = async (directory: string): Promise<void> => {
    for (const name of await readdir(directory).catch(() => [])) {
      const child = join(directory, name)
      if (except.includes(child) || skips?.test(name) === true) continue
      total.sightings.push(...searchBytes(Buffer.from(name), patterns, `name of ${child}`))
      const found = await lstat(child).catch(() => undefined)
      if (found?.isDirectory()) await visit(child)
      if (!found?.isFile() || found.ctimeMs < since) continue
      total.files += 1
      total.bytes += found.size
      // Files of other programs may vanish while they are looked at.
      total.sightings.push(...(await searchFile(child, patterns).catch(() => [])))
    }
  }
  await visit(path)
  return total
}

/** Files that a process holds open and that have no name any more. */
export async function searchDeletedFiles(pid: number, patterns: readonly Pattern[]): Promise<Sighting[]> {
  const sightings: Sighting[] = []
  for (const fd of await readdir(`/proc/${pid}/fd`)) {
    const path = `/proc/${pid}/fd/${fd}`
    const target = await readlink(path).catch(() => '')
    if (target.endsWith(' (deleted)')) sightings.push(...(await searchFile(path, patterns, target)))
  }
  return sightings
}

async function* readRegion(path: string, start: number, end: number): AsyncGenerator<Buffer> {
  const file = await open(path, 'r')
  try {
    for (let at = start; at < end; at += sliceBytes) {
      const slice = Buffer.alloc(Math.min(sliceBytes, end - at))
      const bytesRead = await file.read(slice, 0, slice.length, at).then(
        (result) => result.bytesRead,
        () => 0, // a page without memory behind it
      )
      yield slice.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

/**
 * All memory of a process that can be read: what a core dump has, and more, because no filter applies. The process is stopped
 * meanwhile.
 */
export async function searchMemory(
  pid: number,
  patterns: readonly Pattern[],
): Promise<{ readonly bytes: number; readonly sightings: readonly Sighting[] }> {
  const sightings: Sighting[] = []
  let bytes = 0
  process.kill(pid, 'SIGSTOP')
  try {
    for (const line of (await readFile(`/proc/${pid}/maps`, 'latin1')).split('\n')) {
      const map = /^([0-9a-f]+)-([0-9a-f]+) r\S* \S+ \S+ \S+ *(.*)$/.exec(line)
      // [vvar] and [vsyscall] belong to the kernel.
      if (!map || /^\[v/.test(map[3] ?? '')) continue
      const [start, end] = [parseInt(map[1] ?? '', 16), parseInt(map[2] ?? '', 16)]
      if (!Number.isSafeInteger(end)) continue
      bytes += end - start
      const where = `memory ${map[3] === '' ? 'without a name' : (map[3] ?? '')} ${map[1] ?? ''}`
      sightings.push(...(await searchStream(readRegion(`/proc/${pid}/mem`, start, end), patterns, where)))
    }
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  return { bytes, sightings }
}
