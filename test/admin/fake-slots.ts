// App passwords and slots in memory, for admin commands to work on.
import { Refusal } from '../../src/account/errors.ts'
import type { AppPassword, OwnerSecret, SlotApi, SlotInfo } from '../../src/account/api-lifecycle.ts'

const at = Date.UTC(2026, 0, 1)
const appId = '0a1b2c3d'

/** Checks secrets as the fake accounts do; what it was asked is in `uses`. */
export class FakeSlots implements SlotApi {
  readonly apps = new Map<string, AppPassword>()
  readonly uses = new Map<string, 'everywhere' | 'web-only'>()
  readonly removed: string[] = []
  readonly #check: (address: string, secret?: OwnerSecret) => void

  constructor(check: (address: string, secret?: OwnerSecret) => void) {
    this.#check = check
  }

  async addAppPassword(
    ...[address, secret, wanted]: Parameters<SlotApi['addAppPassword']>
  ): ReturnType<SlotApi['addAppPassword']> {
    this.#check(address, secret)
    const appPassword: AppPassword = {
      id: appId,
      name: wanted.name,
      protocols: wanted.protocols ?? ['imap', 'submission'],
      createdAt: at,
      expiresAt: wanted.expiresAt,
      lastUsedAt: undefined,
      lastUsedFrom: undefined,
    }
    this.apps.set(appId, appPassword)
    return { appPassword, text: Buffer.from('A000-1111-2222-3333-4444-5555-6666-7777') }
  }

  async appPasswords(address: string, secret: OwnerSecret): Promise<readonly AppPassword[]> {
    this.#check(address, secret)
    return [...this.apps.values()]
  }

  async revokeAppPassword(address: string, id: string): Promise<void> {
    this.#check(address)
    if (!this.apps.delete(id))
      throw new Refusal('no-such-slot', 'There is no such slot, or there are several')
  }

  async slots(address: string, secret: OwnerSecret): Promise<readonly SlotInfo[]> {
    this.#check(address, secret)
    const kdf = { memoryKiB: 65_536, passes: 3, parallelism: 4 }
    const none = { name: undefined, lastUsedAt: undefined }
    return [
      { id: '11111111', kind: 'password', createdAt: at, ...none, kdf },
      { id: appId, kind: 'app', createdAt: at, name: 'iPhone', lastUsedAt: at + 60_000, kdf: undefined },
    ]
  }

  async removeSlot(address: string, secret: OwnerSecret, id: string): Promise<void> {
    this.#check(address, secret)
    if (id === '11111111') throw new Refusal('not-permitted', 'That is the only password of the account')
    if (id !== appId) throw new Refusal('no-such-slot', 'There is no such slot, or there are several')
    this.removed.push(id)
  }

  async setMainPasswordUse(
    address: string,
    secret: OwnerSecret,
    use: 'everywhere' | 'web-only',
  ): Promise<void> {
    this.#check(address, secret)
    this.uses.set(address, use)
  }
}
