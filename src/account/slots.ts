// Key slots of an account in the store: reading them, opening one, and the commit that renews them all.
import { Secret } from '../base/secret.ts'
import { makeCard, openCard } from '../crypto/card.ts'
import { WrongKey } from '../crypto/errors.ts'
import { kemPublicKey } from '../crypto/kem.ts'
import type { KdfGate, KdfParameters } from '../crypto/kdf.ts'
import { openKeyset, sealKeyset, wipeKeyset, type Keyset } from '../crypto/keyset.ts'
import { randomBytes } from '../crypto/random.ts'
import { decodeSlotLabel, type SlotLabel } from '../crypto/slot-label.ts'
import {
  makeSlot,
  openSlot,
  renewSlot,
  slotLabel,
  type NewSlot,
  type NewSlotSecret,
  type Slot,
  type SlotKind,
  type SlotSecret,
} from '../crypto/slot.ts'
import {
  decodeSlotList,
  encodeSlotList,
  slotListDigest,
  verifySlotList,
  type SlotList,
} from '../crypto/slot-list.ts'
import type { Transaction } from '../store/store.ts'
import { equalBytes, hex } from '../base/bytes.ts'
import type { TrailBy } from './api-lifecycle.ts'
import { noteAudit } from './audit.ts'
import { Damage } from './errors.ts'
import { escrowEdit } from './escrow-slots.ts'
import { cardKey, keysetKey, slotsKey } from './keys.ts'
import type { Change } from './log-codec.ts'
import { refusing } from './refusing.ts'
import { scramEdit, type ScramOwner, type ScramSettings } from './scram-slots.ts'
import { trailWrites, type TrailNote } from './trail.ts'
import type { Commit, Site, UnlockedAccount } from './unlocked-account.ts'
import { Vault } from './vault.ts'

export interface KeySettings {
  readonly gate: KdfGate
  readonly kdf: KdfParameters
  /** Not given: no logins by SCRAM. */
  readonly scram?: ScramSettings | undefined
}

/** The slot list as stored, parsed but not yet verified: enough to say which kinds there are. Throws Corrupt. */
export async function readSlots(site: Site, account: Buffer): Promise<{ list: SlotList; bytes: Buffer }> {
  const bytes = await refusing(() => site.store.read(account, (snapshot) => snapshot.get(slotsKey)))
  if (!bytes) throw new Damage('the key slots are missing')
  return { list: decodeSlotList(bytes), bytes: Buffer.from(bytes) }
}

/** The slot that a secret opened, as far as its sessions need to know. */
export interface OpenedSlot {
  readonly kind: SlotKind
  /** 16 bytes as hexadecimal. */
  readonly id: string
  readonly label: SlotLabel | undefined
}

/** What a slot's label says; undefined when it has none. Throws Corrupt, UnsupportedVersion. */
export function readLabel(account: Uint8Array, slot: Slot, volumeKey: Uint8Array): SlotLabel | undefined {
  const label = slotLabel(account, slot, volumeKey)
  return label && decodeSlotLabel(label)
}

/** Which slots a secret may open, and what else speaks against it. */
export interface SlotRules {
  /** Looked at before the secret is tried: others are as good as not there. */
  readonly mayOpen?: (slot: Slot) => boolean
  /** Throws a Refusal when the secret was right, and is not to be used so. */
  readonly admit?: (slot: OpenedSlot) => void
  /** False: the delivery card is not looked at, for what is done to an account that does not open. */
  readonly isCardNeeded?: boolean
}

/** Tries the slots of the secret's kind. Throws WrongKey when none opens, Corrupt when the one that should is damaged. */
async function openAny(
  account: Buffer,
  list: SlotList,
  secret: SlotSecret,
  gate: KdfGate,
  rules: SlotRules,
): Promise<{ volumeKey: Secret; slot: Slot }> {
  for (const slot of list.slots) {
    if (slot.kind !== secret.kind || rules.mayOpen?.(slot) === false) continue
    try {
      return { volumeKey: await openSlot(account, slot, list.vkVersion, secret, gate), slot }
    } catch (error) {
      if (!(error instanceof WrongKey)) throw error
    }
  }
  throw new WrongKey()
}

