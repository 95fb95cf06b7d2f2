// Vectors of what came after the first ones: recovery key, locked login, trail, own keys, headers in place, witness, site key in a file, audit line, manifest.
import { makeLine, noPrevious } from '../../../src/audit/line.ts'
import { encodeLogEntry, type Change } from '../../../src/account/log-codec.ts'
import { encodeMessage } from '../../../src/account/message-codec.ts'
import { encodeSealing } from '../../../src/account/pubkey-codec.ts'
import { headerInPlace } from '../../../src/account/recovery-header.ts'
import { encodeSiteRecord } from '../../../src/account/site-record.ts'
import { encodeTrailEntry } from '../../../src/account/trail-codec.ts'
import { ByteWriter, hex } from '../../../src/base/bytes.ts'
import { backupMac } from '../../../src/crypto/backup-mac.ts'
import { boxKinds, sealBox } from '../../../src/crypto/box.ts'
import { emptyHead, nextTrailHead } from '../../../src/crypto/chain.ts'
import { sha256 } from '../../../src/crypto/digest.ts'
import { encodeEscrow, makeEscrowSeed, sealEscrowKey } from '../../../src/crypto/escrow.ts'
import { KdfGate, type KdfParameters } from '../../../src/crypto/kdf.ts'
import { kemPublicKey, makeKemSeed, sealCapsule } from '../../../src/crypto/kem.ts'
import { makeLockedLogin } from '../../../src/crypto/locked-login.ts'
import { recoveryPlace } from '../../../src/crypto/places.ts'
import { makeId, randomBytes } from '../../../src/crypto/random.ts'
import { RootKeys } from '../../../src/crypto/root-keys.ts'
import { sealSiteKey } from '../../../src/crypto/sealed-site-key.ts'
import { SiteKey } from '../../../src/crypto/site-key.ts'
import { encodeWitness } from '../../../src/crypto/witness.ts'
import type { Vector } from '../../crypto/vector.ts'
import { flip, gives, put, scenario } from './scenario.ts'

const cheap: KdfParameters = { memoryKiB: 64, passes: 1, parallelism: 1 }
const weak = { 'least memory': 8 }
const at = Date.UTC(2026, 10, 28)
const gate = new KdfGate({ minimumMemoryKiB: 8 })
const none = Buffer.alloc(0)

type Fields = Parameters<typeof scenario>[2]

/** Vectors of one thing: as it is, and changed. */
function family(about: Fields, bytes: Buffer) {
  return {
    right: (name: string, given: Uint8Array, changes: Fields = {}): Vector =>
      scenario(name, 'success', { ...about, ...changes, ...gives(given) }, bytes),
    refused: (name: string, changed: Uint8Array, changes: Fields = {}): Vector =>
      scenario(name, 'damaged', { ...about, ...changes }, changed),
    wrong: (name: string, changes: Fields): Vector =>
      scenario(name, 'wrong key', { ...about, ...changes }, bytes),
    version2: (name: string, offset: number): Vector =>
      scenario(name, 'unsupported', about, put(bytes, offset, Buffer.of(2))),
  }
}

