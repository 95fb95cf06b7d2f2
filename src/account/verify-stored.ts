// Walks over every record and body of an account: whether each has a place there.
import { breathe } from '../base/async.ts'
import { hex } from '../base/bytes.ts'
import { readArrival } from '../crypto/arrival.ts'
import { boxKinds } from '../crypto/box.ts'
import { capsuleKind } from '../crypto/kem.ts'
import type { Finding } from './verify-report.ts'
import type { AccountState } from './account-state.ts'
import { factNumbers } from './account-facts.ts'
import { numberOfTrailKey, quarantineKey, slotUseKey, uidOfKey } from './keys.ts'
import { isDamage } from './refusing.ts'
import { openSlotUses } from './slot-use-codec.ts'
import { openTextPage } from './text-seal.ts'
import { decodeTrailFact } from './trail-codec.ts'
import { faultOfTrail } from './trail.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

export interface StoredFacts {
  readonly records: number
  /** Bodies that arrivals which wait refer to. */
  readonly waitingBodies: readonly string[]
  /** How often each body is counted. */
  readonly bodies: ReadonlyMap<string, number>
  readonly usageBytes: number
}

/** Records of an account as a whole, by the letters of their keys. */
const single = new Set(['ks', 'kk', 'kc', 'kj', 'kr', 'kq', 'kp', 'kpw', 'kpj', 'ku', 'h', 'n'])
const perMailbox = new Set(['m', 'p', 'x', 'v', 't'])
const mailboxKeyBytes = 17
const arrivalLetter = 'd'.charCodeAt(0)
const textLetter = 't'.charCodeAt(0)

function isOfTrail({ facts }: AccountState, key: Buffer): boolean {
  if (key.length !== 5) return false
  const { first, last } = decodeTrailFact(facts.get(factNumbers.trail))
  const number = numberOfTrailKey(key)
  return number >= first && number <= last
}

/** Why a record should not be there; undefined: it may. */
export function objection(state: AccountState, key: Buffer): string | undefined {
  if (single.has(key.toString('latin1'))) return undefined
  const letter = key.toString('latin1', 0, 1)
  if (letter === 'L' || letter === 'c' || letter === 'd') return undefined
  if (letter === 'a') return isOfTrail(state, key) ? undefined : 'an entry that the trail does not have'
  if (!perMailbox.has(letter) || key.length < mailboxKeyBytes) return 'a record of an unknown kind'
  const table = state.mailboxes.get(hex(key.subarray(1, mailboxKeyBytes)))
  if (!table) return 'a record of a mailbox that is gone'
  if (letter === 'm' && !table.has(uidOfKey(key))) return 'the record of a message that is gone'
  if (letter === 'm' && uidOfKey(key) < table.packedUntil)
    return 'a single record of a message that is packed'
  if (letter === 'x' && !table.pages.some(({ firstUid }) => firstUid === uidOfKey(key)))
    return 'a state page that the mailbox does not have'
  return undefined
}

function bodyOfArrival(
  account: UnlockedAccount,
  value: Uint8Array,
  add: (finding: Finding) => void,
): string[] {
  try {
    const { blob, capsule } = readArrival(account.site.siteKey, account.id, value)
    return capsuleKind(capsule) === boxKinds.trailEntry ? [] : [hex(blob)]
  } catch (error) {
    if (!isDamage(error)) throw error
    add({ kind: 'damaged', text: 'an arrival that waits does not authenticate' })
    return []
  }
}

/** Search text is derived: a page that does not open costs time, and no mail. */
function verifyText(
  { state, vault }: UnlockedAccount,
  key: Buffer,
  value: Uint8Array,
  add: (finding: Finding) => void,
): void {
  const table = state.mailboxes.get(hex(key.subarray(1, mailboxKeyBytes)))
  if (!table) return
  try {
    openTextPage(vault, table, uidOfKey(key), value)
  } catch (error) {
    if (!isDamage(error)) throw error
    add({
      kind: 'damaged',
      mailbox: table.name,
      text: 'a page of search text does not open; searches open the messages',
    })
  }
}

/** Nothing depends on it, and it is written anew. */
function verifySlotUse({ vault }: UnlockedAccount, value: Uint8Array, add: (finding: Finding) => void): void {
  try {
    openSlotUses(vault, value)
  } catch (error) {
    if (!isDamage(error)) throw error
    add({
      kind: 'damaged',
      text: 'the record of when app passwords were used does not open; no mail depends on it',
    })
  }
}

/** Looks at all keys while no commit runs, and at all bodies. */
export async function verifyStored(
  account: UnlockedAccount,
  add: (finding: Finding) => void,
): Promise<StoredFacts> {
  const { site, id } = account
  const waitingBodies: string[] = []
  let records = 0
  await account.exclusive(async () => {
    const { state } = account
    for (const table of state.mailboxes.values()) await account.loadRowsNow(table)
    const fault = await faultOfTrail(account)
    if (fault !== undefined) add({ kind: 'missing', text: fault })
    await account.read(async (snapshot) => {
      for await (const entries of snapshot.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) })) {
        for (const [key, value] of entries) {
          records += 1
          const name = Buffer.from(key)
          const text = objection(state, name)
          if (text !== undefined) add({ kind: 'stray', text })
          else if (name[0] === arrivalLetter) waitingBodies.push(...bodyOfArrival(account, value, add))
          else if (name[0] === textLetter) verifyText(account, name, value, add)
          else if (name.equals(slotUseKey)) verifySlotUse(account, value, add)
        }
        await breathe()
      }
    })
  })
  const aside = Buffer.from(
    (await account.read((snapshot) => snapshot.get(quarantineKey))) ?? Buffer.alloc(0),
  )
  const isAside = (blob: string): boolean => aside.includes(Buffer.from(blob, 'hex'))
  const bodies = new Map<string, number>()
  for await (const { blobId, count } of site.store.blobs.scan(id))
    if (count > 0 && !isAside(hex(blobId))) bodies.set(hex(blobId), count)
  return { records, waitingBodies, bodies, usageBytes: (await site.store.info(id))?.usageBytes ?? 0 }
}
