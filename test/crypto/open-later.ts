// Opens vectors of what stands beside accounts' keys and mail: recovery key, locked login, trail, own keys, witness, audit line, manifest.
import { readLine } from '../../src/audit/line.ts'
import { AccountState } from '../../src/account/account-state.ts'
import { Damage } from '../../src/account/errors.ts'
import { decodeLogEntry } from '../../src/account/log-codec.ts'
import { decodeMessage } from '../../src/account/message-codec.ts'
import { decodeSealing } from '../../src/account/pubkey-codec.ts'
import { readSiteRecord } from '../../src/account/site-record.ts'
import { openHeader } from '../../src/account/recovery-header.ts'
import { Vault } from '../../src/account/vault.ts'
import { ByteReader, ByteWriter, MalformedRecord } from '../../src/base/bytes.ts'
import { Secret } from '../../src/base/secret.ts'
import { isBackupMac } from '../../src/crypto/backup-mac.ts'
import { nextTrailHead } from '../../src/crypto/chain.ts'
import { sha256 } from '../../src/crypto/digest.ts'
import { Corrupt, WrongKey } from '../../src/crypto/errors.ts'
import { openEscrow, openEscrowSeed } from '../../src/crypto/escrow.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import { isLockedLogin } from '../../src/crypto/locked-login.ts'
import { RootKeys } from '../../src/crypto/root-keys.ts'
import { openSiteKey } from '../../src/crypto/sealed-site-key.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { isWitnessGenuine, readWitness } from '../../src/crypto/witness.ts'
import { bytesOf, field, required, type Vector } from './vector.ts'

type Opener = (vector: Vector) => Promise<Buffer> | Buffer

const siteKey = (vector: Vector): SiteKey => SiteKey.fromBytes(bytesOf(vector, 'site key'))
const gate = (vector: Vector): KdfGate =>
  new KdfGate({ minimumMemoryKiB: Number(required(vector, 'least memory')) })

/** Readers of records throw this where the format says "damaged". */
function orCorrupt<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof MalformedRecord || error instanceof Damage)
      throw new Corrupt('record', { cause: error })
    throw error
  }
}

function readLocked(bytes: Buffer) {
  return orCorrupt(() => {
    const from = new ByteReader(bytes)
    const kdf = { memoryKiB: from.u32(), passes: from.u32(), parallelism: from.u32() }
    const locked = { kdf, salt: Buffer.from(from.fixed(16)), verifier: Buffer.from(from.fixed(32)) }
    from.u64()
    from.end()
    return locked
  })
}

export const laterOpeners: Readonly<Record<string, Opener>> = {
  'recovery key': async (vector) => {
    const { key } = openEscrow(siteKey(vector), vector.bytes)
    if (!key) throw new Corrupt('recovery key')
    const passwords = ['first password', 'second password'].filter(
      (name) => field(vector, name) !== undefined,
    )
    using seed = await openEscrowSeed(
      key,
      passwords.map((name) => bytesOf(vector, name)),
      gate(vector),
    )
    return Buffer.from(seed.bytes)
  },
  'locked login': async (vector) => {
    const locked = readLocked(vector.bytes)
    const account = bytesOf(vector, 'account')
    if (!(await isLockedLogin(account, bytesOf(vector, 'password'), locked, gate(vector))))
      throw new WrongKey()
    return locked.verifier
  },
  'trail head': (vector) =>
    nextTrailHead(
      bytesOf(vector, 'account'),
      Number(required(vector, 'number')),
      bytesOf(vector, 'previous head'),
      vector.bytes,
    ),
  'message record': (vector) => {
    const { messageKey, blob, emailId, sizeBytes } = orCorrupt(() => decodeMessage(vector.bytes))
    return Buffer.concat([messageKey, blob, emailId, new ByteWriter().u64(sizeBytes).finish()])
  },
  'recovery header': (vector) => {
    const [account, root, kemSeed] = ['account', 'root', 'seed'].map((name) => bytesOf(vector, name))
    if (!account || !root || !kemSeed) throw new Error('a part is missing')
    const keyset = { version: 1, epochs: [{ epoch: 1, kemSeed, root }] }
    const vault = new Vault(account, new Secret(Buffer.alloc(32)), 1, keyset)
    const key = openHeader(vault, bytesOf(vector, 'blob'), vector.bytes)
    if (!key) throw new Corrupt('recovery header')
    return Buffer.from(key)
  },
  'own keys': (vector) => {
    const { serial, keys } = decodeSealing(siteKey(vector), bytesOf(vector, 'account'), vector.bytes)
    const fingerprints = keys.map(({ fingerprint }) => Buffer.from(fingerprint, 'hex'))
    return Buffer.concat([new ByteWriter().u32(serial).finish(), ...fingerprints])
  },
  witness: (vector) => {
    const { version, head, epoch } = readWitness(bytesOf(vector, 'account'), vector.bytes)
    const { witnessKey } = new RootKeys({ epoch, root: bytesOf(vector, 'root') })
    if (!isWitnessGenuine(witnessKey, vector.bytes)) throw new Corrupt('witness')
    return new ByteWriter().u64(version).fixed(head).u32(epoch).finish()
  },
  'sealed site key': (vector) => openSiteKey(vector.bytes, bytesOf(vector, 'password'), gate(vector)),
  'site record': (vector) => {
    orCorrupt(() => readSiteRecord(siteKey(vector), vector.bytes))
    return vector.bytes
  },
  'log entry': (vector) =>
    orCorrupt(() => {
      const { previousHead, changes } = decodeLogEntry(vector.bytes)
      const state = new AccountState()
      for (const change of changes) state.apply(change, 1)
      const to = new ByteWriter().fixed(previousHead)
      for (const { idBytes, uidValidity, shownUidValidity } of state.mailboxes.values())
        to.fixed(idBytes).u32(uidValidity).u32(shownUidValidity)
      return to.finish()
    }),
  'audit line': (vector) => {
    if (!readLine(siteKey(vector), vector.bytes)) throw new Corrupt('audit line')
    return sha256(vector.bytes)
  },
  'backup manifest': (vector) => {
    const [signed, hash] = [vector.bytes.subarray(0, -32), vector.bytes.subarray(-32)]
    const isWhole = sha256(signed).equals(hash)
    if (!isWhole || !isBackupMac(siteKey(vector), signed.subarray(0, -32), signed.subarray(-32)))
      throw new Corrupt('manifest')
    return hash
  },
}
