// What the front doors (IMAP, delivery, admin) see of an account. Types only; account.ts and its neighbours implement them.
import type { Language } from '../base/language.ts'
import type { NamesApi } from './api-names.ts'
import type { VerifyReport } from './verify-report.ts'
import type {
  AlternateAddressApi,
  AtRestApi,
  EscrowApi,
  LockApi,
  OwnerSecret,
  PublicKeyApi,
  RecoveryApi,
  RepairApi,
  RollbackApi,
  SlotApi,
  TrailApi,
} from './api-lifecycle.ts'
import type { AccountEvent } from './account-event.ts'
import type {
  AppendOptions,
  MailboxInfo,
  MailboxStatus,
  Replaced,
  SelectedMailbox,
  SpecialUse,
  StagedAppend,
  Uid,
  UidValidity,
} from './api-mailbox.ts'

export type * from './api-mailbox.ts'

/** Who is connected, for `who` and the log. */
export interface SessionInfo {
  readonly protocol: 'imap' | 'submission' | 'web' | 'admin' | 'demo'
  readonly remoteAddress: string
  readonly isTls: boolean
  /** What the client called itself (RFC 2971), when it did so before it logged in. */
  readonly client?: string | undefined
  /** Ends the session when its account is kicked, locked, disabled or deleted. */
  readonly end: (reason: string) => void
}

/** What a client that logs in by SCRAM-SHA-256 is told before it proves anything (RFC 5802 §5). */
export interface ScramChallenge {
  /** 16 bytes. */
  readonly salt: Buffer
  /** Of PBKDF2. */
  readonly iterations: number
  /** The server's part of the nonce: printable ASCII without a comma, of 192 random bits. */
  readonly nonce: string
}

/** What it proves. */
export interface ScramProof {
  /** As RFC 5802 §3 composes it, of what both sides have sent. */
  readonly authMessage: Buffer
  /** 32 bytes; others are wrong. */
  readonly clientProof: Buffer
}

/** Logins by SCRAM-SHA-256 (RFC 5802, RFC 7677). */
export interface ScramApi {
  /** The same for the same name, whether an account has it or not. Never refuses. */
  challenge(address: string): Promise<ScramChallenge>
  /** As `Accounts.login`, and what shows the client that this is its server. The session is the caller's, who closes it if the client is not content. */
  login(
    address: string,
    proof: ScramProof,
    session: SessionInfo,
  ): Promise<{ readonly account: OpenAccount; readonly serverSignature: Buffer }>
}

/** One session's hold on an unlocked account. The last one to close wipes the keys. */
export interface OpenAccount {
  readonly address: string
  /** Its mailboxes are not all there are: what a list lacks is not gone, and clients must not be told so. */
  readonly isIncomplete?: boolean
  readonly sessionId: string
  /** IMAP capabilities that this session is not offered, in capitals; as it was at login. */
  readonly capabilitiesOff: readonly string[]
  /** The largest message that is taken, in octets. */
  readonly maxMessageBytes: number
  /** All mailboxes, INBOX first, then by name. */
  mailboxes(): readonly MailboxInfo[]
  /** Names that are subscribed, whether or not a mailbox of that name exists (RFC 3501 §6.3.9). */
  subscriptions(): readonly string[]
  mailbox(name: string): MailboxInfo | undefined
  /** Creates missing parents too. Refusals: 'mailbox-exists', 'mailbox-name-invalid', 'limit'. */
  createMailbox(name: string, options?: { readonly specialUse?: SpecialUse }): Promise<MailboxInfo>
  deleteMailbox(name: string): Promise<void>
  /** RFC 3501 §6.3.5: inferiors go along; renaming INBOX moves its messages to the new mailbox. */
  renameMailbox(from: string, to: string): Promise<void>
  subscribe(name: string): Promise<void>
  unsubscribe(name: string): Promise<void>
  status(name: string): Promise<MailboxStatus>
  /** Octets of the messages that carry \Deleted (DELETED-STORAGE, RFC 9208 §4.1.4). */
  deletedBytes(name: string): Promise<number>
  /** Selecting INBOX waits, within a bound, until mail that had arrived before is adopted. */
  select(name: string, options: { readonly isReadOnly: boolean }): Promise<SelectedMailbox>
  /** Stores a message; durable when it resolves. Refusals as for `StagedAppend`. */
  append(
    name: string,
    source: AsyncIterable<Uint8Array>,
    options: AppendOptions,
  ): Promise<{ readonly uidValidity: UidValidity; readonly uid: Uid }>
  /** Calls `listener`, which must only take note, after each commit of the account, until the returned function is called. */
  watch(listener: (event: AccountEvent) => void): () => void
  /** A mailbox by its identifier, as it is now; `recent` is right only while it is selected somewhere. */
  statusNow(mailbox: string): (MailboxStatus & { readonly name: string }) | undefined
  /** Several messages together, or one in place of another, which goes in the same commit. Refuses with 'read-only'. */
  stageAppend(name: string, replaced?: Replaced): StagedAppend
  /** Annotations of a mailbox, or for undefined of the account, by entry in small letters (RFC 5464). */
  annotations(mailbox: string | undefined): ReadonlyMap<string, Buffer>
  /** All or none; undefined takes an entry away. Refusals: 'mailbox-not-found', 'limit'. */
  setAnnotations(mailbox: string | undefined, values: ReadonlyMap<string, Buffer | undefined>): Promise<void>
  quota(): Promise<{ readonly usedBytes: number; readonly limitBytes: number | undefined }>
  /** The session does something, beyond waiting: an account in which nobody does is locked where the site wants that. */
  active(): void
  /** What the client calls itself (RFC 2971), to be shown to its owner. */
  noteClient(client: string): void
  /** Wipes the keys if this was the last session. */
  close(): Promise<void>
}

