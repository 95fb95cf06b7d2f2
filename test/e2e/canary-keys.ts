// The keys of an account, found the way its owner would: from a copy of the store, with the password.
import { createHash } from 'node:crypto'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { silentLog } from '../../src/base/ports.ts'
import { findEntry } from '../../src/account/directory.ts'
import { keysetKey, slotsKey, uidOfKey } from '../../src/account/keys.ts'
import { messagePlace, slotPlace } from '../../src/crypto/places.ts'
import { openCapsule } from '../../src/crypto/kem.ts'
import { boxKinds, openBox } from '../../src/crypto/box.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import { openKeyset } from '../../src/crypto/keyset.ts'
import { labels } from '../../src/crypto/labels.ts'
import { derive } from '../../src/crypto/primitives.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { RootKeys } from '../../src/crypto/root-keys.ts'
import { slotKindNumbers } from '../../src/crypto/slot-codec.ts'
import { decodeSlotList } from '../../src/crypto/slot-list.ts'
import { openLevelStore } from '../../src/store/level/open.ts'
import type { Snapshot } from '../../src/store/store.ts'
import { exactly, type Pattern } from './canary-marks.ts'

export interface KeyOwner {
  readonly address: string
  readonly password: string
  /** UIDVALIDITY of each of its mailboxes: message records are bound to them. */
  readonly uidValidities: readonly number[]
}

/** Single message records: mailbox, UID and sealed octets. */
async function messageRecords(
  snapshot: Snapshot,
): Promise<[mailbox: Buffer, uid: number, sealed: Uint8Array][]> {
  const records: [Buffer, number, Uint8Array][] = []
  for await (const page of snapshot.range({ gte: Buffer.from('m'), lt: Buffer.from('n') })) {
    for (const [key, sealed] of page) records.push([Buffer.from(key.subarray(1, 17)), uidOfKey(key), sealed])
  }
  return records
}

function firstThatOpens(attempts: readonly (() => Buffer)[]): Buffer | undefined {
  for (const attempt of attempts) {
    try {
      return attempt()
    } catch {
      // Another key, or another place.
    }
  }
  return undefined
}

/** What an X-Wing seed is expanded to in use: the seeds of ML-KEM and the secret of X25519. */
function expanded(name: string, seed: Uint8Array): [string, Uint8Array][] {
  const bytes = createHash('shake256', { outputLength: 96 }).update(seed).digest()
  return [0, 32, 64].map((at) => [`${name}, expanded`, bytes.subarray(at, at + 32)])
}

/** Every key between the password and the messages, as patterns. `stage` is put into their names. */
export async function keysOf(
  { root, dataDir }: { readonly root: string; readonly dataDir: string },
  { address, password, uidValidities }: KeyOwner,
  stage: string,
): Promise<Pattern[]> {
  await cryptoReady()
  // The server goes on with the original: a store has one owner.
  const copy = await mkdtemp(join(root, 'copy-'))
  await cp(join(dataDir, 'store'), join(copy, 'store'), { recursive: true })
  await rm(join(copy, 'store/records/LOCK'), { force: true })
  const store = await openLevelStore(join(copy, 'store'), { log: silentLog })
  try {
    const entry = await findEntry({ store, siteKey: undefined }, address)
    if (!entry) throw new Error(`no account ${address} in the copy`)
    const { account } = entry
    const [slotsBytes, keysetBytes, messages] = await store.read(account, (snapshot) =>
      Promise.all([snapshot.get(slotsKey), snapshot.get(keysetKey), messageRecords(snapshot)]),
    )
    if (!slotsBytes || !keysetBytes) throw new Error('no keys in the copy')
    const { slots, vkVersion } = decodeSlotList(slotsBytes)
    const slot = slots.find(({ kind }) => kind === 'password')
    if (!slot?.kdf) throw new Error('no password slot in the copy')
    const slotKey = await new KdfGate().derive(Buffer.from(password), slot.salt, slot.kdf)
    const kind = slotKindNumbers.password
    const seed = derive(
      slotKey.bytes,
      labels.slotSeed,
      Buffer.concat([account, slot.id, Buffer.from([kind])]),
    )
    const place = slotPlace(account, slot.id, kind, vkVersion)
    const volumeKey = openCapsule(seed, boxKinds.volumeKey, place, slot.capsule)
    const { epochs } = openKeyset(account, keysetBytes, volumeKey, vkVersion)
    const roots = epochs.map((epoch) => new RootKeys(epoch))
    const mailboxes = [...new Set(messages.map(([mailbox]) => mailbox.toString('hex')))]
    const messageKeys = messages.flatMap(([mailbox, uid, sealed]) => {
      const attempts = roots.flatMap((keys) =>
        uidValidities.map((uidValidity) => () => {
          const place = messagePlace(account, mailbox, uidValidity, uid)
          return openBox(keys.mailboxKey(mailbox), boxKinds.message, place, sealed)
        }),
      )
      // The message key stands first, behind the version.
      return firstThatOpens(attempts)?.subarray(1, 33) ?? []
    })
    const keys: [string, Uint8Array][] = [
      ['password slot key', slotKey.bytes],
      ['password slot seed', seed],
      ...expanded('password slot seed', seed),
      ['volume key', volumeKey],
      ['keyset key', derive(volumeKey, labels.keyset)],
      ...epochs.flatMap(({ kemSeed, root: secret }): [string, Uint8Array][] => [
        ['delivery seed', kemSeed],
        ...expanded('delivery seed', kemSeed),
        ['root', secret],
      ]),
      ...roots.flatMap((own): [string, Uint8Array][] => [
        ['manifest key', own.manifestKey],
        ['log key', own.logKey],
        ['list key', own.listKey],
        ['header key', own.headerKey],
        ...mailboxes.map((id): [string, Uint8Array] => [
          'mailbox key',
          own.mailboxKey(Buffer.from(id, 'hex')),
        ]),
      ]),
      ...messageKeys.map((key): [string, Uint8Array] => ['message key', key]),
    ]
    return keys.map(([name, bytes]) => exactly(`${name} (${stage})`, bytes))
  } finally {
    await store.close()
    await rm(copy, { recursive: true, force: true })
  }
}

/** The site key, which is in the server's memory for as long as it runs: finding it shows that a search of memory finds keys. */
export async function siteKeyOf(dataDir: string): Promise<Pattern> {
  return exactly('site key', await readFile(join(dataDir, 'site.key')))
}
