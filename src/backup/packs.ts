// Packs: bodies of one account, each once, with what stands before it, written once and never changed (LAYOUT.md).
import { concat, equalBytes, fromHex, hex, u64 } from '../base/bytes.ts'
import { hasher } from '../crypto/digest.ts'
import { maxRecoveryHeaderBytes } from '../store/store.ts'
import { BodyAltered } from './errors.ts'
import { hashBytes, NewFile, OldFile, type FileRef } from './files.ts'
import { packName } from './layout.ts'
import type { PackRef } from './manifest.ts'

const magic = Buffer.from('LLBKPACK')
const headBytes = magic.length + 1 + 16 + 8
const tags = { end: 0, body: 1 } as const
const maxBodyBytes = 2 ** 41

function bodyHead(blobId: Uint8Array, header: Uint8Array, lengthBytes: number): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(header.length)
  return concat(blobId, length, header, u64(lengthBytes))
}

/** A pack on its way. */
export class NewPack {
  readonly pack: string
  readonly #file: NewFile
  bodies = 0

  private constructor(pack: string, file: NewFile) {
    this.pack = pack
    this.#file = file
  }

  static async create(directory: string, account: Uint8Array): Promise<NewPack> {
    const pack = packName()
    const file = await NewFile.create(`${directory}/${pack}`)
    await file.write(magic, Buffer.of(1), account, fromHex(pack))
    return new NewPack(pack, file)
  }

  get sizeBytes(): number {
    return this.#file.sizeBytes
  }

  async add(
    blobId: Uint8Array,
    header: Uint8Array,
    lengthBytes: number,
    pieces: AsyncIterable<Buffer>,
  ): Promise<void> {
    const head = bodyHead(blobId, header, lengthBytes)
    const hash = hasher()
    hash.update(head)
    await this.#file.write(Buffer.of(tags.body), head)
    let written = 0
    for await (const piece of pieces) {
      hash.update(piece)
      await this.#file.write(piece)
      written += piece.length
    }
    if (written !== lengthBytes) throw new RangeError('a body has another length than it said')
    await this.#file.write(hash.digest())
    this.bodies += 1
  }

  async finish(): Promise<PackRef> {
    await this.#file.write(Buffer.of(tags.end))
    const ref = await this.#file.finish()
    return { pack: this.pack, ...ref }
  }

  discard(): Promise<void> {
    return this.#file.discard()
  }
}

/** A body as it stands in a pack. */
export interface PackedBody {
  readonly blobId: Buffer
  readonly recoveryHeader: Buffer
  readonly lengthBytes: number
  /** Where in the file its bytes begin. */
  readonly at: number
}

async function openPack(path: string, account: string, pack: string): Promise<OldFile> {
  const file = await OldFile.open(path, `pack ${pack}`)
  try {
    const head = await file.take(headBytes)
    const expected = concat(magic, Buffer.of(1), fromHex(account), fromHex(pack))
    if (!equalBytes(head, expected)) throw file.damaged('is not that pack, or of an unknown version')
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function nextBody(file: OldFile): Promise<(PackedBody & { readonly head: Buffer }) | undefined> {
  const tag = (await file.take(1))[0]
  if (tag === tags.end) return undefined
  if (tag !== tags.body) throw file.damaged('has something in it that is no body')
  const front = Buffer.from(await file.take(18))
  const headerBytes = front.readUInt16BE(16)
  if (headerBytes > maxRecoveryHeaderBytes) throw file.damaged('has a header of an impossible length')
  const rest = Buffer.from(await file.take(headerBytes + 8))
  const lengthBytes = Number(rest.readBigUInt64BE(headerBytes))
  if (lengthBytes > maxBodyBytes) throw file.damaged('has a body of an impossible length')
  return {
    blobId: front.subarray(0, 16),
    recoveryHeader: rest.subarray(0, headerBytes),
    ...{ lengthBytes, at: file.at },
    head: concat(front, rest),
  }
}

/** What is in a pack, without reading the bodies. Throws BackupDamaged when its form is not right. */
export async function* packIndex(path: string, account: string, pack: string): AsyncGenerator<PackedBody> {
  await using file = await openPack(path, account, pack)
  for (;;) {
    const body = await nextBody(file)
    if (!body) break
    yield body
    file.skip(body.lengthBytes + hashBytes)
  }
}

export interface ReadBody extends PackedBody {
  /** To be read to its end before the next body is asked for. Throws BodyAltered at the end when its hash is another. */
  readonly pieces: AsyncIterable<Buffer>
}

/** Every body with its bytes; at the end the pack's own hash is compared. A body that nobody reads is read here. */
export async function* readPack(
  path: string,
  account: string,
  ref: PackRef | (Partial<FileRef> & { readonly pack: string }),
): AsyncGenerator<ReadBody> {
  await using file = await openPack(path, account, ref.pack)
  for (;;) {
    const body = await nextBody(file)
    if (!body) break
    const state = { isRead: false }
    const pieces = async function* (): AsyncGenerator<Buffer> {
      state.isRead = true
      const hash = hasher()
      hash.update(body.head)
      for await (const piece of file.pieces(body.lengthBytes)) {
        hash.update(piece)
        yield piece
      }
      if (!equalBytes(await file.take(hashBytes), hash.digest()))
        throw new BodyAltered(`pack ${ref.pack} has a body that was altered, ${hex(body.blobId)}`)
    }
    yield { ...body, pieces: pieces() }
    if (!state.isRead) await drain(pieces())
  }
  await file.end(
    ref.sizeBytes === undefined || !ref.hash ? undefined : { sizeBytes: ref.sizeBytes, hash: ref.hash },
  )
}

/** Reads to the end; resolves to how many bytes that were. */
export async function drain(pieces: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0
  for await (const piece of pieces) bytes += piece.length
  return bytes
}

/** One body's bytes, from an index that was read before. */
export async function readPackedBody(
  path: string,
  body: PackedBody,
  start: number,
  end: number,
): Promise<Buffer> {
  await using file = await OldFile.open(path, 'a pack')
  return await file.readAt(body.at + start, end - start)
}
