// App passwords and slots of accounts (SlotApi): made, listed, revoked, removed; and what is put in order when an account is unlocked.
import { hex, utf8 } from '../base/bytes.ts'
import { formatAppPassword } from '../crypto/app-password.ts'
import { makeId, randomBytes } from '../crypto/random.ts'
import { encodeSlotLabel, slotNameBytes, slotProtocols, type SlotLabel } from '../crypto/slot-label.ts'
import { maxSlots } from '../crypto/slot-list.ts'
import type { Slot } from '../crypto/slot.ts'
import type { AppPassword, AppProtocol, OwnerSecret, SlotApi, SlotInfo } from './api-lifecycle.ts'
import { bySecret } from './by-secret.ts'
import { nobody, type Credentials } from './credentials.ts'
import type { DirectoryEntry } from './directory.ts'
import { fieldOf } from './directory-fields.ts'
import { isRefusal, Refusal } from './errors.ts'
import type { OpenSession } from './open-account.ts'
import { refusing } from './refusing.ts'
import type { Registry } from './registry.ts'
import { mainPasswordUseField, revokedSlotsField, type MainPasswordUse } from './slot-fields.ts'
import type { SlotUse } from './slot-use-codec.ts'
import type { SlotUses } from './slot-uses.ts'
import { isMainPassword } from './login-rules.ts'
import { isScramUnwanted } from './scram-slots.ts'
import { editSlots, readLabel, readSlots, scramOwner, type KeySettings } from './slots.ts'
import type { Site, UnlockedAccount } from './unlocked-account.ts'
import type { Unlocked, UnlockedAccounts } from './unlocked-accounts.ts'

/** Some places are kept free for the password, the recovery code and the administrator's key. */
export const appPasswordsAtMost: number = maxSlots - 4
/** How much of a slot's identifier its owner sees. */
const shownDigits = 8

const shownId = (slot: { readonly id: Uint8Array }): string => hex(slot.id).slice(0, shownDigits)

export interface SlotKeeperParts {
  readonly site: Site
  readonly settings: KeySettings
  readonly unlocked: UnlockedAccounts
  readonly registry: Registry
  readonly uses: SlotUses
  readonly credentials: Credentials
}

export class SlotKeeper implements SlotApi {
  readonly #parts: SlotKeeperParts

  constructor(parts: SlotKeeperParts) {
    this.#parts = parts
  }

