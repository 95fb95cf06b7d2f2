// The site's audit log: a file that is only ever appended to, and what is remembered of its end in the store, so that a cut is found.
import { open, readFile, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { AuditEntry, AuditLog } from '../account/audit.ts'
import { Refusal } from '../account/errors.ts'
import type { Clock, Log } from '../base/ports.ts'
import { Serial } from '../base/serial.ts'
import { syncDirectory } from '../base/sync-directory.ts'
import type { SiteKey } from '../crypto/site-key.ts'
import type { SiteRecords } from '../store/store.ts'
import { digestOfLine, makeLine, noPrevious, readLine, type AuditLine } from './line.ts'

const recordName = 'escrow-audit-end'

export interface AuditFileOptions {
  /** `audit.log` in the data directory. */
  readonly path: string
  readonly siteKey: SiteKey
  readonly records: SiteRecords
  readonly clock: Clock
  readonly log: Log
}

/** The end of the log as it was last written. */
interface End {
  readonly number: number
  readonly digest: string
}

export interface AuditFinding {
  /** Of the file, from 1. */
  readonly line: number
  readonly text: string
}

export interface AuditReport {
  readonly lines: number
  /** Number of the first entry in the file: greater than 1 after a rotation. */
  readonly first: number
  readonly last: number
  readonly findings: readonly AuditFinding[]
}

/** What commands ask of it. */
export interface AuditReader {
  /** Entries that verify, oldest first. */
  entries(): Promise<readonly AuditLine[]>
  verify(): Promise<AuditReport>
}

const text = (end: End): Buffer => Buffer.from(`${end.number} ${end.digest}`)

export class AuditFile implements AuditLog, AuditReader {
  readonly #options: AuditFileOptions
  readonly #queue = new Serial()
  #end: End | undefined

  constructor(options: AuditFileOptions) {
    this.#options = options
  }

  async #remembered(): Promise<End> {
    const bytes = await this.#options.records.get(recordName)
    const match = /^(\d{1,15}) ([0-9a-f]{64})$/.exec(bytes ? Buffer.from(bytes).toString('latin1') : '')
    return match
      ? { number: Number(match[1]), digest: match[2] ?? noPrevious }
      : { number: 0, digest: noPrevious }
  }

  /** A line that was written when the process ended before its end was remembered counts. */
  async #findEnd(): Promise<End> {
    const remembered = await this.#remembered()
    const { lines } = await this.#read()
    const last = lines.at(-1)
    const read = last && readLine(this.#options.siteKey, last)
    if (read?.number === remembered.number + 1 && read.previous === remembered.digest)
      return { number: read.number, digest: digestOfLine(last as Buffer) }
    return remembered
  }

  async #read(): Promise<{ readonly lines: readonly Buffer[]; readonly isTorn: boolean }> {
    const bytes = await readFile(this.#options.path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0)
      throw error
    })
    const lines: Buffer[] = []
    let from = 0
    for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, from)) {
      lines.push(bytes.subarray(from, at))
      from = at + 1
    }
    const isTorn = from < bytes.length
    if (isTorn) lines.push(bytes.subarray(from))
    return { lines, isTorn }
  }

  write(entry: AuditEntry): Promise<void> {
    return this.#queue.run(async () => {
      try {
        await this.#append(entry)
      } catch (error) {
        this.#end = undefined
        const code = (error as NodeJS.ErrnoException).code ?? 'fault'
        this.#options.log.write('error', 'audit.failed', { what: entry.event, reason: code })
        throw new Refusal('unavailable', 'The audit log cannot be written', { cause: error })
      }
    })
  }

  async #append(entry: AuditEntry): Promise<void> {
    const { path, siteKey, records, clock } = this.#options
    const end = (this.#end ??= await this.#findEnd())
    const number = end.number + 1
    const at = new Date(clock.now()).toISOString()
    const line = makeLine(siteKey, { ...entry, number, at, previous: end.digest })
    // Opened for each line: whoever rotates the file moves it away, and the next line begins a new one.
    const file = await open(path, 'a+', 0o600)
    try {
      const { size } = await file.stat()
      const start = size > 0 && !(await endsLine(file, size)) ? '\n' : ''
      await file.appendFile(Buffer.concat([Buffer.from(start), line, Buffer.from('\n')]))
      await file.sync()
      if (size === 0) await syncDirectory(dirname(path))
    } finally {
      await file.close()
    }
    this.#end = { number, digest: digestOfLine(line) }
    await records.put(recordName, text(this.#end))
  }

  async entries(): Promise<readonly AuditLine[]> {
    const { lines } = await this.#read()
    return lines.flatMap((line) => readLine(this.#options.siteKey, line) ?? [])
  }

  /** Looks at the file as it is, while nothing is written to it. */
  verify(): Promise<AuditReport> {
    return this.#queue.run(async () => {
      const { lines } = await this.#read()
      const findings: AuditFinding[] = []
      let before: { readonly number: number; readonly digest: string } | undefined
      let first = 0
      for (const [index, line] of lines.entries()) {
        const read = readLine(this.#options.siteKey, line)
        if (!read) {
          findings.push({ line: index + 1, text: 'was not written so by this site, or was cut' })
          continue
        }
        if (first === 0) first = read.number
        if (before && (read.number !== before.number + 1 || read.previous !== before.digest))
          findings.push({ line: index + 1, text: `does not follow entry ${before.number}` })
        before = { number: read.number, digest: digestOfLine(line) }
      }
      const end = await this.#remembered()
      const isAtEnd = before?.number === end.number && before.digest === end.digest
      // Nothing was written since a rotation.
      const isRotated = lines.length === 0
      const isAhead = before?.number === end.number + 1
      if (!isAtEnd && !isRotated && !isAhead)
        findings.push({
          line: lines.length,
          text: `the last entry was number ${end.number}: the end was cut off`,
        })
      return { lines: lines.length, first, last: before?.number ?? end.number, findings }
    })
  }
}

async function endsLine(file: FileHandle, size: number): Promise<boolean> {
  const last = Buffer.alloc(1)
  await file.read(last, 0, 1, size - 1)
  return last[0] === 0x0a
}
