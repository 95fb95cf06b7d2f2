// What can be wrong with a backup, in words.

/** Something in a backup is missing, altered or not what its format says. */
export class BackupDamaged extends Error {
  override readonly name = 'BackupDamaged'
}

/** A body in a pack, and it alone: what stands behind it can be read. */
export class BodyAltered extends BackupDamaged {}

/** `no-backup`: there is none; `not-a-backup`: something else is there; `in-use`; `refused`: it would lose something; `io`: the disk. */
export type BackupProblem = 'no-backup' | 'not-a-backup' | 'in-use' | 'refused' | 'io'

/** It cannot be done as asked. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused'
  readonly problem: BackupProblem

  constructor(problem: BackupProblem, text: string, options?: ErrorOptions) {
    super(text, options)
    this.problem = problem
  }
}

/** The system's code of an error, as `ENOENT`. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'error'
}

/** What the system says when a file cannot be written or read, as BackupRefused; anything else unchanged. */
export function asBackupError(error: unknown): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error
  const code = codeOf(error)
  const why = code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : code
  return new BackupRefused('io', `the backup cannot be written or read (${why})`, { cause: error })
}
