#!/usr/bin/env node
// Opens the sealed export of one account with its owner's secret and writes the mail as files: the proof that mail is
// never hostage to Letterlock. Written from src/crypto/FORMAT.md alone (the sections named here are its sections);
// needs Node 20, libsodium-wrappers and argon2, and nothing else of the project.
//
//   node decrypt.mjs [--code-file F | --password-file F | --app-password-file F] [--site-key-file F] [--salvage] EXPORT OUTDIR
//   node decrypt.mjs --recovery-key-file F --admin-password-file F [--admin-password-file F ...] ... EXPORT OUTDIR
//
// The admin recovery key of a site is in the newest file below site/ of a backup.
// Without a file the recovery code is asked for (or read from the standard input). The first thing that does not
// verify ends the run (index.json comes last, so without one not all was written); with --salvage it is told, what
// depends on it is left out, and the rest is written.

import { createDecipheriv, createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { readSync, realpathSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import argon2 from 'argon2'
import sodium from 'libsodium-wrappers'

await sodium.ready

/** Why something was not opened: `verdict` is 'damaged', 'wrong key' or 'unsupported', the message says it in words. */
export class Refusal extends Error {
  constructor(verdict, message) {
    super(message)
    this.verdict = verdict
  }
}

const damaged = (message) => new Refusal('damaged', message)
const unsupported = (message) => new Refusal('unsupported', message)
function must(ok, message) {
  if (!ok) throw damaged(message)
}
function needed(value, name) {
  must(value !== undefined, `${name} is missing`)
  return value
}

// ---- §1 Terms -------------------------------------------------------------------------------------------------------

const ascii = (text) => Buffer.from(text, 'latin1')
const hex = (bytes) => Buffer.from(bytes).toString('hex')
const u8 = (n) => Buffer.of(n)
const u16 = (n) => Buffer.of(n >>> 8, n)
const u32 = (n) => Buffer.of(n >>> 24, n >>> 16, n >>> 8, n)
const u64 = (n) => Buffer.concat([u32(Math.floor(n / 2 ** 32)), u32(n % 2 ** 32)])
const cat = (...parts) => Buffer.concat(parts)
const none = Buffer.alloc(0)
const same = (a, b) => a.length === b.length && timingSafeEqual(a, b)

/** Reads fields one after the other; refuses to read beyond the end, and `end()` refuses what is left over. */
class Fields {
  constructor(bytes, name) {
    Object.assign(this, { bytes, name, at: 0 })
  }
  take(length) {
    must(this.at + length <= this.bytes.length, `${this.name} is cut short`)
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }
  u8 = () => this.take(1)[0]
  u16 = () => this.take(2).readUInt16BE()
  u32 = () => this.take(4).readUInt32BE()
  u64 = () => this.whole(this.take(8).readBigUInt64BE())
  i16 = () => this.take(2).readInt16BE()
  i64 = () => this.whole(this.take(8).readBigInt64BE())
  id = () => this.take(16)
  hash = () => this.take(32)
  lp16 = () => this.take(this.u16())
  lp32 = () => this.take(this.u32())
  text16 = () => needed(decodeUtf8(this.lp16()), `text (in UTF-8) of ${this.name}`)
  list = (count, read) => Array.from({ length: count }, () => read())
  /** Reads the version, which is 1 to `to`; what has another is not understood. */
  version(to = 1) {
    const version = this.u8()
    if (version < 1 || version > to)
      throw unsupported(`${this.name} has version ${version}; this program knows version ${to}`)
    this.knownAs = version
    return this
  }
  end() {
    must(this.at === this.bytes.length, `${this.name} has bytes after its end`)
  }
  whole(big) {
    must(Number.isSafeInteger(Number(big)), `${this.name} has a number beyond all limits`)
    return Number(big)
  }
}

function decodeUtf8(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

// ---- §2 Primitives --------------------------------------------------------------------------------------------------

export const H = (...parts) =>
  createHash('sha256')
    .update(cat(...parts))
    .digest()
const hmac = (hash, key, ...parts) =>
  createHmac(hash, key)
    .update(cat(...parts))
    .digest()
const labelled = (label) => cat(u8(label.length), ascii(label))
const extract = (salt, secret) => hmac('sha256', salt, secret)
// HKDF-Expand for exactly one block: T(1) = HMAC(key, info ‖ 0x01).
export const derive = (key, label, context = Buffer.alloc(0)) =>
  hmac('sha256', key, labelled(label), context, u8(1))
const mac = (key, label, ...x) => hmac('sha256', key, labelled(label), ...x)
function split(key, label, ...x) {
  const okm = hmac('sha512', key, labelled(label), ...x)
  return { key: okm.subarray(0, 32), commitment: okm.subarray(32) }
}

function openGcm(key, nonce, aad, sealed, name) {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(-16))
  const plaintext = decipher.update(sealed.subarray(0, -16))
  try {
    decipher.final()
  } catch {
    throw damaged(`${name}: the bytes were changed`)
  }
  return plaintext
}

function openXChaCha(key, nonce, aad, sealed, name) {
  try {
    return Buffer.from(sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, sealed, aad, nonce, key))
  } catch {
    throw damaged(`${name}: the bytes were changed`)
  }
}

/** The length that n bytes are padded to. */
function padme(n) {
  if (n < 2) return n
  const e = n.toString(2).length - 1
  const s = e.toString(2).length
  const step = 2 ** (e - s)
  return Math.ceil(n / step) * step
}

// ---- §3 Box ---------------------------------------------------------------------------------------------------------

/** Opens a box; returns its data. `name` is for the words of a refusal. */
export function openBox(key, kind, place, box, name = 'a box') {
  const fields = new Fields(box, name).version()
  const suite = fields.u8()
  if (suite !== 1 && suite !== 2) throw unsupported(`${name} is sealed with an unknown suite, ${suite}`)
  must(fields.u8() === kind, `${name} is another kind of thing`)
  must(box.length >= 63 + 16, `${name} is cut short`)
  const okm = split(key, 'letterlock/1 box', box.subarray(0, 31), u16(place.length), place)
  must(same(okm.commitment, box.subarray(31, 63)), `${name} was not sealed for this place and key`)
  const aad = cat(box.subarray(0, 63), place)
  const sealed = box.subarray(63)
  const [salt, zeros] = [box.subarray(7, 31), Buffer.alloc(12)]
  const plaintext = (suite === 1 ? openXChaCha : openGcm)(
    okm.key,
    suite === 1 ? salt : zeros,
    aad,
    sealed,
    name,
  )
  const inner = new Fields(plaintext, name)
  const data = inner.lp32()
  must(data.length <= 65532, `${name} is longer than any box`)
  must(plaintext.length === Math.max(64, padme(4 + data.length)), `${name} is padded wrongly`)
  must(!plaintext.subarray(inner.at).some((byte) => byte !== 0), `${name} is padded wrongly`)
  return data
}

// ---- §4 Body --------------------------------------------------------------------------------------------------------

const chunkSize = 65536

/** Yields the octets of a message, chunk by chunk; `readAt(offset, length)` gives bytes of the blob, `length` its size. */
export function* openBody(readAt, length, messageKey, account, blob, size) {
  const name = `body ${hex(blob)}`
  const padded = padme(size + 8)
  const chunks = Math.ceil(padded / chunkSize)
  const header = readAt(0, Math.min(length, 36))
  if (header.length >= 2 && (header[0] !== 1 || header[1] !== 2)) {
    throw unsupported(`${name} is sealed in a way that this program does not know`)
  }
  must(length === 36 + padded + 16 * chunks, `${name} has the wrong length`)
  const start = cat(u8(1), u8(2), u8(16), u8(0))
  const okm = split(messageKey, 'letterlock/1 body', start, account, blob)
  must(same(header, cat(start, okm.commitment)), `${name} does not belong to this message`)
  const aad = cat(account, blob, header)
  for (let i = 0, from = 0; i < chunks; i++, from += chunkSize) {
    const isLast = i === chunks - 1
    const sealed = readAt(36 + i * (chunkSize + 16), Math.min(chunkSize, padded - from) + 16)
    const nonce = cat(Buffer.alloc(3), u64(i), u8(isLast ? 1 : 0))
    const chunk = openGcm(okm.key, nonce, aad, sealed, `${name}, chunk ${i}`)
    const message = chunk.subarray(0, Math.max(0, Math.min(chunk.length, size - from)))
    const padding = chunk.subarray(message.length, isLast ? -8 : undefined)
    must(!padding.some((byte) => byte !== 0), `${name} is padded wrongly`)
    must(!isLast || same(chunk.subarray(-8), u64(size)), `${name} has another size than its record says`)
    yield message
  }
}

// ---- §5 Capsule -----------------------------------------------------------------------------------------------------

export const publicKeyOf = (seed) => Buffer.from(sodium.crypto_kem_xwing_seed_keypair(seed).publicKey)

/** Opens what was sealed to the public key of `seed`; returns the data. */
export function openCapsule(seed, kind, place, capsule, name = 'a capsule') {
  must(capsule.length >= 1120, `${name} is cut short`)
  const { privateKey } = sodium.crypto_kem_xwing_seed_keypair(seed)
  let shared
  try {
    shared = sodium.crypto_kem_xwing_dec(capsule.subarray(0, 1120), privateKey)
  } catch {
    throw damaged(`${name} was not sealed properly`)
  }
  return openBox(derive(shared, 'letterlock/1 capsule', place), kind, place, capsule.subarray(1120), name)
}

// ---- §6 Slots -------------------------------------------------------------------------------------------------------

/** Reads the slot list; nothing of it is to be trusted before `verifySlotList`. */
export function readSlotList(value) {
  const fields = new Fields(value, 'the slot list').version()
  const vkVersion = fields.u32()
  const count = fields.u16()
  must(count <= 24, 'the slot list has too many slots')
  const slots = fields.list(count, () => readSlot(fields, value))
  const signed = value.subarray(0, fields.at)
  const tag = fields.hash()
  fields.end()
  must(new Set(slots.map((slot) => hex(slot.id))).size === count, 'the slot list has one slot twice')
  return { vkVersion, slots, signed, tag }
}

function readSlot(fields, value) {
  const from = fields.at
  const slot = { id: fields.id(), kind: fields.u8(), created: fields.i64(), kdf: fields.u8() }
  Object.assign(slot, { memory: fields.u32(), passes: fields.u32(), parallelism: fields.u32() })
  Object.assign(slot, { salt: fields.id(), publicKey: fields.take(1216) })
  Object.assign(slot, { capsule: fields.lp16(), label: fields.lp16() })
  if (slot.kind === 6) slot.verifier = fields.lp16()
  // Kind and KDF first: what this program does not know may be laid out, and checked, in another way.
  if (slot.kind < 1 || slot.kind > 6 || slot.kdf > (slot.kind === 6 ? 2 : 1))
    throw unsupported('a slot is of an unknown kind')
  const check = H(value.subarray(from, fields.at)).subarray(0, 8)
  must(same(check, fields.take(8)), 'a slot is damaged')
  const isPriced = { 1: slot.kdf === 1, 6: slot.kdf === 2 && slot.memory + slot.parallelism === 0 }[slot.kind]
  const isFree = slot.kdf + slot.memory + slot.passes + slot.parallelism === 0
  must(isPriced ?? isFree, 'a slot has the cost of another kind')
  return slot
}

/** The slot's key from the owner's secret (bytes: of the password, of the recovery code; of a server slot the site key; of a SCRAM slot password and site key). */
async function slotKeyOf(slot, account, secret, leastMemory) {
  if (slot.kind === 3) return extract(slot.salt, derive(secret, 'letterlock/1 server slot', account))
  if (slot.kind === 6) {
    const { clientKey } = await scramKeysOf(slot, secret.password)
    return extract(slot.salt, cat(clientKey, derive(secret.siteKey, 'letterlock/1 scram slot', account)))
  }
  if (slot.kind !== 1) return extract(slot.salt, secret)
  return passwordKeyOf(slot, secret, leastMemory)
}

/** RFC 5802 §3 for a password. Only what needs no preparation (RFC 4013) is read here: printable ASCII. */
async function scramKeysOf({ passes: iterations, salt }, password) {
  if (iterations < 4096 || iterations > 10_000_000)
    throw unsupported('a password is to cost more work, or less, than any of Letterlock does')
  if (!/^[ -~]+$/.test(password.toString('latin1')))
    throw new Refusal('wrong key', 'this program opens SCRAM slots by passwords of printable ASCII only')
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const keyOf = (name) => createHmac('sha256', salted).update(name).digest()
  const clientKey = keyOf('Client Key')
  return { clientKey, storedKey: H(clientKey), serverKey: keyOf('Server Key') }
}

/** What the site compares proofs with: StoredKey and ServerKey (§6). */
export function openScramVerifier(account, slot, siteKey) {
  const key = derive(siteKey, 'letterlock/1 scram verifier', account)
  const place = cat(ascii('scram verifier'), account, slot.id, slot.salt, u32(slot.passes))
  const keys = openBox(key, 17, place, slot.verifier, 'the verifier of a SCRAM slot')
  must(keys.length === 64, 'the verifier of a SCRAM slot has the wrong length')
  return keys
}

/** Argon2id of a password, within the limits of §6. */
async function passwordKeyOf({ memory, passes, parallelism, salt }, secret, leastMemory) {
  const within = (n, least, most) => n >= least && n <= most
  const affordable = within(memory, leastMemory, 2 ** 20) && memory * passes <= 4 * 2 ** 20
  if (!affordable || !within(passes, 1, 16) || !within(parallelism, 1, 16)) {
    throw unsupported('a password is to cost more work, or less, than any of Letterlock does')
  }
  const cost = { memoryCost: memory, timeCost: passes, parallelism, hashLength: 32, version: 0x13 }
  return argon2.hash(normalPassword(secret), { ...cost, type: argon2.argon2id, salt, raw: true })
}

function normalPassword(bytes) {
  if (bytes.length < 1 || bytes.length > 1024)
    throw new Refusal('wrong key', 'a password has 1 to 1,024 bytes')
  const text = decodeUtf8(bytes)
  return text === undefined ? bytes : Buffer.from(text.normalize('NFC'))
}

/** Opens one slot; returns the volume key, which only `verifySlotList` and the delivery card prove to be the account's. */
export async function openSlot(account, list, slot, secret, leastMemory = 19456) {
  const slotSeed = async () => {
    const slotKey = await slotKeyOf(slot, account, secret, leastMemory)
    return derive(slotKey, 'letterlock/1 slot seed', cat(account, slot.id, u8(slot.kind)))
  }
  // Of a slot for the site's recovery key the secret is that key's seed (§8.4).
  const seed = slot.kind === 5 ? secret : await slotSeed()
  if (!same(publicKeyOf(seed), slot.publicKey)) throw new Refusal('wrong key', 'the secret does not fit')
  const place = cat(ascii('slot'), account, slot.id, u8(slot.kind), u32(list.vkVersion))
  const volumeKey = openCapsule(seed, 1, place, slot.capsule, 'the volume key')
  must(volumeKey.length === 32, 'the volume key has the wrong length')
  return volumeKey
}

export function verifySlotList(account, list, volumeKey) {
  const key = derive(volumeKey, 'letterlock/1 slot list')
  must(same(mac(key, 'letterlock/1 slot list', account, list.signed), list.tag), 'the slot list was changed')
}

const symbols = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const powers = Array.from({ length: 31 }) // of α in GF(32)
for (let i = 0, x = 1; i < 31; i++, x = (x << 1) ^ (x & 16 ? 0b100101 : 0)) powers[i] = x
const times = (a, power) => (a === 0 ? 0 : powers[(powers.indexOf(a) + power) % 31])

/** The values of the symbols that a person typed. */
function readSymbols(text, name) {
  const plain = text.toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replace(/O/g, '0')
  const code = Array.from(plain, (symbol) => symbols.indexOf(symbol))
  must(!code.includes(-1), `the ${name} has a symbol that none has`)
  return code
}

function checkCode(code, name) {
  const syndrome = (power) => code.reduce((sum, symbol) => times(sum, power) ^ symbol, 0)
  const [one, two] = [syndrome(1), syndrome(2)]
  if (one !== 0 || two !== 0) {
    // A single wrong symbol at the coefficient of α^d gives one = e·α^d and two = e·α^2d.
    const d = one && two ? (powers.indexOf(two) - powers.indexOf(one) + 31) % 31 : code.length
    const where = d < code.length ? `; perhaps symbol ${code.length - d} is wrong` : ''
    throw damaged(`the ${name} has a mistake in it${where}`)
  }
}

const numberOf = (code) => code.reduce((sum, symbol) => sum * 32n + BigInt(symbol), 0n)
const sixteenBytes = (number) => Buffer.from(number.toString(16).padStart(32, '0'), 'hex')

/** Reads a recovery code of twelve words; returns its 16 bytes. The list of words is asked for only then. */
async function readRecoveryWords(words) {
  must(words.length === 12, `a recovery code has 12 words, this one has ${words.length}`)
  const { wordlist } = await import('@scure/bip39/wordlists/english.js')
  const numbers = words.map((word) =>
    wordlist.findIndex((known) => known === word || (word.length >= 4 && known.startsWith(word))),
  )
  const unknown = numbers.indexOf(-1)
  must(unknown < 0, `word ${unknown + 1} of the recovery code is not one of the list`)
  const number = numbers.reduce((sum, each) => sum * 2048n + BigInt(each), 0n)
  const secret = sixteenBytes(number >> 4n)
  const check = createHash('sha256').update(secret).digest()[0] >> 4
  must(Number(number & 15n) === check, 'a word of the recovery code is wrong, or stands in the wrong place')
  return secret
}

/** Reads a recovery code in either spelling. */
export async function readAnyRecoveryCode(text) {
  const words = text.toLowerCase().match(/[a-z]+/g) ?? []
  const areWords = words.length >= 9 && !/[0-9]/.test(text) && words.every((word) => word.length >= 3)
  return areWords ? readRecoveryWords(words) : readRecoveryCode(text)
}

/** Reads a recovery code; returns its 16 bytes. */
export function readRecoveryCode(text) {
  const code = readSymbols(text, 'recovery code')
  must(code.length === 28, `a recovery code has 28 symbols, this one has ${code.length}`)
  checkCode(code, 'recovery code')
  const number = numberOf(code.slice(0, 26))
  must(number < 1n << 128n, 'this is not a recovery code')
  return sixteenBytes(number)
}

/** Reads an app password; returns its 16 bytes and the first 17 bits of its slot's identifier. */
export function readAppPassword(text) {
  const [mark, ...code] = readSymbols(text, 'app password')
  must(code.length === 31, `an app password has 32 symbols, this one has ${code.length + 1}`)
  must(mark === symbols.indexOf('A'), 'this is not an app password')
  checkCode(code, 'app password')
  const number = numberOf(code.slice(0, 29))
  return { hint: Number(number >> 128n), secret: sixteenBytes(number & ((1n << 128n) - 1n)) }
}

/** What a slot's label says: its name and, of an app password, for what and how long it is good. */
export function readLabel(bytes) {
  const text = (part) => needed(decodeUtf8(part), 'UTF-8 in the label of a slot')
  if (bytes.length === 0 || bytes[0] >= 0x20) return { name: text(bytes), protocols: 3, expires: 0 }
  if (bytes[0] !== 2) throw unsupported('the label of a slot is of an unknown version')
  const fields = new Fields(bytes.subarray(1), 'the label of a slot')
  const label = { protocols: fields.u8() & 3, expires: fields.u64() }
  return { ...label, name: text(bytes.subarray(1 + fields.at)) }
}

// ---- §7 Keyset and §8 what the site's key vouches for -----------------------------------------------------------------

/** Opens the keyset: its version and, by epoch, the KEM seed and the root; the last epoch is current. */
export function openKeyset(account, volumeKey, vkVersion, value) {
  const place = cat(ascii('keyset'), account, u32(vkVersion))
  const data = openBox(derive(volumeKey, 'letterlock/1 keyset'), 2, place, value, 'the keyset')
  const fields = new Fields(data, 'the keyset').version()
  const keyset = { version: fields.u32(), epochs: new Map(), current: 0 }
  const count = fields.u16()
  for (let i = 0; i < count; i++) {
    const epoch = fields.u32()
    must(epoch > keyset.current, 'the epochs of the keyset do not ascend')
    keyset.epochs.set(epoch, { seed: fields.hash(), root: fields.hash() })
    keyset.current = epoch
  }
  fields.end()
  must(count > 0, 'the keyset is empty')
  return keyset
}

function verifySiteMac(siteKey, label, account, value, name) {
  const key = derive(siteKey, 'letterlock/1 site mac')
  const expected = mac(key, label, account, value.subarray(0, -32))
  must(same(expected, value.subarray(-32)), `${name} was not written by this site`)
}

/** Reads a delivery card; without the site's key its MAC cannot be verified. */
export function readCard(account, value, siteKey) {
  const fields = new Fields(value, 'the delivery card').version()
  const card = { epoch: fields.u32(), keysetVersion: fields.u32(), publicKey: fields.take(1216) }
  fields.hash()
  fields.end()
  if (siteKey) verifySiteMac(siteKey, 'letterlock/1 card', account, value, 'the delivery card')
  return card
}

/** Reads an arrival as far as it can be read without the owner's secret. */
export function readArrival(account, value, siteKey, name = 'an arrival') {
  const fields = new Fields(value, name).version()
  const chained = { accountVersion: fields.u64(), previousHead: fields.hash() }
  const arrival = { ...chained, blob: fields.id(), capsule: fields.lp32() }
  fields.hash()
  fields.end()
  if (siteKey) verifySiteMac(siteKey, 'letterlock/1 arrival', account, value, name)
  return arrival
}

const readCost = (fields) => ({
  ...{ memory: fields.u32(), passes: fields.u32(), parallelism: fields.u32(), salt: fields.id() },
})

// §8.4: GF(2^8) with x^8 + x^4 + x^3 + x + 1, by its powers of x + 1.
const gfPowers = Array.from({ length: 255 })
for (let i = 0, x = 1; i < 255; i++, x ^= (x << 1) ^ (x & 128 ? 0x11b : 0)) gfPowers[i] = x
const gfLog = (a) => gfPowers.indexOf(a)
const gfTimes = (a, b) => (a === 0 || b === 0 ? 0 : gfPowers[(gfLog(a) + gfLog(b)) % 255])
const gfOver = (a, b) => (a === 0 ? 0 : gfPowers[(gfLog(a) + 255 - gfLog(b)) % 255])

/** The value at 0 of the polynomials that go through these shares (x first). */
function joinShares(shares) {
  const secret = Buffer.alloc(shares[0].length - 1)
  for (const [i, share] of shares.entries()) {
    const others = shares.filter((_, other) => other !== i)
    const factor = others.reduce((all, other) => gfTimes(all, gfOver(other[0], other[0] ^ share[0])), 1)
    for (let at = 0; at < secret.length; at++) secret[at] ^= gfTimes(share[at + 1], factor)
  }
  return secret
}

/** §8.4: the seed of the site's recovery key, by the passwords of as many admins as it takes. */
export async function openRecoveryKey(value, passwords, siteKey, leastMemory = 19456) {
  const name = 'the recovery key'
  const fields = new Fields(value, name).version()
  fields.take(24) // generation and dates
  if (siteKey) verifySiteMac(siteKey, 'letterlock/1 escrow', none, value, name)
  must(fields.u8() === 1, 'the recovery key was removed')
  const [id, publicKey, threshold] = [fields.id(), fields.take(1216), fields.u8()]
  const holders = fields.list(fields.u8(), () => ({ ...readCost(fields), box: fields.lp16() }))
  fields.hash()
  fields.end()
  must(threshold >= 1 && threshold <= holders.length && holders.length <= 16, `${name} has odd numbers`)
  const shares = new Map()
  for (const password of passwords) {
    for (const [index, holder] of holders.entries()) {
      if (shares.has(index)) continue
      const own = cat(id, u8(index))
      const slow = await passwordKeyOf(holder, password, leastMemory)
      try {
        const key = derive(slow, 'letterlock/1 escrow share', own)
        shares.set(index, openBox(key, 24, cat(ascii('escrow'), own), holder.box, 'a share'))
        break
      } catch (error) {
        // The record's MAC says whether a box is whole; a password that is another's leads to another commitment.
        if (error.verdict !== 'damaged') throw error
      }
    }
  }
  if (shares.size < threshold || shares.size < passwords.length)
    throw new Refusal('wrong key', 'a password is no admin’s, or there are too few')
  const seed = joinShares([...shares.values()].slice(0, threshold))
  must(seed.length === 32 && same(publicKeyOf(seed), publicKey), `${name} is not the one of the shares`)
  return seed
}

/** §8.5: whether this password lets in to mail that stays locked. */
export async function isLockedLogin(account, value, password, leastMemory = 19456) {
  const fields = new Fields(value, 'a locked login')
  const cost = readCost(fields)
  const verifier = fields.hash()
  fields.u64() // since when
  fields.end()
  const slow = await passwordKeyOf(cost, password, leastMemory)
  return same(derive(slow, 'letterlock/1 locked login', account), verifier)
}

/** §8.8: the hash that a backup's manifest ends in, after its MAC was verified. */
export function verifyManifest(siteKey, value) {
  must(value.length > 64 && same(H(value.subarray(0, -32)), value.subarray(-32)), 'a manifest was changed')
  verifySiteMac(siteKey, 'letterlock/1 backup', none, value.subarray(0, -32), 'a manifest')
  return value.subarray(-32)
}

/** §8.9: the site key from its file. */
export async function openSiteKeyFile(value, passphrase, leastMemory = 19456) {
  const fields = new Fields(value, 'the sealed site key')
  must(fields.take(8).equals(ascii('LLSITKEY')), 'this is no sealed site key')
  fields.version()
  const cost = readCost(fields)
  const box = fields.lp16()
  fields.end()
  const key = derive(await passwordKeyOf(cost, passphrase, leastMemory), 'letterlock/1 sealed site key')
  try {
    return openBox(key, 18, ascii('sealed site key'), box, 'the sealed site key')
  } catch (error) {
    if (error.verdict !== 'damaged') throw error
    throw new Refusal('wrong key', 'the passphrase is another one, or the file was changed')
  }
}

/** §8.10: fingerprints of an owner's own keys. */
export function readOwnKeys(account, value, siteKey) {
  const fields = new Fields(value, 'the own keys')
  if (siteKey) verifySiteMac(siteKey, 'letterlock/1 public keys', account, value, 'the record of own keys')
  fields.version()
  const [serial, append, settings] = [fields.u32(), fields.u8(), fields.u8()]
  must(append <= 2 && settings <= 7, 'own keys have settings that there are none of')
  const keys = fields.list(fields.u8(), () => {
    const key = { kind: fields.u8(), fingerprint: fields.lp16() }
    const names = fields.list(fields.u8(), fields.text16)
    const more = { algorithm: fields.text16(), added: fields.u64(), created: fields.u64() }
    return { ...key, names, ...more, expires: fields.u64(), bytes: fields.lp16() }
  })
  fields.hash()
  fields.end()
  return { serial, append, settings, keys }
}

/** §9.7: the message key in a recovery header. */
export function openRecoveryHeader(account, blob, header, { seed, root }) {
  const place = cat(ascii('recovery'), account, blob)
  const name = 'a recovery header'
  must(header.length > 1, `${name} is cut short`)
  const sealed = header.subarray(1)
  if (header[0] === 1) return openCapsule(seed, 12, place, sealed, name)
  must(header[0] === 2 || header[0] === 3, `${name} opens nothing`)
  // A box of 32 bytes has 63 before its ciphertext, 64 in it, and 16 of a tag; zeros may follow it where it took a capsule's place.
  const box = header[0] === 2 ? sealed : sealed.subarray(0, 63 + 64 + 16)
  return openBox(derive(root, 'letterlock/1 recovery header'), 12, place, box, name)
}

/** §9.18: what a witness says. */
export function readWitness(account, value, root) {
  const fields = new Fields(value, 'a witness')
  must(fields.take(8).equals(ascii('LLWITNES')), 'this is no witness')
  must(fields.version().id().equals(account), 'the witness is another account’s')
  const witness = { version: fields.u64(), head: fields.hash(), epoch: fields.u32() }
  fields.take(4 + 4 + 32 + 8)
  fields.hash()
  fields.end()
  const key = derive(root, 'letterlock/1 witness')
  must(
    same(mac(key, 'letterlock/1 witness', value.subarray(0, -32)), value.subarray(-32)),
    'the witness was changed',
  )
  return witness
}

/** §8.12: the record that says whose store it is. */
export function readSiteRecord(value, siteKey) {
  verifySiteMac(siteKey, 'letterlock/1 site record', none, value, 'the record of the site key')
  const fields = new Fields(value, 'the record of the site key').version()
  fields.hash()
  fields.end()
  return value
}

/** §12: a line of the audit log, without its line feed; gives what the next one names as `previous`. */
export function readAuditLine(siteKey, line) {
  const at = line.lastIndexOf(',"mac":"')
  must(at > 0, 'a line of the audit log has no MAC')
  const key = derive(siteKey, 'letterlock/1 site mac')
  const ours = ascii(`,"mac":"${hex(mac(key, 'letterlock/1 audit', line.subarray(0, at)))}"}`)
  must(same(ours, line.subarray(at)), 'a line of the audit log was not written by this site')
  return H(line)
}

function openArrival(account, arrival, keyset, name) {
  const { seed } = epochOf(keyset, epochOfBox(arrival.capsule.subarray(1120), name), name)
  const place = cat(ascii('arrival'), account, arrival.blob)
  const fields = new Fields(openCapsule(seed, 4, place, arrival.capsule, name), name).version()
  const dates = (messageKey) => ({ messageKey, internalDate: fields.i64(), zone: fields.i16() })
  return { blob: arrival.blob, ...dates(fields.hash()), detail: fields.text16(), size: readContent(fields) }
}

// §8.2: an entry of the trail that waits to be taken into it.
function openTrailArrival(account, arrival, name) {
  const { seed } = epochOf(account.keyset, epochOfBox(arrival.capsule.subarray(1120), name), name)
  const place = cat(ascii('trail arrival'), account.id, arrival.blob)
  const fields = new Fields(openCapsule(seed, 14, place, arrival.capsule, name), name)
  const entry = readTrailEntry(fields)
  fields.end()
  return entry
}

// The epoch that a box says it is of; nobody has vouched for it before the box is opened.
function epochOfBox(box, name) {
  const fields = new Fields(box, name).version()
  fields.take(2)
  return fields.u32()
}

const epochOf = (keyset, epoch, name) =>
  needed(keyset.epochs.get(epoch), `the key of epoch ${epoch}, for ${name},`)

// ---- §9 The account's records -----------------------------------------------------------------------------------------

// Search text (`t`, §9.9), derived from the mail, and last uses (`ku`, §9.10), which no mail depends on, are passed over.
const recordKinds = {
  manifest: { letter: 'n', kind: 7, label: 'letterlock/1 manifest' },
  list: { letter: 'L', kind: 8, label: 'letterlock/1 list' },
  log: { letter: 'c', kind: 6, label: 'letterlock/1 log' },
  message: { letter: 'm', kind: 9, label: 'letterlock/1 mailbox' },
  page: { letter: 'p', kind: 10, label: 'letterlock/1 mailbox' },
  state: { letter: 'x', kind: 11, label: 'letterlock/1 mailbox' },
  expunged: { letter: 'v', kind: 15, label: 'letterlock/1 mailbox' },
  trail: { letter: 'a', kind: 14, label: 'letterlock/1 trail' },
}

/** One account: its sealed records, the keys that open them, and its mailboxes once `load` and `replay` have run. */
class Account {
  mailboxes = new Map() // by identifier in hexadecimal
  subscriptions = new Set()
  facts = new Map() // §9.11, by number
  annotations = new Map() // by identifier of the mailbox in hexadecimal, then by entry

  constructor(file, keyset, slotListHash, complain) {
    Object.assign(this, { file, keyset, slotListHash, complain, id: file.account })
  }

  /** Does `work`; what it refuses is left out when salvaging and else ends the run. */
  attempt(work) {
    try {
      return work()
    } catch (error) {
      return this.complain(error)
    }
  }

  expect(ok, words) {
    this.attempt(() => must(ok, words))
  }

  /** Opens the record of the given kind, of the account or of a mailbox; `hash` is what another record names it by. */
  open(word, number, mailbox, hash) {
    const { name, value, data } = this.opened(word, number, mailbox, hash)
    return Object.assign(new Fields(data, name).version(word === 'list' || word === 'message' ? 2 : 1), {
      value,
    })
  }

  openData = (word, number) => this.opened(word, number).data

  opened(word, number, mailbox, hash) {
    const { letter, kind, label } = recordKinds[word]
    const which = number.length > 0 ? ` ${BigInt(`0x${hex(number)}`)}` : ''
    const name = `the ${word} record${which}${mailbox ? ` of ${mailbox.name}` : ''}`
    const value = needed(this.file.record(cat(ascii(letter), mailbox?.id ?? none, number)), name)
    must(!hash || same(H(value), hash), `${name} is not the one that was last written`)
    const where = mailbox ? cat(mailbox.id, u32(mailbox.uidValidity), number) : number
    const place = cat(ascii(word), this.id, where)
    const root = epochOf(this.keyset, epochOfBox(value, name), name).root
    return { name, value, data: openBox(derive(root, label, mailbox?.id), kind, place, value, name) }
  }

  // §9.2, §9.3: the manifest names the list pages by their hashes, and these the state pages.
  load() {
    const fields = this.open('manifest', none)
    Object.assign(this, { version: fields.u64(), head: fields.hash() })
    this.keys = { keysetVersion: fields.u32(), slotListHash: fields.hash() }
    fields.u32() // the last UIDVALIDITY given
    const pages = fields.list(fields.u16(), fields.hash)
    this.waiting = new Map(fields.list(fields.u16(), () => [fields.u64(), fields.hash()]))
    fields.end()
    for (const [page, hash] of pages.entries()) {
      const list = this.open('list', u16(page), undefined, hash)
      list.list(list.u16(), () => this.loadListEntry(list))
      list.end()
    }
  }

  // Of a mailbox, or of the account (16 zero bytes); without a value the entry goes.
  annotate(mailbox, entry, value) {
    const id = hex(mailbox)
    must(/^0+$/.test(id) || this.mailboxes.has(id), 'an annotation is of a mailbox that there is not')
    const entries = this.annotations.get(id) ?? new Map()
    if (value === undefined) entries.delete(entry)
    else entries.set(entry, Buffer.from(value))
    this.annotations.set(id, entries)
  }

  loadListEntry(fields) {
    const kind = fields.u8()
    if (kind === 2) return this.subscriptions.add(fields.text16())
    if (kind === 3) return this.annotate(fields.id(), fields.text16(), fields.lp32())
    if (kind === 4) return this.facts.set(fields.u8(), fields.lp16())
    if (kind !== 1) throw unsupported('the mailbox list has an entry of an unknown kind')
    const mailbox = { id: fields.id(), name: fields.text16(), specialUse: fields.text16() }
    Object.assign(mailbox, { uidValidity: fields.u32(), uidNext: fields.u32(), messages: new Map() })
    const highestModSeq = fields.u64()
    Object.assign(mailbox, { recentFrom: fields.u32(), packedUntil: fields.u32() })
    const count = fields.u32()
    fields.take(4 + 4 + 8) // totals: unseen, deleted, octets
    const keywords = fields.list(fields.u16(), fields.text16)
    const pages = fields.list(fields.u16(), () => [fields.u32(), fields.u16(), fields.hash()])
    const later = fields.knownAs > 1 ? this.readLaterFields(fields) : new Map()
    const shown = later.get(2)
    if (shown) mailbox.shownUidValidity = shown.u32()
    shown?.end()
    try {
      for (const page of pages) this.loadStatePage(mailbox, keywords, page)
      must(mailbox.messages.size === count, `${mailbox.name} has not as many messages as the list says`)
      this.loadExpunges(mailbox, highestModSeq, later.get(1))
    } catch (error) {
      mailbox.problem = error // which is none if the log goes on to delete the mailbox (§9.1)
    }
    return this.addMailbox(mailbox)
  }

  // §9.3: fields that came later, by number.
  readLaterFields(fields) {
    const later = new Map()
    for (let count = fields.u8(), last = 0; count > 0; count--) {
      const [field, value] = [fields.u8(), fields.lp16()]
      must(field > last, 'the mailbox list has fields out of order')
      if (field !== 1 && field !== 2) throw unsupported('the mailbox list has a field of an unknown kind')
      later.set((last = field), new Fields(value, 'a field of the mailbox list'))
    }
    return later
  }

  // §9.8: nothing that is still there depends on it, but what does not verify was changed.
  loadExpunges(mailbox, highestModSeq, field) {
    if (!field) return
    const hash = field.hash()
    field.end()
    const history = this.open('expunged', none, mailbox, hash)
    let last = history.u64()
    for (let count = history.u32(); count > 0; count--) {
      const modSeq = history.u64()
      must(modSeq > last && modSeq <= highestModSeq, `${history.name} is out of order`)
      last = modSeq
      history.list(history.u32(), () => [history.u32(), history.u32()])
    }
    history.end()
  }

  // §9.6
  loadStatePage(mailbox, keywords, [first, messages, hash]) {
    const fields = this.open('state', u32(first), mailbox, hash)
    const count = fields.u16()
    must(count === messages, `${fields.name} has not as many messages as the list says`)
    for (let i = 0; i < count; i++) {
      const uid = fields.u32()
      const modSeq = fields.u64()
      const flags = readFlags(fields, () => needed(keywords[fields.u16()], `a keyword of ${mailbox.name}`))
      mailbox.messages.set(uid, { modSeq, flags, ...readDates(fields) })
    }
    fields.end()
  }

  addMailbox(mailbox) {
    const others = [...this.mailboxes.values()]
    const isNew = !others.some((other) => other.name === mailbox.name || same(other.id, mailbox.id))
    this.expect(isNew, `there are two mailboxes ${mailbox.name}`)
    this.mailboxes.set(hex(mailbox.id), mailbox)
  }

  // §9.1. What was adopted is known only further on, so the changes come first and then the hash chain.
  replay() {
    const entries = new Map() // hash and previous head of what is there, by version
    const adopted = new Map() // hash of what was adopted, by version
    for (const version of this.versionsOf('c')) {
      if (version <= this.version) continue
      this.attempt(() => {
        const fields = this.open('log', u64(version))
        entries.set(version, { hash: H(fields.value), previousHead: fields.hash() })
        fields.list(fields.u16(), () => this.apply(fields, version, adopted))
        fields.end()
      })
    }
    for (const version of this.versionsOf('d')) {
      this.attempt(() => {
        const value = this.file.record(cat(ascii('d'), u64(version)))
        entries.set(version, { hash: H(value), previousHead: readArrival(this.id, value).previousHead })
        const isThere = `arrival ${version} is there although`
        must(!adopted.has(version), `${isThere} it was adopted`)
        must(version > this.version || this.waiting.has(version), `${isThere} the manifest does not know it`)
      })
    }
    this.attempt(() => this.verifyChain(entries, adopted))
    for (const { problem } of this.mailboxes.values()) if (problem) this.complain(problem)
    const { keysetVersion, slotListHash } = this.keys
    this.expect(keysetVersion === this.keyset.version, 'the keyset is not the one that the log names')
    this.expect(same(slotListHash, this.slotListHash), 'the slot list is not the one that the log names')
  }

  versionsOf(letter) {
    const keys = this.file.keysThatBeginWith(ascii(letter))
    return keys.map((key) => new Fields(key.subarray(1), 'a key').u64()).sort((a, b) => a - b)
  }

  verifyChain(entries, adopted) {
    const chain = new Fields(needed(this.file.record(ascii('h')), 'the chain head'), 'the chain head')
    const [lastVersion, lastHead] = [chain.u64(), chain.hash()]
    chain.end()
    must(lastVersion === this.file.version, 'the chain head is not that of the account’s version')
    must(
      [...entries.keys()].every((version) => version <= lastVersion),
      'the log goes on after the chain head',
    )
    for (const [version, expected] of this.waiting) {
      const hash = needed(entries.get(version)?.hash ?? adopted.get(version), `arrival ${version}`)
      must(same(hash, expected), `arrival ${version} is not the one that the manifest names`)
    }
    let head = this.head
    for (let version = this.version + 1; version <= lastVersion; version++) {
      const { hash, previousHead } = entries.get(version) ?? { hash: adopted.get(version) }
      needed(hash, `version ${version} of the log`)
      must(!previousHead || same(previousHead, head), `version ${version} does not follow the one before it`)
      head = nextHead(this.id, version, head, hash)
    }
    must(same(head, lastHead), 'the log does not lead to the chain head')
  }

  // One change of the log: reads its fields and does to the mailboxes what it says.
  apply(fields, version, adopted) {
    const kind = fields.u8()
    if (kind === 7) return this.subscriptions.add(fields.text16())
    if (kind === 8) return this.subscriptions.delete(fields.text16())
    if (kind === 10) return fields.list(fields.u32(), () => adopted.set(fields.u64(), fields.hash()))
    if (kind === 11) return undefined
    if (kind === 17) return this.facts.set(fields.u8(), fields.lp16())
    if (kind === 14) {
      const [mailbox, entry, isThere] = [fields.id(), fields.text16(), fields.u8()]
      must(isThere <= 1, `${fields.name} has an annotation that is neither there nor gone`)
      return this.annotate(mailbox, entry, isThere ? fields.lp32() : undefined)
    }
    if (kind === 12) {
      fields.u32() // version of the volume key
      return (this.keys = { keysetVersion: fields.u32(), slotListHash: fields.hash() })
    }
    if ((kind < 1 || kind > 13) && kind !== 18)
      throw unsupported(`${fields.name} has a change of an unknown kind, ${kind}`)
    const id = fields.id()
    if (kind === 4) {
      const mailbox = { id, name: fields.text16(), specialUse: fields.text16(), uidValidity: fields.u32() }
      return this.addMailbox({ ...mailbox, uidNext: 1, recentFrom: 1, packedUntil: 1, messages: new Map() })
    }
    const mailbox = needed(this.mailboxes.get(hex(id)), `a mailbox that ${fields.name} is about`)
    if (kind === 5) {
      this.annotations.delete(hex(id))
      return this.mailboxes.delete(hex(id))
    }
    if (kind === 6) return (mailbox.name = fields.text16())
    if (kind === 9) return (mailbox.recentFrom = fields.u32())
    if (kind === 18) return (mailbox.shownUidValidity = fields.u32())
    if (kind === 13) return (mailbox.packedUntil = fields.u32())
    if (kind === 1) {
      const uid = fields.u32()
      this.expect(uid >= mailbox.uidNext, `${fields.name} gives a UID again`)
      mailbox.uidNext = uid + 1
      const flags = readFlags(fields, fields.text16)
      return mailbox.messages.set(uid, { modSeq: version, flags, ...readDates(fields) })
    }
    const flags = kind === 2 ? readFlags(fields, fields.text16) : undefined
    const ranges = fields.list(fields.u32(), () => [fields.u32(), fields.u32()])
    for (const [uid, message] of mailbox.messages) {
      if (!ranges.some(([first, last]) => uid >= first && uid <= last)) continue
      if (flags) Object.assign(message, { flags, modSeq: version })
      else mailbox.messages.delete(uid)
    }
    return undefined
  }
}

const readTrailEntry = (fields) => ({
  ...{ number: fields.version().u32(), at: isoDate(fields.i64()), kind: fields.text16() },
  ...{ by: fields.text16(), remoteAddress: fields.text16(), detail: fields.text16() },
})

/** §9.1: what the data of a log entry makes of an account that has nothing so far. */
export function replayLogEntry(data) {
  const refuse = (problem) => {
    throw problem
  }
  const account = new Account({ account: Buffer.alloc(16) }, undefined, undefined, refuse)
  const fields = new Fields(data, 'a log entry').version()
  const previousHead = fields.hash()
  fields.list(fields.u16(), () => account.apply(fields, 1, new Map()))
  fields.end()
  return { previousHead, mailboxes: [...account.mailboxes.values()] }
}

export const nextTrailHead = (account, number, previous, entry) =>
  H(labelled('letterlock/1 trail chain'), account, u32(number), previous, H(entry))

// §9.10: what was done to the keys, as far as fact 1 says that there is something.
function readTrail(account) {
  const fact = account.facts.get(1)
  if (!fact) return []
  const fields = new Fields(fact, 'what is known of the trail')
  const [first, before, last, head] = [fields.u32(), fields.hash(), fields.u32(), fields.hash()]
  fields.u32() // how far the owner was shown it
  fields.end()
  const entries = []
  let reached = before
  for (let number = first; number <= last; number++) {
    account.attempt(() => {
      const entry = account.openData('trail', u32(number))
      reached = nextTrailHead(account.id, number, reached, entry)
      const read = new Fields(entry, `entry ${number} of the trail`)
      entries.push(readTrailEntry(read))
      read.end()
    })
  }
  account.expect(same(reached, head), 'the trail is not the one that was written')
  return entries
}

export const nextHead = (account, version, previous, entryHash) =>
  H(labelled('letterlock/1 chain'), account, u64(version), previous, entryHash)

const systemFlags = ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft']
function readFlags(fields, readKeyword) {
  const bits = fields.u8()
  if (bits >= 32) throw unsupported('a message has a system flag that this program does not know')
  return [...systemFlags.filter((_, i) => bits & (1 << i)), ...fields.list(fields.u8(), readKeyword)]
}

const readDates = (fields) => ({
  ...{ internalDate: fields.i64(), zone: fields.i16() },
  ...{ size: fields.u64(), saved: fields.i64() },
})

// §9.4: only the size is needed here, the rest is made from the body.
function readContent(fields) {
  const size = fields.u64()
  fields.list(5, fields.lp32)
  fields.end()
  return size
}

// §9.5: the message records of one mailbox, from their own records and from pages: [uid, read, whether it belongs there].
function* messageRecords(account, mailbox) {
  const keysOf = (letter) => account.file.keysThatBeginWith(cat(ascii(letter), mailbox.id))
  for (const key of keysOf('m')) {
    const uid = key.subarray(17)
    const read = () => readMessage(account.open('message', uid, mailbox))
    yield [uid.readUInt32BE(), read, uid.readUInt32BE() >= mailbox.packedUntil]
  }
  for (const key of keysOf('p')) {
    const page = account.attempt(() => account.open('page', key.subarray(17), mailbox))
    let least = key.readUInt32BE(17)
    for (let count = page?.u16() ?? 0; count > 0; count--) {
      const uid = page.u32()
      const record = new Fields(page.lp32(), `message ${uid} of ${mailbox.name}`)
      yield [uid, () => readMessage(record.version(2)), uid >= least && uid < mailbox.packedUntil]
      least = uid + 1
    }
    page?.end()
  }
}

function readMessage(fields) {
  const message = { messageKey: fields.hash(), blob: fields.id() }
  // What the message was known by before its body was sealed again.
  const firstBlob = fields.knownAs === 2 ? fields.id() : message.blob
  return { ...message, firstBlob, size: readContent(fields) }
}

/** The data of a message record. */
export const readMessageRecord = (data) => readMessage(new Fields(data, 'a message record').version(2))

// ---- §10 Sealed export --------------------------------------------------------------------------------------------------

/** Verifies an export and remembers where its records and bodies are: `{ account, version, record, body, ... }`. */
function readExport(fd, complain) {
  const { size } = fstatSync(fd)
  const readAt = (offset, length) => {
    const bytes = Buffer.alloc(length)
    for (let done = 0; done < length;) {
      const got = readSync(fd, bytes, done, length - done, offset + done)
      must(got > 0, 'the export is cut short')
      done += got
    }
    return bytes
  }
  must(size >= 33 + 33 && readAt(0, 8).equals(ascii('LLEXPORT')), 'this is not a sealed export')
  const end = size - 32
  const hash = createHash('sha256')
  for (let at = 0; at < end; at += 2 ** 20) hash.update(readAt(at, Math.min(2 ** 20, end - at)))
  if (!same(hash.digest(), readAt(end, 32)))
    complain(damaged('the export was damaged or changed since it was written'))

  const head = new Fields(readAt(8, 25), 'the export').version()
  const file = { account: head.id(), version: head.u64() }
  const [records, bodies] = [new Map(), new Map()]
  const add = (things, key, offset, length) => {
    must(offset + length <= end, 'the export is cut short')
    must(!things.has(hex(key)), 'the export has one thing twice')
    things.set(hex(key), { offset, length })
    return offset + length
  }
  let at = 33
  try {
    for (let kind = readAt(at, 1)[0]; kind !== 0; kind = readAt(at, 1)[0]) {
      must(kind === 1 || kind === 2, 'the export has something in it that no export has')
      const keyAt = kind === 1 ? at + 3 : at + 1
      const key = readAt(keyAt, kind === 1 ? readAt(at + 1, 2).readUInt16BE() : 16)
      const length = new Fields(readAt(keyAt + key.length, 8), 'the export')
      if (kind === 1) at = add(records, key, keyAt + key.length + 4, length.u32())
      else at = add(bodies, key, keyAt + key.length + 8, length.u64())
    }
    must(at + 1 === end, 'the export has bytes after its end')
  } catch (error) {
    complain(error)
  }

  file.record = (key) => {
    const where = records.get(hex(key))
    return where && readAt(where.offset, where.length)
  }
  file.body = (blob) => {
    const where = needed(bodies.get(hex(blob)), `body ${hex(blob)}`)
    return { length: where.length, readAt: (from, length) => readAt(where.offset + from, length) }
  }
  file.keysThatBeginWith = (start) =>
    [...records.keys()].filter((key) => key.startsWith(hex(start))).map((key) => Buffer.from(key, 'hex'))
  return file
}

// ---- The program ----------------------------------------------------------------------------------------------------------

/** Opens the account's keys with the owner's secret: §6, §7, §8.1. */
async function unlock(file, secret, siteKey, complain) {
  const value = (letters, name) => needed(file.record(ascii(letters)), name)
  const listValue = value('ks', 'the slot list')
  const list = readSlotList(listValue)
  const volumeKey = await tryAllSlots(file.account, list, secret)
  verifySlotList(file.account, list, volumeKey)
  const keyset = openKeyset(file.account, volumeKey, list.vkVersion, value('kk', 'the keyset'))
  const account = new Account(file, keyset, H(listValue), complain)
  account.attempt(() => {
    const card = readCard(file.account, value('kc', 'the delivery card'), siteKey)
    const ours = publicKeyOf(keyset.epochs.get(keyset.current).seed)
    const isOurs = card.epoch === keyset.current && same(card.publicKey, ours)
    must(isOurs, 'the delivery card is not the account’s: mail may have been delivered to somebody else')
  })
  return account
}

async function tryAllSlots(account, list, secret) {
  const isHinted = (id) => secret.hint === undefined || id.readUIntBE(0, 3) >> 7 === secret.hint
  const slots = list.slots.filter((slot) => slot.kind === secret.kind && isHinted(slot.id))
  for (const slot of slots) {
    try {
      return await openSlot(account, list, slot, secret.bytes)
    } catch (error) {
      if (error.verdict !== 'wrong key') throw error
    }
  }
  const words = slots.length > 0 ? `does not open the account` : `cannot: the account has no slot for one`
  throw new Refusal('wrong key', `this ${secret.name} ${words}`)
}

function writeBody(account, { blob, messageKey, size }, path) {
  const body = account.file.body(blob)
  const partial = `${path}.partial`
  const fd = openSync(partial, 'wx', 0o600)
  try {
    for (const octets of openBody(body.readAt, body.length, messageKey, account.id, blob, size)) {
      for (let done = 0; done < octets.length; done += writeSync(fd, octets, done));
    }
    renameSync(partial, path)
  } finally {
    closeSync(fd)
    rmSync(partial, { force: true })
  }
}

const isoDate = (ms) => (ms === undefined ? undefined : new Date(ms).toISOString())

function writeMailbox(account, mailbox, directory, outDir) {
  mkdirSync(join(outDir, directory), { mode: 0o700 })
  const written = new Map()
  for (const [uid, read, isInPlace] of messageRecords(account, mailbox)) {
    const name = `message ${uid} of ${mailbox.name}`
    const file = join(directory, `${uid}.eml`)
    account.attempt(() => {
      account.expect(mailbox.messages.has(uid), `${name} has a record although the log does not know it`)
      account.expect(isInPlace && !written.has(uid), `a record of ${name} is where it does not belong`)
      const message = read()
      // Of a message that the log does not know, only salvaged, nobody can tell flags and dates.
      const state = mailbox.messages.get(uid) ?? { size: message.size }
      must(message.size === state.size, `${name} has another size than the log says`)
      writeBody(account, message, join(outDir, file))
      const dates = { internalDate: isoDate(state.internalDate), saved: isoDate(state.saved) }
      written.set(uid, { uid, file, ...state, ...dates })
    })
  }
  for (const uid of mailbox.messages.keys()) {
    account.expect(written.has(uid), `message ${uid} of ${mailbox.name} is missing`)
  }
  const { name, specialUse, uidNext, recentFrom } = mailbox
  // Places keep the first one; clients may have been told another.
  const uidValidity = mailbox.shownUidValidity ?? mailbox.uidValidity
  const messages = [...written.values()].sort((a, b) => a.uid - b.uid)
  return { name, directory, specialUse, uidValidity, uidNext, recentFrom, messages }
}

// §8.2: mail that came while the account was locked and that nobody has unlocked since. Who wrote an arrival only the
// site's key can tell: without it anybody who could write to the store may have.
function writeArrivals(account, siteKey, outDir, trail) {
  const keys = account.file.keysThatBeginWith(ascii('d'))
  if (keys.length > 0) mkdirSync(join(outDir, 'arrivals'), { mode: 0o700 })
  const written = []
  for (const key of keys) {
    const version = new Fields(key.subarray(1), 'the key of an arrival').u64()
    const [name, file] = [`arrival ${version}`, join('arrivals', `${version}.eml`)]
    account.attempt(() => {
      const arrival = readArrival(account.id, account.file.record(key), siteKey, name)
      must(arrival.accountVersion === version, `${name} is one of another version`)
      if (arrival.capsule[1120 + 2] === 14) return trail.push(openTrailArrival(account, arrival, name))
      const message = openArrival(account.id, arrival, account.keyset, name)
      writeBody(account, message, join(outDir, file))
      const { size, detail, internalDate, zone } = message
      const isSiteVerified = siteKey !== undefined
      return written.push({
        version,
        file,
        size,
        detail,
        internalDate: isoDate(internalDate),
        zone,
        isSiteVerified,
      })
    })
  }
  return written
}

/** Opens `exportPath` and writes its mail below `outDir`; returns what did not verify, in words (none unless salvaging). */
export async function decryptExport(exportPath, outDir, secret, { siteKey, isSalvage = false } = {}) {
  const complaints = []
  const complain = (refusal) => {
    if (!isSalvage || !(refusal instanceof Refusal)) throw refusal
    complaints.push(refusal.message)
  }
  const isUsed = existsSync(outDir) && readdirSync(outDir).length > 0
  if (isUsed) throw new Error(`${outDir} is not empty`)
  const fd = openSync(exportPath, 'r')
  try {
    const file = readExport(fd, complain)
    const account = await unlock(file, secret, siteKey, complain)
    account.load()
    account.replay()
    mkdirSync(outDir, { recursive: true, mode: 0o700 })
    const mailboxes = [...account.mailboxes.values()].map((mailbox, i) => {
      // The number keeps apart what the replaced characters do not.
      const name = [...mailbox.name.replace(/[^\p{L}\p{N} ._-]/gu, '_')].slice(0, 40).join('')
      return writeMailbox(account, mailbox, `${i + 1}-${name}`, outDir)
    })
    const trail = readTrail(account)
    const arrivals = writeArrivals(account, siteKey, outDir, trail)
    const subscriptions = [...account.subscriptions]
    const head = { account: hex(account.id), version: file.version }
    const annotations = [...account.annotations].flatMap(([id, entries]) =>
      [...entries].map(([entry, value]) => ({
        mailbox: account.mailboxes.get(id)?.name ?? '',
        entry,
        value: value.toString('base64'),
      })),
    )
    const index = { ...head, mailboxes, subscriptions, annotations, arrivals, trail, complaints }
    writeFileSync(join(outDir, 'index.json'), JSON.stringify(index, null, 2) + '\n', { mode: 0o600 })
    return index
  } finally {
    closeSync(fd)
  }
}

const readLine = (path) => Buffer.from(readFileSync(path, 'latin1').replace(/\r?\n$/, ''), 'latin1')

/** The site's record `escrow`: by itself, or in the site file of a backup (../../src/backup/LAYOUT.md). */
function recoveryKeyIn(bytes) {
  if (!bytes.subarray(0, 8).equals(ascii('LLBKSITE'))) return bytes
  const fields = new Fields(bytes.subarray(8), 'the site file')
  for (let kind = fields.version().u8(); kind !== 0; kind = fields.u8()) {
    const [name, value] = [fields.text16(), fields.lp32()]
    if (kind === 2 && name === 'escrow') return value
  }
  throw damaged('the backup has no recovery key of the site')
}

// A password and a code with the line end of the file that they stand in.
async function readSecret(files, siteKey) {
  if (files['password-file']) {
    return { kind: 1, name: 'password', bytes: readLine(files['password-file']) }
  }
  if (files['app-password-file']) {
    const { hint, secret } = readAppPassword(readFileSync(files['app-password-file'], 'utf8'))
    return { kind: 4, name: 'app password', bytes: secret, hint }
  }
  if (files['recovery-key-file']) {
    const passwords = files['admin-password-file'].map(readLine)
    const record = recoveryKeyIn(readFileSync(files['recovery-key-file']))
    return { kind: 5, name: 'recovery key', bytes: await openRecoveryKey(record, passwords, siteKey) }
  }
  const codeFile = files['code-file']
  if (!codeFile && siteKey) return { kind: 3, name: 'server slot', bytes: siteKey }
  const code = codeFile ? readFileSync(codeFile, 'utf8') : await askForCode()
  return { kind: 2, name: 'recovery code', bytes: await readAnyRecoveryCode(code) }
}

async function askForCode() {
  if (!process.stdin.isTTY) return readFileSync(0, 'utf8')
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await prompt.question('Recovery code: ')
  } finally {
    prompt.close()
  }
}

