// The bytes of a slot (FORMAT.md §6).
import { ByteWriter, type ByteReader } from '../base/bytes.ts'
import { Corrupt, UnsupportedVersion } from './errors.ts'
import type { KdfParameters } from './kdf.ts'
import { H } from './primitives.ts'
import { kemPublicKeyBytes } from './sodium.ts'

export type SlotKind = 'password' | 'recovery' | 'server' | 'app' | 'escrow' | 'scram'

export const slotKindNumbers: Readonly<Record<SlotKind, number>> = {
  password: 1,
  recovery: 2,
  server: 3,
  app: 4,
  escrow: 5,
  scram: 6,
}

const kindsByNumber = new Map<number, SlotKind>([
  [1, 'password'],
  [2, 'recovery'],
  [3, 'server'],
  [4, 'app'],
  [5, 'escrow'],
  [6, 'scram'],
])

/** What only a SCRAM slot has. */
export interface ScramPart {
  /** Of PBKDF2; the salt is the slot's. */
  readonly iterations: number
  /** Sealed under the site's key (`scram-verifier.ts`). */
  readonly verifier: Buffer
}

/** One way to the volume key. A value; nothing in it is secret. */
export interface Slot {
  /** 16 bytes. */
  readonly id: Buffer
  readonly kind: SlotKind
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** Only a password slot has a cost. */
  readonly kdf: KdfParameters | undefined
  /** 16 bytes. */
  readonly salt: Buffer
  /** X-Wing, 1,216 bytes. */
  readonly publicKey: Buffer
  /** The volume key, sealed to `publicKey`. */
  readonly capsule: Buffer
  /** Sealed (`slot-label.ts`); empty when it has none. */
  readonly label: Buffer
  readonly scram?: ScramPart
  /** First 8 bytes of the hash of everything before: tells accidental damage from a wrong secret. */
  readonly check: Buffer
}

const kdfNone = 0
const kdfArgon2id = 1
const kdfPbkdf2 = 2

function writeFields(writer: ByteWriter, slot: Omit<Slot, 'check'>): ByteWriter {
  const { kdf, scram } = slot
  writer
    .fixed(slot.id)
    .u8(slotKindNumbers[slot.kind])
    .u64(slot.createdAt)
    .u8(kdf ? kdfArgon2id : scram ? kdfPbkdf2 : kdfNone)
    .u32(kdf?.memoryKiB ?? 0)
    .u32(kdf?.passes ?? scram?.iterations ?? 0)
    .u32(kdf?.parallelism ?? 0)
    .fixed(slot.salt)
    .fixed(slot.publicKey)
    .bytes16(slot.capsule)
    .bytes16(slot.label)
  return scram ? writer.bytes16(scram.verifier) : writer
}

/** Length of a slot without a label: a capsule that holds 32 bytes has 1,263. */
export const leastSlotBytes: number = 16 + 1 + 8 + 1 + 12 + 16 + kemPublicKeyBytes + 2 + 1263 + 2 + 8

/** What `check` must be. */
export function slotCheck(slot: Omit<Slot, 'check'>): Buffer {
  return H(writeFields(new ByteWriter(), slot).finish()).subarray(0, 8)
}

export function writeSlot(writer: ByteWriter, slot: Slot): void {
  writeFields(writer, slot).fixed(slot.check)
}

const kdfOf = (kind: SlotKind): number =>
  kind === 'password' ? kdfArgon2id : kind === 'scram' ? kdfPbkdf2 : kdfNone

/** Reads one slot. `check` is compared when it is opened, so that one damaged slot does not hide the others. */
export function readSlot(reader: ByteReader): Slot {
  const id = Buffer.from(reader.fixed(16))
  const kind = kindsByNumber.get(reader.u8())
  if (kind === undefined) throw new UnsupportedVersion('slot kind')
  const createdAt = reader.u64()
  const kdfNumber = reader.u8()
  if (kdfNumber > kdfPbkdf2 || (kdfNumber === kdfPbkdf2 && kind !== 'scram'))
    throw new UnsupportedVersion('password hashing method')
  const cost = { memoryKiB: reader.u32(), passes: reader.u32(), parallelism: reader.u32() }
  if (kdfNumber !== kdfOf(kind)) throw new Corrupt('slot')
  if (kdfNumber !== kdfArgon2id && (cost.memoryKiB !== 0 || cost.parallelism !== 0)) throw new Corrupt('slot')
  if (kdfNumber === kdfNone && cost.passes !== 0) throw new Corrupt('slot')
  return {
    id,
    kind,
    createdAt,
    kdf: kdfNumber === kdfArgon2id ? cost : undefined,
    salt: Buffer.from(reader.fixed(16)),
    publicKey: Buffer.from(reader.fixed(kemPublicKeyBytes)),
    capsule: Buffer.from(reader.bytes16()),
    label: Buffer.from(reader.bytes16()),
    ...(kind === 'scram'
      ? { scram: { iterations: cost.passes, verifier: Buffer.from(reader.bytes16()) } }
      : {}),
    check: Buffer.from(reader.fixed(8)),
  }
}
