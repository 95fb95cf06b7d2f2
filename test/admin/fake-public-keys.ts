// Own keys in memory, without cryptography: enough for the commands about them.
import type {
  OwnerSecret,
  Progress,
  PublicKeyApi,
  PublicKeyInfo,
  SealingSettings,
} from '../../src/account/api-lifecycle.ts'
import { Refusal } from '../../src/account/errors.ts'

export const fakeKey = (text: string): PublicKeyInfo => ({
  kind: 'openpgp',
  fingerprint: Buffer.from(text).toString('hex').padEnd(40, '0').slice(0, 40),
  names: [`${text} <${text}@example.org>`],
  algorithm: 'Curve25519',
  createdAt: Date.UTC(2026, 0, 1),
  expiresAt: undefined,
  problem: undefined,
})

/** A file is a key when it begins with `key `; what follows is its name. */
export class FakePublicKeys implements PublicKeyApi {
  readonly keys: PublicKeyInfo[] = []
  /** Files that were handed over. */
  readonly given: Uint8Array[] = []
  settings: SealingSettings = {
    append: false,
    exceptDrafts: false,
    protectHeaders: false,
    onTrouble: 'defer',
  }
  tested = 0
  sealed = 0
  /** Throws as the account layer would for a wrong secret. */
  check: (secret: OwnerSecret) => void = () => undefined

  async publicKeys(): ReturnType<PublicKeyApi['publicKeys']> {
    return { keys: this.keys, settings: this.settings, job: undefined }
  }

  async inspectPublicKeys(bytes: Uint8Array): Promise<readonly PublicKeyInfo[]> {
    this.given.push(bytes)
    const text = Buffer.from(bytes).toString()
    if (!text.startsWith('key '))
      throw new Refusal('bad-key', 'This is neither an OpenPGP key nor a certificate')
    return [fakeKey(text.slice(4).trim())]
  }

  async addPublicKeys(
    _address: string,
    secret: OwnerSecret,
    bytes: Uint8Array,
  ): Promise<readonly PublicKeyInfo[]> {
    this.check(secret)
    const found = await this.inspectPublicKeys(bytes)
    this.keys.push(...found)
    return found
  }

  async removePublicKey(_address: string, secret: OwnerSecret, fingerprint: string): Promise<void> {
    this.check(secret)
    const index = this.keys.findIndex((key) => key.fingerprint === fingerprint)
    if (index < 0) throw new Refusal('bad-key', 'The account has no key of this fingerprint')
    this.keys.splice(index, 1)
  }

  async setSealing(_address: string, secret: OwnerSecret, settings: Partial<SealingSettings>): Promise<void> {
    this.check(secret)
    this.settings = { ...this.settings, ...settings }
  }

  async testPublicKeys(): Promise<void> {
    if (this.keys.length === 0) throw new Refusal('no-own-key', 'The account has no key of its own')
    this.tested += 1
  }

  async sealExistingMail(
    _address: string,
    secret: OwnerSecret,
    progress?: Progress,
  ): Promise<{ readonly finished: Promise<void> }> {
    this.check(secret)
    progress?.(3, 3)
    this.sealed += 1
    return { finished: Promise.resolve() }
  }

  async cancelSealing(_address: string, secret: OwnerSecret): Promise<void> {
    this.check(secret)
    if (this.sealed === 0) throw new Refusal('nothing-to-do', 'No older mail of this account is being sealed')
    this.sealed -= 1
  }
}