async function escrowVectors(): Promise<Vector[]> {
  const { siteKey, bytes } = SiteKey.make()
  const { id, seed } = makeEscrowSeed()
  const passwords = ['the first of three', 'the second of three', 'drei Könige'].map((text) =>
    Buffer.from(text),
  )
  const [one = none, two = none, three = none] = passwords
  const key = await sealEscrowKey({ id, seed }, passwords, 2, cheap, gate)
  const record = { generation: at, createdAt: at, changedAt: at + 1000, key }
  const encoded = encodeEscrow(siteKey, record)
  const about = { open: 'recovery key', 'site key': bytes, ...weak }
  const both = { 'first password': one, 'second password': three }
  const { right, refused, wrong, version2 } = family({ ...about, ...both }, encoded)
  const alone = await sealEscrowKey({ id, seed }, [two], 1, cheap, gate)
  return [
    right('escrow-two-of-three', seed),
    right('escrow-two-of-three-in-another-order', seed, { 'first password': two, 'second password': one }),
    family({ ...about, 'first password': two }, encodeEscrow(siteKey, { ...record, key: alone })).right(
      'escrow-one-of-one',
      seed,
    ),
    scenario('escrow-one-of-three', 'wrong key', { ...about, 'first password': one }, encoded),
    wrong('escrow-one-password-twice', { 'second password': one }),
    wrong('escrow-another-password', { 'second password': Buffer.from('nobody’s') }),
    refused('escrow-removed', encodeEscrow(siteKey, { ...record, key: undefined })),
    refused('escrow-of-another-site', encoded, { 'site key': randomBytes(32) }),
    refused('escrow-generation-changed', flip(encoded, 8)),
    refused('escrow-public-key-changed', flip(encoded, 60)),
    refused('escrow-mac-flipped', flip(encoded, -1)),
    refused('escrow-truncated', encoded.subarray(0, -1)),
    refused(
      'escrow-public-key-of-another',
      encodeEscrow(siteKey, { ...record, key: { ...key, publicKey: kemPublicKey(makeKemSeed()) } }),
    ),
    version2('escrow-version-2', 0),
  ]
}

async function lockedLoginVectors(): Promise<Vector[]> {
  const account = makeId()
  const password = Buffer.from('let me in, no further')
  const { kdf, salt, verifier } = await makeLockedLogin(account, password, cheap, gate)
  const to = new ByteWriter().u32(kdf.memoryKiB).u32(kdf.passes).u32(kdf.parallelism)
  const value = to.fixed(salt).fixed(verifier).u64(at).finish()
  const { right, refused, wrong } = family({ open: 'locked login', account, password, ...weak }, value)
  return [
    right('locked-login', verifier),
    wrong('locked-login-another-password', { password: Buffer.from('let me in') }),
    wrong('locked-login-of-another-account', { account: makeId() }),
    refused('locked-login-truncated', value.subarray(0, -1)),
  ]
}

function trailVectors(): Vector[] {
  const account = makeId()
  const first = encodeTrailEntry({ number: 1, at, kind: 'enabled', by: 'owner' })
  const second = encodeTrailEntry({
    ...{ number: 2, at: at + 1, kind: 'decrypted-by-admin', by: 'admin-key' },
    ...{ remoteAddress: '192.0.2.1', detail: 'asked for' },
  })
  const head = nextTrailHead(account, 1, emptyHead, first)
  const about = { open: 'trail head', account }
  return [
    family({ ...about, number: 1, 'previous head': emptyHead }, first).right('trail-first-entry', head),
    family({ ...about, number: 2, 'previous head': head }, second).right(
      'trail-second-entry',
      nextTrailHead(account, 2, head, second),
    ),
  ]
}

function messageVectors(): Vector[] {
  const [messageKey, blob, emailId] = [randomBytes(32), makeId(), makeId()]
  const content = {
    sizeBytes: 1234,
    envelope: Buffer.from('("a")'),
    body: none,
    bodyStructure: none,
    tree: none,
  }
  const about = { open: 'message record' }
  const size = new ByteWriter().u64(1234).finish()
  const record = { messageKey, blob, ...content, header: Buffer.from('Subject: x\r\n\r\n') }
  const [one, two] = [encodeMessage(record), encodeMessage({ ...record, emailId })]
  const { right, refused } = family(about, two)
  return [
    family(about, one).right('message-record', Buffer.concat([messageKey, blob, blob, size])),
    right('message-record-of-a-renewed-body', Buffer.concat([messageKey, blob, emailId, size])),
    refused('message-record-lengthened', Buffer.concat([two, Buffer.of(0)])),
    refused('message-record-truncated', two.subarray(0, -1)),
  ]
}

