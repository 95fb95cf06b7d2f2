// The trail: what was done to an account's keys, kept for its owner, sealed, counted and chained (FORMAT.md §9.10).
import { equalBytes } from '../base/bytes.ts'
import { boxEpoch, boxKinds, openBox, sealBox } from '../crypto/box.ts'
import { nextTrailHead } from '../crypto/chain.ts'
import { trailPlace } from '../crypto/places.ts'
import type { Snapshot, Transaction } from '../store/store.ts'
import type { TrailEntry } from './api-lifecycle.ts'
import { Damage } from './errors.ts'
import { factNumbers } from './account-facts.ts'
import { numberOfTrailKey, trailKey, trailRange } from './keys.ts'
import type { Change } from './log-codec.ts'
import { isDamage } from './refusing.ts'
import { decoded } from './replay.ts'
import {
  decodeTrailEntry,
  decodeTrailFact,
  encodeTrailEntry,
  encodeTrailFact,
  type TrailData,
  type TrailFact,
  type TrailNote,
} from './trail-codec.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

export type { TrailNote } from './trail-codec.ts'

/** Entries that were shown to the owner are kept up to this number in all; those that were not are kept whatever their number. */
const keptAtMost = 1_000

/** What a commit has to write for new entries. */
export interface TrailWrites {
  readonly changes: readonly Change[]
  write(tx: Transaction): void
}

const nothing: TrailWrites = { changes: [], write: () => undefined }

export function trailFact(account: UnlockedAccount): TrailFact {
  const value = account.state.facts.get(factNumbers.trail)
  return decoded('what is remembered of the trail', () => decodeTrailFact(value))
}

function openEntry(account: UnlockedAccount, number: number, sealed: Uint8Array): Buffer {
  const { vault, id } = account
  return openBox(vault.root(boxEpoch(sealed)).trailKey, boxKinds.trailEntry, trailPlace(id, number), sealed)
}

function sealEntry(account: UnlockedAccount, number: number, data: Uint8Array): Buffer {
  const { vault, id } = account
  return sealBox(vault.root().trailKey, boxKinds.trailEntry, vault.epoch, trailPlace(id, number), data)
}

/** Old entries that were seen go, so that the trail does not grow for ever; returns how many and the head before what is left. */
async function trimmed(
  account: UnlockedAccount,
  fact: TrailFact,
  last: number,
): Promise<Pick<TrailFact, 'first' | 'headBefore'>> {
  let { first, headBefore } = fact
  while (last - first + 1 > keptAtMost && first <= fact.seen) {
    const number = first
    const sealed = await account.read((snapshot) => snapshot.get(trailKey(number)))
    // What is missing is told to the owner by `readTrail`: nothing goes before it.
    if (!sealed) break
    headBefore = nextTrailHead(account.id, number, headBefore, openEntry(account, number, sealed))
    first += 1
  }
  return { first, headBefore }
}

/**
 * New entries as part of a commit: call it inside `make`, and take its changes and writes along. `now` is when it happened, for each.
 */
export async function trailWrites(
  account: UnlockedAccount,
  notes: readonly (TrailNote & { readonly at?: number })[],
): Promise<TrailWrites> {
  if (notes.length === 0) return nothing
  const fact = trailFact(account)
  let { last, head } = fact
  const puts: { readonly key: Buffer; readonly sealed: Buffer }[] = []
  for (const note of notes) {
    last += 1
    const data = encodeTrailEntry({ at: account.site.clock.now(), ...note, number: last })
    head = nextTrailHead(account.id, last, head, data)
    puts.push({ key: trailKey(last), sealed: sealEntry(account, last, data) })
  }
  const { first, headBefore } = await trimmed(account, fact, last)
  const value = encodeTrailFact({ first, headBefore, last, head, seen: fact.seen })
  return {
    changes: [{ kind: 'fact', fact: factNumbers.trail, value }],
    write(tx) {
      for (const { key, sealed } of puts) tx.put(key, sealed)
      for (let gone = fact.first; gone < first; gone += 1) tx.delete(trailKey(gone))
    },
  }
}

/** New entries in a commit of their own. */
export async function addToTrail(account: UnlockedAccount, notes: readonly TrailNote[]): Promise<void> {
  if (notes.length === 0) return
  await account.commit(async () => ({ ...(await trailWrites(account, notes)), value: undefined }))
}

