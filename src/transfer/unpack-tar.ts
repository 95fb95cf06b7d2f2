// Reads a tar while it comes. Nothing is made on the disk: files go to the spool, whatever else an archive can hold is left.
import { once } from 'node:events'
import { Parser, type ReadEntry } from 'tar'
import { bytePath, shown } from './files.ts'
import type { Unpacking } from './unpack.ts'

const kinds = new Set(['File', 'OldFile', 'ContiguousFile'])
const folders = new Set(['Directory', 'GNUDumpDir'])

/** Not all of a file's content is in the archive. */
class CutOff extends Error {}

async function* whole(entry: ReadEntry): AsyncGenerator<Buffer> {
  let length = 0
  for await (const piece of entry) {
    length += piece.length
    yield piece
  }
  // The parser ends such a file as any other.
  if (length < entry.size) throw new CutOff('the archive ends within the file')
}

const blockBytes = 512

/** The same in whole blocks; `cut` is called when something is left at the end, which confuses the parser. */
async function* inBlocks(content: AsyncIterable<Uint8Array>, cut: () => void): AsyncGenerator<Buffer> {
  let rest: Uint8Array = Buffer.alloc(0)
  for await (const piece of content) {
    const bytes = Buffer.concat([rest, piece])
    const end = bytes.length - (bytes.length % blockBytes)
    rest = bytes.subarray(end)
    if (end > 0) yield bytes.subarray(0, end)
  }
  if (rest.length > 0) cut()
}

async function take(folder: string, entry: ReadEntry, { files, trouble }: Unpacking): Promise<void> {
  const path = bytePath(entry.path)
  const leave = (reason: string): void => trouble({ mailbox: undefined, label: shown(path), reason })
  if (folders.has(entry.type)) files.addFolder(`${folder}/${path}`)
  else if (!kinds.has(entry.type)) leave('is no file, but a link or a device, and is not followed')
  else {
    const modifiedAt = Math.floor((entry.mtime?.getTime() ?? 0) / 1000) * 1000
    const problem = await files.add(`${folder}/${path}`, modifiedAt, whole(entry)).catch((error: unknown) => {
      if (error instanceof CutOff) return 'is cut off'
      throw error
    })
    if (problem !== undefined) leave(problem)
  }
  entry.resume()
}

/** Throws as Spool does, and what `content` throws. */
export async function unpackTar(
  folder: string,
  content: AsyncIterable<Uint8Array>,
  work: Unpacking,
): Promise<void> {
  const fate: { failure?: Error; isCut: boolean } = { isCut: false }
  let last: Promise<void> = Promise.resolve()
  const parser = new Parser({
    strict: false,
    brotli: false,
    zstd: false,
    onReadEntry(entry) {
      // The next one may be told of before the one before it is written.
      last = last.then(() =>
        take(folder, entry, work).catch((error: unknown) => {
          fate.failure ??= error instanceof Error ? error : new Error('the spool refused')
          entry.resume()
        }),
      )
    },
    onwarn(code) {
      if (/^TAR_(?:BAD_ARCHIVE|ABORT|ENTRY_INVALID|ENTRY_ERROR)$/.test(code)) fate.isCut = true
    },
  })
  const ended = once(parser, 'end')
  ended.catch(() => undefined)
  const blocks = inBlocks(content, () => {
    fate.isCut = true
  })
  for await (const piece of blocks) {
    work.signal.throwIfAborted()
    if (fate.failure) throw fate.failure
    // The parser keeps pieces until they are read.
    if (!parser.write(piece)) await Promise.race([once(parser, 'drain'), ended])
  }
  parser.end()
  await ended
  await last
  if (fate.failure) throw fate.failure
  if (fate.isCut) {
    const reason = 'the archive is damaged, or is cut off: what could be read of it was taken'
    work.trouble({ mailbox: undefined, label: undefined, reason })
  }
}
