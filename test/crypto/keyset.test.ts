import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import {
  addEpoch,
  currentEpoch,
  dropOldEpochs,
  makeKeyset,
  openKeyset,
  sealKeyset,
  wipeKeyset,
} from '../../src/crypto/keyset.ts'
import { RootKeys } from '../../src/crypto/root-keys.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { Corrupt } from '../../src/crypto/errors.ts'
import { equalSecret, sha256 } from '../../src/crypto/digest.ts'
import { makeId, randomToken } from '../../src/crypto/random.ts'

const account = randomBytes(16)
const volumeKey = randomBytes(32)

describe('a keyset', () => {
  it('is given back as it was sealed, through a whole rotation', () => {
    const first = makeKeyset()
    const both = addEpoch(first)
    const last = dropOldEpochs(both)
    for (const keyset of [first, both, last]) {
      const sealed = sealKeyset(account, keyset, volumeKey, 7)
      assert.deepEqual(openKeyset(account, sealed, volumeKey, 7), keyset)
    }
    assert.deepEqual(
      [first, both, last].map(({ version, epochs }) => [version, epochs.map(({ epoch }) => epoch)]),
      [
        [1, [1]],
        [2, [1, 2]],
        [3, [2]],
      ],
    )
    assert.deepEqual(both.epochs[0], first.epochs[0])
    assert.deepEqual(currentEpoch(last), both.epochs[1])
  })

  it('has memory of its own: wiping it leaves its successor alone', () => {
    const first = makeKeyset()
    const both = addEpoch(first)
    const before = Buffer.from(both.epochs[0]?.root ?? [])
    wipeKeyset(first)
    assert.ok(
      first.epochs.every(({ root, kemSeed }) => root.equals(Buffer.alloc(32)) && kemSeed.equals(root)),
    )
    assert.deepEqual(both.epochs[0]?.root, before)
    const last = dropOldEpochs(both)
    wipeKeyset(both)
    assert.notDeepEqual(currentEpoch(last).root, Buffer.alloc(32))
  })
})

describe('keys below a root', () => {
  const epoch = { epoch: 4, root: randomBytes(32) }
  const mailboxes = [makeId(), makeId()] as const

  it('differ from each other and stay the same', () => {
    const keys = new RootKeys(epoch)
    const all = (): readonly Buffer[] => [
      keys.manifestKey,
      keys.logKey,
      keys.listKey,
      keys.headerKey,
      ...mailboxes.map((mailbox) => keys.mailboxKey(mailbox)),
    ]
    assert.equal(new Set(all().map((key) => key.toString('hex'))).size, 6)
    assert.deepEqual(all(), [...all()])
    assert.equal(keys.mailboxKey(mailboxes[0]), keys.mailboxKey(Buffer.from(mailboxes[0])))
    assert.deepEqual(new RootKeys(epoch).logKey, keys.logKey)
    assert.equal(keys.epoch, 4)
  })

  it('are zeros once wiped, and are not made again', () => {
    const root = Buffer.from(epoch.root)
    const keys = new RootKeys({ epoch: 4, root })
    const held = [keys.logKey, keys.mailboxKey(mailboxes[0])]
    keys.wipe()
    assert.ok(held.every((key) => key.equals(Buffer.alloc(32))))
    assert.deepEqual(root, epoch.root)
    assert.throws(() => keys.logKey, /wiped/)
  })

  it('are not made for a mailbox identifier of wrong length', () => {
    assert.throws(() => new RootKeys(epoch).mailboxKey(Buffer.alloc(15)), RangeError)
  })
})

describe('the site key', () => {
  it('gives each account a secret of its own, the same after a restart', () => {
    const { siteKey, bytes } = SiteKey.make()
    const [a, b] = [makeId(), makeId()]
    assert.notDeepEqual(siteKey.serverSecret(a), siteKey.serverSecret(b))
    assert.notDeepEqual(siteKey.serverSecret(a), siteKey.macKey)
    const again = SiteKey.fromBytes(bytes)
    bytes.fill(0)
    assert.deepEqual(again.serverSecret(a), siteKey.serverSecret(a))
    assert.deepEqual(again.macKey, siteKey.macKey)
  })

  it('is unusable once wiped', () => {
    const { siteKey } = SiteKey.make()
    const macKey = siteKey.macKey
    siteKey.wipe()
    assert.deepEqual(macKey, Buffer.alloc(32))
    assert.throws(() => siteKey.macKey, /wiped/)
    assert.throws(() => siteKey.serverSecret(account), /wiped/)
  })

  it('has 32 bytes and does not print', () => {
    assert.throws(() => SiteKey.fromBytes(Buffer.alloc(31)), Corrupt)
    const { siteKey } = SiteKey.make()
    assert.equal(JSON.stringify({ siteKey }), '{"siteKey":"[site key]"}')
    assert.equal(siteKey.toString(), '[site key]')
  })
})

describe('digests and tokens for upper layers', () => {
  it('hash the parts as one', () => {
    const whole = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    assert.equal(sha256(Buffer.from('abc')).toString('hex'), whole)
    assert.equal(sha256(Buffer.from('a'), Buffer.from(''), Buffer.from('bc')).toString('hex'), whole)
    assert.equal(sha256().toString('hex'), sha256(Buffer.alloc(0)).toString('hex'))
  })

  it('compare secrets of any lengths', () => {
    assert.ok(equalSecret(Buffer.from('abc'), Buffer.from('abc')))
    assert.ok(!equalSecret(Buffer.from('abc'), Buffer.from('abd')))
    assert.ok(!equalSecret(Buffer.from('abc'), Buffer.from('ab')))
  })

  it('make tokens that fit a file name', () => {
    assert.match(randomToken(), /^[\w-]{32}$/)
    assert.notEqual(randomToken(), randomToken())
  })
})