interface ReadTrail {
  readonly entries: readonly TrailData[]
  /** Numbers of entries that are not there, or not as they were written. */
  readonly lost: readonly number[]
  readonly isChained: boolean
}

async function sealedEntries(snapshot: Snapshot): Promise<Map<number, Uint8Array>> {
  const found = new Map<number, Uint8Array>()
  for await (const page of snapshot.range(trailRange))
    for (const [key, sealed] of page) found.set(numberOfTrailKey(key), sealed)
  return found
}

/** Reads and verifies all of it. For use while no commit runs. */
async function readAll(account: UnlockedAccount): Promise<ReadTrail> {
  const fact = trailFact(account)
  const stored = await account.read(sealedEntries)
  const entries: TrailData[] = []
  const lost: number[] = []
  let head = fact.headBefore
  for (let number = fact.first; number <= fact.last; number += 1) {
    const sealed = stored.get(number)
    try {
      if (!sealed) throw new Damage('an entry of the trail is missing')
      const data = openEntry(account, number, sealed)
      head = nextTrailHead(account.id, number, head, data)
      const entry = decoded('trail entry', () => decodeTrailEntry(data))
      if (entry.number !== number) throw new Damage('an entry of the trail was moved')
      entries.push(entry)
    } catch (error) {
      if (!isDamage(error)) throw error
      lost.push(number)
    }
  }
  return { entries, lost, isChained: lost.length > 0 || equalBytes(head, fact.head) }
}

/** What is wrong with the trail, in words; undefined: nothing. */
export async function faultOfTrail(account: UnlockedAccount): Promise<string | undefined> {
  const { lost, isChained } = await readAll(account)
  if (lost.length > 0) return `${lost.length} entries of the trail are missing or altered`
  return isChained ? undefined : 'the trail is not the one that was written'
}

/** The owner's view, oldest first. What is missing shows as an entry of its own: nothing is lost in silence. */
export async function readTrail(account: UnlockedAccount): Promise<TrailEntry[]> {
  return account.exclusive(async () => {
    const { seen } = trailFact(account)
    const { entries, lost, isChained } = await readAll(account)
    const shown = entries.map(({ number, at, kind, by, remoteAddress, detail }): TrailEntry => {
      return { at, kind, by, remoteAddress, detail, isNew: number > seen }
    })
    if (lost.length === 0 && isChained) return shown
    const detail =
      lost.length > 0
        ? `${lost.length} entries are missing or altered: number ${lost.slice(0, 20).join(', ')}`
        : 'the entries are not those that were written'
    const at = account.site.clock.now()
    return [
      ...shown,
      { at, kind: 'entries-lost', by: 'server', remoteAddress: undefined, detail, isNew: true },
    ]
  })
}

/** The owner has been shown what there is now. */
export async function markSeen(account: UnlockedAccount): Promise<void> {
  await account.commit(() => {
    const fact = trailFact(account)
    if (fact.seen === fact.last) return undefined
    const value = encodeTrailFact({ ...fact, seen: fact.last })
    return { changes: [{ kind: 'fact', fact: factNumbers.trail, value }], value: undefined }
  })
}

const entriesAtOnce = 100

/** Seals entries of an older epoch under the newest one, as part of a rotation. What does not open stays as it is. */
export async function convertTrail(account: UnlockedAccount): Promise<void> {
  const { first, last } = trailFact(account)
  for (let from = first; from <= last; from += entriesAtOnce) {
    await account.commit(async () => {
      const keys = Array.from({ length: entriesAtOnce }, (_, index) => trailKey(from + index))
      const values = await account.read((snapshot) => snapshot.getMany(keys))
      const puts: { readonly key: Buffer; readonly sealed: Buffer }[] = []
      for (const [index, sealed] of values.entries()) {
        const renewed = sealed && renewedEntry(account, from + index, sealed)
        if (renewed) puts.push({ key: trailKey(from + index), sealed: renewed })
      }
      if (puts.length === 0) return undefined
      return {
        changes: [],
        value: undefined,
        write(tx) {
          for (const { key, sealed } of puts) tx.put(key, sealed)
        },
      }
    })
  }
}

function renewedEntry(account: UnlockedAccount, number: number, sealed: Uint8Array): Buffer | undefined {
  try {
    if (boxEpoch(sealed) === account.vault.epoch) return undefined
    return sealEntry(account, number, openEntry(account, number, sealed))
  } catch (error) {
    // It was lost before, and the owner is told so; a rotation must not end here.
    if (!isDamage(error)) throw error
    return undefined
  }
}
