// Reads a zip. Its list of contents is at its end, so it waits in a spool of its own; sizes are what comes out, not what is claimed.
import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry, type ZipFile } from 'yauzl'
import { shown, type BytePath } from './files.ts'
import { TransferFailure } from './errors.ts'
import { Spool } from './spool.ts'
import type { Unpacking } from './unpack.ts'

class SpoolReader extends RandomAccessReader {
  readonly #spool: Spool
  constructor(spool: Spool) {
    super()
    this.#spool = spool
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const spool = this.#spool
    async function* pieces(): AsyncGenerator<Buffer> {
      for (let at = start; at < end;) {
        const piece = Buffer.allocUnsafe(Math.min(64 * 1024, end - at))
        const { bytesRead } = await spool.read(piece, 0, piece.length, at)
        if (bytesRead === 0) return
        at += bytesRead
        yield piece.subarray(0, bytesRead)
      }
    }
    return Readable.from(pieces(), { objectMode: false })
  }
}

/** What file systems and Macs put beside what one meant to pack. */
const isNoise = (path: BytePath): boolean =>
  /(?:^|\/)(?:__MACOSX\/|\.DS_Store$|Thumbs\.db$|\._[^/]*$)/.test(path)

async function* checked(entry: Entry, stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let sum = 0
  for await (const piece of stream) {
    sum = crc32(piece, sum)
    yield piece
  }
  if (sum !== entry.crc32) throw new Error('the check sum is another one')
}

/** Resolves to why it stays behind; undefined: it was taken, or is nothing. Throws as Spool does. */
async function take(
  folder: string,
  zip: ZipFile,
  entry: Entry,
  { files }: Unpacking,
): Promise<string | undefined> {
  // Slashes the wrong way round come from Windows.
  const path = entry.fileNameRaw.toString('latin1').replaceAll('\\', '/')
  if (isNoise(path)) return undefined
  if (path.endsWith('/')) {
    files.addFolder(`${folder}/${path}`)
    return undefined
  }
  // The upper half says what Unix made of it: a link's content is where it leads.
  if (((entry.externalFileAttributes >>> 28) & 0xf) === 0xa)
    return 'is a symbolic link, which is not followed'
  if (entry.isEncrypted()) return 'is encrypted: pack it without a password'
  if (!entry.canDecodeFileData()) return 'is packed in a way that is not read here'
  try {
    const stream = await zip.openReadStreamPromise(entry)
    try {
      const modified = entry.getLastModDate({ timezone: 'UTC' }).getTime()
      const modifiedAt = Number.isFinite(modified) ? Math.floor(modified / 1000) * 1000 : 0
      return await files.add(`${folder}/${path}`, modifiedAt, checked(entry, stream as AsyncIterable<Buffer>))
    } finally {
      stream.destroy()
    }
  } catch (error) {
    if (error instanceof TransferFailure) throw error
    return 'is damaged in the archive'
  }
}

/** Throws as Spool does, and TransferFailure 'format-does-not-fit' for what is no zip, or not all of one. */
export async function unpackZip(
  folder: string,
  content: AsyncIterable<Uint8Array>,
  work: Unpacking,
): Promise<void> {
  // What it holds may be as much as what was sent, and no more.
  await using spool = await Spool.make(work.directory, { leftBytes: work.allowance.leftBytes })
  for await (const piece of content) {
    work.signal.throwIfAborted()
    await spool.append(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
  }
  const options = { lazyEntries: true, decodeStrings: false, autoClose: false }
  try {
    const zip = await fromRandomAccessReaderPromise(new SpoolReader(spool), spool.length, options)
    for await (const entry of zip.eachEntry()) {
      work.signal.throwIfAborted()
      const reason = await take(folder, zip, entry, work)
      if (reason === undefined) continue
      const label = shown(entry.fileNameRaw.toString('latin1'))
      work.trouble({ mailbox: undefined, label, reason })
    }
  } catch (error) {
    work.signal.throwIfAborted()
    if (error instanceof TransferFailure) throw error
    throw new TransferFailure('format-does-not-fit', 'the zip is damaged, or is cut off', { cause: error })
  }
}
