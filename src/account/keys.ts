// Keys of an account's records in the store (FORMAT.md §9).
import { concat, u32, u64, utf8 } from '../base/bytes.ts'

const letter = (name: string): Buffer => utf8(name)

/** Lower and upper bound of all keys that begin with `prefix`. */
function prefixRange(prefix: Buffer): { gte: Buffer; lt: Buffer } {
  const lt = Buffer.from(prefix)
  let last = lt.length - 1
  while (last >= 0 && lt[last] === 0xff) last -= 1
  if (last < 0) throw new RangeError('prefix has no upper bound')
  lt.writeUInt8(lt.readUInt8(last) + 1, last)
  return { gte: prefix, lt: lt.subarray(0, last + 1) }
}

export const slotsKey: Buffer = letter('ks')
export const keysetKey: Buffer = letter('kk')
export const cardKey: Buffer = letter('kc')
export const conversionKey: Buffer = letter('kj')
/** Present from a restore to the next unlock (`restored.ts`). */
export const restoredKey: Buffer = letter('kr')
export const slotUseKey: Buffer = letter('ku')
/** Keys that mail is sealed to, what their owner was told of them, and that older mail is being sealed. */
export const sealingKey: Buffer = letter('kp')
export const noticesKey: Buffer = letter('kpw')
export const sealingJobKey: Buffer = letter('kpj')
/** Bodies that did not open in a repair and are kept aside. */
export const quarantineKey: Buffer = letter('kq')
export const headKey: Buffer = letter('h')
export const manifestKey: Buffer = letter('n')

export function listKey(page: number): Buffer {
  const key = Buffer.alloc(3)
  key.write('L')
  key.writeUInt16BE(page, 1)
  return key
}
export const listRange: { gte: Buffer; lt: Buffer } = prefixRange(letter('L'))

export const messageKey = (mailbox: Uint8Array, uid: number): Buffer => concat(letter('m'), mailbox, u32(uid))
export const pageKey = (mailbox: Uint8Array, firstUid: number): Buffer =>
  concat(letter('p'), mailbox, u32(firstUid))
export const stateKey = (mailbox: Uint8Array, firstUid: number): Buffer =>
  concat(letter('x'), mailbox, u32(firstUid))
export const expungedKey = (mailbox: Uint8Array): Buffer => concat(letter('v'), mailbox)
export const textKey = (mailbox: Uint8Array, firstUid: number): Buffer =>
  concat(letter('t'), mailbox, u32(firstUid))
/** The UID at the end of a message, page, state or text key. */
export const uidOfKey = (key: Uint8Array): number =>
  Buffer.from(key.buffer, key.byteOffset, key.byteLength).readUInt32BE(key.length - 4)

export function mailboxRange(
  kind: 'm' | 'p' | 'x' | 'v' | 't',
  mailbox: Uint8Array,
): { gte: Buffer; lt: Buffer } {
  return prefixRange(concat(letter(kind), mailbox))
}

export const trailKey = (number: number): Buffer => concat(letter('a'), u32(number))
export const trailRange: { gte: Buffer; lt: Buffer } = prefixRange(letter('a'))
/** The number at the end of a trail key. */
export const numberOfTrailKey = (key: Uint8Array): number => uidOfKey(key)

export const logKey = (version: number): Buffer => concat(letter('c'), u64(version))
/** Log entries of versions from `from` up to `until` (excluded). */
export const logRange = (from: number, until: number): { gte: Buffer; lt: Buffer } => ({
  gte: logKey(from),
  lt: logKey(until),
})
export const arrivalKey = (version: number): Buffer => concat(letter('d'), u64(version))
export const arrivalRange: { gte: Buffer; lt: Buffer } = prefixRange(letter('d'))
/** The version at the end of a log or arrival key. */
export const versionOfKey = (key: Uint8Array): number =>
  Number(Buffer.from(key.buffer, key.byteOffset, key.byteLength).readBigUInt64BE(key.length - 8))