/**
 * Opens an account's keys with a secret and verifies everything that hangs from them. They are those of the moment when it
 * began: whoever checks a password meanwhile may find them renewed. Throws WrongKey, Corrupt, Busy, and what `rules` throw.
 */
export async function openVault(
  site: Site,
  account: Buffer,
  secret: SlotSecret,
  gate: KdfGate,
  rules: SlotRules = {},
): Promise<{ vault: Vault; slot: OpenedSlot }> {
  // All of one moment: a keyset renewed meanwhile would not open and look damaged.
  const [bytes, keysetBytes, cardBytes] = await refusing(() =>
    site.store.read(account, (snapshot) => snapshot.getMany([slotsKey, keysetKey, cardKey])),
  )
  if (!bytes) throw new Damage('the key slots are missing')
  const list = decodeSlotList(bytes)
  const { volumeKey, slot } = await openAny(account, list, secret, gate, rules)
  try {
    verifySlotList(account, bytes, volumeKey.bytes)
    const opened = {
      kind: slot.kind,
      id: hex(slot.id),
      label: readLabel(account, slot, volumeKey.bytes),
    }
    rules.admit?.(opened)
    if (!keysetBytes) throw new Damage('the keyset is missing')
    const keyset = openKeyset(account, keysetBytes, volumeKey.bytes, list.vkVersion)
    const vault = new Vault(account, volumeKey, list.vkVersion, keyset)
    try {
      if (rules.isCardNeeded !== false) checkCardBelongs(site, vault, cardBytes)
    } catch (error) {
      vault.wipe()
      throw error
    }
    return { vault, slot: opened }
  } catch (error) {
    volumeKey.wipe()
    throw error
  }
}

/** Mail must not be sealed to a key that is not the owner's: the next unlock after a swap notices. */
function checkCardBelongs(site: Site, vault: Vault, bytes: Uint8Array | undefined): void {
  if (!bytes) throw new Damage('the delivery key is missing')
  const card = openCard(site.siteKey, vault.account, bytes)
  const own = kemPublicKey(vault.kemSeed(vault.epoch))
  if (card.epoch !== vault.epoch || !equalBytes(card.publicKey, own)) {
    throw new Damage('the delivery key is not the one of this account')
  }
}

/** The slots record must be the one that the log names: an older one put back is noticed. */
export async function checkSlotsAreCurrent(account: UnlockedAccount): Promise<void> {
  const { bytes } = await readSlots(account.site, account.id)
  const { state, vault } = account
  if (!equalBytes(slotListDigest(bytes), state.slotsDigest) || state.keysetVersion !== vault.keyset.version) {
    throw new Damage('the key slots are not the current ones')
  }
}

export interface NewKeys {
  readonly volumeKey: Secret
  readonly vkVersion: number
  readonly keyset: Keyset
  readonly slotsBytes: Buffer
  write(tx: Transaction): void
  readonly change: Change
}

/** Seals a volume key, keyset and slots into the records that hold them. `slots` must already hold `volumeKey`. */
export function keyRecords(
  site: Site,
  account: Buffer,
  volumeKey: Secret,
  vkVersion: number,
  keyset: Keyset,
  slots: readonly Slot[],
): NewKeys {
  const current = keyset.epochs.at(-1)
  if (!current) throw new Damage('keyset has no epoch')
  const slotsBytes = encodeSlotList(account, { vkVersion, slots }, volumeKey.bytes)
  const sealedKeyset = sealKeyset(account, keyset, volumeKey.bytes, vkVersion)
  const card = makeCard(site.siteKey, account, current.epoch, keyset.version, kemPublicKey(current.kemSeed))
  return {
    volumeKey,
    vkVersion,
    keyset,
    slotsBytes,
    write(tx) {
      tx.put(slotsKey, slotsBytes)
      tx.put(keysetKey, sealedKeyset)
      tx.put(cardKey, card)
    },
    change: {
      kind: 'keys',
      vkVersion,
      keysetVersion: keyset.version,
      slotsDigest: slotListDigest(slotsBytes),
    },
  }
}

type AddedSlot = NewSlotSecret & Pick<NewSlot, 'id' | 'label'>

/** For whoever asks about the slot for SCRAM. */
export const scramOwner = (
  { address, id, site }: Pick<UnlockedAccount, 'address' | 'id' | 'site'>,
  { scram }: KeySettings,
): ScramOwner => ({ address, account: id, siteKey: site.siteKey, scram })

