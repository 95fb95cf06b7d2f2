// Takes in all mail that waits, also what the site does not vouch for: that goes into Recovered, and is named.
import { readArrival } from '../crypto/arrival.ts'
import { boxKinds } from '../crypto/box.ts'
import { sha256 } from '../crypto/digest.ts'
import { capsuleEpoch, capsuleKind, openCapsule } from '../crypto/kem.ts'
import { arrivalPlace, trailArrivalPlace } from '../crypto/places.ts'
import { adoptAll } from './adopt.ts'
import { noFlags } from './flags.ts'
import { arrivalKey, arrivalRange, messageKey, versionOfKey } from './keys.ts'
import type { Change } from './log-codec.ts'
import { decodeArrival, encodeMessage } from './message-codec.ts'
import { sealMessageRecord } from './message-seal.ts'
import { recoveredMailbox } from './repair-append.ts'
import { isDamage } from './refusing.ts'
import { decoded } from './replay.ts'
import { decodeTrailEntry, type TrailData } from './trail-codec.ts'
import { trailWrites } from './trail.ts'
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

interface Opened {
  /** An entry of the trail is no mail. */
  readonly isTrail: boolean
  readonly blob: Buffer
  readonly data: Buffer
}

/** What is in it, though nobody vouches for it; undefined: it does not open. The caller wipes `data`. */
function openAnyway({ vault, id }: UnlockedAccount, { value }: Waiting): Opened | undefined {
  try {
    const { blob, capsule } = readArrival(undefined, id, value)
    const isTrail = capsuleKind(capsule) === boxKinds.trailEntry
    const seed = vault.kemSeed(capsuleEpoch(capsule))
    const data = isTrail
      ? openCapsule(seed, boxKinds.trailEntry, trailArrivalPlace(id, blob), capsule)
      : openCapsule(seed, boxKinds.arrival, arrivalPlace(id, blob), capsule)
    return { isTrail, blob: Buffer.from(blob), data }
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
        if (opened?.isTrail === false) recovered += 1
        else lost += 1
      }
      continue
    }
    const recoveredTable = await recoveredMailbox(account)
    const inbox = account.state.byName('INBOX') ?? recoveredTable
    await account.commit(async (): Promise<Commit<undefined>> => {
      const changes: Change[] = []
      const puts: { readonly key: Buffer; readonly sealed: Buffer }[] = []
      const entries: TrailData[] = []
      const next = new Map([recoveredTable, inbox].map((table) => [table, table.uidNext] as const))
      for (const each of batch) {
        const opened = openAnyway(account, each)
        const isVouchedFor = isGenuine(account, each)
        const table = isVouchedFor ? inbox : recoveredTable
        // Anybody can seal a made-up entry of the trail to the account: one that the site does not vouch for says nothing.
        if (opened?.isTrail && isVouchedFor)
          entries.push(decoded('trail entry', () => decodeTrailEntry(opened.data)))
        else if (!opened || opened.isTrail) lost += 1
        if (!opened || opened.isTrail) continue
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
      const trail = await trailWrites(account, entries)
      changes.push(...trail.changes, { kind: 'adopted', arrivals: adopted })
      return {
        ...{ changes, value: undefined },
        write(tx) {
          for (const { key, sealed } of puts) tx.put(key, sealed)
          for (const { version } of batch) tx.delete(arrivalKey(version))
          trail.write(tx)
        },
      }
    })
  }
  return { recovered, lost }
}
