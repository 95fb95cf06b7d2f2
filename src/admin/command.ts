// What a command is: its words, its facts for help, checks and confirmation, and its work.
import type { z } from 'zod'
import type { Accounts } from '../account/api.ts'
import type { AuditLog } from '../account/audit.ts'
import type { AuditReader } from '../audit/audit-log.ts'
import type { BackupApi } from '../backup/api.ts'
import type { Config } from '../config/schema.ts'
import type { LogControl } from './log-control.ts'
import type { SettingsSource } from './settings.ts'
import type { View } from './view.ts'

/** What the running server lets admin commands see and do. */
export interface ServerControls {
  status(): ServerStatus
  /** Begins an orderly stop and returns at once; the answer is still sent. */
  stop(): void
  /** Reads again what can change while running; returns what that was, in words. */
  reload(): Promise<readonly string[]>
  readonly log: LogControl
  /** Milliseconds since 1970. */
  certificateEndsAt(): number
  /** Lets those who had to wait for wrong passwords try again at once. */
  unblock(what: { readonly login?: string; readonly remoteAddress?: string }): Promise<void>
}

export interface ServerStatus {
  readonly version: string
  readonly pid: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** One line each, as `imaps 127.0.0.1:993`. */
  readonly listeners: readonly string[]
  readonly dataDir: string
}

/** What commands work on: the accounts, and the server if one runs (commands also run on an idle store). */
export interface Site {
  readonly accounts: Accounts
  readonly backups: BackupApi
  /** The audit log; some tests have none. */
  readonly audit?: (AuditReader & AuditLog) | undefined
  readonly server: ServerControls | undefined
}

/** What a command is given while it works, beside its input. */
export interface Work extends Site {
  /** Data must stay as it is: only say what would be done. */
  readonly isDryRun: boolean
  /** The asker is gone: waiting is pointless, what was begun is finished all the same. */
  readonly signal: AbortSignal
  /** A secret that the command declares. It is wiped after `run`. Throws Failure when it was not sent. */
  secret(name: SecretName): Buffer
  /** Whether it was sent: the dry run before somebody is asked has none. */
  hasSecret(name: SecretName): boolean
  progress(done: number, total: number): void
  /** One element of the list named by `rows`. Resolves when the asker can take the next one. */
  row(value: object): Promise<void>
  /** Octets of the answer, which go to standard output as they are, in pieces of any length. Resolves as for `row`. */
  data(bytes: Uint8Array): Promise<void>
  /**
   * Asks whoever typed the command, in the middle of it; typed visibly, and the bytes are the caller's to wipe. Absent: nobody
   * can be asked, or wants to be (`--yes`). Throws Failure when the asker leaves or says nothing for a long time.
   */
  readonly ask?: ((question: string) => Promise<Buffer>) | undefined
  /** Hands over a secret of the answer at once, so that a later failure cannot lose it. The bytes are wiped. */
  reveal(name: string, bytes: Buffer): Promise<void>
}

/** Of several admins who share the recovery key, the second to the fifth. */
type OfAnother = '' | '-2' | '-3' | '-4' | '-5'

export type SecretName =
  | 'password'
  | 'old-password'
  | 'recovery-code'
  | 'source-password'
  | `admin-password${OfAnother}`
  | `new-admin-password${OfAnother}`

/** A secret the command needs, and how it is asked for. */
export interface SecretNeed {
  readonly name: SecretName
  /** new: typed twice, may be generated. current: typed once. */
  readonly kind: 'new' | 'current'
  readonly prompt: string
}

export interface Argument {
  /** As in help: `ADDR`; with brackets when it may be left out: `[MASK]`. */
  readonly name: string
  /** Its key in the input. */
  readonly key: string
  readonly description: string
}

export interface Option {
  /** As in help: `--quota SIZE`, `--own`. The key of the input is camelCase. */
  readonly flags: string
  readonly description: string
  /** Taken, and not shown in help: one of several of a kind. */
  readonly isHidden?: boolean
}

export interface Example {
  readonly line: string
  readonly does: string
}

interface Facts<Input, Result> {
  /** The words typed, as `user add`. */
  readonly name: string
  /** One line for lists of commands. */
  readonly summary: string
  /** What else help says. */
  readonly notes?: string
  readonly examples: readonly Example[]
  readonly arguments?: readonly Argument[]
  readonly options?: readonly Option[]
  /** Checks words and options, here and again in the server. */
  readonly input: z.ZodType<Input>
  /** The answer, and what `--json` prints: each key is described. */
  readonly result: z.ZodObject & z.ZodType<Result>
  /** Writes the answer for people. */
  show(result: Result, view: View, input: Input): void
}

