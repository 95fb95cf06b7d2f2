// Backups as admin commands see them. Types only; backups.ts fulfils them.
import type { Progress } from '../account/api-lifecycle.ts'

export interface TakeOptions {
  /** Only this account, or all. */
  readonly address?: string
  /** What earlier generations hold is not copied again. */
  readonly isIncremental: boolean
  /** Every file of earlier generations that is taken over is read before, not only those whose turn it is (LAYOUT.md). */
  readonly rechecksAll?: boolean
  /** Octets of bodies. */
  readonly progress?: Progress
  readonly signal?: AbortSignal
}

/** A generation that was written. */
export interface TakeReport {
  readonly generation: number
  readonly accounts: number
  /** Accounts that had not changed: their files are those of an earlier generation. */
  readonly unchanged: number
  readonly bodies: number
  readonly bodyBytes: number
  /** Bytes of bodies that were copied now. */
  readonly copiedBytes: number
  /** Files of earlier generations that were found damaged, in words: this generation has what they held from the store again. */
  readonly replaced: readonly string[]
  /** Accounts that could not be copied, in words; they are in this generation as in an earlier one, or not at all. */
  readonly problems: readonly { readonly account: string; readonly address: string; readonly text: string }[]
}

export interface RestoreOptions {
  /** Only the account of this address, or all. */
  readonly address?: string
  /** The newest that has what is wanted, when absent. */
  readonly generation?: number
  /** Accounts that exist are replaced; without it they are refused. */
  readonly mayReplace: boolean
  /** The owner need not accept that the account is older than its witness: whoever restores it does. */
  readonly acceptsRollback: boolean
  /** It may be of a site with another key, which cannot say whether it was altered. */
  readonly mayBeForeign: boolean
  readonly isDryRun: boolean
  readonly progress?: Progress
  readonly signal?: AbortSignal
}

export type RestoredState =
  | 'restored'
  /** It is there as it is in the backup. */
  | 'same'
  /** Not done: `text` says why. */
  | 'refused'

export interface RestoredAccount {
  readonly address: string
  readonly account: string
  readonly state: RestoredState
  /** Version in the backup, and of what was there, if anything. */
  readonly version: number
  readonly presentVersion: number | undefined
  readonly bodies: number
  /** Bodies that were damaged in the backup: their messages are listed by `fsck`. */
  readonly lost: number
  readonly text: string | undefined
}

export interface RestoreReport {
  readonly generation: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** False: another site's key made the backup; see `text` of LAYOUT.md, "Another site key". */
  readonly isOurs: boolean
  readonly accounts: readonly RestoredAccount[]
}

export interface BackupApi {
  /** Writes a generation at an absolute path on this machine. Throws BackupRefused, BackupDamaged. */
  take(root: string, options: TakeOptions): Promise<TakeReport>
  restore(root: string, options: RestoreOptions): Promise<RestoreReport>
  /** Removes all but the newest `keep` generations, and what only they needed. Resolves to how many went, and bytes. */
  prune(
    root: string,
    keep: number,
    isDryRun: boolean,
  ): Promise<{ readonly removed: readonly number[]; readonly bytes: number }>
  /** Writes the site key, sealed under a passphrase (the caller wipes it), to a new file. */
  saveSiteKey(file: string, passphrase: Buffer): Promise<void>
}
