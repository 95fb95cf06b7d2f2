// The life of an account's keys as front doors (admin commands, web page) see it. Types only; each part says who fulfils it.
import type { AtRestState } from './api.ts'
import type { VerifyReport } from './verify-report.ts'

/** What the site lets an account do: `[atrest] policy`, of a domain or of one account where that is set. */
export type AtRestPolicy =
  | 'off' // nobody may turn it on
  | 'offered' // owners may
  | 'new' // accounts made from now on are encrypted from their first login on
  | 'all' // every account is encrypted at its next login

/** What opens an account for one operation. Bytes stay the caller's, who wipes them. */
export type OwnerSecret =
  | { readonly kind: 'password'; readonly password: Buffer }
  | { readonly kind: 'recovery'; readonly code: Uint8Array }
  /** Of as many admins as the recovery key needs: one, unless it is split. */
  | { readonly kind: 'admin'; readonly passwords: readonly Buffer[] }
  /** The site's key: only accounts without at-rest encryption. */
  | { readonly kind: 'site' }

export type JobKind = 'enable' | 'disable' | 'rotate' | 're-encrypt' | 'seal-to-public-key'

/** Work on everything an account has; resumable, and the account is usable meanwhile. */
export interface JobStatus {
  readonly kind: JobKind
  /** Messages. */
  readonly done: number
  readonly total: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Why it does not go on, in words; it goes on at the next login. */
  readonly waitsFor?: string
}

export type Progress = (done: number, total: number) => void

export interface AtRestStatus {
  readonly address: string
  readonly state: AtRestState
  readonly policy: AtRestPolicy
  /** What is set for this account alone; undefined members: the domain's or the site's holds. */
  readonly own: { readonly policy: AtRestPolicy | undefined; readonly adminRecovery: boolean | undefined }
  /** Marked to be encrypted at the next login. */
  readonly isPending: boolean
  readonly hasRecoveryCode: boolean
  /** `possible`: the site has an admin recovery key and this account would get a slot for it; `active`: it has one. */
  readonly adminRecovery: 'forbidden' | 'none' | 'possible' | 'active'
  readonly mainPassword: 'everywhere' | 'web-only'
  readonly job: JobStatus | undefined
  /** Milliseconds since 1970; undefined: never, or not known. */
  readonly enabledAt: number | undefined
  readonly recoveryCodeCheckedAt: number | undefined
}

/** A recovery code that was made and is not in force until it was typed back. Kept in memory until `expiresAt`, then forgotten. */
export interface CodeOffer {
  readonly offerId: string
  /** ASCII, seven groups of four; the caller wipes it. */
  readonly recoveryCode: Buffer
  readonly expiresAt: number
}

/** Enabling, disabling, rotation and the recovery code. */
export interface AtRestApi {
  atRestStatus(address: string): Promise<AtRestStatus>
  /** Checks the password and makes a code; nothing of the account changes. Refusals: as `login`, 'already-enabled', 'not-permitted'. */
  offerEnable(address: string, password: Buffer): Promise<CodeOffer>
  /**
   * `typed` is the whole code, or its last two groups. Then encryption is on for new mail, and older mail follows. Refusals:
   * 'wrong-recovery-code' (try again, a few times), 'offer-expired'.
   */
  acceptEnable(
    offerId: string,
    typed: Buffer,
    progress?: Progress,
  ): Promise<{ readonly finished: Promise<void> }>
  /** Forgets an offer that was not accepted. */
  withdrawOffer(offerId: string): void
  /** A new code, in force when accepted; until then the old one is. */
  offerRecoveryCode(address: string, password: Buffer): Promise<CodeOffer>
  acceptRecoveryCode(offerId: string, typed: Buffer, password: Buffer): Promise<void>
  /** "This code works": changes nothing but the date of the check. Refuses with 'wrong-recovery-code'. */
  testRecoveryCode(address: string, code: Uint8Array): Promise<void>
  /** Turns it off: the site's key opens the account again. Resolves when that is so; `finished` when every record is done. */
  disableAtRest(
    address: string,
    secret: OwnerSecret,
    progress?: Progress,
  ): Promise<{ readonly finished: Promise<void> }>
  /** New volume key, roots and delivery key; with `reencrypt` a new key for every body as well. */
  rotateKeys(
    address: string,
    secret: OwnerSecret,
    options: { readonly reencrypt: boolean; readonly progress?: Progress },
  ): Promise<{ readonly finished: Promise<void> }>
  /** To be encrypted at the next login, or not any more. Refuses with 'not-permitted' where the policy is off. */
  setPending(address: string, isPending: boolean): Promise<void>
  /** undefined: what the domain or site says. */
  setPolicy(address: string, policy: AtRestPolicy | undefined): Promise<void>
  /** Whether this account may have a slot for the admin recovery key; it follows when the account next opens. undefined: as for `setPolicy`. */
  setAdminRecovery(address: string, isAllowed: boolean | undefined): Promise<void>
}

