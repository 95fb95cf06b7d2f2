// The vectors of FORMAT.md, opened by the stand-alone decryptor: it and the program read the same format.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { bytesOf, field, readVector, required, vectorNames, type Vector } from '../crypto/vector.ts'
import { loadDecryptor } from './decryptor.ts'

const decryptor = await loadDecryptor()

/** Ranges of bodies: the decryptor reads whole ones only. What it also refuses in a part that was not asked for is left out. */
const readsWhole = (name: string): boolean => name !== 'body-flipped-elsewhere'

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const leastOf = (vector: Vector): number => Number(required(vector, 'least memory'))

async function openSlotOf(vector: Vector): Promise<Buffer> {
  const account = bytesOf(vector, 'account')
  const list = decryptor.readSlotList(vector.bytes)
  const slot = list.slots[Number(required(vector, 'slot'))]
  assert.ok(slot)
  const secretKind = required(vector, 'secret kind')
  const kind = ['password', 'recovery', 'server', 'app', 'escrow', 'scram'].indexOf(secretKind) + 1
  if (slot.kind !== kind) throw new decryptor.Refusal('wrong key', 'a slot of another kind')
  const secret =
    secretKind === 'scram'
      ? { password: bytesOf(vector, 'secret'), siteKey: bytesOf(vector, 'site key') }
      : bytesOf(vector, secretKind === 'server' ? 'site key' : 'secret')
  const least = field(vector, 'least memory')
  const key = await decryptor.openSlot(account, list, slot, secret, ...(least ? [Number(least)] : []))
  decryptor.verifySlotList(account, list, key)
  const place = Buffer.concat([Buffer.from('slot label'), account, slot.id])
  const labelKey = decryptor.derive(key, 'letterlock/1 slot label')
  const label = slot.label.length > 0 ? decryptor.openBox(labelKey, 3, place, slot.label) : Buffer.alloc(0)
  return Buffer.concat([key, label])
}

