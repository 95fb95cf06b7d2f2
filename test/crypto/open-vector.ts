// Opens what a vector holds, as its `open` field says, and gives what came out or which error.
import { collect } from '../../src/base/async.ts'
import { readAppPassword } from '../../src/crypto/app-password.ts'
import { readArrival } from '../../src/crypto/arrival.ts'
import { openBody } from '../../src/crypto/body.ts'
import { openBox, type BoxKind } from '../../src/crypto/box.ts'
import { openCard } from '../../src/crypto/card.ts'
import { nextHead } from '../../src/crypto/chain.ts'
import { Corrupt, UnsupportedVersion, WrongKey } from '../../src/crypto/errors.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import { kemPublicKey, openCapsule } from '../../src/crypto/kem.ts'
import { openKeyset } from '../../src/crypto/keyset.ts'
import { RootKeys } from '../../src/crypto/root-keys.ts'
import { MistypedCode, readRecoveryCode } from '../../src/crypto/recovery-code.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { decodeSlotList, verifySlotList } from '../../src/crypto/slot-list.ts'
import { decodeSlotLabel } from '../../src/crypto/slot-label.ts'
import { scramKeys } from '../../src/crypto/scram.ts'
import { openScramVerifier } from '../../src/crypto/scram-verifier.ts'
import { openSlot, slotLabel, type Slot, type SlotSecret } from '../../src/crypto/slot.ts'
import { laterOpeners } from './open-later.ts'
import { bytesOf, field, required, type Expectation, type Vector } from './vector.ts'

/** What came out; all parts that the format gives, joined in the format's order. */
type Opener = (vector: Vector) => Promise<Buffer> | Buffer

