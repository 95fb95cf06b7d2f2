// Vectors of slots and slot lists (FORMAT.md §6).
import { defaultKdf, KdfGate, type KdfParameters } from '../../../src/crypto/kdf.ts'
import { makeId, randomBytes } from '../../../src/crypto/random.ts'
import { SiteKey } from '../../../src/crypto/site-key.ts'
import { slotCheck } from '../../../src/crypto/slot-codec.ts'
import { encodeSlotList } from '../../../src/crypto/slot-list.ts'
import { encodeSlotLabel } from '../../../src/crypto/slot-label.ts'
import { makeSlot, renewSlot, type Slot, type SlotSecret as AnySecret } from '../../../src/crypto/slot.ts'
import type { Expectation, Vector } from '../../crypto/vector.ts'
import { flip, gives, put, scenario } from './scenario.ts'

/** The kinds that are made from what opens them. */
type SlotSecret = Exclude<AnySecret, { readonly kind: 'scram' }>

const cheap: KdfParameters = { memoryKiB: 64, passes: 1, parallelism: 1 }
const createdAt = Date.UTC(2026, 10, 21)

function fieldsOf(secret: SlotSecret, siteKey: Uint8Array): Readonly<Record<string, string | Uint8Array>> {
  switch (secret.kind) {
    case 'password':
      return { 'secret kind': secret.kind, secret: secret.password }
    case 'recovery':
      return { 'secret kind': secret.kind, secret: secret.code }
    case 'app':
      return { 'secret kind': secret.kind, secret: secret.secret }
    case 'escrow':
      return { 'secret kind': secret.kind, secret: secret.seed }
    case 'server':
      return { 'secret kind': secret.kind, 'site key': siteKey }
  }
}

/** The slot with some fields replaced by someone who knows how to make its check right again. */
function forged(slot: Slot, changes: Partial<Slot>): Slot {
  const parts = { ...slot, ...changes }
  return { ...parts, check: slotCheck(parts) }
}

