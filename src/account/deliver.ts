// Delivery without any password: seals a message to the account's public key and leaves it as an arrival.
import { ByteWriter, concat, equalBytes } from '../base/bytes.ts'
import { frameArrival } from '../crypto/arrival.ts'
import { boxKinds } from '../crypto/box.ts'
import { openCard } from '../crypto/card.ts'
import { nextHead } from '../crypto/chain.ts'
import { capsuleFrom, encapsulate } from '../crypto/kem.ts'
import { arrivalPlace, recoveryPlace } from '../crypto/places.ts'
import { Damage, Refusal } from './errors.ts'
import { arrivalKey, cardKey, headKey } from './keys.ts'
import { encodeArrival } from './message-codec.ts'
import { readHead } from './replay.ts'
import { sealMessage } from './seal-message.ts'
import { asRefusal, isInDoubt, refusing } from './refusing.ts'
import type { Site } from './unlocked-account.ts'

/** The account's keys were renewed between sealing and storing: seal again. */
class KeysChanged extends Error {}

async function readCard(
  site: Site,
  account: Buffer,
): Promise<{ bytes: Uint8Array; epoch: number; publicKey: Buffer }> {
  const bytes = await site.store.read(account, (snapshot) => snapshot.get(cardKey))
  if (!bytes) throw new Damage('the delivery key is missing')
  return { bytes, ...openCard(site.siteKey, account, bytes) }
}

/** Whether mail for this account could be sealed now. Refuses with 'damaged' otherwise: never plaintext. */
export async function checkCard(site: Site, account: Buffer): Promise<void> {
  await refusing(() => readCard(site, account))
}

async function attempt(site: Site, account: Buffer, message: Buffer, detail: string): Promise<void> {
  const { bytes: cardBytes, epoch, publicKey } = await readCard(site, account)
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
      const present = await tx.get(cardKey)
      if (!present || !equalBytes(present, cardBytes)) throw new KeysChanged()
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

/** Durable when it resolves. Refusals: 'over-quota', 'damaged', 'unavailable', 'no-such-account'. */
export async function deliver(site: Site, account: Buffer, message: Buffer, detail: string): Promise<void> {
  for (let tries = 0; tries < 5; tries += 1) {
    try {
      await attempt(site, account, message, detail)
      return
    } catch (error) {
      if (!(error instanceof KeysChanged)) throw asRefusal(error)
    }
  }
  throw new Refusal('unavailable', 'The keys of the account are being renewed')
}