const openers: Readonly<Record<string, (vector: Vector) => Buffer | Promise<Buffer>>> = {
  box: (v) => decryptor.openBox(bytesOf(v, 'key'), Number(required(v, 'kind')), bytesOf(v, 'place'), v.bytes),
  capsule: (v) =>
    decryptor.openCapsule(bytesOf(v, 'seed'), Number(required(v, 'kind')), bytesOf(v, 'place'), v.bytes),
  'public key': (v) => decryptor.publicKeyOf(v.bytes),
  body: (v) => {
    const chunks = decryptor.openBody(
      (offset, length) => v.bytes.subarray(offset, offset + length),
      v.bytes.length,
      bytesOf(v, 'message key'),
      bytesOf(v, 'account'),
      bytesOf(v, 'blob'),
      Number(required(v, 'size')),
    )
    const whole = Buffer.concat([...chunks])
    return whole.subarray(Number(field(v, 'start') ?? 0), Number(field(v, 'end') ?? whole.length))
  },
  slot: openSlotOf,
  'slot list': (v) => {
    const list = decryptor.readSlotList(v.bytes)
    decryptor.verifySlotList(bytesOf(v, 'account'), list, bytesOf(v, 'volume key'))
    return Buffer.concat(list.slots.map(({ id }) => id))
  },
  keyset: (v) => {
    const version = Number(required(v, 'volume key version'))
    const keyset = decryptor.openKeyset(bytesOf(v, 'account'), bytesOf(v, 'volume key'), version, v.bytes)
    const epochs = [...keyset.epochs].flatMap(([epoch, { seed, root }]) => [u32(epoch), seed, root])
    return Buffer.concat([u32(keyset.version), ...epochs])
  },
  'root keys': (v) => {
    const key = (word: string, context?: Buffer): Buffer =>
      decryptor.derive(v.bytes, `letterlock/1 ${word}`, context)
    const mailKey = key('mailbox', bytesOf(v, 'mailbox'))
    return Buffer.concat([key('manifest'), key('log'), key('list'), mailKey, key('recovery header')])
  },
  card: (v) => {
    const card = decryptor.readCard(bytesOf(v, 'account'), v.bytes, bytesOf(v, 'site key'))
    return Buffer.concat([u32(card.epoch), u32(card.keysetVersion), card.publicKey])
  },
  arrival: (v) => {
    const siteKey = field(v, 'site key') === undefined ? undefined : bytesOf(v, 'site key')
    const arrival = decryptor.readArrival(bytesOf(v, 'account'), v.bytes, siteKey)
    return Buffer.concat([arrival.previousHead, arrival.blob, arrival.capsule])
  },
  head: (v) => {
    const version = Number(required(v, 'version'))
    return decryptor.nextHead(
      bytesOf(v, 'account'),
      version,
      bytesOf(v, 'previous head'),
      decryptor.H(v.bytes),
    )
  },
  'recovery code': (v) => decryptor.readRecoveryCode(required(v, 'text')),
  'app password': (v) => {
    const { hint, secret } = decryptor.readAppPassword(required(v, 'text'))
    return Buffer.concat([u32(hint), secret])
  },
  'recovery key': (v) => {
    const names = ['first password', 'second password'].filter((name) => field(v, name) !== undefined)
    const passwords = names.map((name) => bytesOf(v, name))
    return decryptor.openRecoveryKey(v.bytes, passwords, bytesOf(v, 'site key'), leastOf(v))
  },
  'locked login': async (v) => {
    const isRight = await decryptor.isLockedLogin(
      bytesOf(v, 'account'),
      v.bytes,
      bytesOf(v, 'password'),
      leastOf(v),
    )
    if (!isRight) throw new decryptor.Refusal('wrong key', 'another password')
    return v.bytes.subarray(28, 60)
  },
  'trail head': (v) => {
    const number = Number(required(v, 'number'))
    return decryptor.nextTrailHead(bytesOf(v, 'account'), number, bytesOf(v, 'previous head'), v.bytes)
  },
  'message record': (v) => {
    const { messageKey, blob, firstBlob, size } = decryptor.readMessageRecord(v.bytes)
    return Buffer.concat([messageKey, blob, firstBlob, u32(0), u32(size)])
  },
  'recovery header': (v) =>
    decryptor.openRecoveryHeader(bytesOf(v, 'account'), bytesOf(v, 'blob'), v.bytes, {
      seed: bytesOf(v, 'seed'),
      root: bytesOf(v, 'root'),
    }),
  'own keys': (v) => {
    const { serial, keys } = decryptor.readOwnKeys(bytesOf(v, 'account'), v.bytes, bytesOf(v, 'site key'))
    return Buffer.concat([u32(serial), ...keys.map(({ fingerprint }) => fingerprint)])
  },
  witness: (v) => {
    const { version, head, epoch } = decryptor.readWitness(bytesOf(v, 'account'), v.bytes, bytesOf(v, 'root'))
    return Buffer.concat([u32(0), u32(version), head, u32(epoch)])
  },
  'sealed site key': (v) => decryptor.openSiteKeyFile(v.bytes, bytesOf(v, 'password'), leastOf(v)),
  'site record': (v) => decryptor.readSiteRecord(v.bytes, bytesOf(v, 'site key')),
  'log entry': (v) => {
    const { previousHead, mailboxes } = decryptor.replayLogEntry(v.bytes)
    const each = mailboxes.flatMap(({ id, uidValidity, shownUidValidity }) => [
      id,
      u32(uidValidity),
      u32(shownUidValidity ?? uidValidity),
    ])
    return Buffer.concat([previousHead, ...each])
  },
  'audit line': (v) => decryptor.readAuditLine(bytesOf(v, 'site key'), v.bytes),
  'backup manifest': (v) => decryptor.verifyManifest(bytesOf(v, 'site key'), v.bytes),
  'scram verifier': (v) => {
    const [slot] = decryptor.readSlotList(v.bytes).slots
    assert.ok(slot)
    return decryptor.openScramVerifier(bytesOf(v, 'account'), slot, bytesOf(v, 'site key'))
  },
  'slot label': (v) => {
    const { name, protocols, expires } = decryptor.readLabel(v.bytes)
    return Buffer.from(`${name} ${protocols} ${expires}`)
  },
}

async function open(vector: Vector): Promise<{ readonly outcome: string; readonly bytes?: Buffer }> {
  const opener = openers[required(vector, 'open')]
  assert.ok(opener)
  try {
    return { outcome: 'success', bytes: await opener(vector) }
  } catch (error) {
    if (error instanceof decryptor.Refusal) return { outcome: error.verdict }
    throw error
  }
}

describe('the stand-alone decryptor, on the vectors', () => {
  for (const name of vectorNames().filter(readsWhole)) {
    const vector = readVector(name)
    it(`${name}: ${vector.expect}`, async () => {
      const { outcome, bytes } = await open(vector)
      assert.equal(outcome, vector.expect)
      if (bytes === undefined) return
      const gives = field(vector, 'gives')
      if (gives !== undefined) assert.equal(bytes.toString('hex'), gives)
      else assert.equal(createHash('sha256').update(bytes).digest('hex'), required(vector, 'gives sha256'))
    })
  }
})
