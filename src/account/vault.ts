// The key material of one unlocked account: volume key, keyset, the keys derived from each epoch's root, and message keys in use.
import { Secret } from '../base/secret.ts'
import { wipeKeyset, type Keyset } from '../crypto/keyset.ts'
import { RootKeys } from '../crypto/root-keys.ts'
import { Damage, Refusal } from './errors.ts'

/** After `wipe()` every use is refused: what is sealed with zeros would be open to everybody. */
export class Vault {
  readonly account: Buffer
  #volumeKey: Secret
  vkVersion: number
  #keyset: Keyset
  readonly #roots = new Map<number, RootKeys>()
  readonly #lent = new Set<Secret>()
  #isWiped = false

  constructor(account: Buffer, volumeKey: Secret, vkVersion: number, keyset: Keyset) {
    this.account = account
    this.#volumeKey = volumeKey
    this.vkVersion = vkVersion
    this.#keyset = keyset
  }

  #mustBeOpen(): void {
    if (this.#isWiped) throw new Refusal('unavailable', 'The account was locked')
  }

  /** Of the volume key's own bytes. */
  get isWiped(): boolean {
    return this.#volumeKey.isWiped
  }

  /** Refuses with 'unavailable' after `wipe()`, as all that follow. */
  get volumeKey(): Secret {
    this.#mustBeOpen()
    return this.#volumeKey
  }

  get keyset(): Keyset {
    this.#mustBeOpen()
    return this.#keyset
  }

  get epoch(): number {
    const current = this.keyset.epochs.at(-1)
    if (!current) throw new Damage('keyset has no epoch')
    return current.epoch
  }

  /** The keys of an epoch; the current one when none is named. Throws Damage for an epoch that the keyset does not hold. */
  root(epoch: number = this.epoch): RootKeys {
    this.#mustBeOpen()
    let root = this.#roots.get(epoch)
    if (!root) {
      const found = this.keyset.epochs.find((item) => item.epoch === epoch)
      if (!found) throw new Damage('record of a key epoch that this account does not have')
      root = new RootKeys(found)
      this.#roots.set(epoch, root)
    }
    return root
  }

  kemSeed(epoch: number): Buffer {
    const found = this.keyset.epochs.find((item) => item.epoch === epoch)
    if (!found) throw new Damage('arrival of a key epoch that this account does not have')
    return found.kemSeed
  }

  /** A copy of a message key that does not outlive the vault, however long a reader takes. Give it back with `takeBack`. */
  lend(key: Uint8Array): Secret {
    this.#mustBeOpen()
    const secret = new Secret(Buffer.from(key))
    this.#lent.add(secret)
    return secret
  }

  takeBack(secret: Secret): void {
    this.#lent.delete(secret)
    secret.wipe()
  }

  /** Takes a new volume key and keyset after they were committed; wipes what they replace. */
  replace(volumeKey: Secret, vkVersion: number, keyset: Keyset): void {
    if (volumeKey !== this.#volumeKey) this.#volumeKey.wipe()
    this.#volumeKey = volumeKey
    this.vkVersion = vkVersion
    if (keyset !== this.#keyset) {
      const kept = new Set(keyset.epochs.map((item) => item.epoch))
      for (const [epoch, root] of this.#roots) {
        if (!kept.has(epoch)) {
          root.wipe()
          this.#roots.delete(epoch)
        }
      }
      wipeKeyset(this.#keyset)
      this.#keyset = keyset
    }
  }

  wipe(): void {
    this.#isWiped = true
    this.#volumeKey.wipe()
    for (const root of this.#roots.values()) root.wipe()
    this.#roots.clear()
    wipeKeyset(this.#keyset)
    for (const secret of this.#lent) secret.wipe()
    this.#lent.clear()
  }
}