function headerVectors(): Vector[] {
  const [account, blob, messageKey, root, seed] = [
    makeId(),
    makeId(),
    randomBytes(32),
    randomBytes(32),
    makeKemSeed(),
  ]
  const { headerKey } = new RootKeys({ epoch: 1, root })
  const place = recoveryPlace(account, blob)
  const box = sealBox(headerKey, boxKinds.recoveryHeader, 1, place, messageKey)
  const capsule = sealCapsule(kemPublicKey(seed), boxKinds.recoveryHeader, 1, place, messageKey)
  const delivered = Buffer.concat([Buffer.of(1), capsule])
  const inPlace = headerInPlace(box, delivered.length)
  const about = { open: 'recovery header', account, blob, root, seed }
  const { right, refused } = family(about, inPlace)
  return [
    family(about, delivered).right('recovery-header-of-a-delivery', messageKey),
    family(about, headerInPlace(box, box.length + 1)).right('recovery-header-of-an-append', messageKey),
    right('recovery-header-in-place-of-a-capsule', messageKey),
    refused('recovery-header-of-another-blob', inPlace, { blob: makeId() }),
    refused('recovery-header-flipped', flip(inPlace, 100)),
    refused('recovery-header-of-zeros', Buffer.alloc(inPlace.length)),
    refused('recovery-header-of-form-2-with-more-behind', put(inPlace, 0, Buffer.of(2))),
  ]
}

function ownKeyVectors(): Vector[] {
  const { siteKey, bytes } = SiteKey.make()
  const account = makeId()
  const fingerprint = randomBytes(20)
  const key = { kind: 'openpgp', names: ['Alice <alice@example.org>'], algorithm: 'Curve25519' } as const
  const value = encodeSealing(siteKey, account, {
    serial: 3,
    settings: { append: true, exceptDrafts: true, protectHeaders: false, onTrouble: 'defer' },
    keys: [
      {
        ...{ ...key, fingerprint: fingerprint.toString('hex'), addedAt: at, createdAt: at - 1000 },
        ...{ expiresAt: undefined, bytes: randomBytes(50) },
      },
    ],
  })
  const { right, refused } = family({ open: 'own keys', 'site key': bytes, account }, value)
  return [
    right('own-keys', Buffer.concat([Buffer.of(0, 0, 0, 3), fingerprint])),
    refused('own-keys-of-another-account', value, { account: makeId() }),
    refused('own-keys-of-another-site', value, { 'site key': randomBytes(32) }),
    refused('own-keys-serial-changed', flip(value, 4)),
    refused('own-keys-truncated', value.subarray(0, -1)),
  ]
}

function witnessVectors(): Vector[] {
  const [account, root, head] = [makeId(), randomBytes(32), randomBytes(32)]
  const about = { account, head, epoch: 4, keysetVersion: 6, vkVersion: 5, slotsDigest: randomBytes(32), at }
  const { witnessKey } = new RootKeys({ epoch: 4, root })
  const value = encodeWitness(witnessKey, { ...about, version: 77 })
  const given = new ByteWriter().u64(77).fixed(head).u32(4).finish()
  const { right, refused, version2 } = family({ open: 'witness', account, root }, value)
  return [
    right('witness', given),
    refused('witness-of-another-account', value, { account: makeId() }),
    refused('witness-of-another-root', value, { root: randomBytes(32) }),
    refused('witness-version-of-the-account-changed', flip(value, 32)),
    refused('witness-mac-flipped', flip(value, -1)),
    refused('witness-truncated', value.subarray(0, -1)),
    version2('witness-version-2', 8),
  ]
}

