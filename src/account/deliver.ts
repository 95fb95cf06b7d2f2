// Delivery without any password: seals a message to its owner's own keys, where there are any, then to the account's public key, and leaves
// it as an arrival.
import { ByteWriter, concat, equalBytes } from '../base/bytes.ts'
import { frameArrival } from '../crypto/arrival.ts'
import { boxKinds } from '../crypto/box.ts'
import { openCard } from '../crypto/card.ts'
import { nextHead } from '../crypto/chain.ts'
import { capsuleFrom, encapsulate } from '../crypto/kem.ts'
import { arrivalPlace, recoveryPlace } from '../crypto/places.ts'
import type { DirectoryEntry } from './directory.ts'
import { Damage, Refusal } from './errors.ts'
import type { Transaction } from '../store/store.ts'
import { arrivalKey, cardKey, headKey, sealingKey } from './keys.ts'
import { encodeArrival } from './message-codec.ts'
import { decodeSealing, type SealingRecord } from './pubkey-codec.ts'
import { readHead } from './replay.ts'
import { sealMessage } from './seal-message.ts'
import { asRefusal, isDamage, isInDoubt, refusing } from './refusing.ts'
import { readExpected, SealingDamage } from './sealing-expected.ts'
import { isStoredMarked, noUsableKey, sealForOwner, troubleOf, type Sealed, type Trouble } from './sealing.ts'
import type { Site } from './unlocked-account.ts'

/** The account's keys were renewed between sealing and storing: seal again. */
class KeysChanged extends Error {}

/** What mail for an account is sealed to, of one moment. */
interface DeliveryKeys {
  readonly cardBytes: Uint8Array
  readonly epoch: number
  readonly publicKey: Buffer
  /** undefined: they are not looked at. */
  readonly own: OwnKeys | undefined
}

interface OwnKeys {
  readonly sealingBytes: Uint8Array | undefined
  /** The owner's own keys, if they gave any. */
  readonly sealing: SealingRecord | undefined
}

function openKeys(site: Site, account: Buffer, cardBytes: Uint8Array | undefined): Omit<DeliveryKeys, 'own'> {
  if (!cardBytes) throw new Damage('the delivery key is missing')
  return { cardBytes, ...openCard(site.siteKey, account, cardBytes) }
}

/** Throws SealingDamage where the owner's own keys are not those that the directory names, or not of this site. */
async function readKeys(site: Site, entry: DirectoryEntry): Promise<DeliveryKeys> {
  const { account } = entry
  const { cardBytes, sealingBytes } = await readExpected(site, entry, async () => {
    const [card, own] = await site.store.read(account, (snapshot) => snapshot.getMany([cardKey, sealingKey]))
    return { cardBytes: card, sealingBytes: own }
  })
  return {
    ...openKeys(site, account, cardBytes),
    own: { sealingBytes, sealing: sealingBytes && decodeForDelivery(site, account, sealingBytes) },
  }
}

function decodeForDelivery(site: Site, account: Buffer, bytes: Uint8Array): SealingRecord {
  try {
    return decodeSealing(site.siteKey, account, bytes)
  } catch (error) {
    if (isDamage(error)) throw new SealingDamage('the public keys are damaged', { cause: error })
    throw error
  }
}

/** For a message of the server's own, which is not sealed to the owner's keys. */
async function readCard(site: Site, account: Buffer): Promise<DeliveryKeys> {
  const card = await site.store.read(account, (snapshot) => snapshot.get(cardKey))
  return { ...openKeys(site, account, card), own: undefined }
}

/** Whether mail for this account could be sealed now. Refuses with 'damaged' or 'key-trouble' otherwise: never plaintext. */
export async function checkKeys(site: Site, entry: DirectoryEntry): Promise<void> {
  const { own } = await refusing(() => readKeys(site, entry))
  if (!own?.sealing || own.sealing.keys.length === 0) return
  const trouble = troubleOf(site, own.sealing)
  if (trouble && !isStoredMarked(own.sealing, trouble)) throw noUsableKey(trouble)
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b)

