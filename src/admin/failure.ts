// Failure: why a command did not do what was asked, in words, with what to type next and the exit code.
import { isRefusal, type RefusalCode } from '../account/errors.ts'
import { BackupDamaged, BackupRefused } from '../backup/errors.ts'
import { TransferFailure, type TransferFailureCode } from '../transfer/errors.ts'
import { exitCodes, type ExitCode } from './exit-code.ts'

/** A stable word for scripts; those of refusals are the account layer's own. */
export type FailureCode =
  | RefusalCode
  | TransferFailureCode
  | 'usage'
  | 'not-confirmed'
  | 'no-secret'
  | 'server-not-running'
  | 'server-unreachable'
  | 'store-in-use'
  | 'store-unavailable'
  | 'cannot-create'
  | 'cannot-read'
  | 'not-permitted'
  | 'configuration'
  | 'interrupted'
  | 'not-a-backup'
  | 'internal'

/** Never holds a secret: its texts go to terminals, logs and JSON. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: FailureCode
  readonly exitCode: ExitCode
  /** What to type next. */
  readonly hint: string | undefined

  constructor(
    code: FailureCode,
    exitCode: ExitCode,
    text: string,
    options: ErrorOptions & { readonly hint?: string | undefined } = {},
  ) {
    super(text, options)
    this.code = code
    this.exitCode = exitCode
    this.hint = options.hint
  }
}

/** The command line, or what came over the control socket, is not a command. */
export function usageFailure(text: string, hint?: string): Failure {
  return new Failure('usage', exitCodes.usage, text, { hint })
}

/** ^C, or a prompt that was left. */
export function interrupted(): Failure {
  return new Failure('interrupted', exitCodes.interrupted, 'interrupted')
}

/** For `--json` and the control socket. */
export function failureToJson(failure: Failure): Record<string, string | number> {
  const { code, exitCode, message, hint } = failure
  return { code, exitCode, message, ...(hint === undefined ? {} : { hint }) }
}

interface Answer {
  readonly exitCode: ExitCode
  readonly hint?: string
}

function answerTo(code: RefusalCode): Answer {
  switch (code) {
    case 'authentication-failed':
      return {
        exitCode: exitCodes.data,
        hint: 'check the address with `letterlock user list`, then the password',
      }
    case 'wrong-admin-password':
      return {
        exitCode: exitCodes.data,
        hint: '`letterlock atrest admin status` says how many admins are needed; --admins N asks for as many passwords',
      }
    case 'no-admin-key':
      return { exitCode: exitCodes.data, hint: '`letterlock atrest admin set` makes one' }
    case 'no-own-key':
      return { exitCode: exitCodes.data, hint: '`letterlock atrest pubkey add ADDR FILE` gives it one' }
    case 'not-accepted-here':
      return { exitCode: exitCodes.notPermitted }
    case 'no-such-slot':
      return {
        exitCode: exitCodes.noMailbox,
        hint: '`letterlock app-password list ADDR` and `letterlock atrest slots list ADDR` show their identifiers',
      }
    case 'no-such-account':
      return {
        exitCode: exitCodes.noUser,
        hint: '`letterlock user list` shows every account, `letterlock alias list` their other addresses',
      }
    case 'account-exists':
      return { exitCode: exitCodes.cannotCreate, hint: '`letterlock user show ADDR` shows it' }
    case 'no-such-alias':
      return { exitCode: exitCodes.noUser, hint: '`letterlock alias list` shows every alias' }
    case 'bad-alias':
      return {
        exitCode: exitCodes.data,
        hint: 'an alias leads to accounts and aliases of this site; mail for elsewhere is the mail server’s in front',
      }
    case 'no-such-domain':
      return {
        exitCode: exitCodes.noUser,
        hint: '`letterlock domain list` shows the domains; `letterlock domain add DOMAIN` adds one',
      }
    case 'domain-exists':
      return { exitCode: exitCodes.cannotCreate, hint: '`letterlock domain list` shows it' }
    case 'in-use':
      return { exitCode: exitCodes.data }
    case 'account-disabled':
      return { exitCode: exitCodes.notPermitted, hint: '`letterlock user enable ADDR` lets it in again' }
    case 'busy':
      return { exitCode: exitCodes.temporary, hint: 'try again in a moment' }
    case 'wrong-recovery-code':
      return {
        exitCode: exitCodes.data,
        hint: 'a code has seven groups of four, or twelve words; case, spaces and dashes do not matter, a code works once',
      }
    case 'mail-would-be-lost':
      return {
        exitCode: exitCodes.data,
        hint:
          'only its owner can open this mail. Two ways on:\n' +
          '  the old password is known:    letterlock user passwd ADDR --own\n' +
          '  the recovery code is at hand: letterlock atrest recover ADDR',
      }
    case 'not-permitted':
      return { exitCode: exitCodes.notPermitted }
    case 'offer-expired':
      return { exitCode: exitCodes.temporary, hint: 'start again: a new code is made' }
    case 'rolled-back':
      return {
        exitCode: exitCodes.data,
        hint: '`letterlock atrest rollback status ADDR` says more; `... accept ADDR` takes the account as it is',
      }
    case 'already-enabled':
      return { exitCode: exitCodes.data, hint: '`letterlock atrest status ADDR` shows how far it is' }
    case 'not-enabled':
      return { exitCode: exitCodes.data, hint: '`letterlock atrest enable ADDR` turns it on' }
    case 'over-quota':
      return { exitCode: exitCodes.data, hint: '`letterlock quota set ADDR SIZE` gives it more room' }
    case 'damaged':
      return {
        exitCode: exitCodes.data,
        hint: 'restore it from a backup; `letterlock doctor` looks at the disk',
      }
    case 'unavailable':
      return {
        exitCode: exitCodes.unavailable,
        hint: '`letterlock doctor` looks at disk space and permissions',
      }
    case 'key-trouble':
      return { exitCode: exitCodes.data, hint: '`letterlock atrest pubkey list ADDR` shows the keys' }
    case 'mailbox-not-found':
      return { exitCode: exitCodes.noMailbox, hint: '`letterlock mailbox list ADDR` shows every mailbox' }
    case 'message-expunged':
      return { exitCode: exitCodes.noMailbox, hint: '`letterlock message list ADDR` shows UIDs' }
    case 'mailbox-exists':
      return { exitCode: exitCodes.cannotCreate, hint: '`letterlock mailbox list ADDR` shows every mailbox' }
    case 'message-too-large':
    case 'not-encodable':
    case 'mailbox-name-invalid':
    case 'mailbox-has-children':
    case 'mailbox-not-deletable':
    case 'read-only':
    case 'limit':
    case 'bad-key':
    case 'nothing-to-do':
      return { exitCode: exitCodes.data }
  }
}

