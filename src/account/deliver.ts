// Delivery without any password: seals a message to its owner's own keys, where there are any, then to the account's public key, and leaves
// it as an arrival.
import { ByteWriter, concat, equalBytes } from '../base/bytes.ts'
import { frameArrival } from '../crypto/arrival.ts'
import { boxKinds } from '../crypto/box.ts'
import { openCard } from '../crypto/card.ts'
import { nextHead } from '../crypto/chain.ts'
import { capsuleFrom, encapsulate } from '../crypto/kem.ts'
import { arrivalPlace, recoveryPlace } from '../crypto/places.ts'
import { Damage, Refusal } from './errors.ts'
import type { Transaction } from '../store/store.ts'
import { arrivalKey, cardKey, headKey, sealingKey } from './keys.ts'
import { encodeArrival } from './message-codec.ts'
import { decodeSealing, type SealingRecord } from './pubkey-codec.ts'
import { readHead } from './replay.ts'
import { sealMessage } from './seal-message.ts'
import { asRefusal, isInDoubt, refusing } from './refusing.ts'
import { isStoredMarked, noUsableKey, sealForOwner, troubleOf, type Trouble } from './sealing.ts'
import type { Site } from './unlocked-account.ts'

/** The account's keys were renewed between sealing and storing: seal again. */
class KeysChanged extends Error {}

/** What mail for an account is sealed to, of one moment. */
interface DeliveryKeys {
  readonly cardBytes: Uint8Array
  readonly epoch: number
  readonly publicKey: Buffer
  readonly sealingBytes: Uint8Array | undefined
  /** The owner's own keys, if they gave any. */
  readonly sealing: SealingRecord | undefined
}

async function readKeys(site: Site, account: Buffer): Promise<DeliveryKeys> {
  const [cardBytes, sealingBytes] = await site.store.read(account, (snapshot) =>
    snapshot.getMany([cardKey, sealingKey]),
  )
  if (!cardBytes) throw new Damage('the delivery key is missing')
  const sealing = sealingBytes && decodeSealing(site.siteKey, account, sealingBytes)
  return { cardBytes, ...openCard(site.siteKey, account, cardBytes), sealingBytes, sealing }
}

/** Whether mail for this account could be sealed now. Refuses with 'damaged' or 'key-trouble' otherwise: never plaintext. */
export async function checkKeys(site: Site, account: Buffer): Promise<void> {
  const { sealing } = await refusing(() => readKeys(site, account))
  if (!sealing || sealing.keys.length === 0) return
  const trouble = troubleOf(site, sealing)
  if (trouble && !isStoredMarked(sealing, trouble)) throw noUsableKey(trouble)
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b)

async function store(
  site: Site,
  account: Buffer,
  message: Buffer,
  keys: DeliveryKeys,
  { detail = '', alongside }: DeliveryOptions,
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
      if (!isSame(card, keys.cardBytes) || !isSame(own, keys.sealingBytes)) throw new KeysChanged()
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

export interface DeliveryOptions {
  /** What stood behind `+`. */
  readonly detail?: string
  /** A message of the server's own: not sealed to the owner's keys. */
  readonly isNotice?: boolean
  /** Written in the same transaction; what it throws undoes the delivery. */
  readonly alongside?: (tx: Transaction) => Promise<void>
}

/** What became of a message besides that it is stored. */
export interface Delivered {
  /** The owner's own keys, if they gave any. */
  readonly sealing: SealingRecord | undefined
  /** It was stored under the account's own seal alone, marked. */
  readonly trouble: Trouble | undefined
}

/** Durable when it resolves. Refusals: 'over-quota', 'damaged', 'key-trouble', 'busy', 'unavailable', 'no-such-account'. */
export async function deliver(
  site: Site,
  account: Buffer,
  message: Buffer,
  options: DeliveryOptions = {},
): Promise<Delivered> {
  let made:
    { readonly from: Uint8Array; readonly message: Buffer; readonly trouble: Trouble | undefined } | undefined
  for (let tries = 0; tries < 5; tries += 1) {
    try {
      const keys = await readKeys(site, account)
      const { sealing, sealingBytes } = keys
      if (!sealing || !sealingBytes || options.isNotice) {
        await store(site, account, message, keys, options)
        return { sealing, trouble: undefined }
      }
      // Sealing takes long: it is done again only when the owner's keys are others now.
      if (!made || !isSame(made.from, sealingBytes))
        made = { from: sealingBytes, ...(await sealForOwner(site, sealing, message)) }
      await store(site, account, made.message, keys, options)
      return { sealing, trouble: made.trouble }
    } catch (error) {
      if (!(error instanceof KeysChanged)) throw asRefusal(error)
    }
  }
  throw new Refusal('unavailable', 'The keys of the account are being renewed')
}
