// Adoption: takes arrivals, in order, out of the drop box into their mailbox, under the owner's keys and with a UID.
import { readArrival } from '../crypto/arrival.ts'
import { boxKinds } from '../crypto/box.ts'
import { sha256 } from '../crypto/digest.ts'
import { capsuleEpoch, openCapsule } from '../crypto/kem.ts'
import { arrivalPlace } from '../crypto/places.ts'
import { breathe } from '../base/async.ts'
import { Damage } from './errors.ts'
import { noFlags } from './flags.ts'
import { arrivalKey, arrivalRange, messageKey, versionOfKey } from './keys.ts'
import type { Change } from './log-codec.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { decodeArrival, encodeMessage, type Arrival } from './message-codec.ts'
import { sealMessageRecord } from './message-seal.ts'
import { canonicalName } from './names.ts'
import { decoded } from './replay.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

const batchArrivals = 200
const batchBytes = 4 * 1024 * 1024

interface OpenedArrival {
  readonly version: number
  readonly digest: Buffer
  readonly blob: Buffer
  readonly arrival: Arrival
  /** What `arrival` is a view on. */
  readonly data: Buffer
}

function openArrival(account: UnlockedAccount, version: number, value: Uint8Array): OpenedArrival {
  const { id, site, vault } = account
  const framed = readArrival(site.siteKey, id, value)
  if (framed.accountVersion !== version) throw new Damage('an arrival was moved')
  if (version <= account.state.adoptedThrough) throw new Damage('an arrival that was adopted is there again')
  const seed = vault.kemSeed(capsuleEpoch(framed.capsule))
  const data = openCapsule(seed, boxKinds.arrival, arrivalPlace(id, framed.blob), framed.capsule)
  return {
    version,
    digest: sha256(value),
    blob: Buffer.from(framed.blob),
    arrival: decoded('arrival', () => decodeArrival(data)),
    data,
  }
}

/** Mail to `name+detail` goes into the mailbox `detail` when there is one, else into INBOX. */
function destination(account: UnlockedAccount, detail: string): MailboxTable {
  const named = detail === '' ? undefined : account.state.byName(canonicalName(detail))
  const table = named ?? account.state.byName('INBOX')
  if (!table) throw new Damage('the account has no INBOX')
  return table
}

async function openBatch(account: UnlockedAccount): Promise<OpenedArrival[]> {
  const values = await account.read(async (snapshot) => {
    const found: [number, Uint8Array][] = []
    let bytes = 0
    for await (const page of snapshot.range({ ...arrivalRange, limit: batchArrivals })) {
      for (const [key, value] of page) {
        if (bytes > batchBytes) return found
        found.push([versionOfKey(key), value])
        bytes += value.length
      }
    }
    return found
  })
  const opened: OpenedArrival[] = []
  for (const [version, value] of values) {
    opened.push(openArrival(account, version, value))
    // One decapsulation takes about 0.3 ms: others get their turn.
    if (opened.length % 8 === 0) await breathe()
  }
  return opened
}

/** Adopts the next few arrivals in one commit. Resolves to how many; 0 when there are none. */
export async function adoptSome(account: UnlockedAccount): Promise<number> {
  const adopted = await account.commit(async (): Promise<Commit<number> | undefined> => {
    const opened = await openBatch(account)
    if (opened.length === 0) return undefined
    const { vault, site } = account
    const changes: Change[] = []
    const nextUids = new Map<MailboxTable, number>()
    const records: { key: Buffer; sealed: Buffer }[] = []
    for (const { arrival, blob, data } of opened) {
      const table = destination(account, arrival.detail)
      await account.loadRowsNow(table)
      const uid = nextUids.get(table) ?? table.uidNext
      nextUids.set(table, uid + 1)
      const record = encodeMessage({ ...arrival, blob })
      records.push({
        key: messageKey(table.idBytes, uid),
        sealed: sealMessageRecord(vault, table, uid, record),
      })
      data.fill(0)
      changes.push({
        kind: 'append',
        mailbox: table.id,
        uid,
        flags: noFlags,
        internalDate: arrival.internalDate,
        zoneMinutes: arrival.zoneMinutes,
        sizeBytes: arrival.sizeBytes,
        savedAt: site.clock.now(),
      })
    }
    changes.push({
      kind: 'adopted',
      arrivals: opened.map(({ version, digest }) => [version, digest] as const),
    })
    for (const [table, uid] of nextUids) changes.push(...recentChange(account, table, uid))
    return {
      changes,
      value: opened.length,
      write(tx) {
        for (const { key, sealed } of records) tx.put(key, sealed)
        for (const { version } of opened) tx.delete(arrivalKey(version))
      },
    }
  })
  return adopted ?? 0
}

/** When a session will take fresh mail as its \Recent, later sessions shall not (RFC 3501 §2.3.2). */
export function recentChange(account: UnlockedAccount, table: MailboxTable, uidNext: number): Change[] {
  if (!account.watchers.recentClaimant(table.id)) return []
  return [{ kind: 'recent', mailbox: table.id, recentFrom: uidNext }]
}