/** A command that works on the accounts or the server: in the server when it runs, else on the idle store. */
export interface SiteCommand<Input = unknown, Result = unknown> extends Facts<Input, Result> {
  readonly where: 'site'
  /** Programs ask it again and again: the log says so at `debug` only. */
  readonly isRoutine?: boolean
  /** Makes no sense without a running server. */
  readonly needsServer?: boolean
  /** Gives the command `--dry-run`. */
  readonly changesData?: boolean
  /** What it is doing while it tells progress, as `importing`. */
  readonly working?: string
  /** What that counts; messages when absent. */
  readonly workingIn?: 'messages' | 'octets' | 'steps'
  /** A dry run that was asked for takes the secrets too: without them it could not look. */
  readonly looksFirst?: boolean
  /** Key of the result that `row` fills. */
  readonly rows?: string
  /** Shows a row when it comes, for an input for which `isFollowed`; with `--json` each is then a line of its own. */
  showRow?(row: object, view: View, input: Input): void
  isFollowed?(input: Input): boolean
  /** `run` asks in the middle of its work: gives the command `--yes`, with which it does not. */
  readonly asks?: boolean
  /** Every secret the command may ask for, for its options; `secrets` says which ones for this input. */
  readonly mayNeed?: readonly Pick<SecretNeed, 'name' | 'kind'>[]
  secrets?(input: Input): readonly SecretNeed[]
  /**
   * What must be typed before the command is carried out, and what happens then. `rehearsed` is the result of a dry run,
   * which comes first whenever somebody is asked for anything: nobody types a password for a command that is refused.
   */
  confirm?(input: Input, rehearsed: Result): { readonly type: string; readonly warning: string }
  /** Whether that must be typed for this input; always, when absent. */
  mustConfirm?(input: Input): boolean
  /** What is said before a secret of the answer is printed, by its name. */
  readonly reveals?: Readonly<Record<string, string>>
  run(work: Work, input: Input): Promise<Result>
  /** The exit code when the command was carried out and its answer is not good; 0 when absent. */
  exitCode?(result: Result): number
  /** Done at the typing end after the answer came. */
  afterwards?(desk: Desk, view: View, result: Result): Promise<void>
}

/** A command that runs where it is typed. */
export interface LocalCommand<Input = unknown, Result = unknown> extends Facts<Input, Result> {
  readonly where: 'here'
  /** As for a SiteCommand; `run` is given them by `desk.secret`, and they are wiped after it. */
  readonly mayNeed?: readonly Pick<SecretNeed, 'name' | 'kind'>[]
  secrets?(input: Input): readonly SecretNeed[]
  run(desk: Desk, input: Input, view: View): Promise<{ readonly result: Result; readonly exitCode?: number }>
}

/** A program of its own, such as the server: it prints what it likes and ends with an exit code. */
export interface ProgramCommand<Input = unknown> extends Omit<Facts<Input, unknown>, 'result' | 'show'> {
  readonly where: 'program'
  run(desk: Desk, input: Input, view: View): Promise<number>
}

export type Command = SiteCommand | LocalCommand | ProgramCommand

/** What commands that run here can reach. */
export interface Desk {
  readonly env: NodeJS.ProcessEnv
  /** The settings in force. Throws Failure 'configuration'. */
  config(): Config
  /** What they would be with nothing set. */
  defaults(): Config
  /** The file they are read from, if any. */
  readonly configFile: string | undefined
  /** `--config`, `--data` and `--set` as typed. */
  readonly source: SettingsSource
  readonly isJson: boolean
  readonly signal: AbortSignal
  /** A secret that the command declares. Throws Failure when it was not given. */
  secret(name: SecretName): Buffer
  /** Opens the idle store. Throws Failure when a server or another command has it. */
  openSite(config: Config): Promise<OpenSite>
}

/** The accounts of an idle store; closing wipes keys and releases the store. */
export interface OpenSite extends Site {
  close(): Promise<void>
}

/** Checks a declaration against its own types, and forgets them, so that commands fit in one list. */
export function siteCommand<Input, Result>(
  declaration: Omit<SiteCommand<Input, Result>, 'where'>,
): SiteCommand<Input, Result> {
  return { ...declaration, where: 'site' }
}

export function localCommand<Input, Result>(
  declaration: Omit<LocalCommand<Input, Result>, 'where'>,
): LocalCommand<Input, Result> {
  return { ...declaration, where: 'here' }
}

export function programCommand<Input>(
  declaration: Omit<ProgramCommand<Input>, 'where'>,
): ProgramCommand<Input> {
  return { ...declaration, where: 'program' }
}