export interface SlotEdit {
  /** Refuses, by throwing, when the slots are not as expected; seen in the same commit. */
  readonly expect?: (slots: readonly Slot[]) => void
  /** Which of the present slots stay; they get the new volume key. */
  readonly keep: (slot: Slot) => boolean
  /** Secrets that get a slot of their own, with its identifier and label where they are given. */
  readonly add: readonly AddedSlot[]
  /** A keyset to take instead of the present one. */
  readonly keyset?: (present: Keyset) => Keyset
  readonly write?: (tx: Transaction) => void
  /** What else the log is to say. */
  readonly changes?: readonly Change[]
  /** What the owner is to find in the trail, in the same commit. */
  readonly trail?: readonly TrailNote[]
}

/**
 * Renews the volume key and all slots in one commit: what a removed slot opened, opens nothing that is stored from now on
 * (roots of older epochs stay until a rotation; THREATS.md).
 */
export async function editSlots(
  account: UnlockedAccount,
  settings: KeySettings,
  edit: SlotEdit,
): Promise<void> {
  const { site, id, vault } = account
  // What was made and did not become the account's own is wiped.
  const left: { volumeKey?: Secret; keyset?: Keyset } = {}
  let news: SlotNews = { added: [], removed: [] }
  try {
    await account.commit(async (): Promise<Commit<true>> => {
      const { list, bytes } = await readSlots(site, id)
      verifySlotList(id, bytes, vault.volumeKey.bytes)
      edit.expect?.(list.slots)
      const fresh = (left.volumeKey = new Secret(randomBytes(32)))
      const vkVersion = vault.vkVersion + 1
      const scram = await scramEdit(
        scramOwner(account, settings),
        list.slots,
        list.slots.filter(edit.keep),
        edit.add,
      )
      const escrow = await escrowEdit(account, scram.kept, scram.add)
      const kept = escrow.kept.map((slot) =>
        renewSlot(id, slot, fresh.bytes, vkVersion, vault.volumeKey.bytes),
      )
      const added: Slot[] = []
      const wanted: readonly AddedSlot[] = [...scram.add, ...escrow.add]
      for (const secret of wanted) {
        const kdf = secret.kind === 'password' ? { kdf: settings.kdf } : {}
        const createdAt = site.clock.now()
        const named = {
          ...(secret.id ? { id: secret.id } : {}),
          ...(secret.label ? { label: secret.label } : {}),
        }
        const fields = { account: id, secret, ...kdf, ...named, volumeKey: fresh.bytes, vkVersion, createdAt }
        added.push(await makeSlot(fields, settings.gate))
      }
      if (edit.keyset) left.keyset = edit.keyset(vault.keyset)
      const renewed = left.keyset ?? vault.keyset
      const records = keyRecords(site, id, fresh, vkVersion, renewed, [...kept, ...added])
      const stay = new Set(kept.map((slot) => hex(slot.id)))
      news = { added, removed: list.slots.filter((slot) => !stay.has(hex(slot.id))) }
      const trail = await trailWrites(account, [...(edit.trail ?? []), ...escrow.trail])
      return {
        changes: [records.change, ...(edit.changes ?? []), ...escrow.changes, ...trail.changes],
        value: true,
        write(tx) {
          records.write(tx)
          trail.write(tx)
          edit.write?.(tx)
        },
        applied() {
          vault.replace(fresh, vkVersion, renewed)
          delete left.volumeKey
          delete left.keyset
        },
      }
    })
  } finally {
    left.volumeKey?.wipe()
    if (left.keyset) wipeKeyset(left.keyset)
  }
  await account.witness?.now()
  await noteSlots(account, news, edit.trail?.[0]?.by ?? 'server')
}

interface SlotNews {
  readonly added: readonly Slot[]
  readonly removed: readonly Slot[]
}

/** Lines in the audit log about slots that came and went, by their kinds. */
async function noteSlots({ site, address }: UnlockedAccount, news: SlotNews, by: TrailBy): Promise<void> {
  for (const what of ['added', 'removed'] as const) {
    if (news[what].length === 0) continue
    const detail = { kinds: news[what].map(({ kind }) => kind).join(' ') }
    await noteAudit(site, { event: `slot.${what}`, address, by, detail })
  }
}