export async function slotVectors(): Promise<readonly Vector[]> {
  const gate = new KdfGate({ minimumMemoryKiB: 8 })
  const account = makeId()
  const volumeKey = randomBytes(32)
  const site = SiteKey.make()
  const base = { account, volumeKey, vkVersion: 2, createdAt }
  const secrets = {
    password: { kind: 'password', password: Buffer.from('correct horse battery staple') },
    recovery: { kind: 'recovery', code: randomBytes(16) },
    server: { kind: 'server', siteKey: site.siteKey },
    app: { kind: 'app', secret: randomBytes(16) },
    escrow: { kind: 'escrow', seed: randomBytes(32) },
  } as const satisfies Record<string, SlotSecret>
  const password = await makeSlot({ ...base, secret: secrets.password, kdf: cheap }, gate)
  const recovery = await makeSlot({ ...base, secret: secrets.recovery }, gate)
  const server = await makeSlot({ ...base, secret: secrets.server }, gate)
  const app = await makeSlot({ ...base, secret: secrets.app, label: Buffer.from('Café phone') }, gate)
  const limits = encodeSlotLabel({ name: 'iPhone', protocols: ['imap'], expiresAt: createdAt })
  const limited = await makeSlot({ ...base, secret: secrets.app, label: limits }, gate)

  const escrow = await makeSlot({ ...base, secret: secrets.escrow }, gate)

  const list = (...slots: readonly Slot[]): Buffer =>
    encodeSlotList(account, { vkVersion: 2, slots }, volumeKey)
  const about = (secret: SlotSecret): Record<string, string | number | Uint8Array> => ({
    open: 'slot',
    account,
    slot: 0,
    ...(secret.kind === 'password' ? { 'least memory': 8 } : {}),
    ...fieldsOf(secret, site.bytes),
  })
  const make = (
    name: string,
    expect: Expectation,
    secret: SlotSecret,
    bytes: Uint8Array,
    changes: object = {},
  ): Vector => scenario(name, expect, { ...about(secret), ...changes }, bytes)
  const opened = gives(volumeKey)

  const accented = Buffer.from('cafe\u0301 \u212bngstr\u00f6m') // not in normal form C
  const accentedSlot = await makeSlot(
    { ...base, secret: { kind: 'password', password: accented }, kdf: cheap },
    gate,
  )
  const latin1 = Buffer.from('caf\u00e9', 'latin1')
  const latin1Slot = await makeSlot(
    { ...base, secret: { kind: 'password', password: latin1 }, kdf: cheap },
    gate,
  )
  const fullCost = await makeSlot({ ...base, secret: secrets.password, kdf: defaultKdf }, gate)
  const ofAnother = await makeSlot({ ...base, account: makeId(), secret: secrets.recovery }, gate)
  const otherKey = randomBytes(32)
  const attacker = await makeSlot({ ...base, secret: { kind: 'recovery', code: randomBytes(16) } }, gate)

  const cost = (name: string, kdf: KdfParameters, changes: object = {}): Vector =>
    make(name, 'unsupported', secrets.password, list(forged(password, { kdf })), changes)
  const wrong = (name: string, secret: SlotSecret, slot: Slot, changes: object = {}): Vector =>
    make(name, 'wrong key', secret, list(slot), changes)
  const damaged = (name: string, slot: Slot): Vector => make(name, 'damaged', secrets.recovery, list(slot))

  return [
    make('slot-password', 'success', secrets.password, list(password), opened),
    make('slot-password-at-full-cost', 'success', secrets.password, list(fullCost), opened),
    make(
      'slot-password-in-normal-form',
      'success',
      { kind: 'password', password: Buffer.from(accented.toString().normalize('NFC')) },
      list(accentedSlot),
      opened,
    ),
    make(
      'slot-password-in-another-form',
      'success',
      { kind: 'password', password: accented },
      list(accentedSlot),
      opened,
    ),
    make(
      'slot-password-not-utf8',
      'success',
      { kind: 'password', password: latin1 },
      list(latin1Slot),
      opened,
    ),
    make('slot-recovery', 'success', secrets.recovery, list(recovery), opened),
    make('slot-server', 'success', secrets.server, list(server), opened),
    make('slot-escrow', 'success', secrets.escrow, list(escrow), opened),
    wrong('slot-escrow-of-another-key', { kind: 'escrow', seed: randomBytes(32) }, escrow),
    make(
      'slot-app-with-label',
      'success',
      secrets.app,
      list(app),
      gives(Buffer.concat([volumeKey, Buffer.from('Café phone')])),
    ),
    make(
      'slot-app-with-limits',
      'success',
      secrets.app,
      list(limited),
      gives(Buffer.concat([volumeKey, limits])),
    ),
    make('slot-among-others', 'success', secrets.recovery, list(password, server, recovery, app), {
      slot: 2,
      ...opened,
    }),
    make(
      'slot-renewed',
      'success',
      secrets.app,
      encodeSlotList(
        account,
        { vkVersion: 3, slots: [renewSlot(account, app, otherKey, 3, volumeKey)] },
        otherKey,
      ),
      gives(Buffer.concat([otherKey, Buffer.from('Café phone')])),
    ),

    wrong('slot-password-wrong', secrets.password, password, {
      secret: Buffer.from('correct horse battery stable'),
    }),
    wrong('slot-password-cut', secrets.password, password, {
      secret: Buffer.from('correct horse battery stapl'),
    }),
    wrong('slot-recovery-wrong', secrets.recovery, recovery, { secret: randomBytes(16) }),
    wrong('slot-app-wrong', secrets.app, app, { secret: randomBytes(16) }),
    wrong('slot-server-of-another-site', secrets.server, server, { 'site key': randomBytes(32) }),
    wrong('slot-of-another-account', secrets.recovery, ofAnother),
    wrong('slot-of-another-kind', secrets.recovery, password),
    wrong('slot-kind-forged', secrets.app, forged(recovery, { kind: 'app' }), {
      secret: secrets.recovery.code,
    }),
    wrong('slot-identifier-forged', secrets.recovery, forged(recovery, { id: makeId() })),
    wrong('slot-salt-forged', secrets.recovery, forged(recovery, { salt: randomBytes(16) })),
    wrong('slot-public-key-forged', secrets.recovery, forged(recovery, { publicKey: attacker.publicKey })),

    damaged('slot-identifier-flipped', { ...recovery, id: flip(recovery.id, 0) }),
    damaged('slot-salt-flipped', { ...recovery, salt: flip(recovery.salt, 0) }),
    damaged('slot-date-flipped', { ...recovery, createdAt: createdAt + 1 }),
    damaged('slot-public-key-flipped', { ...recovery, publicKey: flip(recovery.publicKey, 1215) }),
    damaged('slot-check-flipped', { ...recovery, check: flip(recovery.check, 7) }),
    damaged('slot-capsule-flipped', { ...recovery, capsule: flip(recovery.capsule, 1130) }),
    damaged('slot-capsule-forged', forged(recovery, { capsule: flip(recovery.capsule, 1130) })),
    damaged('slot-capsule-of-another', forged(recovery, { capsule: attacker.capsule })),
    damaged('slot-capsule-of-an-older-volume-key', renewSlot(account, recovery, otherKey, 1)),

    cost('slot-cost-too-low', { memoryKiB: 19_455, passes: 3, parallelism: 4 }, { 'least memory': 19_456 }),
    cost('slot-cost-memory-too-high', { memoryKiB: 1024 * 1024 + 1, passes: 1, parallelism: 4 }),
    cost('slot-cost-passes-too-high', { memoryKiB: 65_536, passes: 17, parallelism: 4 }),
    cost('slot-cost-passes-zero', { memoryKiB: 65_536, passes: 0, parallelism: 4 }),
    cost('slot-cost-parallelism-too-high', { memoryKiB: 65_536, passes: 3, parallelism: 17 }),
    cost('slot-cost-parallelism-zero', { memoryKiB: 65_536, passes: 3, parallelism: 0 }),
    cost('slot-cost-work-too-high', { memoryKiB: 1024 * 1024, passes: 5, parallelism: 4 }),
    make(
      'slot-password-without-cost',
      'damaged',
      secrets.password,
      list(forged(password, { kdf: undefined })),
    ),
    make('slot-recovery-with-cost', 'damaged', secrets.recovery, list(forged(recovery, { kdf: cheap }))),
    ...listVectors(account, volumeKey, list(password, recovery), [password, recovery, attacker]),
  ]
}

