// Mail on its way to an account whose owner may have keys of their own: sealed to them, and whoever has to know is told when that cannot be done.
import { noteAudit } from './audit.ts'
import { checkKeys, deliver } from './deliver.ts'
import type { DirectoryEntry } from './directory.ts'
import { isRefusal } from './errors.ts'
import { sealingKey } from './keys.ts'
import type { Notices } from './notices.ts'
import { decodeSealing, type SealingRecord } from './pubkey-codec.ts'
import { tellOwner } from './pubkey-notices.ts'
import { readExpected, SealingDamage } from './sealing-expected.ts'
import { isStoredMarked, troubleOf, type Trouble } from './sealing.ts'
import type { Site } from './unlocked-account.ts'

export interface OwnerDeliveryParts {
  readonly site: Site
  readonly notices: Notices
}

/** The record of an account as a delivery may believe it: of this site, and the one that the directory names. Throws SealingDamage, Corrupt. */
export async function recordOf(site: Site, entry: DirectoryEntry): Promise<SealingRecord | undefined> {
  const { account } = entry
  const { sealingBytes } = await readExpected(site, entry, async () => ({
    sealingBytes: await site.store.read(account, (snapshot) => snapshot.get(sealingKey)),
  }))
  return sealingBytes && decodeSealing(site.siteKey, account, sealingBytes)
}

export class OwnerDelivery {
  readonly #site: Site
  readonly #notices: Notices
  /** Accounts whose keys were found to be others, and of which that was told. */
  readonly #alarmed = new Set<string>()

  constructor({ site, notices }: OwnerDeliveryParts) {
    this.#site = site
    this.#notices = notices
  }

  /** What is wrong with the owner's keys is told. Refusals: as for `deliver` of deliver.ts. */
  async deliver(entry: DirectoryEntry, detail: string, message: Buffer): Promise<void> {
    await this.#watching(entry, async () => {
      const { sealing, trouble } = await deliver(this.#site, entry, message, { detail })
      if (sealing && sealing.keys.length > 0) await this.#report(entry, sealing, trouble)
    })
  }

  /** Whether mail for an account could be sealed now. Refuses with 'damaged' or 'key-trouble' otherwise: never plaintext. */
  async check(entry: DirectoryEntry): Promise<void> {
    await this.#watching(entry, () => checkKeys(this.#site, entry))
  }

  async #watching(entry: DirectoryEntry, task: () => Promise<void>): Promise<void> {
    try {
      await task()
      this.#alarmed.delete(entry.account.toString('hex'))
    } catch (error) {
      if (isRefusal(error, 'key-trouble')) await this.#refused(entry)
      if (isRefusal(error, 'damaged') && error.cause instanceof SealingDamage)
        await this.#alarm(entry, error.cause.message)
      throw error
    }
  }

  /** The log hears of each message that is refused; audit log and owner once, until mail goes through again. */
  async #alarm(entry: DirectoryEntry, reason: string): Promise<void> {
    const { address, account } = entry
    this.#site.log.write('error', 'pubkey.record-refused', { user: address, reason })
    const name = account.toString('hex')
    if (this.#alarmed.has(name)) return
    this.#alarmed.add(name)
    await noteAudit(this.#site, { event: 'keys.public-refused', address, by: 'server', detail: { reason } })
    await this.#notices.tell(entry, (words) => words.notice('keysSwapped'))
  }

  /** Mail was refused because it cannot be sealed: said in the log each time, and to the owner once. */
  async #refused(entry: DirectoryEntry): Promise<void> {
    const record = await recordOf(this.#site, entry).catch(() => undefined)
    if (record) await this.#report(entry, record, troubleOf(this.#site, record) ?? 'refused-by-key')
  }

  async #report(entry: DirectoryEntry, record: SealingRecord, trouble: Trouble | undefined): Promise<void> {
    if (trouble) {
      const does = isStoredMarked(record, trouble) ? 'stored' : 'refused'
      this.#site.log.write('error', 'pubkey.trouble', { user: entry.address, reason: trouble, mail: does })
    }
    await tellOwner(this.#site, entry, record, trouble)
  }
}
