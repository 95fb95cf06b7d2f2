// The files that the audit log lies in: the one that is written, and beside it those that were moved away from its name.
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

/** One of the files. */
export interface AuditPart {
  /** Its name, without directories. */
  readonly name: string
  /** Without line feeds; the last may have been cut. */
  readonly lines: readonly Buffer[]
  /** It cannot be read, for this reason; then it has no lines. */
  readonly fault?: string
}

/** What `logrotate` and people put behind the name: `.1`, `.2.gz`, `-20261128`. */
const movedAway = /^[.-]\d[\d.-]*(\.gz)?$/
const inflatedAtMost = 1024 ** 3
const inflate = promisify(gunzip)

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let from = 0
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, from)) {
    lines.push(bytes.subarray(from, at))
    from = at + 1
  }
  if (from < bytes.length) lines.push(bytes.subarray(from))
  return lines
}

/** Lines of the file that is written; none while there is no such file. */
export async function readCurrent(path: string): Promise<Buffer[]> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0)
    throw error
  })
  return linesOf(bytes)
}

async function readMoved(path: string): Promise<AuditPart> {
  const name = basename(path)
  try {
    const bytes = await readFile(path)
    const text = name.endsWith('.gz') ? await inflate(bytes, { maxOutputLength: inflatedAtMost }) : bytes
    return { name, lines: linesOf(text) }
  } catch (error) {
    return { name, lines: [], fault: (error as NodeJS.ErrnoException).code ?? 'error' }
  }
}

/** Oldest first, by the numbers of their entries; the file that is written comes last. */
export async function readParts(
  path: string,
  numberOf: (line: Buffer) => number | undefined,
): Promise<AuditPart[]> {
  const [directory, own] = [dirname(path), basename(path)]
  const names = (await readdir(directory)).filter(
    (name) => name.startsWith(own) && movedAway.test(name.slice(own.length)),
  )
  const firstOf = (part: AuditPart): number => {
    for (const line of part.lines) {
      const number = numberOf(line)
      if (number !== undefined) return number
    }
    return 0
  }
  const moved: AuditPart[] = []
  for (const name of names.sort()) moved.push(await readMoved(join(directory, name)))
  const ordered = moved.map((part) => ({ part, first: firstOf(part) })).sort((a, b) => a.first - b.first)
  return [...ordered.map(({ part }) => part), { name: own, lines: await readCurrent(path) }]
}
