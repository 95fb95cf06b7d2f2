// What a check of `doctor` is, and what it found.
import type { Config } from '../../config/schema.ts'
import type { ServerStatus } from '../command.ts'

export type Verdict = 'ok' | 'warn' | 'fail' | 'skip'

export interface Finding {
  readonly verdict: Verdict
  /** What was found, without a full stop. */
  readonly text: string
  /** What to do about it. */
  readonly hint?: string
}

export interface AccountTally {
  readonly accounts: number
  readonly sealed: number
  /** Sealed, without a recovery code. */
  readonly withoutCode: number
  /** With a slot for logins by SCRAM. */
  readonly scram: number
}

/** What checks look at. */
export interface Patient {
  /** undefined: the settings are wrong, which one check reports. */
  readonly config: Config | undefined
  /** Throws the Failure that the settings cause. */
  readonly requireConfig: () => Config
  /** undefined: no server answers. */
  readonly server: ServerStatus | undefined
  /** Why neither a server nor the idle store answers; undefined when one does. */
  readonly storeTrouble: string | undefined
  /** How many accounts, and what of them matters to a check. Throws Failure where neither a server nor the store answers. */
  readonly countAccounts: () => Promise<AccountTally>
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

export interface Check {
  /** Stable, for scripts. */
  readonly id: string
  /** What it is about, a word or two. */
  readonly title: string
  /** One finding or several; throwing counts as `fail`. */
  run(patient: Patient): Promise<Finding | readonly Finding[]>
}

export interface Diagnosis extends Finding {
  readonly id: string
  readonly title: string
}

/** Runs the checks one after another; one that throws has failed. */
export async function examine(checks: readonly Check[], patient: Patient): Promise<Diagnosis[]> {
  const found: Diagnosis[] = []
  for (const check of checks) {
    const { id, title } = check
    patient.signal.throwIfAborted()
    try {
      const findings = await check.run(patient)
      for (const finding of Array.isArray(findings)
        ? (findings as readonly Finding[])
        : [findings as Finding]) {
        found.push({ id, title, ...finding })
      }
    } catch (error) {
      const text = error instanceof Error ? error.message : 'the check itself failed'
      found.push({ id, title, verdict: 'fail', text })
    }
  }
  return found
}