export type AppProtocol = 'imap' | 'submission'

export interface AppPassword {
  /** First 8 hexadecimal digits of its slot's identifier. */
  readonly id: string
  readonly name: string
  readonly protocols: readonly AppProtocol[]
  readonly createdAt: number
  readonly expiresAt: number | undefined
  readonly lastUsedAt: number | undefined
  /** Remote address, and the client's ID (RFC 2971) where it gave one. */
  readonly lastUsedFrom: string | undefined
}

/** A slot as shown to the owner, who gave a secret: labels are sealed. */
export interface SlotInfo {
  readonly id: string
  readonly kind: 'password' | 'recovery' | 'server' | 'app' | 'escrow' | 'scram'
  readonly name: string | undefined
  readonly createdAt: number
  readonly lastUsedAt: number | undefined
  readonly kdf:
    { readonly memoryKiB: number; readonly passes: number; readonly parallelism: number } | undefined
  /** Of PBKDF2; only of a slot for SCRAM. */
  readonly iterations?: number | undefined
}

/** App passwords, slots and who may log in where. */
export interface SlotApi {
  /** Its text is ASCII, grouped; shown once; the caller wipes it. Refusals: 'limit' (too many, name too long). */
  addAppPassword(
    address: string,
    secret: OwnerSecret,
    wanted: {
      readonly name: string
      readonly protocols?: readonly AppProtocol[]
      readonly expiresAt?: number
    },
  ): Promise<{ readonly appPassword: AppPassword; readonly text: Buffer }>
  appPasswords(address: string, secret: OwnerSecret): Promise<readonly AppPassword[]>
  /** At once, with its sessions; needs no secret: what cannot be taken out of the slots now is refused until it can. */
  revokeAppPassword(address: string, id: string): Promise<void>
  slots(address: string, secret: OwnerSecret): Promise<readonly SlotInfo[]>
  /** Refuses to remove the last password slot, and with 'not-permitted' the escrow slot where the site wants it. */
  removeSlot(address: string, secret: OwnerSecret, id: string): Promise<void>
  setMainPasswordUse(address: string, secret: OwnerSecret, use: 'everywhere' | 'web-only'): Promise<void>
}

export interface EscrowStatus {
  readonly isSet: boolean
  readonly createdAt: number | undefined
  readonly changedAt: number | undefined
  /** How many of how many admins must come together; 1 of 1 for a plain password. */
  readonly threshold: number
  readonly holders: number
  /** Of the public key, 16 hexadecimal digits: what owners find in their trail. */
  readonly fingerprint: string | undefined
  /** Accounts that have a slot for it. */
  readonly accounts: number
}

/** Admin recovery. Admin passwords are Buffers that the caller wipes; with a split key there are `threshold` of them. */
export interface EscrowApi {
  escrowStatus(): Promise<EscrowStatus>
  /** Makes the key pair; accounts get a slot when they next can. Refuses with 'already-enabled' when there is one. */
  setEscrow(passwords: readonly Buffer[], threshold?: number): Promise<void>
  changeEscrowPassword(
    oldPasswords: readonly Buffer[],
    newPasswords: readonly Buffer[],
    threshold?: number,
  ): Promise<void>
  /** Refuses with 'wrong-admin-password', 'no-admin-key'. */
  testEscrow(passwords: readonly Buffer[]): Promise<void>
  /** Destroys the key at once; slots go as their accounts open. `passwords` proves who asks; without it only by force. */
  removeEscrow(passwords: readonly Buffer[] | undefined): Promise<void>
  /** Turns at-rest encryption off by the admin's key. Leaves a trace that the owner is shown. */
  escrowDecrypt(
    address: string,
    passwords: readonly Buffer[],
    progress?: Progress,
  ): Promise<{ readonly finished: Promise<void> }>
  /** A new password by the admin's key; the mail stays. Leaves a trace. */
  escrowResetPassword(address: string, passwords: readonly Buffer[], newPassword: Buffer): Promise<void>
}