/** Why the server could not write where it was told to: a unit of systemd's lets it write to few places. */
function writingHint(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'EROFS')
    return (
      'the unit of systemd decides where the server may write:\n' +
      '  letterlock systemd print --writable DIR, or ReadWritePaths=DIR by `systemctl edit letterlock`; then restart it'
    )
  if (code === 'EACCES' || code === 'EPERM')
    return 'the server’s own user writes there: make the directory for it, install -d -o letterlock -m 0700 DIR'
  return 'what was finished before stays good'
}

function backupFailure(error: BackupRefused): Failure {
  const { data, temporary, unavailable } = exitCodes
  switch (error.problem) {
    case 'in-use':
      return new Failure('busy', temporary, error.message, { cause: error, hint: 'wait until it has ended' })
    case 'io':
      return new Failure('unavailable', unavailable, error.message, {
        cause: error,
        hint: writingHint(error.cause),
      })
    case 'no-backup':
    case 'not-a-backup':
    case 'refused':
      return new Failure('not-a-backup', data, error.message, { cause: error })
  }
}

function exitCodeOfTransfer(code: TransferFailureCode): ExitCode {
  switch (code) {
    case 'format-does-not-fit':
    case 'not-verified':
    case 'source-refused':
    case 'too-large':
      return exitCodes.data
    case 'cannot-read':
      return exitCodes.notPermitted
    case 'cannot-write':
    case 'destination-in-use':
      return exitCodes.cannotCreate
    case 'source-lost':
      return exitCodes.temporary
  }
}

/** What `error` means for the person who typed the command; undefined when it is a fault of ours. */
export function asFailure(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error
  if (error instanceof BackupRefused) return backupFailure(error)
  if (error instanceof BackupDamaged)
    return new Failure('damaged', exitCodes.data, error.message, {
      cause: error,
      hint: '`letterlock verify DIR` reads all of a backup and says what is wrong with it',
    })
  if (error instanceof TransferFailure) {
    const { code, message, hint } = error
    return new Failure(code, exitCodeOfTransfer(code), message, { cause: error, hint })
  }
  if (!isRefusal(error)) return undefined
  const { exitCode, hint } = answerTo(error.code)
  return new Failure(error.code, exitCode, error.message, { cause: error, hint })
}

/** The same for any error: what is none of ours to explain is a bug. */
export function toFailure(error: unknown): Failure {
  return (
    asFailure(error) ??
    new Failure(
      'internal',
      exitCodes.bug,
      `internal error: ${error instanceof Error ? error.message : 'unknown'}`,
      {
        cause: error,
        hint: 'this is a bug; the same command with --debug shows where',
      },
    )
  )
}
