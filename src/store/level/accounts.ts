// The accounts in memory: one object each while anything is under way, and the least used forgotten.
import { checkAccountId } from '../checks.ts'
import { Refused, Unavailable } from '../errors.ts'
import { hex } from '../../base/bytes.ts'
import { Account } from './account.ts'
import type { Committer } from './committer.ts'
import type { Disk } from './disk.ts'
import type { AccountRecord } from './layout.ts'
import type { RecordReader } from './records.ts'
import { AccountSegments } from './bodies/segments.ts'

/** The record of an account that may be used. Throws Refused 'no-account', Unavailable 'restoring'. */
export function active(record: AccountRecord | undefined): AccountRecord {
  if (record?.state === 'active') return record
  if (record?.state === 'restoring') throw beingRestored()
  throw new Refused('no-account', 'no such account')
}

export const beingRestored = (): Unavailable =>
  new Unavailable('restoring', 'the account is being put back from a copy: restore it again, or destroy it')

interface Slot {
  readonly account: Account
  readonly segments: AccountSegments
  users: number
}

export class Accounts {
  readonly #disk: Disk
  readonly #committer: Committer
  /** The least recently used first. */
  readonly #slots = new Map<string, Slot>()

  constructor(disk: Disk, committer: Committer) {
    this.#disk = disk
    this.#committer = committer
  }

  get count(): number {
    return this.#slots.size
  }

  #slot(id: Uint8Array): Slot {
    checkAccountId(id)
    const name = hex(id)
    let slot = this.#slots.get(name)
    if (slot) this.#slots.delete(name)
    else {
      const account = new Account(id, this.#disk.records, this.#committer)
      slot = { account, segments: new AccountSegments(this.#disk, account), users: 0 }
    }
    this.#slots.set(name, slot)
    if (this.#slots.size > this.#disk.limits.accountsInMemory) this.#forget(slot)
    return slot
  }

  /** Forgets some accounts that have nothing under way. */
  #forget(keep: Slot): void {
    let looked = 0
    for (const [name, slot] of this.#slots) {
      if (this.#slots.size <= this.#disk.limits.accountsInMemory || (looked += 1) > 16) return
      if (slot === keep || slot.users > 0 || !slot.account.isIdle || slot.segments.isBusy) continue
      this.#slots.delete(name)
    }
  }

  /** For reading durable state: keys and files, not the queue. */
  get(id: Uint8Array): Account {
    return this.#slot(id).account
  }

  segments(account: Account): AccountSegments {
    return this.#slot(account.id).segments
  }

  /** Runs a task with the one object there is for an account; it is not forgotten meanwhile. */
  async use<T>(
    id: Uint8Array,
    task: (account: Account, segments: AccountSegments) => Promise<T>,
  ): Promise<T> {
    const slot = this.#slot(id)
    slot.users += 1
    try {
      return await task(slot.account, slot.segments)
    } finally {
      slot.users -= 1
    }
  }

  isActive(account: Account, reader?: RecordReader): boolean {
    return account.durable(reader)?.state === 'active'
  }

  mustBeActive(account: Account): void {
    active(account.durable())
  }

  /** The records have changed under us: nothing prepared may be written. */
  dropAll(failure: Error): void {
    for (const { account } of this.#slots.values()) account.dropAll(failure)
  }

  async idle(): Promise<void> {
    await Promise.all([...this.#slots.values()].map(({ account }) => account.idle()))
  }
}
