// An account's records of one moment, and which bodies they need, as a file of a backup (LAYOUT.md).
import { ByteReader, concat, hex, u32, u64 } from '../base/bytes.ts'
import { maxValueBytes } from '../base/limits.ts'
import { maxKeyBytes, type AccountView, type Entry, type HeldBlob } from '../store/store.ts'
import type { BackupDamaged } from './errors.ts'
import { NewFile, OldFile, type FileRef } from './files.ts'

const magic = Buffer.from('LLBKACCT')
const headBytes = magic.length + 1 + 16 + 8 + 8 + 1 + 8
const tags = { end: 0, record: 1, body: 2 } as const

const u16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

export interface RecordsHead {
  readonly account: Buffer
  readonly version: number
  readonly usageBytes: number
  readonly quotaBytes: number | undefined
}

/** A body that the records need, and the pack it is in. */
export interface NeededBody extends HeldBlob {
  readonly pack: string
}

/** Writes the records of a view; the bodies follow when it is known where they are. */
export async function beginRecords(path: string, account: Uint8Array, view: AccountView): Promise<NewFile> {
  const file = await NewFile.create(path)
  try {
    const { version, usageBytes, quotaBytes } = view
    await file.write(magic, Buffer.of(1), account, u64(version), u64(usageBytes))
    await file.write(Buffer.of(quotaBytes === undefined ? 0 : 1), u64(quotaBytes ?? 0))
    for await (const page of view.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) })) {
      for (const [key, value] of page)
        await file.write(concat(Buffer.of(tags.record), u16(key.length), key, u32(value.length)), value)
    }
    return file
  } catch (error) {
    await file.discard()
    throw error
  }
}

export async function endRecords(file: NewFile, bodies: Iterable<NeededBody>): Promise<FileRef> {
  for (const { blobId, count, lengthBytes, pack } of bodies)
    await file.write(
      concat(Buffer.of(tags.body), blobId, u32(count), u64(lengthBytes), Buffer.from(pack, 'hex')),
    )
  await file.write(Buffer.of(tags.end))
  return file.finish()
}

/** What `readRecords` hands over, in order: bodies come after records. */
export type RecordsItem =
  | { readonly kind: 'head'; readonly head: RecordsHead }
  | { readonly kind: 'record'; readonly entry: Entry }
  | { readonly kind: 'body'; readonly body: NeededBody }

/** Reads the file to its end. What it yields is to be trusted only when it has ended without BackupDamaged. */
export async function* readRecords(
  path: string,
  name: string,
  expected: FileRef | undefined,
): AsyncGenerator<RecordsItem> {
  await using file = await OldFile.open(path, name)
  yield { kind: 'head', head: await readHead(file) }
  let isAmongBodies = false
  for (;;) {
    const tag = (await file.take(1))[0]
    if (tag === tags.end) break
    if (tag === tags.record && !isAmongBodies) yield { kind: 'record', entry: await readRecord(file) }
    else if (tag === tags.body) {
      isAmongBodies = true
      const from = new ByteReader(Buffer.from(await file.take(16 + 4 + 8 + 8)))
      const body = {
        blobId: from.fixed(16),
        count: from.u32(),
        lengthBytes: from.u64(),
        pack: hex(from.fixed(8)),
      }
      if (body.count === 0) throw file.damaged('counts a body that nobody holds')
      yield { kind: 'body', body }
    } else throw file.damaged('has something in it that does not belong there')
  }
  await file.end(expected)
}

async function readHead(file: OldFile): Promise<RecordsHead> {
  const from = new ByteReader(Buffer.from(await file.take(headBytes)))
  if (!from.fixed(magic.length).equals(magic) || from.u8() !== 1) throw notRecords(file)
  const head = { account: from.fixed(16), version: from.u64(), usageBytes: from.u64() }
  const [hasQuota, quota] = [from.u8(), from.u64()]
  return { ...head, quotaBytes: hasQuota === 1 ? quota : undefined }
}

const notRecords = (file: OldFile): BackupDamaged =>
  file.damaged('is not a file of records of a known version')

async function readRecord(file: OldFile): Promise<Entry> {
  const keyBytes = (await file.take(2)).readUInt16BE()
  if (keyBytes === 0 || keyBytes > maxKeyBytes) throw file.damaged('has a key of an impossible length')
  const key = Buffer.from(await file.take(keyBytes))
  const valueBytes = (await file.take(4)).readUInt32BE()
  if (valueBytes > maxValueBytes) throw file.damaged('has a value of an impossible length')
  return [key, Buffer.from(await file.take(valueBytes))]
}
