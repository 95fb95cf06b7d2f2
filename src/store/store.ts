// The interface every storage engine fulfils: accounts of versioned records, their blobs, and a directory of names.
//
// An engine sees opaque keys and sealed values. Nothing here knows what a message is. The contract below is tested by
// `test/store/suite.ts`, which every engine runs.

/** 16 random bytes. An id is never given to a second account, not even after `destroy`. */
export type AccountId = Uint8Array
/** 1 to `maxKeyBytes` bytes, ordered as unsigned bytes, a prefix before what it begins. */
export type Key = Uint8Array
/** 16 bytes, chosen by the caller, unique within the account. */
export type BlobId = Uint8Array
export type Entry = readonly [key: Key, value: Uint8Array]

export const accountIdBytes: number = 16
export const blobIdBytes: number = 16
export const maxKeyBytes: number = 512
/** The clear or sealed bytes that stand before a body in its file, for rebuilding records from bodies. */
export const maxRecoveryHeaderBytes: number = 4096

export interface Range {
  readonly gte: Key
  readonly lt: Key
  /** At most so many entries, over all pages. */
  readonly limit?: number
  /** From the greatest key down. */
  readonly reverse?: boolean
}

/**
 * One unchanging view of an account. Usable only until the `run` it was given to has settled. The bytes it hands out
 * must not be changed.
 */
export interface Snapshot {
  /** The account's version in this view. In a Transaction: before it; what it writes is `version + 1`. */
  readonly version: number
  get(key: Key): Promise<Uint8Array | undefined>
  /** In the order of `keys`. */
  getMany(keys: readonly Key[]): Promise<(Uint8Array | undefined)[]>
  /**
   * Entries with `gte <= key < lt`, in order, in pages of at least one entry. In a Transaction it shows the writes made
   * before the first page was asked for; later ones may or may not show.
   */
  range(range: Range): AsyncIterable<readonly Entry[]>
}

/** A body as an account's records have it. */
export interface HeldBlob {
  readonly blobId: BlobId
  readonly lengthBytes: number
  /** At least 1. */
  readonly count: number
}

/** One unchanging view of all that an account has: what a copy of it is made from. */
export interface AccountView extends Snapshot {
  readonly usageBytes: number
  readonly quotaBytes: number | undefined
  /** The bodies that belong to it, in the order of their ids, in pages of at least one. They may be gone when they are opened. */
  blobs(): AsyncIterable<readonly HeldBlob[]>
}

/**
 * Collects the writes of one transaction and reads through them. The write methods take copies of what they are given
 * and only remember; limits that need the account's state (quota, counts) are checked at commit.
 */
export interface Transaction extends Snapshot {
  /** Throws Refused 'too-large' for a key beyond `maxKeyBytes` or a value beyond `maxValueBytes` (base/limits). */
  put(key: Key, value: Uint8Array): void
  /** Deleting what is not there is no error. */
  delete(key: Key): void
  /** Deletes every key with `gte <= key < lt` there is at this moment in the transaction. */
  deleteRange(gte: Key, lt: Key): void
  /** Adds to the account's usage; may be negative. The sum never goes below 0. When the transaction as a whole raises
   *  the usage above the quota, it is rejected with Refused 'over-quota'. */
  addUsage(bytes: number): void
  /** Makes a staged blob the account's own, with count 1. Rejected with Refused 'blob-exists' when its id is taken. */
  attach(blob: StagedBlob): void
  /** Count + 1 (a COPY). Rejected with Refused 'no-blob' when there is none of this id. */
  link(blob: BlobId): void
  /** Count - 1; at 0 the blob is gone. Rejected with Refused 'no-blob' when there is none of this id. */
  unlink(blob: BlobId): void
  /**
   * Bytes of usage allowed from now on; undefined: no quota. An account may be above its new quota. A transaction that
   * does nothing else leaves the version as it is: a quota is the site's affair, set without the owner's keys.
   */
  setQuota(bytes: number | undefined): void
}

export interface AccountInfo {
  readonly version: number
  readonly usageBytes: number
  readonly quotaBytes?: number
}

/** A blob that is written but belongs to nobody yet. Attach it in a transaction, or discard it. */
export interface StagedBlob {
  readonly account: AccountId
  readonly blobId: BlobId
  readonly lengthBytes: number
}

