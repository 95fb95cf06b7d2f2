// Looks at the command line and the environment of every process that the tests start, as anybody on the machine could.
import { readdirSync, readFileSync } from 'node:fs'
import type { Evidence } from './secrets-ledger.ts'

const everyMs = 10

/** Both are readable by every process of the same user, the first by everybody. */
const names = ['cmdline', 'environ'] as const

/** Octets of a file below /proc; undefined when the process is gone. */
function readNow(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

/** Processes that this one started, and those that they started. */
function descendantsOf(pid: number): number[] {
  let threads: string[]
  try {
    threads = readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
  const children = threads.flatMap(
    (thread) =>
      readNow(`/proc/${pid}/task/${thread}/children`)?.toString().trim().split(/\s+/).filter(Boolean) ?? [],
  )
  return children.map(Number).flatMap((child) => [child, ...descendantsOf(child)])
}

/** Whether the system says which processes a process has started. */
export const canWatch: boolean = readNow(`/proc/${process.pid}/task/${process.pid}/children`) !== undefined

/** Watches from its making to its disposal. */
export class ProcessWatch implements Disposable {
  readonly #seen = new Map<string, Buffer[]>()
  readonly #timer = setInterval(() => this.look(), everyMs)

  /** Looks at once, and not only when its time has come: whatever was started before is seen. */
  look(): void {
    for (const pid of descendantsOf(process.pid)) {
      for (const name of names) {
        const bytes = readNow(`/proc/${pid}/${name}`)
        if (bytes === undefined || bytes.length === 0) continue
        const key = `${name} of process ${pid}`
        const before = this.#seen.get(key) ?? []
        if (before.length === 0) this.#seen.set(key, before)
        // A process may write something else there: everything that it was is kept.
        if (!before.some((each) => each.equals(bytes))) before.push(bytes)
      }
    }
  }

  /** Everything that these were at some time. */
  get evidence(): Evidence[] {
    return [...this.#seen].flatMap(([where, all]) => all.map((bytes) => ({ where, bytes })))
  }

  /** Command lines that a process had, words separated by spaces. */
  commandLinesOf(pid: number): string[] {
    return (this.#seen.get(`cmdline of process ${pid}`) ?? []).map((bytes) =>
      bytes.toString('utf8').replaceAll('\0', ' '),
    )
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