async function store(
  site: Site,
  account: Buffer,
  message: Buffer,
  keys: DeliveryKeys,
  { detail = '', alongside }: StoreOptions,
): Promise<void> {
  const { epoch, publicKey } = keys
  const encapsulation = encapsulate(publicKey)
  const { messageKey, blob, staged, content } = await sealMessage(site.store, account, message, (key, id) =>
    concat(
      Buffer.of(1),
      capsuleFrom(encapsulation, boxKinds.recoveryHeader, epoch, recoveryPlace(account, id), key),
    ),
  )
  const data = encodeArrival({
    messageKey,
    internalDate: site.clock.now(),
    zoneMinutes: 0,
    detail,
    ...content,
  })
  const capsule = capsuleFrom(encapsulation, boxKinds.arrival, epoch, arrivalPlace(account, blob), data)
  data.fill(0)
  messageKey.fill(0)
  try {
    await site.store.transact(account, async (tx) => {
      const [card, own] = await tx.getMany([cardKey, sealingKey])
      if (!isSame(card, keys.cardBytes)) throw new KeysChanged()
      if (keys.own && !isSame(own, keys.own.sealingBytes)) throw new KeysChanged()
      await alongside?.(tx)
      const stored = readHead(await tx.get(headKey))
      if (stored.version !== tx.version)
        throw new Damage('the change log does not reach the version of the account')
      const version = tx.version + 1
      const value = frameArrival(site.siteKey, account, {
        accountVersion: version,
        previousHead: stored.head,
        blob,
        capsule,
      })
      tx.attach(staged)
      tx.addUsage(content.sizeBytes)
      tx.put(arrivalKey(version), value)
      tx.put(
        headKey,
        new ByteWriter()
          .u64(version)
          .fixed(nextHead(account, version, stored.head, value))
          .finish(),
      )
    })
  } catch (error) {
    // The body belongs to the account if, and only if, the transaction was done: then the mail is safe after all.
    if (isInDoubt(error) && (await site.store.blobs.length(account, blob).catch(() => undefined))) return
    await site.store.blobs.discard(staged).catch(() => undefined)
    throw error
  }
}

interface StoreOptions {
  readonly detail?: string
  readonly alongside?: (tx: Transaction) => Promise<void>
}

/** What became of a message besides that it is stored. */
export interface Delivered {
  /** The owner's own keys, if they gave any. */
  readonly sealing: SealingRecord | undefined
  /** It was stored under the account's own seal alone, marked. */
  readonly trouble: Trouble | undefined
}

/** Runs `task` until the account's keys stay the same meanwhile. */
async function whileSame<T>(task: () => Promise<T>): Promise<T> {
  for (let tries = 0; tries < 5; tries += 1) {
    try {
      return await task()
    } catch (error) {
      if (!(error instanceof KeysChanged)) throw asRefusal(error)
    }
  }
  throw new Refusal('unavailable', 'The keys of the account are being renewed')
}

/**
 * Durable when it resolves. `detail`: what stood behind `+`. Refusals: 'over-quota', 'damaged' (with SealingDamage as its cause where it is about
 * the owner's own keys), 'key-trouble', 'busy', 'unavailable', 'no-such-account'.
 */
export async function deliver(
  site: Site,
  entry: DirectoryEntry,
  message: Buffer,
  options: { readonly detail?: string } = {},
): Promise<Delivered> {
  const { account } = entry
  let made: (Sealed & { readonly from: Uint8Array }) | undefined
  return whileSame(async () => {
    const keys = await readKeys(site, entry)
    const { sealing, sealingBytes } = keys.own ?? {}
    if (!sealing || !sealingBytes) {
      await store(site, account, message, keys, options)
      return { sealing, trouble: undefined }
    }
    // Sealing takes long: it is done again only when the owner's keys are others now.
    if (!made || !isSame(made.from, sealingBytes))
      made = { from: sealingBytes, ...(await sealForOwner(site, sealing, message)) }
    await store(site, account, made.message, keys, options)
    return { sealing, trouble: made.trouble }
  })
}

/**
 * Delivers a message of the server's own, which is not sealed to the owner's keys. `alongside` is written in the same transaction; what it throws
 * undoes the delivery. Refusals: 'over-quota', 'damaged', 'unavailable', 'no-such-account'.
 */
export async function deliverNotice(
  site: Site,
  account: Buffer,
  message: Buffer,
  alongside?: (tx: Transaction) => Promise<void>,
): Promise<void> {
  await whileSame(async () =>
    store(site, account, message, await readCard(site, account), alongside ? { alongside } : {}),
  )
}
