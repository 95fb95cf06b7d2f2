// Places (FORMAT.md §1, §9): what a sealed thing is and where it lives. Authenticated, never stored beside the thing.
import { concat, u32, u64 } from '../base/bytes.ts'

const names = {
  slot: Buffer.from('slot'),
  slotLabel: Buffer.from('slot label'),
  keyset: Buffer.from('keyset'),
  arrival: Buffer.from('arrival'),
  recovery: Buffer.from('recovery'),
  manifest: Buffer.from('manifest'),
  list: Buffer.from('list'),
  message: Buffer.from('message'),
  page: Buffer.from('page'),
  state: Buffer.from('state'),
  expunged: Buffer.from('expunged'),
  text: Buffer.from('text'),
  log: Buffer.from('log'),
  trail: Buffer.from('trail'),
  trailArrival: Buffer.from('trail arrival'),
  escrow: Buffer.from('escrow'),
  slotUse: Buffer.from('slot use'),
  scramVerifier: Buffer.from('scram verifier'),
} as const

/** Identifiers have one length, so that fields of a place never run into each other. */
function id(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== 16) throw new RangeError('an identifier has 16 bytes')
  return bytes
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

/** Where the volume key is sealed to a slot; `kind` is the slot kind's number (§6). */
export function slotPlace(account: Uint8Array, slot: Uint8Array, kind: number, vkVersion: number): Buffer {
  return concat(names.slot, id(account), id(slot), Buffer.from([kind]), u32(vkVersion))
}

/** The name that the owner gave a slot (§6). */
export function slotLabelPlace(account: Uint8Array, slot: Uint8Array): Buffer {
  return concat(names.slotLabel, id(account), id(slot))
}

/** The keyset (§7). */
export function keysetPlace(account: Uint8Array, vkVersion: number): Buffer {
  return concat(names.keyset, id(account), u32(vkVersion))
}

/** An arrival's capsule (§8.2). */
export function arrivalPlace(account: Uint8Array, blob: Uint8Array): Buffer {
  return concat(names.arrival, id(account), id(blob))
}

/** The recovery header before a body in its segment (§9.7). */
export function recoveryPlace(account: Uint8Array, blob: Uint8Array): Buffer {
  return concat(names.recovery, id(account), id(blob))
}

/** The manifest (§9.2). */
export function manifestPlace(account: Uint8Array): Buffer {
  return concat(names.manifest, id(account))
}

/** A page of the mailbox list, 0 to 65,535 (§9.3). */
export function listPlace(account: Uint8Array, page: number): Buffer {
  return concat(names.list, id(account), u16(page))
}

/** A message record (§9.5). */
export function messagePlace(
  account: Uint8Array,
  mailbox: Uint8Array,
  uidValidity: number,
  uid: number,
): Buffer {
  return concat(names.message, id(account), id(mailbox), u32(uidValidity), u32(uid))
}

/** A message page (§9.5). */
export function pagePlace(
  account: Uint8Array,
  mailbox: Uint8Array,
  uidValidity: number,
  firstUid: number,
): Buffer {
  return concat(names.page, id(account), id(mailbox), u32(uidValidity), u32(firstUid))
}

/** A state page (§9.6). */
export function statePlace(
  account: Uint8Array,
  mailbox: Uint8Array,
  uidValidity: number,
  firstUid: number,
): Buffer {
  return concat(names.state, id(account), id(mailbox), u32(uidValidity), u32(firstUid))
}

/** The expunge history of a mailbox (§9.8). */
export function expungedPlace(account: Uint8Array, mailbox: Uint8Array, uidValidity: number): Buffer {
  return concat(names.expunged, id(account), id(mailbox), u32(uidValidity))
}

/** A search text page (§9.9). */
export function textPlace(
  account: Uint8Array,
  mailbox: Uint8Array,
  uidValidity: number,
  firstUid: number,
): Buffer {
  return concat(names.text, id(account), id(mailbox), u32(uidValidity), u32(firstUid))
}

/** A log entry (§9.1). */
export function logPlace(account: Uint8Array, version: number): Buffer {
  return concat(names.log, id(account), u64(version))
}

/** An entry of the trail (§9.10). */
export function trailPlace(account: Uint8Array, number: number): Buffer {
  return concat(names.trail, id(account), u32(number))
}

/** An entry of the trail that came without keys, in an arrival's capsule (§8.2). */
export function trailArrivalPlace(account: Uint8Array, entry: Uint8Array): Buffer {
  return concat(names.trailArrival, id(account), id(entry))
}

/** One admin's share of the recovery key (§8.4), by its place in the list. */
export function escrowPlace(escrow: Uint8Array, index: number): Buffer {
  return concat(names.escrow, id(escrow), Buffer.from([index]))
}

/** When app passwords were last used (§9.14). */
export function slotUsePlace(account: Uint8Array): Buffer {
  return concat(names.slotUse, id(account))
}

/** The verifier of a SCRAM slot (§6), with what the client is told of it; `salt` has 16 bytes. */
export function scramVerifierPlace(
  account: Uint8Array,
  slot: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): Buffer {
  return concat(names.scramVerifier, id(account), id(slot), id(salt), u32(iterations))
}
