// One sentence, command or setting of SurgeMail's page on at-rest encryption, and what it is here.
import { isRefusal } from '../../src/account/errors.ts'
import type { SurgeSite } from './surgemail-site.ts'

export interface SurgeRow {
  /** In our own words. */
  readonly says: string
  readonly here: string
  /** How it differs, and why. */
  readonly difference: string
  /** SurgeMail's names among the settings that it runs with. */
  readonly settings?: string
  readonly check: (site: SurgeSite) => Promise<void>
}

export interface SurgeChapter {
  readonly title: string
  readonly rows: readonly SurgeRow[]
}

export const refuses = (code: Parameters<typeof isRefusal>[1]) => (error: unknown) => isRefusal(error, code)
