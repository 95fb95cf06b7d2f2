// Exports an account as it is stored, sealed: no key is needed to write it, and FORMAT.md is all that is needed to read it (§11).
import { concat, hex, u32, u64 } from '../base/bytes.ts'
import { hasher } from '../crypto/digest.ts'
import type { Store } from '../store/store.ts'

const magic = Buffer.from('LLEXPORT')
const blobPieceBytes = 1024 * 1024

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

/** The export's bytes. Records are of one moment; bodies of messages that are expunged while it runs may be missing. */
export async function* exportSealed(store: Store, account: Buffer): AsyncGenerator<Buffer> {
  const digest = hasher()
  const pass = (bytes: Buffer): Buffer => {
    digest.update(bytes)
    return bytes
  }
  const { version, records } = await store.read(account, async (snapshot) => {
    const found: (readonly [Buffer, Buffer])[] = []
    for await (const page of snapshot.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) })) {
      for (const [key, value] of page) found.push([Buffer.from(key), Buffer.from(value)])
    }
    return { version: snapshot.version, records: found }
  })
  yield pass(concat(magic, Buffer.of(1), account, u64(version)))
  for (const [key, value] of records) {
    yield pass(concat(Buffer.of(1), u16(key.length), key, u32(value.length), value))
  }
  const seen = new Set<string>()
  for await (const { blobId, count, lengthBytes } of store.blobs.scan(account)) {
    const id = hex(blobId)
    if (count === 0 || seen.has(id)) continue
    seen.add(id)
    await using reader = await store.blobs.open(account, blobId)
    yield pass(concat(Buffer.of(2), blobId, u64(lengthBytes)))
    for (let at = 0; at < lengthBytes; at += blobPieceBytes) {
      yield pass(await reader.read(at, Math.min(at + blobPieceBytes, lengthBytes)))
    }
  }
  yield pass(Buffer.of(0))
  yield digest.digest()
}