/** At-rest state of an account, as shown to its owner and the admin. */
export type AtRestState =
  | 'off' // only the site's key and the password open it
  | 'converting' // enabled; older mail is being sealed under the new keys
  | 'on'
  | 'disabling' // the site's key opens it again; older mail is being sealed under the new keys
  | 'locked' // the login password does not open the mail

export interface AccountInfo {
  readonly address: string
  readonly accountId: string
  readonly isDisabled: boolean
  readonly atRest: AtRestState
  readonly usedBytes: number
  readonly quotaBytes: number | undefined
  /** Messages that arrived while locked and are not adopted yet. */
  readonly pendingArrivals: number
  readonly isUnlocked: boolean
  /** IMAP capabilities that its sessions are not offered, in capitals. */
  readonly capabilitiesOff: readonly string[]
  readonly slots: readonly {
    readonly id: string
    readonly kind: string
    readonly createdAt: number
    /** Of passwords: what one guess costs. */
    readonly kdf?: { readonly memoryKiB: number; readonly passes: number; readonly parallelism: number }
  }[]
  /** Where notices go besides the mailbox. */
  readonly alternateAddress?: string | undefined
  /** In which its owner is written to; undefined: as the site has it. */
  readonly language?: Language | undefined
}

export interface SessionRow {
  readonly sessionId: string
  readonly address: string
  readonly protocol: string
  readonly remoteAddress: string
  readonly isTls: boolean
  readonly since: number
  readonly slotKind: string
  /** First 8 hexadecimal digits of the slot's identifier, and its name where the owner gave it one. */
  readonly slotId?: string | undefined
  readonly slotName?: string | undefined
  /** What the client calls itself (RFC 2971). */
  readonly client?: string | undefined
}

/** One recipient's share of a message being delivered. */
export interface DeliveryTarget {
  readonly address: string
  /** What stood behind `+`, if anything. */
  readonly detail: string
}

/** All accounts of the site: the root that front doors are given. Passwords are Buffers; callers wipe theirs. */
export interface Accounts {
  /** App passwords and slots. */
  readonly slots: SlotApi
  /**
   * Checks the password, or app password, and unlocks. `address` may be an alias of one account. Refusals: 'authentication-failed', 'account-disabled', 'not-accepted-here', 'busy',
   * 'damaged', 'unavailable'.
   */
  login(address: string, password: Buffer, session: SessionInfo): Promise<OpenAccount>
  /**
   * Whether `login` would let in, for those who only want to know who somebody is (mail submission): the account stays locked, or as
   * it is. Returns the canonical address. Refusals as `login`.
   */
  authenticate(address: string, password: Buffer, session: Omit<SessionInfo, 'end'>): Promise<string>
  /**
   * A session for a job that somebody with the right to it has started, by any secret of the account, also where it is disabled. Not for
   * front doors: nothing slows down guessing, and 'no-such-account' is told apart. Refusals: as `login`; 'wrong-recovery-code';
   * 'mail-would-be-lost' where the site's or an admin's key does not open the account.
   */
  openFor(address: string, secret: OwnerSecret, session: SessionInfo): Promise<OpenAccount>

  /** Logins that do not show the password; absent where the site does not take them. */
  readonly scram?: ScramApi | undefined

  /** The site's recovery key, and what admins do with it. */
  readonly escrow: EscrowApi
  /** What was done to the keys of an account, for its owner. */
  readonly trail: TrailApi
  /** Passwords that do not open the mail. */
  readonly lockedMail: LockApi
  /** Recovery with a waiting time. */
  readonly recovery: RecoveryApi
  /** The owner's own way to do what the next one does. */
  readonly alternateAddress: AlternateAddressApi
  /**
   * By an admin. Where notices go besides the mailbox; undefined: nowhere. Refuses with 'limit' what is no address, and with 'in-use' what
   * leads to the account itself.
   */
  setAlternateAddress(address: string, alternate: string | undefined): Promise<void>
  /** In which its owner is written to; undefined: as the site has it. */
  setLanguage(address: string, language: Language | undefined): Promise<void>

