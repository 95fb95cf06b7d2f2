// Vectors of what needs no password: delivery cards and arrivals (FORMAT.md §8).
import { frameArrival } from '../../../src/crypto/arrival.ts'
import { boxKinds } from '../../../src/crypto/box.ts'
import { makeCard } from '../../../src/crypto/card.ts'
import { kemPublicKey, makeKemSeed, sealCapsule } from '../../../src/crypto/kem.ts'
import { arrivalPlace } from '../../../src/crypto/places.ts'
import { makeId, randomBytes } from '../../../src/crypto/random.ts'
import { SiteKey } from '../../../src/crypto/site-key.ts'
import type { Vector } from '../../crypto/vector.ts'
import { flip, gives, put, scenario } from './scenario.ts'

function cardVectors(): readonly Vector[] {
  const { siteKey, bytes } = SiteKey.make()
  const account = makeId()
  const publicKey = kemPublicKey(makeKemSeed())
  const card = makeCard(siteKey, account, 3, 8, publicKey)
  const about = { open: 'card', 'site key': bytes, account }
  const given = Buffer.concat([Buffer.from([0, 0, 0, 3, 0, 0, 0, 8]), publicKey])
  const refused = (name: string, changed: Uint8Array, changes: object = {}): Vector =>
    scenario(name, 'damaged', { ...about, ...changes }, changed)
  return [
    scenario('card', 'success', { ...about, ...gives(given) }, card),
    scenario('card-version-2', 'unsupported', about, put(card, 0, Buffer.from([2]))),
    refused('card-of-another-account', card, { account: makeId() }),
    refused('card-of-another-site', card, { 'site key': randomBytes(32) }),
    refused('card-epoch-changed', flip(card, 4)),
    refused('card-keyset-version-changed', flip(card, 8)),
    refused('card-public-key-exchanged', put(card, 9, kemPublicKey(makeKemSeed()))),
    refused('card-mac-flipped', flip(card, -1)),
    refused('card-truncated', card.subarray(0, -1)),
    refused('card-lengthened', Buffer.concat([card, Buffer.alloc(1)])),
    refused('card-empty', Buffer.alloc(0)),
  ]
}

function arrivalVectors(): readonly Vector[] {
  const { siteKey, bytes } = SiteKey.make()
  const account = makeId()
  const blob = makeId()
  const previousHead = randomBytes(32)
  const place = arrivalPlace(account, blob)
  const publicKey = kemPublicKey(makeKemSeed())
  const capsule = sealCapsule(publicKey, boxKinds.arrival, 1, place, Buffer.from('content'))
  const framed = frameArrival(siteKey, account, { accountVersion: 12, previousHead, blob, capsule })
  const about = { open: 'arrival', 'site key': bytes, account }
  const given = gives(Buffer.concat([previousHead, blob, capsule]))
  const refused = (name: string, changed: Uint8Array, changes: object = {}): Vector =>
    scenario(name, 'damaged', { ...about, ...changes }, changed)
  return [
    scenario('arrival', 'success', { ...about, ...given }, framed),
    scenario('arrival-without-the-site-key', 'success', { open: 'arrival', account, ...given }, framed),
    scenario('arrival-version-2', 'unsupported', about, put(framed, 0, Buffer.from([2]))),
    refused('arrival-of-another-account', framed, { account: makeId() }),
    refused('arrival-of-another-site', framed, { 'site key': randomBytes(32) }),
    refused('arrival-account-version-changed', flip(framed, 8)),
    refused('arrival-previous-head-changed', flip(framed, 9)),
    refused('arrival-blob-changed', flip(framed, 41)),
    refused('arrival-capsule-length-changed', flip(framed, 60)),
    refused('arrival-capsule-changed', flip(framed, 100)),
    refused('arrival-mac-flipped', flip(framed, -1)),
    refused('arrival-truncated', framed.subarray(0, -1)),
    refused('arrival-lengthened', Buffer.concat([framed, Buffer.alloc(1)])),
    refused('arrival-empty', Buffer.alloc(0)),
  ]
}

export function siteVectors(): readonly Vector[] {
  return [...cardVectors(), ...arrivalVectors()]
}