/** Passwords that do not open the mail. */
export interface LockApi {
  /** A new login password by an admin without any key: the mail is locked until `unlockMail`. */
  lockMail(address: string, newPassword: Buffer): Promise<void>
  /** With the old password or the recovery code, and the password from now on. */
  unlockMail(address: string, secret: OwnerSecret, newPassword: Buffer): Promise<void>
}

export type TrailKind =
  | 'enabled'
  | 'disabled'
  | 'keys-rotated'
  | 'password-changed'
  | 'password-reset-by-admin'
  | 'decrypted-by-admin'
  | 'mail-locked'
  | 'mail-unlocked'
  | 'recovered'
  | 'recovery-code-renewed'
  | 'app-password-added'
  | 'app-password-revoked'
  | 'slot-removed'
  | 'rolled-back'
  | 'repaired'
  | 'opened-by-admin' // by the recovery key, for whatever follows
  | 'admin-recovery-added'
  | 'admin-recovery-changed' // another key than the one that was sealed to before
  | 'admin-recovery-removed'
  | 'recovery-begun'
  | 'recovery-cancelled'
  | 'witness-lost' // what remembers how far the account was is gone or was altered
  | 'entries-lost' // of the trail itself: missing, or not as they were written
  | 'public-key-added'
  | 'public-key-removed'
  | 'renamed' // the account has another address
  | 'scram-added' // a login with the password shown gave it the slot for logins that do not show it
  | 'alternate-address' // set, changed or taken away

export type TrailBy =
  | 'owner'
  | 'admin'
  | 'admin-key' // the recovery key was used
  | 'server'

/** What happened to the keys of an account, kept for its owner, sealed where a key was at hand. */
export interface TrailEntry {
  readonly at: number
  readonly kind: TrailKind
  readonly by: TrailBy
  readonly remoteAddress: string | undefined
  readonly detail: string | undefined
  /** The owner has not been shown it yet. */
  readonly isNew: boolean
}

export interface TrailApi {
  trail(address: string, secret: OwnerSecret): Promise<readonly TrailEntry[]>
  markTrailSeen(address: string, secret: OwnerSecret): Promise<void>
}

/** Recovery with a waiting time (`[recovery] delay`). Without one `recover` acts at once. */
export interface RecoveryApi {
  /** Checks the code. With a waiting time: notices go out, and the same call later, after `readyAt`, does it. */
  beginRecovery(
    address: string,
    code: Uint8Array,
  ): Promise<{ readonly readyAt: number; readonly cancelToken: string | undefined }>
  /** Whether one waits, and until when. */
  waitingRecovery(address: string): Promise<{ readonly readyAt: number } | undefined>
  /** By the link in the notice, or by the owner with the password. */
  cancelRecovery(
    address: string,
    by: { readonly token: string } | { readonly password: Buffer },
  ): Promise<void>
}

/** Another address of the owner's, where notices about keys go besides the mailbox. */
export interface AlternateAddressApi {
  /** Whether this site sends anything out of the house. */
  readonly isSentTo: boolean
  /** Whether recovery codes themselves go there (`[recovery] mail = "code"`). */
  readonly takesCodes: boolean
  /**
   * By the owner; undefined: none from now on. The address from before is told that it is one no more, the new one that it is one. Refuses
   * with 'limit' what is no address, and with 'in-use' one that leads to the account itself.
   */
  change(address: string, secret: OwnerSecret, alternate: string | undefined): Promise<void>
}

/** An account that was put back to an older state, found by the witness outside the store. */
export interface RollbackApi {
  /** undefined: nothing noticed. */
  rollback(
    address: string,
  ): Promise<
    { readonly seenVersion: number; readonly presentVersion: number; readonly seenAt: number } | undefined
  >
  /** The owner (with a secret), or the admin after a restore, says that it was meant: just as it is now. It opens again. */
  acceptRollback(address: string, secret?: OwnerSecret): Promise<void>
}

