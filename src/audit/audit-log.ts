// The site's audit log: a file that is only ever appended to, and what is remembered of its end in the store, so that a cut is found.
import { open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { AuditEntry, AuditLog } from '../account/audit.ts'
import { Refusal } from '../account/errors.ts'
import type { Clock, Log } from '../base/ports.ts'
import { Serial } from '../base/serial.ts'
import { syncDirectory } from '../base/sync-directory.ts'
import type { SiteKey } from '../crypto/site-key.ts'
import type { SiteRecords } from '../store/store.ts'
import { digestOfLine, makeLine, noPrevious, readLine, type AuditLine } from './line.ts'
import { readCurrent, readParts, type AuditPart } from './parts.ts'

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
  /** Name of the file. */
  readonly file: string
  /** Of the file, from 1. */
  readonly line: number
  readonly text: string
}

export interface AuditReport {
  /** The one that is written, and those that were moved away and lie beside it. */
  readonly files: number
  readonly lines: number
  /** Number of the first entry there is: greater than 1 when older files were taken away. */
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
    // It may have been moved away since.
    const isNext = (line: Buffer): boolean => {
      const read = readLine(this.#options.siteKey, line)
      return read?.number === remembered.number + 1 && read.previous === remembered.digest
    }
    const current = (await readCurrent(this.#options.path)).at(-1)
    const last = current ?? (await this.#parts()).flatMap(({ lines }) => lines.at(-1) ?? []).find(isNext)
    if (last && isNext(last)) return { number: remembered.number + 1, digest: digestOfLine(last) }
    return remembered
  }

  #parts(): Promise<AuditPart[]> {
    return readParts(this.#options.path, (line) => readLine(this.#options.siteKey, line)?.number)
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
    const parts = await this.#parts()
    return parts.flatMap(({ lines }) => lines.flatMap((line) => readLine(this.#options.siteKey, line) ?? []))
  }

  /** Looks at the files as they are, while nothing is written. */
  verify(): Promise<AuditReport> {
    return this.#queue.run(async () => {
      const parts = await this.#parts()
      const findings: AuditFinding[] = []
      let before: End | undefined
      let first = 0
      for (const { name: file, lines, fault } of parts) {
        if (fault !== undefined) findings.push({ file, line: 0, text: `cannot be read (${fault})` })
        for (const [index, line] of lines.entries()) {
          const read = readLine(this.#options.siteKey, line)
          if (!read) {
            findings.push({ file, line: index + 1, text: 'was not written so by this site, or was cut' })
            continue
          }
          if (first === 0) first = read.number
          if (before && (read.number !== before.number + 1 || read.previous !== before.digest))
            findings.push({ file, line: index + 1, text: `does not follow entry ${before.number}` })
          before = { number: read.number, digest: digestOfLine(line) }
        }
      }
      const end = await this.#remembered()
      const isAtEnd = before?.number === end.number && before.digest === end.digest
      const own = parts.at(-1)
      // Nothing was written since a rotation, and the file from before it was taken away.
      const isRotated = own?.lines.length === 0 && (before?.number ?? 0) < end.number
      // Written, and the process ended before it was remembered.
      const isAhead = before?.number === end.number + 1
      // A site of before there was an audit log, or one in which nothing was worth a line so far.
      const isNew = before === undefined && end.number === 0
      if (!isAtEnd && !isRotated && !isAhead && !isNew)
        findings.push({
          ...{ file: own?.name ?? '', line: own?.lines.length ?? 0 },
          text: `the last entry was number ${end.number}: the end was cut off`,
        })
      const count = parts.reduce((sum, { lines }) => sum + lines.length, 0)
      return { files: parts.length, lines: count, first, last: before?.number ?? end.number, findings }
    })
  }
}

async function endsLine(file: FileHandle, size: number): Promise<boolean> {
  const last = Buffer.alloc(1)
  await file.read(last, 0, 1, size - 1)
  return last[0] === 0x0a
}