  async #with<T>(
    address: string,
    secret: OwnerSecret,
    task: (session: OpenSession, entry: DirectoryEntry) => Promise<T>,
  ): Promise<T> {
    const entry = await this.#parts.registry.entry(address)
    const session = await this.#parts.credentials.openFor(entry, secret)
    try {
      return await refusing(() => task(session, entry))
    } finally {
      await session.close()
    }
  }

  addAppPassword(
    address: string,
    secret: OwnerSecret,
    wanted: {
      readonly name: string
      readonly protocols?: readonly AppProtocol[]
      readonly expiresAt?: number
    },
  ): Promise<{ readonly appPassword: AppPassword; readonly text: Buffer }> {
    const { site, settings } = this.#parts
    const name = newSlotName(wanted.name)
    const protocols = slotProtocols.filter((protocol) =>
      (wanted.protocols ?? slotProtocols).includes(protocol),
    )
    if (protocols.length === 0)
      throw new Refusal('limit', 'An app password must be for reading or sending mail')
    const { expiresAt } = wanted
    if (expiresAt !== undefined && !(expiresAt > site.clock.now()))
      throw new Refusal('limit', 'The app password would have expired already')
    return this.#with(address, secret, async ({ account }) => {
      const id = makeId()
      const label = encodeSlotLabel({ name, protocols, expiresAt })
      const bytes = randomBytes(16)
      try {
        await editSlots(account, settings, {
          expect: mustHaveRoom,
          keep: () => true,
          add: [{ kind: 'app', secret: bytes, id, label }],
          trail: [{ kind: 'app-password-added', by: bySecret(secret), detail: shownId({ id }) }],
        })
        // It is there, and nobody else knows its text: what locks the account now must not keep it from its owner.
        const slot = await slotOf(account, shownId({ id }))
        return {
          appPassword: described(slot, { name, protocols, expiresAt }, undefined),
          text: formatAppPassword(id, bytes),
        }
      } finally {
        bytes.fill(0)
      }
    })
  }

  appPasswords(address: string, secret: OwnerSecret): Promise<readonly AppPassword[]> {
    return this.#with(address, secret, async ({ account }, entry) => {
      const revoked = fieldOf(entry.fields, revokedSlotsField)
      const uses = await this.#parts.uses.read(account)
      const { list } = await readSlots(account.site, account.id)
      return list.slots
        .filter((slot) => slot.kind === 'app' && !revoked.includes(hex(slot.id)))
        .map((slot) => {
          const label = readLabel(account.id, slot, account.vault.volumeKey.bytes)
          return described(slot, label, uses.get(hex(slot.id)))
        })
    })
  }

  async revokeAppPassword(address: string, id: string): Promise<void> {
    const { registry, site, unlocked } = this.#parts
    const entry = await registry.entry(address)
    const { list } = await refusing(() => readSlots(site, entry.account))
    const slot = found(
      list.slots.filter(({ kind }) => kind === 'app'),
      id,
    )
    const whole = hex(slot.id)
    // Durable before anything else: from here on it opens nothing.
    await registry.changeField(entry, revokedSlotsField, (revoked) => [...new Set([...revoked, whole])])
    // While it is open anyway, the slot can go at once; sessions end first, which must not lock it meanwhile.
    const held = unlocked.join(entry.address, entry.account, nobody)
    try {
      await this.#endSessions(entry, [whole], 'This app password was revoked')
      if (held) await this.#tidy(held.account, entry.address)
    } finally {
      await held?.close()
    }
  }

  async #endSessions(entry: DirectoryEntry, slots: readonly string[], reason: string): Promise<void> {
    const { unlocked } = this.#parts
    const using = unlocked
      .sessions()
      .filter(({ account, slot }) => account.id.equals(entry.account) && slots.includes(slot.id))
    await unlocked.end(using, reason)
  }

  slots(address: string, secret: OwnerSecret): Promise<readonly SlotInfo[]> {
    return this.#with(address, secret, async ({ account }) => {
      const uses = await this.#parts.uses.read(account)
      const { list } = await readSlots(account.site, account.id)
      return list.slots.map((slot) => ({
        id: shownId(slot),
        kind: slot.kind,
        name: readLabel(account.id, slot, account.vault.volumeKey.bytes)?.name,
        createdAt: slot.createdAt,
        lastUsedAt: uses.get(hex(slot.id))?.at,
        kdf: slot.kdf,
        iterations: slot.scram?.iterations,
      }))
    })
  }

  removeSlot(address: string, secret: OwnerSecret, id: string): Promise<void> {
    const { settings, unlocked } = this.#parts
    return this.#with(address, secret, async (session, entry) => {
      let gone = ''
      await editSlots(session.account, settings, {
        expect(slots) {
          const slot = found(slots, id)
          mayBeRemoved(slot, slots)
          gone = hex(slot.id)
        },
        keep: (slot) => hex(slot.id) !== gone,
        add: [],
        trail: [{ kind: 'slot-removed', by: bySecret(secret), detail: id }],
      })
      unlocked.forgetPasswords(entry.account)
      const using = unlocked
        .sessions()
        .filter(
          (other) => other !== session && other.account.id.equals(entry.account) && other.slot.id === gone,
        )
      await unlocked.end(using, 'The slot that opened this session was removed')
      await this.#tidy(session.account, entry.address)
    })
  }

  async setMainPasswordUse(address: string, secret: OwnerSecret, use: MainPasswordUse): Promise<void> {
    const { registry, unlocked } = this.#parts
    await this.#with(address, secret, async (session, entry) => {
      await registry.setField(entry, mainPasswordUseField, use)
      if (use === 'everywhere') return
      const using = unlocked
        .sessions()
        .filter(
          ({ account, slot, info }) =>
            account.id.equals(entry.account) && isMainPassword(slot) && info.protocol === 'imap',
        )
      await unlocked.end(using, 'Your main password is for the web page only now: use an app password')
      // Of no use from now on, and cheaper to guess on than the password's own slot.
      await this.#tidy(session.account, entry.address)
    })
  }

  /** An account was unlocked: revoked and expired app passwords go, and a slot for SCRAM that is not to be. Nobody waits for it. */
  unlockedNow({ account, address }: Unlocked): void {
    this.#tidy(account, address).catch((error: unknown) => {
      if (account.isFailed) return
      const reason = isRefusal(error) ? error.code : 'fault'
      this.#parts.site.log.write('error', 'slots.not-tidied', { account: hex(account.id), reason })
    })
  }

  /** Takes revoked and expired app passwords out of the slots, and out of the directory then; and a slot for SCRAM that is not to be. */
  async #tidy(account: UnlockedAccount, address: string): Promise<void> {
    const { registry, site, settings } = this.#parts
    const entry = await registry.find(address)
    if (!entry?.account.equals(account.id)) return
    const revoked = fieldOf(entry.fields, revokedSlotsField)
    const { list } = await refusing(() => readSlots(site, account.id))
    const isOver = (slot: Slot): boolean => slot.kind === 'app' && this.#isExpired(account, slot)
    const isStray = await isScramUnwanted(scramOwner(account, settings), list.slots)
    const gone = list.slots.filter(
      (slot) => revoked.includes(hex(slot.id)) || isOver(slot) || (isStray && slot.kind === 'scram'),
    )
    if (gone.length > 0) {
      const ids = gone.map((slot) => hex(slot.id))
      await refusing(() =>
        editSlots(account, settings, {
          keep: (slot) => !ids.includes(hex(slot.id)),
          add: [],
          trail: gone.map((slot) => ({
            kind: slot.kind === 'app' ? 'app-password-revoked' : 'slot-removed',
            ...{ by: 'server', detail: shownId(slot) },
          })),
        }),
      )
    }
    // Only what was seen here: another may have been revoked since.
    if (revoked.length > 0)
      await registry.changeField(entry, revokedSlotsField, (now) => now.filter((id) => !revoked.includes(id)))
  }

  #isExpired(account: UnlockedAccount, slot: Slot): boolean {
    const label = readLabel(account.id, slot, account.vault.volumeKey.bytes)
    return label?.expiresAt !== undefined && label.expiresAt <= this.#parts.site.clock.now()
  }
}

