// Looks for many pieces at once in the files of a store: what was there before, or what nobody may read, octet by octet.
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Store } from '../../src/store/store.ts'

/** Something that must be in no file: 32 octets that occur once. */
export interface Piece {
  readonly name: string
  readonly bytes: Buffer
}

export const pieceBytes = 32
const readBytes = 4 * 1024 * 1024
const filterBits = 24

/** Finds pieces by their first four octets, for which a filter says at once that they are of none. */
class Finder {
  readonly #filter = Buffer.alloc(2 ** (filterBits - 3))
  readonly #byStart = new Map<number, Piece[]>()

  constructor(pieces: readonly Piece[]) {
    for (const piece of pieces) {
      if (piece.bytes.length !== pieceBytes) throw new RangeError(`a piece of ${piece.bytes.length} octets`)
      const start = piece.bytes.readUInt32BE()
      const at = Math.imul(start, 0x9e3779b1) >>> (32 - filterBits)
      this.#filter[at >>> 3] = (this.#filter[at >>> 3] ?? 0) | (1 << (at & 7))
      const others = this.#byStart.get(start)
      if (others) others.push(piece)
      else this.#byStart.set(start, [piece])
    }
  }

  /** Names of the pieces that `bytes` holds whole. */
  find(bytes: Buffer, found: Set<string>): void {
    let window = 0
    for (let end = 0; end < bytes.length; end += 1) {
      window = (window << 8) | (bytes[end] ?? 0)
      const at = Math.imul(window, 0x9e3779b1) >>> (32 - filterBits)
      if (((this.#filter[at >>> 3] ?? 0) & (1 << (at & 7))) === 0) continue
      const from = end - 3
      for (const { name, bytes: piece } of this.#byStart.get(window >>> 0) ?? [])
        if (from >= 0 && bytes.subarray(from, from + pieceBytes).equals(piece)) found.add(name)
    }
  }
}

/** Which of `pieces` are in files below `directory`, by name, with the file. A file that goes meanwhile is passed over. */
export async function remnants(directory: string, pieces: readonly Piece[]): Promise<string[]> {
  const finder = new Finder(pieces)
  const all: string[] = []
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const found = new Set<string>()
    const file = await open(join(entry.parentPath, entry.name))
    try {
      const buffer = Buffer.alloc(readBytes + pieceBytes)
      let kept = 0
      for (;;) {
        const { bytesRead } = await file.read(buffer, kept, readBytes, null)
        if (bytesRead === 0) break
        const have = buffer.subarray(0, kept + bytesRead)
        finder.find(have, found)
        // What may be cut in two by the end of this read.
        kept = Math.min(pieceBytes - 1, have.length)
        buffer.copyWithin(0, have.length - kept, have.length)
      }
    } finally {
      await file.close()
    }
    all.push(...[...found].map((name) => `${name} in ${entry.name}`))
  }
  return all
}

/** What would give something away, each as a piece: of every record and header, and of bodies if wanted. */
export async function piecesOf(store: Store, account: Buffer, withBodies: boolean): Promise<Piece[]> {
  const found: Piece[] = []
  await store.read(account, async (snapshot) => {
    for await (const page of snapshot.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) }))
      for (const [key, value] of page) {
        // A chain head is no secret and no key, and so is the mark of a job.
        if (value.length < 100) continue
        const name = Buffer.from(key.subarray(0, 2)).toString('latin1')
        found.push({ name, bytes: Buffer.from(value.subarray(value.length - 48, value.length - 16)) })
      }
  })
  for await (const { blobId, recoveryHeader, lengthBytes, count } of store.blobs.scan(account)) {
    found.push({
      name: 'header',
      bytes: Buffer.from(recoveryHeader.subarray(recoveryHeader.length - 40, -8)),
    })
    if (withBodies && count > 0)
      found.push({
        name: 'body',
        bytes: await store.blobs.read(account, blobId, lengthBytes - 64, lengthBytes - 32),
      })
  }
  return found
}
