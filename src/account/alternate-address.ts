// The owner's other address, where notices about keys go besides the mailbox (AlternateAddressApi of api-lifecycle.ts): set, changed, taken away, and told.
import type { AlternateAddressApi, OwnerSecret, TrailBy } from './api-lifecycle.ts'
import { noteAudit } from './audit.ts'
import { bySecret } from './by-secret.ts'
import { alternateAddressField, fieldOf } from './directory-fields.ts'
import { newAddress, type DirectoryEntry } from './directory.ts'
import { isRefusal, Refusal } from './errors.ts'
import type { Notices } from './notices.ts'
import type { OpenFor } from './owner-trail.ts'
import { recipients } from './recipients.ts'
import type { RecoverySettings } from './recovery.ts'
import { refusing } from './refusing.ts'
import type { Registry } from './registry.ts'
import { leaveInTrail } from './trail-arrival.ts'
import { addToTrail, type TrailNote } from './trail.ts'
import type { Site } from './unlocked-account.ts'

export interface AlternateAddressParts {
  readonly site: Site
  readonly registry: Registry
  readonly notices: Notices
  readonly openFor: OpenFor
  readonly recovery: RecoverySettings
  /** Any of them may stand before the detail of an address. */
  readonly delimiters: string
}

export class AlternateAddress implements AlternateAddressApi {
  readonly #parts: AlternateAddressParts

  constructor(parts: AlternateAddressParts) {
    this.#parts = parts
  }

  get isSentTo(): boolean {
    return this.#parts.notices.hasRelay
  }

  get takesCodes(): boolean {
    return this.#parts.recovery.mail === 'code'
  }

  async change(address: string, secret: OwnerSecret, alternate: string | undefined): Promise<void> {
    const { registry, openFor } = this.#parts
    const entry = await registry.entry(address)
    const session = await openFor(entry, secret)
    try {
      await this.#change(entry, alternate, bySecret(secret), (note) =>
        refusing(() => addToTrail(session.account, [note])),
      )
    } finally {
      await session.close()
    }
  }

  /** By an admin, who needs no secret for it. The owner finds it in the trail. */
  async changeByAdmin(address: string, alternate: string | undefined): Promise<void> {
    const { registry, site } = this.#parts
    const entry = await registry.entry(address)
    await this.#change(entry, alternate, 'admin', (note) => leaveInTrail(site, entry.account, note))
  }

  /** The line for the owner comes first: nothing is sent elsewhere without one. */
  async #change(
    entry: DirectoryEntry,
    alternate: string | undefined,
    by: TrailBy,
    write: (note: TrailNote) => Promise<void>,
  ): Promise<void> {
    const { site, registry } = this.#parts
    const value = alternate === undefined ? undefined : newAddress(alternate)
    const before = fieldOf(entry.fields, alternateAddressField)
    if (value === before) return
    if (value !== undefined) await this.#mustLeadElsewhere(entry, value)
    await write({ kind: 'alternate-address', by, ...(value === undefined ? {} : { detail: value }) })
    await registry.setField(entry, alternateAddressField, value)
    await noteAudit(site, {
      ...{ event: 'account.alternate-address', address: entry.address, by },
      detail: { isSet: value !== undefined },
    })
    await this.#tell(entry, before, value)
  }

  /** What comes into the very mailbox that it is about helps nobody who is locked out of it. */
  async #mustLeadElsewhere(entry: DirectoryEntry, value: string): Promise<void> {
    const { site, delimiters } = this.#parts
    const here = await recipients(site, [value], delimiters).catch((error: unknown) => {
      if (isRefusal(error)) return []
      throw error
    })
    if (here.some(({ address }) => address === entry.address))
      throw new Refusal('in-use', 'That is this account itself: give an address that leads elsewhere')
  }

  /** The address from before learns that it is one no more: whoever took the mailbox over cannot silence it unseen. */
  async #tell(entry: DirectoryEntry, before: string | undefined, value: string | undefined): Promise<void> {
    const { notices, registry, site } = this.#parts
    const at = site.clock.now()
    const { address } = entry
    const elsewhere = { mailbox: false, alternate: true }
    if (before !== undefined)
      await notices.tell(
        entry,
        (words) => words.notice('noMoreHere', { at: words.moment(at), address }),
        elsewhere,
      )
    const now = value === undefined ? undefined : await registry.find(address)
    if (!now?.account.equals(entry.account)) return
    await notices.tell(now, (words) => words.notice('alsoHere', { at: words.moment(at), address }), elsewhere)
  }
}
