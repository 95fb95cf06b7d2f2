// Reads a tar while it comes. Nothing is made on the disk: files go to the spool, whatever else an archive can hold is left.
import { once } from 'node:events'
import { Parser, type ReadEntry } from 'tar'
import { bytePath, shown } from './files.ts'
import type { Unpacking } from './unpack.ts'

const kinds = new Set(['File', 'OldFile', 'ContiguousFile'])
const folders = new Set(['Directory', 'GNUDumpDir'])

async function take(folder: string, entry: ReadEntry, { files, trouble }: Unpacking): Promise<void> {
  const path = bytePath(entry.path)
  const leave = (reason: string): void => trouble({ mailbox: undefined, label: shown(path), reason })
  if (folders.has(entry.type)) files.addFolder(`${folder}/${path}`)
  else if (!kinds.has(entry.type)) leave('is no file, but a link or a device, and is not followed')
  else {
    const modifiedAt = Math.floor((entry.mtime?.getTime() ?? 0) / 1000) * 1000
    const problem = await files.add(`${folder}/${path}`, modifiedAt, entry)
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
  for await (const piece of content) {
    work.signal.throwIfAborted()
    if (fate.failure) throw fate.failure
    // The parser keeps pieces until they are read.
    if (!parser.write(Buffer.from(piece))) await Promise.race([once(parser, 'drain'), ended])
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
