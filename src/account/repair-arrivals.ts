// Takes in all mail that waits, also what the site does not vouch for: that goes into Recovered, and is named.
import { readArrival, type ArrivalFrame } from '../crypto/arrival.ts'
import { boxKinds } from '../crypto/box.ts'
import { sha256 } from '../crypto/digest.ts'
import { capsuleEpoch, capsuleKind, openCapsule } from '../crypto/kem.ts'
import { arrivalPlace } from '../crypto/places.ts'
import { adoptAll } from './adopt.ts'
import { noFlags } from './flags.ts'
import { arrivalKey, arrivalRange, messageKey, versionOfKey } from './keys.ts'
import type { Change } from './log-codec.ts'
import { decodeArrival, encodeMessage } from './message-codec.ts'
import { sealMessageRecord } from './message-seal.ts'
import { recoveredMailbox } from './repair-append.ts'
import { isDamage } from './refusing.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

const atOnce = 50

export interface TakenIn {
  /** Into Recovered. */
  readonly recovered: number
  /** They do not open; their bodies are looked at later. */
  readonly lost: number
}

interface Waiting {
  readonly version: number
  readonly value: Uint8Array
}

async function waiting(account: UnlockedAccount): Promise<Waiting[]> {
  return account.read(async (snapshot) => {
    const found: Waiting[] = []
    for await (const page of snapshot.range(arrivalRange))
      for (const [key, value] of page) found.push({ version: versionOfKey(key), value: Buffer.from(value) })
    return found
  })
}

/** Whether the site vouches for it. */
function isGenuine({ site, id }: UnlockedAccount, { value }: Waiting): boolean {
  try {
    readArrival(site.siteKey, id, value)
    return true
  } catch (error) {
    if (isDamage(error)) return false
    throw error
  }
}

/** What is in it, though nobody vouches for it; undefined: it does not open. The caller wipes `data`. */
function openAnyway(
  { vault, id }: UnlockedAccount,
  { value }: Waiting,
): { blob: Buffer; data: Buffer } | undefined {
  try {
    const frame: ArrivalFrame = readArrival(undefined, id, value)
    if (capsuleKind(frame.capsule) !== boxKinds.arrival) return undefined
    const seed = vault.kemSeed(capsuleEpoch(frame.capsule))
    const data = openCapsule(seed, boxKinds.arrival, arrivalPlace(id, frame.blob), frame.capsule)
    return { blob: Buffer.from(frame.blob), data }
  } catch (error) {
    if (isDamage(error)) return undefined
    throw error
  }
}

/** Resolves to what was out of the ordinary. In a dry run only counts. */
export async function adoptLeniently(account: UnlockedAccount, isDryRun: boolean): Promise<TakenIn> {
  const all = await waiting(account)
  const isSound = all.every((each) => isGenuine(account, each))
  if (isSound) {
    if (!isDryRun) await adoptAll(account)
    return { recovered: 0, lost: 0 }
  }
  let recovered = 0
  let lost = 0
  for (let at = 0; at < all.length; at += atOnce) {
    const batch = all.slice(at, at + atOnce)
    if (isDryRun) {
      for (const each of batch) {
        if (isGenuine(account, each)) continue
        const opened = openAnyway(account, each)
        opened?.data.fill(0)
        if (opened) recovered += 1
        else lost += 1
      }
      continue
    }
    const recoveredTable = await recoveredMailbox(account)
    const inbox = account.state.byName('INBOX') ?? recoveredTable
    await account.commit((): Commit<undefined> => {
      const changes: Change[] = []
      const puts: { readonly key: Buffer; readonly sealed: Buffer }[] = []
      const next = new Map([recoveredTable, inbox].map((table) => [table, table.uidNext] as const))
      for (const each of batch) {
        const opened = openAnyway(account, each)
        const table = isGenuine(account, each) ? inbox : recoveredTable
        if (!opened) {
          lost += 1
          continue
        }
        if (table === recoveredTable) recovered += 1
        const arrival = decodeArrival(opened.data)
        const uid = next.get(table) ?? table.uidNext
        next.set(table, uid + 1)
        const record = encodeMessage({ ...arrival, blob: opened.blob })
        puts.push({
          key: messageKey(table.idBytes, uid),
          sealed: sealMessageRecord(account.vault, table, uid, record),
        })
        const { internalDate, zoneMinutes, sizeBytes } = arrival
        opened.data.fill(0)
        const place = { kind: 'append' as const, mailbox: table.id, uid, flags: noFlags }
        changes.push({ ...place, internalDate, zoneMinutes, sizeBytes, savedAt: account.site.clock.now() })
      }
      const adopted = batch.map(({ version, value }) => [version, sha256(value)] as const)
      changes.push({ kind: 'adopted', arrivals: adopted })
      return {
        ...{ changes, value: undefined },
        write(tx) {
          for (const { key, sealed } of puts) tx.put(key, sealed)
          for (const { version } of batch) tx.delete(arrivalKey(version))
        },
      }
    })
  }
  return { recovered, lost }
}
