// The manifest of a generation: what belongs to it, chained to the one before, vouched for by the site (LAYOUT.md).
import { readFile } from 'node:fs/promises'
import { ByteReader, ByteWriter, equalBytes, hex, MalformedRecord } from '../base/bytes.ts'
import { backupMac, isBackupMac } from '../crypto/backup-mac.ts'
import { sha256 } from '../crypto/digest.ts'
import type { SiteKey } from '../crypto/site-key.ts'
import { BackupDamaged, codeOf } from './errors.ts'
import { NewFile, type FileRef } from './files.ts'
import { generationName, generationsIn, type Places } from './layout.ts'

const magic = Buffer.from('LLBKMANI')
const formatVersion = 2
/** Version 1 did not say which chain an account's version was of. */
const versionWithHeads = 2
const macBytes = 32
const hashBytes = 32

/** Stands for a head that is not known. */
export const noHead: Buffer = Buffer.alloc(32)

export interface PackRef extends FileRef {
  /** 16 hexadecimal digits. */
  readonly pack: string
}

/** An account as a generation has it. */
export interface AccountRef {
  /** 32 hexadecimal digits. */
  readonly account: string
  /** Empty: no address stands for it. */
  readonly address: string
  readonly version: number
  /** Head of its chain at that version: two histories may come to the same version. Zeros: not known. */
  readonly head: Buffer
  readonly usageBytes: number
  readonly quotaBytes: number | undefined
  /** In which generation its records were written. */
  readonly recordsOf: number
  readonly records: FileRef
  readonly packs: readonly PackRef[]
  readonly bodies: number
  readonly bodyBytes: number
}

export interface Manifest {
  readonly backup: Buffer
  readonly generation: number
  /** Hash of the manifest before it; zeros: it is the first. */
  readonly previous: Buffer
  /** Milliseconds since 1970. */
  readonly at: number
  /** False: only some accounts, as asked for. */
  readonly isWhole: boolean
  readonly site: FileRef
  readonly accounts: readonly AccountRef[]
}

const writeRef = (to: ByteWriter, { sizeBytes, hash }: FileRef): ByteWriter => to.u64(sizeBytes).fixed(hash)
const readRef = (from: ByteReader): FileRef => ({
  sizeBytes: from.u64(),
  hash: Buffer.from(from.fixed(hashBytes)),
})

function encode(manifest: Manifest): Buffer {
  const to = new ByteWriter().fixed(magic).u8(formatVersion).fixed(manifest.backup).u32(manifest.generation)
  to.fixed(manifest.previous)
    .i64(manifest.at)
    .u8(manifest.isWhole ? 1 : 0)
  writeRef(to, manifest.site).u32(manifest.accounts.length)
  for (const account of manifest.accounts) {
    to.fixed(Buffer.from(account.account, 'hex')).text16(account.address)
    to.u64(account.version).fixed(account.head).u64(account.usageBytes)
    to.u8(account.quotaBytes === undefined ? 0 : 1).u64(account.quotaBytes ?? 0)
    writeRef(to.u32(account.recordsOf), account.records).u32(account.packs.length)
    for (const pack of account.packs) writeRef(to.fixed(Buffer.from(pack.pack, 'hex')), pack)
    to.u32(account.bodies).u64(account.bodyBytes)
  }
  return to.finish()
}

function readAccount(from: ByteReader, format: number): AccountRef {
  const account = hex(from.fixed(16))
  const address = from.text16()
  const version = from.u64()
  const head = format < versionWithHeads ? noHead : Buffer.from(from.fixed(noHead.length))
  const [usageBytes, hasQuota, quota] = [from.u64(), from.u8(), from.u64()]
  const recordsOf = from.u32()
  const records = readRef(from)
  const packs: PackRef[] = []
  for (let count = from.u32(); count > 0; count -= 1)
    packs.push({ pack: hex(from.fixed(8)), ...readRef(from) })
  return {
    ...{ account, address, version, head, usageBytes, recordsOf, records, packs },
    quotaBytes: hasQuota === 1 ? quota : undefined,
    ...{ bodies: from.u32(), bodyBytes: from.u64() },
  }
}

function decode(bytes: Buffer): Manifest {
  const from = new ByteReader(bytes)
  const isOurForm = from.fixed(magic.length).equals(magic)
  const format = from.u8()
  if (!isOurForm || format < 1 || format > formatVersion)
    throw new MalformedRecord('not a manifest of a known version')
  const head = { backup: Buffer.from(from.fixed(16)), generation: from.u32() }
  const previous = Buffer.from(from.fixed(hashBytes))
  const [at, whole] = [from.i64(), from.u8()]
  const site = readRef(from)
  const accounts: AccountRef[] = []
  for (let count = from.u32(); count > 0; count -= 1) accounts.push(readAccount(from, format))
  from.fixed(macBytes)
  from.end()
  return { ...head, previous, at, isWhole: whole === 1, site, accounts }
}

/** What is read of a manifest: itself, its hash, and whether this site made it (undefined: no site key was given). */
export interface ReadManifest extends Manifest {
  readonly hash: Buffer
  readonly isOurs: boolean | undefined
}

/** Makes the generation one that counts. Durable when it resolves. */
export async function writeManifest(places: Places, siteKey: SiteKey, manifest: Manifest): Promise<void> {
  const bytes = encode(manifest)
  const file = await NewFile.create(places.manifest(manifest.generation))
  try {
    await file.write(bytes, backupMac(siteKey, bytes))
    await file.finish()
  } catch (error) {
    await file.discard()
    throw error
  }
}

/** Throws BackupDamaged, also for the manifest of another backup or generation. */
export async function readManifest(
  places: Places,
  backup: Buffer,
  generation: number,
  siteKey: SiteKey | undefined,
): Promise<ReadManifest> {
  const name = `generation ${generationName(generation)}`
  const bytes = await readFile(places.manifest(generation)).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') throw new BackupDamaged(`${name} is not there`, { cause: error })
    throw error
  })
  const end = bytes.length - hashBytes
  const body = bytes.subarray(0, Math.max(0, end))
  const hash = sha256(body)
  if (!equalBytes(bytes.subarray(Math.max(0, end)), hash))
    throw new BackupDamaged(`the manifest of ${name} was altered or cut short`)
  let manifest: Manifest
  try {
    manifest = decode(body)
  } catch (error) {
    if (!(error instanceof MalformedRecord)) throw error
    throw new BackupDamaged(`the manifest of ${name} cannot be read: ${error.message}`, { cause: error })
  }
  if (manifest.generation !== generation || !equalBytes(manifest.backup, backup))
    throw new BackupDamaged(`the manifest of ${name} is that of another backup or generation`)
  const given = body.subarray(body.length - macBytes)
  const isOurs = siteKey && isBackupMac(siteKey, body.subarray(0, body.length - macBytes), given)
  return { ...manifest, hash, isOurs }
}

/** All manifests, ascending. Throws BackupDamaged for one that cannot be read. */
export async function readManifests(
  places: Places,
  backup: Buffer,
  siteKey: SiteKey | undefined,
): Promise<ReadManifest[]> {
  const found: ReadManifest[] = []
  for (const generation of await generationsIn(places))
    found.push(await readManifest(places, backup, generation, siteKey))
  return found
}
