// Which slot for the site's recovery key an account is to have, and what has to change: part of every edit of its slots (FORMAT.md §6).
import { ByteReader, ByteWriter, equalBytes } from '../base/bytes.ts'
import { escrowDigest } from '../crypto/escrow.ts'
import type { NewSlotSecret, Slot } from '../crypto/slot.ts'
import { factNumbers } from './account-facts.ts'
import { noteAudit } from './audit.ts'
import { isRefusal } from './errors.ts'
import type { Change } from './log-codec.ts'
import { decoded } from './replay.ts'
import type { TrailNote } from './trail-codec.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** What the account remembers of the key that it acted on last. */
interface Remembered {
  readonly generation: number
  /** Of the public key; zeros where the site said that there is none. */
  readonly digest: Buffer
}

const noDigest = Buffer.alloc(32)

function remembered(account: UnlockedAccount): Remembered {
  const value = account.state.facts.get(factNumbers.escrow)
  if (!value) return { generation: 0, digest: noDigest }
  return decoded('what is remembered of the recovery key', () => {
    const from = new ByteReader(value)
    const fact = { generation: from.u64(), digest: Buffer.from(from.fixed(32)) }
    from.end()
    return fact
  })
}

const factChange = ({ generation, digest }: Remembered): Change => {
  const value = new ByteWriter().u64(generation).fixed(digest).finish()
  return { kind: 'fact', fact: factNumbers.escrow, value }
}

/** `leave`: the record cannot be trusted, so what there is stays as it is. */
type Wanted =
  | { readonly kind: 'leave'; readonly reason: string }
  | { readonly kind: 'none'; readonly generation: number; readonly reason: string }
  | { readonly kind: 'key'; readonly generation: number; readonly publicKey: Buffer; readonly digest: Buffer }

async function wanted(account: UnlockedAccount): Promise<Wanted> {
  const { escrow } = account.site
  const known = remembered(account)
  if (!(await escrow.allows(account.address, account.id)))
    return { kind: 'none', generation: known.generation, reason: 'the site forbids it' }
  try {
    const record = await escrow.record()
    if (!record) {
      if (known.generation === 0) return { kind: 'none', generation: 0, reason: 'there is no key' }
      return { kind: 'leave', reason: 'the record of the recovery key is missing' }
    }
    const { generation, key } = record
    if (generation < known.generation)
      return { kind: 'leave', reason: 'the record of the recovery key is an older one' }
    if (!key) return { kind: 'none', generation, reason: 'the key was removed' }
    return { kind: 'key', generation, publicKey: key.publicKey, digest: escrowDigest(key.publicKey) }
  } catch (error) {
    if (!isRefusal(error, 'damaged')) throw error
    return { kind: 'leave', reason: 'the record of the recovery key was not written by this site' }
  }
}

export interface EscrowEdit {
  readonly kept: readonly Slot[]
  readonly add: readonly NewSlotSecret[]
  readonly changes: readonly Change[]
  readonly trail: readonly TrailNote[]
}

const isEscrow = ({ kind }: Pick<Slot, 'kind'>): boolean => kind === 'escrow'

/**
 * What becomes of the recovery key's slot when an account keeps these slots and gets those. An account that the site's own key opens needs
 * none. For use inside the commit that writes the slots.
 */
export async function escrowEdit(
  account: UnlockedAccount,
  kept: readonly Slot[],
  add: readonly { readonly kind: Slot['kind'] }[],
): Promise<EscrowEdit> {
  const isOff = [...kept, ...add].some(({ kind }) => kind === 'server')
  const known = remembered(account)
  const want = await wanted(account)
  const others = kept.filter((slot) => !isEscrow(slot))
  if (want.kind === 'leave' && !isOff) return { kept, add: [], changes: [], trail: [] }
  if (want.kind !== 'key' || isOff) {
    const generation = want.kind === 'leave' ? known.generation : want.generation
    const isNews = !equalBytes(known.digest, noDigest)
    const removed: TrailNote = {
      kind: 'admin-recovery-removed',
      by: 'server',
      detail: 'reason' in want ? want.reason : undefined,
    }
    return {
      kept: others,
      add: [],
      changes: isNews || generation > known.generation ? [factChange({ generation, digest: noDigest })] : [],
      // Whoever turns encryption off is told so, and need not be told of this.
      trail: isNews && !isOff ? [removed] : [],
    }
  }
  const { generation, publicKey, digest } = want
  const own = kept.find((slot) => isEscrow(slot) && slot.publicKey.equals(publicKey))
  const isSame = equalBytes(known.digest, digest)
  const wasNone = equalBytes(known.digest, noDigest)
  const note: TrailNote = {
    kind: wasNone ? 'admin-recovery-added' : 'admin-recovery-changed',
    by: 'server',
    detail: `key ${digest.toString('hex', 0, 8)}`,
  }
  return {
    kept: own ? [...others, own] : others,
    add: own ? [] : [{ kind: 'escrow', publicKey }],
    changes: isSame && generation === known.generation ? [] : [factChange({ generation, digest })],
    trail: isSame ? [] : [note],
  }
}

/** Whether the account's slots, as they are, are not what the site wants of the recovery key. Says so where the record cannot be trusted. */
export async function isEscrowStale(account: UnlockedAccount, slots: readonly Slot[]): Promise<boolean> {
  if (slots.some(({ kind }) => kind === 'server')) return slots.some(isEscrow)
  const want = await wanted(account)
  if (want.kind === 'leave') {
    const { site, id } = account
    site.log.write('error', 'escrow.record-refused', { account: id.toString('hex'), reason: want.reason })
    await noteAudit(site, {
      event: 'escrow.record-refused',
      by: 'server',
      detail: { account: id.toString('hex'), reason: want.reason },
    })
    return false
  }
  const { generation, digest } = remembered(account)
  const present = slots.filter(isEscrow)
  if (want.kind === 'none') return present.length > 0 || !equalBytes(digest, noDigest)
  const isPresent = present.length === 1 && present[0]?.publicKey.equals(want.publicKey) === true
  return !isPresent || !equalBytes(digest, want.digest) || generation !== want.generation
}