  /**
   * Everybody who takes mail for an address (plus-addressing, case, aliases; its domain may have two spellings): one at least. Refuses with
   * 'no-such-account', 'no-such-domain', 'account-disabled', 'limit'. No key needed.
   */
  resolve(address: string, otherSpelling?: string): Promise<readonly DeliveryTarget[]>
  /** Over quota, key trouble and disk trouble known before the message is sent: Refusals as for `deliver`. */
  checkDelivery(target: DeliveryTarget, sizeBytes: number): Promise<void>
  /**
   * Seals and stores one message for one recipient; durable when it resolves. `message` is canonical (CRLF) and not kept.
   * Refusals: 'over-quota', 'damaged' (keys), 'unavailable', 'no-such-account', 'message-too-large'. Never stores plaintext.
   */
  deliver(target: DeliveryTarget, message: Buffer): Promise<void>

  /** Aliases, domains, and other addresses for accounts. */
  readonly names: NamesApi

  /** Refuses with 'account-exists', 'no-such-domain'. */
  create(address: string, password: Buffer, options?: { readonly quotaBytes?: number }): Promise<AccountInfo>
  list(): AsyncIterable<AccountInfo>
  info(address: string): Promise<AccountInfo>
  /** Only for accounts with at-rest encryption off; otherwise 'mail-would-be-lost'. */
  setPassword(address: string, password: Buffer): Promise<void>
  /** By the owner: O(1). */
  changePassword(address: string, oldPassword: Buffer, newPassword: Buffer): Promise<void>
  setDisabled(address: string, isDisabled: boolean): Promise<void>
  setQuota(address: string, quotaBytes: number | undefined): Promise<void>
  /** From the next login on. Refuses with 'limit' names that are none. */
  setCapabilitiesOff(address: string, names: readonly string[]): Promise<void>
  /** Whether a deletion was begun that has not come to its end. Refuses with 'no-such-account'. */
  isBeingDeleted(address: string): Promise<boolean>
  /** Removes the account and every byte of it, or goes on with that; ends its sessions. Aliases lose it as a target, and go when it was their only one. */
  delete(address: string): Promise<void>

  /** Sealing mail to its owner's own OpenPGP keys or certificates before it is stored. */
  readonly publicKeys: PublicKeyApi

  /** Turning at-rest encryption on and off, rotation, and the recovery code. */
  readonly atRest: AtRestApi
  readonly rollbacks: RollbackApi
  readonly repairs: RepairApi

  /** Turns at-rest encryption on in one step. Resolves, with the recovery code (ASCII, the caller wipes it), when new mail is safe; older mail follows (`progress`). */
  enableAtRest(
    address: string,
    password: Buffer,
    progress?: (done: number, total: number) => void,
  ): Promise<{ readonly recoveryCode: Buffer; readonly finished: Promise<void> }>
  /** New password by recovery code; the code is used up and a new one returned. */
  recover(
    address: string,
    recoveryCode: Uint8Array,
    newPassword: Buffer,
  ): Promise<{ readonly recoveryCode: Buffer }>

  /**
   * Reads everything of the account, octet for octet, and says what is wrong with it. Without a password only where the site's key opens
   * the account; else refused with 'mail-would-be-lost'.
   */
  verify(
    address: string,
    password: Buffer | undefined,
    options?: { readonly progress?: (done: number, total: number) => void; readonly signal?: AbortSignal },
  ): Promise<VerifyReport>

  /** The account as it is stored, sealed (FORMAT.md §10): needs no key, and the recovery code opens it anywhere. */
  exportSealed(address: string): AsyncIterable<Buffer>

  sessions(): readonly SessionRow[]
  /** Ends sessions of an address (or one session) and wipes their keys. Returns how many. `by` leaves a line in the audit log: whoever does not name it writes its own. */
  kick(
    who: { readonly address: string } | { readonly sessionId: string },
    reason: string,
    by?: 'owner',
  ): Promise<number>
  /** Ends an account's sessions (by its identifier), and runs `task` while its keys are wiped and nobody can unlock it. */
  whileLocked<T>(account: Buffer, reason: string, task: () => Promise<T>): Promise<T>
  /** Ends every session of an address and wipes its keys, also those that are kept a while. Returns how many sessions. */
  lock(address: string, reason: string): Promise<number>
  /** Ends every session, finishes commits, wipes keys. The store is closed by its owner. */
  close(): Promise<void>
}
