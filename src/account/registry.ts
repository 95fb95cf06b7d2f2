// Which accounts there are: making them, finding them by address, disabling and deleting them, so that a crash leaves nothing half done.
import { equalBytes } from '../base/bytes.ts'
import { Conflict, Refused } from '../store/errors.ts'
import { createRecords } from './create-account.ts'
import { changeField, editEntry } from './directory-edit.ts'
import { allEntries, encodeEntry, findEntry, storedEntry, type DirectoryEntry } from './directory.ts'
import type { EntryField, EntryFields } from './directory-fields.ts'
import { isRefusal, Refusal } from './errors.ts'
import { kindOfName } from './names-codec.ts'
import { asRefusal, isInDoubt, refusing } from './refusing.ts'
import type { KeySettings } from './slots.ts'
import type { Site } from './unlocked-account.ts'

export class Registry {
  readonly #site: Site
  readonly #settings: KeySettings

  constructor(site: Site, settings: KeySettings) {
    this.#site = site
    this.#settings = settings
  }

  /** Every account's entry, also of those being deleted. */
  entries(): AsyncGenerator<DirectoryEntry> {
    return allEntries(this.#site, () => {
      this.#site.log.write('error', 'directory.damaged')
    })
  }

  /** Refuses with 'no-such-account'. */
  async entry(address: string): Promise<DirectoryEntry> {
    const entry = await this.find(address)
    if (entry) return entry
    const isHalfGone = (await this.#stored(address))?.isDeleting === true
    throw new Refusal(
      'no-such-account',
      isHalfGone
        ? 'The account is being deleted, and that has not come to its end: `letterlock user delete` goes on with it'
        : 'No such account',
    )
  }

  /** The entry of an account that is to go, or that an earlier deletion has left half way. Refuses with 'no-such-account'. */
  async doomed(address: string): Promise<DirectoryEntry> {
    const entry = await this.#stored(address)
    return entry?.isDeleting ? entry : this.entry(address)
  }

  #stored(address: string): Promise<DirectoryEntry | undefined> {
    return refusing(() => storedEntry(this.#site, address))
  }

  find(address: string): Promise<DirectoryEntry | undefined> {
    return refusing(() => findEntry(this.#site, address))
  }

  /** Makes an account for a canonical address that is free; refuses with 'account-exists'. */
  async create(
    address: string,
    password: Buffer,
    quotaBytes: number | undefined,
    fields: EntryFields,
  ): Promise<void> {
    const { store } = this.#site
    const taken = new Refusal('account-exists', 'The account exists already')
    const present = await refusing(() => store.directory.get(address))
    if (present && kindOfName(present) === 'alias')
      throw new Refusal('account-exists', `${address} is an alias: remove it first`)
    if (present) throw taken
    const account = await refusing(() =>
      createRecords(this.#site, this.#settings, address, password, quotaBytes),
    )
    const state = { isDisabled: false, isDeleting: false, fields }
    const bytes = encodeEntry(this.#site.siteKey, address, account, state)
    try {
      await store.directory.put(address, bytes, undefined)
    } catch (error) {
      // Where nobody can say whether the entry is there, the account must stay: it would name one that is gone.
      if (isInDoubt(error)) {
        const present = await refusing(() => store.directory.get(address))
        if (present && equalBytes(present, bytes)) return
      } else await store.destroy(account).catch(() => undefined)
      throw error instanceof Conflict ? taken : asRefusal(error)
    }
  }

  async setDisabled(entry: DirectoryEntry, isDisabled: boolean): Promise<void> {
    await editEntry(this.#site, entry, () => ({ isDisabled }))
  }

  /** Sets one field of an entry (`directory-fields.ts`); the others stay as they are then. */
  async setField<T>(entry: DirectoryEntry, field: EntryField<T>, value: T): Promise<void> {
    await this.changeField(entry, field, () => value)
  }

  /** As `setField`, from the value that is there; `make` may be called again. */
  async changeField<T>(entry: DirectoryEntry, field: EntryField<T>, make: (present: T) => T): Promise<void> {
    await changeField(this.#site, entry, field, make)
  }

  /** From here on nobody finds the account any more; `destroy` what is returned when its sessions have ended. */
  async beginDeleting(entry: DirectoryEntry): Promise<DirectoryEntry> {
    return editEntry(this.#site, entry, () => ({ isDisabled: true, isDeleting: true }))
  }

  /** `beforeEntryGoes` takes the address out of what else names it: a crash before its end leaves the entry, and all of it is done again. */
  async destroy(
    entry: DirectoryEntry,
    beforeEntryGoes: (address: string) => Promise<unknown>,
  ): Promise<void> {
    // Somebody else has ended it, and the address may be another account's by now.
    if (!(await this.#stored(entry.address))?.account.equals(entry.account)) return
    try {
      await this.#site.store.destroy(entry.account)
    } catch (error) {
      // Destroyed already, before a crash: what remains is the entry.
      if (!(error instanceof Refused) || error.reason !== 'no-account') throw asRefusal(error)
    }
    await beforeEntryGoes(entry.address)
    await refusing(() => this.#site.store.directory.delete(entry.address, entry.bytes))
  }

  /** Goes on with deletions that a crash interrupted. One that cannot be done keeps nobody else from their mail. */
  async resume(beforeEntryGoes: (address: string) => Promise<unknown>): Promise<void> {
    for await (const entry of this.entries()) {
      if (!entry.isDeleting) continue
      try {
        await this.destroy(entry, beforeEntryGoes)
      } catch (error) {
        this.report('account.delete-failed', entry, error)
      }
    }
  }

  report(event: string, { account }: DirectoryEntry, error: unknown): void {
    const reason = isRefusal(error) ? error.code : 'fault'
    this.#site.log.write('error', event, { account: account.toString('hex'), reason })
  }
}