/** An open blob: readable until `close`, even when it is unlinked meanwhile. */
export interface BlobReader extends AsyncDisposable {
  readonly lengthBytes: number
  /** What stands before the body (`stage`). */
  recoveryHeader(): Promise<Buffer>
  /** Bytes `start` (included) to `end` (excluded). Throws Damaged when there are fewer. */
  read(start: number, end: number): Promise<Buffer>
  close(): Promise<void>
}

/** What a scan of the body files finds, for rebuilding records. */
export interface FoundBlob {
  readonly blobId: BlobId
  readonly recoveryHeader: Uint8Array
  readonly lengthBytes: number
  /** How many records of the account hold it (`attach` and `link`); 0: an orphan or already deleted. */
  readonly count: number
}

/**
 * What stands before a body from now on, of the same length; undefined: what stands there. `header` is undefined where damage left
 * none that is whole.
 */
export type RenewHeader = (blobId: BlobId, header: Uint8Array | undefined) => Uint8Array | undefined

export interface BlobStore {
  /**
   * Writes a body; `source` may use its buffer again for the next chunk. Resolves when all of it is written, not
   * necessarily durable: the transaction that attaches it sees to that. When it rejects (also because `source` threw),
   * nothing is left to discard. A crash before the attaching commit leaves only dead space.
   */
  stage(
    account: AccountId,
    blobId: BlobId,
    recoveryHeader: Uint8Array,
    source: AsyncIterable<Uint8Array> | Uint8Array,
  ): Promise<StagedBlob>
  /**
   * Bytes `start` to `end` (excluded) of a staged blob, as they are in its file. Refused 'no-blob' once it was attached or discarded; Damaged when
   * there are fewer bytes.
   */
  readStaged(staged: StagedBlob, start: number, end: number): Promise<Buffer>
  /** Gives a staged blob up. Nothing happens when it was attached or discarded before. */
  discard(staged: StagedBlob): Promise<void>
  /** Bytes `start` to `end` (excluded) of a committed blob. Refused 'no-blob'; Damaged when there are fewer bytes. */
  read(account: AccountId, blobId: BlobId, start: number, end: number): Promise<Buffer>
  /** Holds a committed blob for several reads. Refused 'no-blob' when there is none. */
  open(account: AccountId, blobId: BlobId): Promise<BlobReader>
  length(account: AccountId, blobId: BlobId): Promise<number | undefined>
  /** The bytes that stand before a committed blob; undefined where damage left none. Refused 'no-blob'. */
  header(account: AccountId, blobId: BlobId): Promise<Buffer | undefined>
  /**
   * Replaces the headers of committed blobs as `renew` says, and overwrites with zeros whatever else lies in the account's files: bodies that
   * are gone, or that a crash cut short. Durable when it resolves; a crash on the way may leave a header that is not whole, never a
   * body. Bodies staged while it runs are left alone. Resolves to false, with nothing done, when a staged body keeps it waiting too long.
   */
  scrub(account: AccountId, renew: RenewHeader): Promise<boolean>
  /** Every complete body in the account's files, live or not, read from the files alone but for `count`. Slow. */
  scan(account: AccountId): AsyncIterable<FoundBlob>
}

/** An account on its way back from a copy. One call after the other. */
export interface Restoration {
  /** Values of the floor above; at most `maxTransactionBytes` a call. */
  put(entries: readonly Entry[]): Promise<void>
  /** A body with its count. Durable by the time `finish` resolves. */
  addBlob(
    blobId: BlobId,
    recoveryHeader: Uint8Array,
    count: number,
    source: AsyncIterable<Uint8Array> | Uint8Array,
  ): Promise<void>
  /** From here on the account is as any other, of this version. */
  finish(numbers: AccountInfo): Promise<void>
}

/** What one name stands for from now on, if it stands for `expected` until then (undefined: no value). */
export interface NameChange {
  readonly name: string
  readonly value: Uint8Array | undefined
  readonly expected: Uint8Array | undefined
}