function described(slot: Slot, label: SlotLabel | undefined, use: SlotUse | undefined): AppPassword {
  return {
    id: shownId(slot),
    name: label?.name ?? '',
    protocols: label?.protocols ?? slotProtocols,
    createdAt: slot.createdAt,
    expiresAt: label?.expiresAt,
    lastUsedAt: use?.at,
    lastUsedFrom: use && [use.remoteAddress, use.client].filter((part) => part !== '').join(', '),
  }
}

function newSlotName(given: string): string {
  const name = given.normalize('NFC').trim()
  if (name === '' || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(name))
    throw new Refusal('limit', 'Give it a name, in one line')
  if (utf8(name).length > slotNameBytes)
    throw new Refusal('limit', `The name is longer than ${slotNameBytes} bytes`)
  return name
}

function mustHaveRoom(slots: readonly Slot[]): void {
  const apps = slots.filter((slot) => slot.kind === 'app').length
  if (apps >= appPasswordsAtMost || slots.length >= maxSlots)
    throw new Refusal('limit', `There is room for ${appPasswordsAtMost} app passwords: revoke one first`)
}

/** The slot whose identifier begins so; refuses with 'no-such-slot' also where that is not one. */
function found(slots: readonly Slot[], id: string): Slot {
  const digits = id.trim().toLowerCase()
  const [slot, other] = slots.filter(({ id: whole }) => hex(whole).startsWith(digits))
  if (!slot || other || digits.length < shownDigits)
    throw new Refusal('no-such-slot', 'There is no such slot, or there are several')
  return slot
}

async function slotOf(account: UnlockedAccount, id: string): Promise<Slot> {
  const { list } = await readSlots(account.site, account.id)
  return found(list.slots, id)
}

function mayBeRemoved(slot: Slot, slots: readonly Slot[]): void {
  if (slot.kind === 'server')
    throw new Refusal('not-permitted', 'The key of the site goes when at-rest encryption is turned on')
  if (slot.kind === 'escrow')
    throw new Refusal('not-permitted', 'The slot of the admin recovery key goes with that key')
  if (slot.kind === 'password' && slots.filter(({ kind }) => kind === 'password').length === 1)
    throw new Refusal('not-permitted', 'That is the only password of the account: change it instead')
}