/** What a repair did. */
export interface RepairedAccount extends VerifyReport {
  /** What was repaired, or in a dry run would be, and what could not be found again: in words, which may name mailboxes. */
  readonly repaired: readonly string[]
  /** With mailbox, UID and what is known of each message. */
  readonly lost: readonly string[]
  /** Messages among what was lost; of some the header is left. */
  readonly lostMessages: number
}

/** Something about the site that is not as it must be. */
export interface SiteFinding {
  readonly address: string | undefined
  readonly account: string | undefined
  readonly text: string
}

/** Repair of what `verify` finds, and a look over the site without keys. */
export interface RepairApi {
  /** Ends the account's sessions. Refuses with 'rolled-back' what is older than its witness, and 'damaged' where keys are gone. */
  repair(
    address: string,
    secret: OwnerSecret,
    options: { readonly isDryRun: boolean; readonly progress?: Progress },
  ): Promise<RepairedAccount>
  /** Resolves to the octets that there are. */
  recountQuota(address: string, secret: OwnerSecret): Promise<number>
  /** One mailbox, or all; resolves to how many. Ends the account's sessions. */
  bumpUidValidity(address: string, secret: OwnerSecret, mailbox?: string): Promise<number>
  fsckSite(): AsyncIterable<SiteFinding>
}

export type PublicKeyKind = 'openpgp' | 'smime'

/** A key that mail is sealed to before it is stored. */
export interface PublicKeyInfo {
  /** Hexadecimal fingerprint: OpenPGP's own, SHA-256 of the certificate. */
  readonly fingerprint: string
  readonly kind: PublicKeyKind
  /** User IDs or the certificate's subject. */
  readonly names: readonly string[]
  /** In words, as `RSA 2048`, `Curve25519`, `P-256`. */
  readonly algorithm: string
  readonly createdAt: number | undefined
  readonly expiresAt: number | undefined
  /** undefined: mail can be sealed to it; else why not, in words. */
  readonly problem: string | undefined
}

export interface SealingSettings {
  /** `[storage.encryption] append`: messages that clients APPEND are sealed as well. */
  readonly append: boolean
  /** Drafts stay readable for the client that wrote them. */
  readonly exceptDrafts: boolean
  /** Subject and other fields go inside (RFC 9788). */
  readonly protectHeaders: boolean
  /** When no key can be used: refuse mail for now (451), or keep it under the account's own sealing alone, marked. */
  readonly onTrouble: 'defer' | 'store-marked'
}

/** Sealing to the owner's own keys. Public keys need no secret to be seen; changing them takes the password. */
export interface PublicKeyApi {
  publicKeys(address: string): Promise<{
    readonly keys: readonly PublicKeyInfo[]
    readonly settings: SealingSettings
    /** `sealExistingMail` that has not ended. */
    readonly job?: JobStatus | undefined
  }>
  /** What a file holds, without keeping it. Refuses with 'bad-key' in words that help; a file with a private key is wiped. */
  inspectPublicKeys(bytes: Uint8Array): Promise<readonly PublicKeyInfo[]>
  /** Keeps those without a problem; all that were found are returned. Refuses with 'bad-key' when there is none. */
  addPublicKeys(address: string, secret: OwnerSecret, bytes: Uint8Array): Promise<readonly PublicKeyInfo[]>
  removePublicKey(address: string, secret: OwnerSecret, fingerprint: string): Promise<void>
  setSealing(address: string, secret: OwnerSecret, settings: Partial<SealingSettings>): Promise<void>
  /** Delivers a test message, sealed as mail would be. */
  testPublicKeys(address: string): Promise<void>
  /** Seals what is there already. Resumable. */
  sealExistingMail(
    address: string,
    secret: OwnerSecret,
    progress?: Progress,
  ): Promise<{ readonly finished: Promise<void> }>
  /** Ends that job for good, wherever it is; what is sealed stays so. Refuses with 'nothing-to-do' when there is none. */
  cancelSealing(address: string, secret: OwnerSecret): Promise<void>
}
