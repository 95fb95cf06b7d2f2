// The commits that turn at-rest encryption on and off and begin a rotation. What older records need follows in convert.ts.
import { u32 } from '../base/bytes.ts'
import { addEpoch } from '../crypto/keyset.ts'
import type { NewSlotSecret, Slot } from '../crypto/slot.ts'
import type { JobKind, TrailBy } from './api-lifecycle.ts'
import { factNumbers } from './account-facts.ts'
import { Refusal } from './errors.ts'
import { encodeJob } from './job-mark.ts'
import { conversionKey } from './keys.ts'
import type { Change } from './log-codec.ts'
import { editSlots, type KeySettings, type SlotEdit } from './slots.ts'
import type { TrailNote } from './trail.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** One rotation at a time: two at once could drop an epoch that something is still sealed under. */
function mustBeSettled(account: UnlockedAccount): void {
  if (account.vault.keyset.epochs.length > 1)
    throw new Refusal('busy', 'Older mail is still being sealed under new keys; that has to end first')
}

export const messagesOf = (account: UnlockedAccount): number =>
  [...account.state.mailboxes.values()].reduce((sum, table) => sum + table.messages, 0)

/** In the same commit as the epoch: what is to happen to bodies cannot be forgotten, nor taken away by whoever writes the disk. */
const renewsBodies = ({ vault }: UnlockedAccount): Change => ({
  kind: 'fact',
  fact: factNumbers.bodies,
  value: u32(vault.epoch + 1),
})

/** Renews slots and volume key and begins an epoch, in one commit. */
async function beginEpoch(
  account: UnlockedAccount,
  settings: KeySettings,
  kind: JobKind,
  edit: Pick<SlotEdit, 'expect' | 'keep' | 'add'>,
  by: TrailBy,
): Promise<void> {
  const startedAt = account.site.clock.now()
  await editSlots(account, settings, {
    ...edit,
    trail: [{ kind: kind === 'enable' ? 'enabled' : 'keys-rotated', by }],
    expect(slots) {
      edit.expect?.(slots)
      mustBeSettled(account)
    },
    keyset: addEpoch,
    changes: kind === 're-encrypt' ? [renewsBodies(account)] : [],
    write: (tx) => tx.put(conversionKey, encodeJob({ kind, done: 0, total: messagesOf(account), startedAt })),
  })
}

export interface Enabling {
  /** 16 bytes; none for an account that the site enrols: its owner has seen no code yet. */
  readonly code?: Uint8Array
  /** A password slot made anew with the site's present costs. */
  readonly password?: Buffer
  /** Called with the slots as they are. Throws to refuse. */
  readonly expect?: (slots: readonly Slot[]) => void
}

/** The site's slot goes and keys are renewed: from here on new mail is safe. Refuses with 'already-enabled', 'busy'. */
export async function sealAccount(
  account: UnlockedAccount,
  settings: KeySettings,
  { code, password, expect }: Enabling,
): Promise<void> {
  const add: NewSlotSecret[] = []
  if (password) add.push({ kind: 'password', password })
  if (code) add.push({ kind: 'recovery', code })
  const sealing: Pick<SlotEdit, 'expect' | 'keep' | 'add'> = {
    expect(slots) {
      if (!slots.some((slot) => slot.kind === 'server'))
        throw new Refusal('already-enabled', 'At-rest encryption is on already')
      expect?.(slots)
    },
    keep: (slot) => slot.kind !== 'server' && !(password && slot.kind === 'password'),
    add,
  }
  await beginEpoch(account, settings, 'enable', sealing, code ? 'owner' : 'server')
}

/** Slots that make sense only while the site's key does not open the account. */
const onlyWhenSealed: ReadonlySet<string> = new Set(['recovery', 'escrow'])

/**
 * The site's key opens the account again. Nothing has to be sealed anew for that: whoever holds the volume key opens it all, so
 * this is one commit, and done when it resolves. Refuses with 'nothing-to-do', 'busy'.
 */
export async function unsealAccount(
  account: UnlockedAccount,
  settings: KeySettings,
  trail: readonly TrailNote[] = [],
): Promise<void> {
  await editSlots(account, settings, {
    trail,
    expect(slots) {
      if (slots.some((slot) => slot.kind === 'server'))
        throw new Refusal('nothing-to-do', 'At-rest encryption is off already')
    },
    keep: (slot) => !onlyWhenSealed.has(slot.kind),
    add: [{ kind: 'server', siteKey: account.site.siteKey }],
  })
}

/** New volume key, roots and delivery key; every slot stays. Refuses with 'busy'. */
export async function rotateAccount(
  account: UnlockedAccount,
  settings: KeySettings,
  renewsBodies: boolean,
  by: TrailBy = 'owner',
): Promise<void> {
  const kind = renewsBodies ? 're-encrypt' : 'rotate'
  await beginEpoch(account, settings, kind, { keep: () => true, add: [] }, by)
}