function number(vector: Vector, key: string): number {
  return Number(required(vector, key))
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function siteKey(vector: Vector): SiteKey {
  return SiteKey.fromBytes(bytesOf(vector, 'site key'))
}

function slotSecret(vector: Vector): SlotSecret {
  const kind = required(vector, 'secret kind')
  if (kind === 'server') return { kind, siteKey: siteKey(vector) }
  const secret = bytesOf(vector, 'secret')
  if (kind === 'password') return { kind, password: secret }
  if (kind === 'recovery') return { kind, code: secret }
  if (kind === 'app') return { kind, secret }
  if (kind === 'escrow') return { kind, seed: secret }
  throw new Error(`unknown secret kind ${kind}`)
}

/** What a client that knows the password would prove. */
async function scramSecret(vector: Vector, slot: Slot): Promise<SlotSecret> {
  if (!slot.scram) throw new WrongKey()
  const keys = await scramKeys(bytesOf(vector, 'secret'), slot.salt, slot.scram.iterations)
  if (!keys) throw new WrongKey()
  return { kind: 'scram', clientKey: keys.clientKey, siteKey: siteKey(vector) }
}

function openScramVerifierVector(vector: Vector): Buffer {
  const [slot] = decodeSlotList(vector.bytes).slots
  if (!slot) throw new Error('the vector has no slot')
  const { storedKey, serverKey } = openScramVerifier(siteKey(vector), bytesOf(vector, 'account'), slot)
  return Buffer.concat([storedKey, serverKey])
}

/** Vectors with a cheap cost say so: they show the format, not the limit. */
function gate(vector: Vector): KdfGate {
  const weak = field(vector, 'least memory')
  return new KdfGate(weak === undefined ? {} : { minimumMemoryKiB: Number(weak) })
}

function openRootKeys(vector: Vector): Buffer {
  const keys = new RootKeys({ epoch: 1, root: vector.bytes })
  return Buffer.concat([
    keys.manifestKey,
    keys.logKey,
    keys.listKey,
    keys.mailboxKey(bytesOf(vector, 'mailbox')),
    keys.headerKey,
  ])
}

async function openSlotVector(vector: Vector): Promise<Buffer> {
  const list = decodeSlotList(vector.bytes)
  const slot = list.slots[number(vector, 'slot')]
  if (!slot) throw new Error('the vector names no slot')
  const account = bytesOf(vector, 'account')
  const secret =
    required(vector, 'secret kind') === 'scram' ? await scramSecret(vector, slot) : slotSecret(vector)
  const opened = await openSlot(account, slot, list.vkVersion, secret, gate(vector))
  verifySlotList(account, vector.bytes, opened.bytes)
  const label = slotLabel(account, slot, opened.bytes) ?? Buffer.alloc(0)
  return Buffer.concat([opened.bytes, label])
}

function openBodyVector(vector: Vector): Promise<Buffer> {
  const sizeBytes = number(vector, 'size')
  const body = openBody(
    {
      messageKey: bytesOf(vector, 'message key'),
      account: bytesOf(vector, 'account'),
      blob: bytesOf(vector, 'blob'),
      sizeBytes,
      blobLength: vector.bytes.length,
      read: async (start, end) => vector.bytes.subarray(start, end),
    },
    Number(field(vector, 'start') ?? 0),
    Number(field(vector, 'end') ?? sizeBytes),
  )
  return collect(body)
}

const openers: Readonly<Record<string, Opener>> = {
  ...laterOpeners,
  box: (vector) =>
    openBox(
      bytesOf(vector, 'key'),
      number(vector, 'kind') as BoxKind,
      bytesOf(vector, 'place'),
      vector.bytes,
    ),
  capsule: (vector) =>
    openCapsule(
      bytesOf(vector, 'seed'),
      number(vector, 'kind') as BoxKind,
      bytesOf(vector, 'place'),
      vector.bytes,
    ),
  'public key': (vector) => kemPublicKey(vector.bytes),
  body: openBodyVector,
  slot: openSlotVector,
  'scram verifier': openScramVerifierVector,
  'slot list': (vector) =>
    Buffer.concat(
      verifySlotList(bytesOf(vector, 'account'), vector.bytes, bytesOf(vector, 'volume key')).slots.map(
        (slot) => slot.id,
      ),
    ),
  keyset: (vector) => {
    const keyset = openKeyset(
      bytesOf(vector, 'account'),
      vector.bytes,
      bytesOf(vector, 'volume key'),
      number(vector, 'volume key version'),
    )
    const epochs = keyset.epochs.flatMap(({ epoch, kemSeed, root }) => [u32(epoch), kemSeed, root])
    return Buffer.concat([u32(keyset.version), ...epochs])
  },
  'root keys': openRootKeys,
  card: (vector) => {
    const card = openCard(siteKey(vector), bytesOf(vector, 'account'), vector.bytes)
    return Buffer.concat([u32(card.epoch), u32(card.keysetVersion), card.publicKey])
  },
  arrival: (vector) => {
    const site = field(vector, 'site key') === undefined ? undefined : siteKey(vector)
    const arrival = readArrival(site, bytesOf(vector, 'account'), vector.bytes)
    return Buffer.concat([arrival.previousHead, arrival.blob, arrival.capsule])
  },
  head: (vector) =>
    nextHead(
      bytesOf(vector, 'account'),
      number(vector, 'version'),
      bytesOf(vector, 'previous head'),
      vector.bytes,
    ),
  'recovery code': (vector) => readRecoveryCode(required(vector, 'text')).secret,
  'app password': (vector) => {
    const read = readAppPassword(Buffer.from(required(vector, 'text')))
    if (!read) throw new Corrupt('app password')
    return Buffer.concat([u32(read.hint), read.secret])
  },
  'slot label': (vector) => {
    const { name, protocols, expiresAt } = decodeSlotLabel(vector.bytes)
    const bits = (protocols.includes('imap') ? 1 : 0) + (protocols.includes('submission') ? 2 : 0)
    return Buffer.from(`${name} ${bits} ${expiresAt ?? 0}`)
  },
}

/** What opening a vector came to. Errors that are none of the format's are thrown. */
export async function openVector(
  vector: Vector,
): Promise<{ readonly outcome: Expectation; readonly bytes?: Buffer }> {
  const open = openers[required(vector, 'open')]
  if (!open) throw new Error(`${vector.name} opens an unknown thing`)
  try {
    return { outcome: 'success', bytes: await open(vector) }
  } catch (error) {
    if (error instanceof WrongKey) return { outcome: 'wrong key' }
    if (error instanceof UnsupportedVersion) return { outcome: 'unsupported' }
    if (error instanceof Corrupt || error instanceof MistypedCode) return { outcome: 'damaged' }
    throw error
  }
}