async function siteFileVectors(): Promise<Vector[]> {
  const { siteKey, bytes } = SiteKey.make()
  const passphrase = Buffer.from('a passphrase for the safe')
  const sealed = await sealSiteKey(bytes, passphrase, cheap, gate)
  const file = family({ open: 'sealed site key', password: passphrase, ...weak }, sealed)
  const entry = { number: 1, at: new Date(at).toISOString(), event: 'recovered', by: 'owner' } as const
  const line = makeLine(siteKey, { ...entry, address: 'alice@example.org', previous: noPrevious })
  const audit = family({ open: 'audit line', 'site key': bytes }, line)
  const before = Buffer.concat([Buffer.from('LLBKMANI'), randomBytes(80)])
  const signed = Buffer.concat([before, backupMac(siteKey, before)])
  const manifest = Buffer.concat([signed, sha256(signed)])
  const backup = family({ open: 'backup manifest', 'site key': bytes }, manifest)
  const resigned = flip(signed, 20)
  return [
    file.right('sealed-site-key', bytes),
    file.wrong('sealed-site-key-another-passphrase', { password: Buffer.from('a passphrase') }),
    scenario(
      'sealed-site-key-flipped',
      'wrong key',
      { open: 'sealed site key', password: passphrase, ...weak },
      flip(sealed, -1),
    ),
    file.refused('sealed-site-key-truncated', sealed.subarray(0, -1)),
    file.version2('sealed-site-key-version-2', 8),
    audit.right('audit-line', sha256(line)),
    audit.refused('audit-line-changed', flip(line, 12)),
    audit.refused('audit-line-of-another-site', line, { 'site key': randomBytes(32) }),
    audit.refused('audit-line-without-its-end', line.subarray(0, -1)),
    backup.right('backup-manifest', sha256(signed)),
    backup.refused('backup-manifest-changed', flip(manifest, 20)),
    backup.refused('backup-manifest-changed-and-hashed-again', Buffer.concat([resigned, sha256(resigned)])),
    backup.refused('backup-manifest-of-another-site', manifest, { 'site key': randomBytes(32) }),
  ]
}

function siteRecordVectors(): Vector[] {
  const { siteKey, bytes } = SiteKey.make()
  const record = encodeSiteRecord(siteKey)
  const { right, refused } = family({ open: 'site record', 'site key': bytes }, record)
  return [
    right('site-record', record),
    refused('site-record-of-another-site', record, { 'site key': randomBytes(32) }),
    refused('site-record-version-changed', flip(record, 0)),
    refused('site-record-truncated', record.subarray(0, -1)),
  ]
}

/** Mailboxes are made in an entry, and one of them is given another UIDVALIDITY (change 18) for clients. */
function logEntryVectors(): Vector[] {
  const [one, two, another] = [makeId(), makeId(), makeId()]
  const previousHead = randomBytes(32)
  const made = (mailbox: Buffer, name: string, uidValidity: number): Change => ({
    ...{ kind: 'created', mailbox: hex(mailbox), name, specialUse: '', uidValidity },
  })
  const revalidated = (mailbox: Buffer, uidValidity: number): Change => ({
    ...{ kind: 'revalidated', mailbox: hex(mailbox), uidValidity },
  })
  const both = [made(one, 'INBOX', 7), made(two, 'Sent', 8)]
  const entry = encodeLogEntry(previousHead, [...both, revalidated(two, 9)])
  const given = (shown: readonly [number, number]): Buffer =>
    new ByteWriter()
      .fixed(previousHead)
      .fixed(one)
      .u32(7)
      .u32(shown[0])
      .fixed(two)
      .u32(8)
      .u32(shown[1])
      .finish()
  const about = { open: 'log entry' }
  const twice = encodeLogEntry(previousHead, [...both, revalidated(two, 9), revalidated(two, 0xffff_ffff)])
  const { right, refused } = family(about, entry)
  return [
    right('log-entry-revalidated', given([7, 9])),
    family(about, encodeLogEntry(previousHead, both)).right('log-entry-not-revalidated', given([7, 8])),
    family(about, twice).right('log-entry-revalidated-twice', given([7, 0xffff_ffff])),
    refused('log-entry-revalidated-cut-short', entry.subarray(0, -1)),
    refused('log-entry-revalidated-lengthened', Buffer.concat([entry, Buffer.of(0)])),
    refused(
      'log-entry-revalidated-of-no-mailbox',
      encodeLogEntry(previousHead, [...both, revalidated(another, 9)]),
    ),
  ]
}

export async function laterVectors(): Promise<readonly Vector[]> {
  return [
    ...(await escrowVectors()),
    ...(await lockedLoginVectors()),
    ...trailVectors(),
    ...siteRecordVectors(),
    ...logEntryVectors(),
    ...messageVectors(),
    ...headerVectors(),
    ...ownKeyVectors(),
    ...witnessVectors(),
    ...(await siteFileVectors()),
  ]
}
