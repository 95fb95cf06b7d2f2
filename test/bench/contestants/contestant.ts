// What the benchmark needs of a mail server: start it, stop it, give it people, find its ports and processes.

/** A person with mail on the server. */
export interface Account {
  readonly address: string
  readonly password: string
}

/** Cost of checking a password, the same for every contestant. */
export interface Argon2Cost {
  readonly memoryKiB: number
  readonly passes: number
  readonly lanes: number
}

export interface ContestantOptions {
  /** A directory of the contestant's own, empty, removed by the caller. */
  readonly root: string
  readonly argon2: Argon2Cost
}

/** One mail server under test. Everything happens on 127.0.0.1 without TLS. */
export interface Contestant {
  readonly imapPort: number
  readonly lmtpPort: number
  /** All mail and keys: copying it while stopped is a snapshot. */
  readonly dataDir: string
  /** Resolves when both ports accept connections; may be called again after `stop`. */
  start(): Promise<void>
  /** Resolves when every process is gone. Does nothing when not started. */
  stop(): Promise<void>
  /** Creates accounts whose mail is sealed under their passwords. The server is running. */
  addUsers(accounts: readonly Account[]): Promise<void>
  /** Brings INBOX from its present messages to `want` by copying, as cheaply as the server can. */
  fill(account: Account, want: number): Promise<void>
  /** Process ids whose trees are the server. */
  pids(): readonly number[]
}

/** A server that takes part under a name of the command line. */
export interface ContestantKind {
  readonly name: string
  /** Short text for the head of a column. */
  readonly label: string
  /** Name and version as the report shows it. Throws, in words, when the server cannot run here. */
  describe(): Promise<string>
  create(options: ContestantOptions): Promise<Contestant>
}
