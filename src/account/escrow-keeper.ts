// The site's recovery key in the store: read and verified each time, written by admins, and opened by their passwords.
import type { Clock } from '../base/ports.ts'
import type { Secret } from '../base/secret.ts'
import { WrongKey } from '../crypto/errors.ts'
import {
  encodeEscrow,
  holdersAtMost,
  makeEscrowSeed,
  openEscrow,
  openEscrowSeed,
  sealEscrowKey,
  type EscrowKey,
  type EscrowRecord,
} from '../crypto/escrow.ts'
import type { KdfGate, KdfParameters } from '../crypto/kdf.ts'
import type { SiteKey } from '../crypto/site-key.ts'
import type { Store } from '../store/store.ts'
import { Serial } from '../base/serial.ts'
import { Refusal } from './errors.ts'
import { requirePassword } from './passwords.ts'
import { refusing } from './refusing.ts'

const recordName = 'escrow'

export interface EscrowKeeperOptions {
  readonly store: Store
  readonly siteKey: SiteKey
  readonly clock: Clock
  readonly gate: KdfGate
  readonly kdf: KdfParameters
  /** Whether an account of this address may have a slot for the key: false where nobody but owners may ever open mail. */
  readonly allows: (address: string, account: Uint8Array) => Promise<boolean>
}

/** What an account needs of it. */
export interface EscrowSource {
  allows(address: string, account: Uint8Array): Promise<boolean>
  /** What the site says; undefined: nothing was ever said. Refuses with 'damaged'. */
  record(): Promise<EscrowRecord | undefined>
}

/** For tests and tools: no key, and none wanted. */
export const noEscrow: EscrowSource = {
  allows: () => Promise.resolve(false),
  record: () => Promise.resolve(undefined),
}

export class EscrowKeeper implements EscrowSource {
  readonly #options: EscrowKeeperOptions
  readonly #changes = new Serial()

  constructor(options: EscrowKeeperOptions) {
    this.#options = options
  }

  allows(address: string, account: Uint8Array): Promise<boolean> {
    return this.#options.allows(address, account)
  }

  async record(): Promise<EscrowRecord | undefined> {
    const { store, siteKey } = this.#options
    return refusing(async () => {
      const bytes = await store.site.get(recordName)
      return bytes && openEscrow(siteKey, bytes)
    })
  }

  async #present(): Promise<EscrowRecord & { readonly key: EscrowKey }> {
    const record = await this.record()
    if (!record?.key) throw new Refusal('no-admin-key', 'This site has no admin recovery key')
    return { ...record, key: record.key }
  }

  async #write(record: EscrowRecord): Promise<void> {
    const { store, siteKey } = this.#options
    await refusing(() => store.site.put(recordName, encodeEscrow(siteKey, record)))
    // What the old passwords opened must not lie about.
    await refusing(() => store.site.compact())
  }

  /** Greater than any before, also than those of accounts when an older store was restored. */
  #nextGeneration(present: EscrowRecord | undefined): number {
    return Math.max(this.#options.clock.now(), (present?.generation ?? 0) + 1)
  }

  /** A new key under these passwords. Refuses with 'already-enabled', 'limit'. */
  async set(passwords: readonly Buffer[], threshold: number): Promise<EscrowRecord> {
    requireSharing(passwords, threshold)
    return this.#changes.run(async () => {
      const present = await this.record()
      if (present?.key) throw new Refusal('already-enabled', 'This site has an admin recovery key already')
      const { gate, kdf, clock } = this.#options
      const made = makeEscrowSeed()
      try {
        const key = await refusing(() => sealEscrowKey(made, passwords, threshold, kdf, gate))
        const now = clock.now()
        const generation = this.#nextGeneration(present)
        const record = { generation, createdAt: now, changedAt: now, key }
        await this.#write(record)
        return record
      } finally {
        made.seed.fill(0)
      }
    })
  }

  /** The same key under other passwords. Refuses as `open`, and with 'limit'. */
  async changePasswords(old: readonly Buffer[], fresh: readonly Buffer[], threshold: number): Promise<void> {
    requireSharing(fresh, threshold)
    await this.#changes.run(async () => {
      const { gate, kdf, clock } = this.#options
      const present = await this.#present()
      using seed = await this.#open(present.key, old)
      const given = { id: present.key.id, seed: seed.bytes }
      const key = await refusing(() => sealEscrowKey(given, fresh, threshold, kdf, gate))
      await this.#write({ ...present, changedAt: clock.now(), key })
    })
  }

  /** The secret seed, which the caller wipes. Refuses with 'wrong-admin-password', 'no-admin-key', 'busy', 'damaged'. */
  async open(passwords: readonly Buffer[]): Promise<Secret> {
    return this.#open((await this.#present()).key, passwords)
  }

  async #open(key: EscrowKey, passwords: readonly Buffer[]): Promise<Secret> {
    if (passwords.length === 0 || passwords.length > key.holders.length) throw wrongAdmins(key)
    for (const password of passwords) requirePassword(password)
    return refusing(async () => {
      try {
        return await openEscrowSeed(key, passwords, this.#options.gate)
      } catch (error) {
        throw error instanceof WrongKey ? wrongAdmins(key) : error
      }
    })
  }

  /** Destroys the key. What remains says that there was one, so that an older record put back is noticed. Refuses with 'no-admin-key'. */
  async remove(): Promise<void> {
    await this.#changes.run(async () => {
      const present = await this.#present()
      const now = this.#options.clock.now()
      const generation = this.#nextGeneration(present)
      await this.#write({ generation, createdAt: present.createdAt, changedAt: now, key: undefined })
    })
  }
}

function requireSharing(passwords: readonly Buffer[], threshold: number): void {
  for (const password of passwords) requirePassword(password)
  const count = passwords.length
  const isPossible = Number.isInteger(threshold) && threshold >= 1 && threshold <= count
  if (!isPossible || count > holdersAtMost)
    throw new Refusal(
      'limit',
      `A key is shared by 1 to ${holdersAtMost} admins, of whom as many can be needed`,
    )
  if (passwords.some((one, index) => passwords.findIndex((other) => other.equals(one)) !== index))
    throw new Refusal('limit', 'Two admins must not have the same password')
}

function wrongAdmins({ threshold, holders }: EscrowKey): Refusal {
  const text =
    holders.length === 1
      ? 'That is not the admin recovery password'
      : `Those are not the recovery passwords of ${threshold} of the ${holders.length} admins`
  return new Refusal('wrong-admin-password', text)
}
