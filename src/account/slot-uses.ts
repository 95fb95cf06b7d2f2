// When app passwords were last used: noted in memory at each login, written now and then, so that no login waits for it.
import type { Log } from '../base/ports.ts'
import { hex } from '../base/bytes.ts'
import { boxEpoch } from '../crypto/box.ts'
import { slotUseKey } from './keys.ts'
import { isRefusal } from './errors.ts'
import { sealSlotUses, slotUsesOrNone, type SlotUse, type SlotUseTable } from './slot-use-codec.ts'
import { readSlots, type OpenedSlot } from './slots.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

const hour = 3_600_000
/** A stored use that is older than this is written anew; one from elsewhere sooner. */
const staleMs = hour
const staleElsewhereMs = hour / 12
/** A client says what it is soon after it has logged in. */
const settleMs = 3000
/** Accounts that were used, by submission, since they were last unlocked. */
const accountsAtMost = 10_000
const addressCharacters = 64
const clientCharacters = 100

/** Without control characters and what else would drive a terminal: a stranger sent it. */
function shownText(text: string, characters: number): string {
  return Array.from(text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ').trim())
    .slice(0, characters)
    .join('')
}

export class SlotUses {
  readonly #log: Log
  /** By account, then by slot, in hexadecimal: uses that are not written yet, or not worth it. */
  readonly #recent = new Map<string, Map<string, SlotUse>>()
  readonly #find: (account: Buffer) => UnlockedAccount | undefined
  readonly #waiting = new Set<string>()

  /** `find` gives an account while it is unlocked. */
  constructor(log: Log, find: (account: Buffer) => UnlockedAccount | undefined) {
    this.#log = log
    this.#find = find
  }

  /** Takes note of a login; of an app password only. */
  note(
    account: Buffer,
    slot: OpenedSlot,
    at: number,
    remoteAddress: string,
    client: string | undefined,
  ): void {
    if (slot.kind === 'app') {
      const id = hex(account)
      const uses = this.#recent.get(id) ?? new Map<string, SlotUse>()
      uses.set(slot.id, {
        at,
        remoteAddress: shownText(remoteAddress, addressCharacters),
        client: shownText(client ?? '', clientCharacters),
      })
      this.#recent.set(id, uses)
      const [oldest] = this.#recent.keys()
      if (this.#recent.size > accountsAtMost && oldest !== undefined) this.#recent.delete(oldest)
    }
    this.#writeSoon(account)
  }

  #writeSoon(account: Buffer): void {
    const id = hex(account)
    if (!this.#recent.has(id) || this.#waiting.has(id)) return
    this.#waiting.add(id)
    setTimeout(() => {
      this.#waiting.delete(id)
      const unlocked = this.#find(account)
      if (unlocked) void this.write(unlocked)
    }, settleMs).unref()
  }

  /** Uses of an unlocked account, as stored and since. */
  async read(account: UnlockedAccount): Promise<SlotUseTable> {
    const sealed = await account.read((snapshot) => snapshot.get(slotUseKey))
    return new Map([...slotUsesOrNone(account.vault, sealed), ...(this.#recent.get(hex(account.id)) ?? [])])
  }

  /** Writes what is worth it. Never throws: a login, or a logout, must not fail by it. */
  async write(account: UnlockedAccount): Promise<void> {
    const recent = this.#recent.get(hex(account.id))
    if (!recent || account.isFailed) return
    try {
      const written = await account.commit(async () => {
        const sealed = await account.read((snapshot) => snapshot.get(slotUseKey))
        const stored = slotUsesOrNone(account.vault, sealed)
        if (![...recent].some(([slot, use]) => isWorthWriting(use, stored.get(slot)))) return undefined
        const { list } = await readSlots(account.site, account.id)
        const present = new Set(list.slots.map((slot) => hex(slot.id)))
        const uses = new Map([...stored, ...recent].filter(([slot]) => present.has(slot)))
        return {
          changes: [],
          value: uses,
          write: (tx) => tx.put(slotUseKey, sealSlotUses(account.vault, uses)),
        }
      })
      if (!written) return
      for (const [slot, use] of [...recent]) {
        // One noted meanwhile stays; one of a slot that is gone goes.
        if (recent.get(slot) === use) recent.delete(slot)
      }
      if (recent.size === 0) this.#recent.delete(hex(account.id))
    } catch (error) {
      const reason = isRefusal(error) ? error.code : 'fault'
      this.#log.write('warn', 'slot-use.not-written', { account: hex(account.id), reason })
    }
  }
}

function isWorthWriting(use: SlotUse, stored: SlotUse | undefined): boolean {
  if (!stored) return true
  const isElsewhere = use.remoteAddress !== stored.remoteAddress || use.client !== stored.client
  return use.at - stored.at >= (isElsewhere ? staleElsewhereMs : staleMs)
}

/** Seals the record of last uses under the newest epoch, during a rotation. */
export async function convertSlotUses(account: UnlockedAccount): Promise<void> {
  const { vault } = account
  await account.commit(async () => {
    const sealed = await account.read((snapshot) => snapshot.get(slotUseKey))
    if (!sealed || boxEpoch(sealed) === vault.epoch) return undefined
    const uses = slotUsesOrNone(vault, sealed)
    return { changes: [], value: true, write: (tx) => tx.put(slotUseKey, sealSlotUses(vault, uses)) }
  })
}
