// Mail on its way in, as front doors ask for it: who takes it, whether it can be taken, and taking it.
import type { DeliveryTarget } from './api.ts'
import { isRefusal, Refusal } from './errors.ts'
import type { OwnerDelivery } from './owner-delivery.ts'
import { recipients } from './recipients.ts'
import { refusing } from './refusing.ts'
import type { Registry } from './registry.ts'
import type { SiteNames } from './site-names.ts'
import type { Site } from './unlocked-account.ts'
import type { UnlockedAccounts } from './unlocked-accounts.ts'

export interface SiteDeliveryParts {
  readonly site: Site
  readonly registry: Registry
  readonly unlocked: UnlockedAccounts
  readonly names: SiteNames
  readonly delivery: OwnerDelivery
  /** Characters that may stand between the local part and a detail. */
  readonly delimiters: string
  readonly maxMessageBytes: number
}

export class SiteDelivery {
  readonly #parts: SiteDeliveryParts

  constructor(parts: SiteDeliveryParts) {
    this.#parts = parts
  }

  /** Everybody who takes mail for an address, given in one spelling or several. See `Accounts.resolve`. */
  async resolve(spellings: readonly string[]): Promise<readonly DeliveryTarget[]> {
    const { site, names, delimiters } = this.#parts
    try {
      return await refusing(() => recipients(site, spellings, delimiters))
    } catch (error) {
      if (isRefusal(error, 'no-such-account')) names.mustHaveDomain(spellings[0] ?? '')
      throw error
    }
  }

  #mustBeSmall(sizeBytes: number): void {
    if (sizeBytes > this.#parts.maxMessageBytes)
      throw new Refusal('message-too-large', 'The message is larger than this server takes')
  }

  /** See `Accounts.checkDelivery`. */
  async check(target: DeliveryTarget, sizeBytes: number): Promise<void> {
    this.#mustBeSmall(sizeBytes)
    const { registry, delivery, site } = this.#parts
    const entry = await registry.entry(target.address)
    await delivery.check(entry)
    const info = await refusing(() => site.store.info(entry.account))
    if (info?.quotaBytes !== undefined && info.usageBytes + sizeBytes > info.quotaBytes)
      throw new Refusal('over-quota', 'The account is over its quota')
  }

  /** See `Accounts.deliver`. */
  async deliver(target: DeliveryTarget, message: Buffer): Promise<void> {
    this.#mustBeSmall(message.length)
    const { registry, delivery, unlocked } = this.#parts
    const entry = await registry.entry(target.address)
    try {
      await delivery.deliver(entry, target.detail, message)
    } finally {
      // Also after a failure: it may have been stored all the same.
      unlocked.find(entry.account)?.housekeeping.wake()
    }
  }
}