/** Names of the site (logins, aliases) and what they stand for: the only state across accounts. Small. */
export interface Directory {
  get(name: string): Promise<Uint8Array | undefined>
  /** Durable when resolved. Throws Conflict unless the present value equals `expected` (undefined: no value). */
  put(name: string, value: Uint8Array, expected: Uint8Array | undefined): Promise<void>
  /** Durable when resolved. Throws Conflict unless the present value equals `expected`. */
  delete(name: string, expected: Uint8Array): Promise<void>
  /** All of them, each name at most once, or none. Durable when resolved. Throws Conflict unless every present value is as expected. */
  change(changes: readonly NameChange[]): Promise<void>
  /** Names that begin with `prefix`, greater than `after`, in the order of their UTF-8 bytes; at most `limit` (1,000). */
  list(prefix: string, after?: string, limit?: number): Promise<readonly (readonly [string, Uint8Array])[]>
}

/** A few records of the whole site, by name. */
export interface SiteRecords {
  get(name: string): Promise<Uint8Array | undefined>
  /** Durable when resolved; undefined removes it. */
  put(name: string, value: Uint8Array | undefined): Promise<void>
  /** All of them, in the order of their names' UTF-8 bytes. */
  list(): Promise<readonly (readonly [string, Uint8Array])[]>
  /** Takes values that were replaced or removed out of the engine's files, so that nobody finds them there any more. */
  compact(): Promise<void>
}

export interface Watch {
  /** The account's version, read after the watch began: nothing between it and the first call is missed. */
  readonly version: number
  close(): void
}

/** Counters since the store was opened; sizes at this moment. */
export interface StoreStats {
  readonly transactions: number
  readonly batches: number
  readonly failedBatches: number
  readonly bodySyncs: number
  readonly accountsInMemory: number
  readonly openFiles: number
  readonly reclaimedBytes: number
  /** Free on the disk that holds the store; undefined when the engine has none. */
  readonly freeBytes: number | undefined
}

export interface AccountSpace {
  readonly files: number
  readonly fileBytes: number
  /** What committed blobs take, framing included; the rest of `fileBytes` is dead and will be reclaimed. */
  readonly liveBytes: number
}

export interface Store {
  /** Runs `run` on what is durable at this moment: it never shows what a crash could still take back. */
  read<T>(account: AccountId, run: (snapshot: AccountView) => Promise<T>): Promise<T>
  /**
   * Runs `run` as if alone on the account, then commits its writes together; resolves when they are durable. `version`
   * is the account's version then: exactly one more than `tx.version` when anything but a quota was written, else
   * `tx.version`. `run` may be called again and must have no side effects; when it throws, nothing is written and that
   * error is passed on. Nested calls for one account would wait for each other for ever.
   */
  transact<T>(
    account: AccountId,
    run: (tx: Transaction) => Promise<T>,
  ): Promise<{ readonly value: T; readonly version: number }>
  /** A new, empty account of version 0. Refused 'account-exists' also for the id of a destroyed one. */
  create(account: AccountId): Promise<void>
  /**
   * Begins to put an account back from a copy, in place of whatever there is of it: the only way in which the id of a destroyed one comes
   * again. From here on until `finish` has resolved, also over a crash, the account is Unavailable 'restoring' to everybody; what was begun
   * and not finished is begun anew, or destroyed. Refused 'no-account' while it is being destroyed.
   */
  restore(account: AccountId): Promise<Restoration>
  /** Removes all of an account: it is gone for every caller at once, and its space by the time this resolves. */
  destroy(account: AccountId): Promise<void>
  info(account: AccountId): Promise<AccountInfo | undefined>
  /** In the order of their ids. */
  accounts(): AsyncIterable<AccountId>
  /**
   * Calls `changed` with the new version after each commit (several commits may give one call with the last version),
   * in rising order, once they are durable. `changed` must not throw.
   */
  watch(account: AccountId, changed: (version: number) => void): Promise<Watch>
  readonly blobs: BlobStore
  readonly directory: Directory
  readonly site: SiteRecords
  stats(): Promise<StoreStats>
  space(account: AccountId): Promise<AccountSpace>
  /** Gives dead space back now, for one account or for all. */
  compact(account?: AccountId): Promise<void>
  /** Waits for what is under way, then lets go of the disk. Later calls throw Unavailable 'closed'. */
  close(): Promise<void>
}
