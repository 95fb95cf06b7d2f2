// Vectors of keysets, the keys below a root, and the chain (FORMAT.md §7, §9.1).
import { boxKinds, sealBox } from '../../../src/crypto/box.ts'
import { emptyHead, nextHead } from '../../../src/crypto/chain.ts'
import { addEpoch, makeKeyset, sealKeyset, type Keyset } from '../../../src/crypto/keyset.ts'
import { labels } from '../../../src/crypto/labels.ts'
import { keysetPlace } from '../../../src/crypto/places.ts'
import { derive } from '../../../src/crypto/primitives.ts'
import { makeId, randomBytes } from '../../../src/crypto/random.ts'
import { RootKeys } from '../../../src/crypto/root-keys.ts'
import type { Vector } from '../../crypto/vector.ts'
import { flip, gives, scenario } from './scenario.ts'

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function flat({ version, epochs }: Keyset): Buffer {
  return Buffer.concat([
    u32(version),
    ...epochs.flatMap(({ epoch, kemSeed, root }) => [u32(epoch), kemSeed, root]),
  ])
}

function keysetVectors(): readonly Vector[] {
  const account = makeId()
  const volumeKey = randomBytes(32)
  const keyset = makeKeyset()
  const two = addEpoch(keyset)
  const sealed = sealKeyset(account, keyset, volumeKey, 5)
  const about = { open: 'keyset', account, 'volume key': volumeKey, 'volume key version': 5 }
  const refused = (name: string, bytes: Uint8Array, changes: object = {}): Vector =>
    scenario(name, 'damaged', { ...about, ...changes }, bytes)
  const written = (...parts: readonly Uint8Array[]): Buffer =>
    sealBox(
      derive(volumeKey, labels.keyset),
      boxKinds.keyset,
      0,
      keysetPlace(account, 5),
      Buffer.concat(parts),
    )
  const epoch = (number: number): Buffer => Buffer.concat([u32(number), randomBytes(64)])
  const start = (version: number, count: number): Buffer => Buffer.from([version, 0, 0, 0, 9, 0, count])
  return [
    scenario('keyset', 'success', { ...about, ...gives(flat(keyset)) }, sealed),
    scenario(
      'keyset-of-two-epochs',
      'success',
      { ...about, ...gives(flat(two)) },
      sealKeyset(account, two, volumeKey, 5),
    ),
    refused('keyset-of-another-account', sealed, { account: makeId() }),
    refused('keyset-under-another-volume-key', sealed, { 'volume key': randomBytes(32) }),
    refused('keyset-under-an-older-volume-key-version', sealed, { 'volume key version': 4 }),
    refused('keyset-flipped', flip(sealed, 80)),
    refused('keyset-without-epochs', written(start(1, 0))),
    refused('keyset-epochs-descending', written(start(1, 2), epoch(2), epoch(1))),
    refused('keyset-epoch-twice', written(start(1, 2), epoch(2), epoch(2))),
    refused('keyset-epoch-zero', written(start(1, 1), epoch(0))),
    refused('keyset-count-too-high', written(start(1, 2), epoch(1))),
    refused('keyset-count-too-low', written(start(1, 1), epoch(1), epoch(2))),
    refused('keyset-cut-short', written(start(1, 1).subarray(0, 3))),
    scenario('keyset-version-2', 'unsupported', about, written(start(2, 1), epoch(1))),
  ]
}

export function keyVectors(): readonly Vector[] {
  const root = randomBytes(32)
  const mailbox = makeId()
  const keys = new RootKeys({ epoch: 1, root })
  const derived = [keys.manifestKey, keys.logKey, keys.listKey, keys.mailboxKey(mailbox), keys.headerKey]
  const account = makeId()
  const first = Buffer.from('value of the first entry')
  const second = Buffer.from('value of the second entry')
  const head = nextHead(account, 1, emptyHead, first)
  const chain = { open: 'head', account }
  return [
    ...keysetVectors(),
    scenario('root-keys', 'success', { open: 'root keys', mailbox, ...gives(Buffer.concat(derived)) }, root),
    scenario(
      'head-of-the-first-entry',
      'success',
      { ...chain, version: 1, 'previous head': emptyHead, ...gives(head) },
      first,
    ),
    scenario(
      'head-of-the-second-entry',
      'success',
      { ...chain, version: 2, 'previous head': head, ...gives(nextHead(account, 2, head, second)) },
      second,
    ),
  ]
}