async function main() {
  const file = { type: 'string' }
  const options = {
    'code-file': file,
    'password-file': file,
    'app-password-file': file,
    'recovery-key-file': file,
    'admin-password-file': { type: 'string', multiple: true, default: [] },
    'site-key-file': file,
    salvage: { type: 'boolean' },
  }
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const [exportPath, outDir] = positionals
  if (!outDir || positionals.length > 2) throw new Error('usage: decrypt.mjs [options] EXPORT OUTDIR')
  const siteKey = values['site-key-file'] && readFileSync(values['site-key-file'])
  must(!siteKey || siteKey.length === 32, 'a site key has 32 bytes')
  const secret = await readSecret(values, siteKey)
  const { mailboxes, arrivals, complaints } = await decryptExport(exportPath, outDir, secret, {
    siteKey,
    isSalvage: values.salvage,
  })
  const count = mailboxes.reduce((sum, mailbox) => sum + mailbox.messages.length, arrivals.length)
  process.stdout.write(`${count} messages of ${mailboxes.length} mailboxes written to ${outDir}\n`)
  for (const complaint of complaints) process.stderr.write(`left out or doubtful: ${complaint}\n`)
  if (complaints.length > 0) process.exitCode = 1
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  main().catch((error) => {
    process.stderr.write(
      `${error instanceof Refusal ? `refused (${error.verdict})` : 'failed'}: ${error.message}\n`,
    )
    process.exitCode = 1
  })
}