function listVectors(
  account: Uint8Array,
  volumeKey: Uint8Array,
  bytes: Buffer,
  [first, second, third]: readonly [Slot, Slot, Slot],
): readonly Vector[] {
  const about = { open: 'slot list', account, 'volume key': volumeKey }
  const refused = (name: string, changed: Uint8Array, changes: object = {}): Vector =>
    scenario(name, 'damaged', { ...about, ...changes }, changed)
  const list = (slots: readonly Slot[], key: Uint8Array = volumeKey): Buffer =>
    encodeSlotList(account, { vkVersion: 2, slots }, key)
  /** What someone without the volume key can do: keep the old MAC. */
  const withMacOf = (changed: Buffer): Buffer => put(changed, -32, bytes.subarray(-32))
  return [
    scenario('slot-list', 'success', { ...about, ...gives(Buffer.concat([first.id, second.id])) }, bytes),
    scenario('slot-list-without-slots', 'success', { ...about, gives: '' }, list([])),
    refused('slot-list-of-another-account', bytes, { account: makeId() }),
    refused('slot-list-under-another-volume-key', bytes, { 'volume key': randomBytes(32) }),
    refused('slot-list-mac-flipped', flip(bytes, -1)),
    refused('slot-list-volume-key-version-changed', flip(bytes, 4)),
    refused('slot-list-slot-added', withMacOf(list([first, second, third]))),
    refused('slot-list-slot-added-under-own-key', list([first, second, third], randomBytes(32))),
    refused('slot-list-slot-removed', withMacOf(list([first]))),
    refused('slot-list-slots-exchanged', withMacOf(list([second, first]))),
    refused('slot-list-slot-twice', list([first, first])),
    refused('slot-list-count-too-high', put(bytes, 6, Buffer.from([3]))),
    refused('slot-list-count-too-low', put(bytes, 6, Buffer.from([1]))),
    refused('slot-list-count-over-limit', put(bytes, 5, Buffer.from([0, 65]))),
    refused('slot-list-truncated', bytes.subarray(0, -1)),
    refused('slot-list-lengthened', Buffer.concat([bytes, Buffer.alloc(1)])),
    refused('slot-list-empty', Buffer.alloc(0)),
    scenario('slot-list-version-2', 'unsupported', about, put(bytes, 0, Buffer.from([2]))),
    scenario('slot-list-unknown-slot-kind', 'unsupported', about, put(bytes, 7 + 16, Buffer.from([99]))),
    scenario('slot-list-unknown-kdf', 'unsupported', about, put(bytes, 7 + 16 + 1 + 8, Buffer.from([2]))),
  ]
}
