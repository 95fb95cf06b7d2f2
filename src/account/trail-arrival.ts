// A trail entry written where no key of the account is at hand: sealed to its public key, and in its chain like a message that arrives.
import { ByteWriter } from '../base/bytes.ts'
import { frameArrival } from '../crypto/arrival.ts'
import { boxKinds } from '../crypto/box.ts'
import { openCard } from '../crypto/card.ts'
import { nextHead } from '../crypto/chain.ts'
import { sealCapsule } from '../crypto/kem.ts'
import { trailArrivalPlace } from '../crypto/places.ts'
import { makeId } from '../crypto/random.ts'
import { Damage } from './errors.ts'
import { arrivalKey, cardKey, headKey } from './keys.ts'
import { readHead } from './replay.ts'
import { refusing } from './refusing.ts'
import { encodeTrailEntry, type TrailNote } from './trail-codec.ts'
import type { Site } from './unlocked-account.ts'

/**
 * Durable when it resolves; the next adoption takes it into the trail. Refusals: 'damaged' (the delivery key), 'unavailable',
 * 'no-such-account'.
 */
export async function leaveInTrail(site: Site, account: Buffer, note: TrailNote): Promise<void> {
  const data = encodeTrailEntry({ ...note, number: 0, at: site.clock.now() })
  const id = makeId()
  await refusing(() =>
    site.store.transact(account, async (tx) => {
      const [card, head] = await tx.getMany([cardKey, headKey])
      if (!card) throw new Damage('the delivery key is missing')
      const { epoch, publicKey } = openCard(site.siteKey, account, card)
      const stored = readHead(head)
      if (stored.version !== tx.version)
        throw new Damage('the change log does not reach the version of the account')
      const version = tx.version + 1
      const capsule = sealCapsule(publicKey, boxKinds.trailEntry, epoch, trailArrivalPlace(account, id), data)
      const value = frameArrival(site.siteKey, account, {
        accountVersion: version,
        previousHead: stored.head,
        blob: id,
        capsule,
      })
      tx.put(arrivalKey(version), value)
      tx.put(
        headKey,
        new ByteWriter()
          .u64(version)
          .fixed(nextHead(account, version, stored.head, value))
          .finish(),
      )
    }),
  )
}
