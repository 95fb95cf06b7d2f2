// Imports and exports that run: how many at once, how far each import is, and what came of it until somebody has seen it.
import type { Clock } from '../base/ports.ts'
import type { Trouble } from '../transfer/source.ts'

const importsAtOnce = 4
const exportsAtOnce = 8
/** What came of an import is forgotten then; it can be found out again by a second run. */
const keptMs = 60 * 60_000
const troublesAtMost = 100

export interface ImportResult {
  readonly added: number
  readonly present: number
  readonly left: number
  /** Mailboxes that something was found for. */
  readonly mailboxes: number
  /** All that was added was read back and is equal. */
  readonly isVerified: boolean
}

export class ImportJob {
  done = 0
  total = 0
  result: ImportResult | undefined
  /** Why it ended early: an error, to be put into words for whoever asks. */
  failure: unknown
  endedAt: number | undefined
  troubleCount = 0
  readonly troubles: Trouble[] = []
  readonly #stopping = new AbortController()

  get signal(): AbortSignal {
    return this.#stopping.signal
  }

  stop(reason: string): void {
    this.#stopping.abort(new Error(reason))
  }

  readonly trouble = (one: Trouble): void => {
    this.troubleCount += 1
    if (this.troubles.length < troublesAtMost) this.troubles.push(one)
  }
}

export class Transfers {
  readonly #clock: Clock
  /** By account. One that uploads has a job too. */
  readonly #imports = new Map<string, ImportJob>()
  readonly #exports = new Set<string>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A new import of an account; undefined: one of it runs, or too many of others do. */
  beginImport(accountId: string): ImportJob | undefined {
    this.#forget()
    const running = [...this.#imports.values()].filter(({ endedAt }) => endedAt === undefined)
    const own = this.#imports.get(accountId)
    if (running.length >= importsAtOnce || (own && own.endedAt === undefined)) return undefined
    const job = new ImportJob()
    this.#imports.set(accountId, job)
    return job
  }

  endImport(job: ImportJob): void {
    job.endedAt = this.#clock.now()
  }

  /** It came to nothing before it began. */
  dropImport(accountId: string): void {
    this.#imports.delete(accountId)
  }

  importOf(accountId: string): ImportJob | undefined {
    this.#forget()
    return this.#imports.get(accountId)
  }

  /** What came of it was seen, or its owner has signed out. */
  forgetImport(accountId: string): void {
    if (this.#imports.get(accountId)?.endedAt !== undefined) this.#imports.delete(accountId)
  }

  /** Whether it may begin; then `endExport` ends it. */
  beginExport(accountId: string): boolean {
    if (this.#exports.size >= exportsAtOnce || this.#exports.has(accountId)) return false
    this.#exports.add(accountId)
    return true
  }

  endExport(accountId: string): void {
    this.#exports.delete(accountId)
  }

  #forget(): void {
    const now = this.#clock.now()
    for (const [account, { endedAt }] of this.#imports)
      if (endedAt !== undefined && now - endedAt > keptMs) this.#imports.delete(account)
  }
}
