// A zip that is made while it is read: one file after another, none of them in memory as a whole, and no faster than somebody takes it.
import { Readable } from 'node:stream'
import { ZipFile } from 'yazl'

export interface ZipEntry {
  /** Relative, with `/`; one that ends in `/` is an empty folder. */
  readonly path: string
  /** Milliseconds since 1970; kept in whole seconds. */
  readonly modifiedAt: number
  readonly content: AsyncIterable<Buffer>
}

export async function* nothing(): AsyncGenerator<Buffer> {
  // An empty folder or file.
}

/** Files are for their owner only. */
const fileMode = 0o100600
const folderMode = 0o40700

function addOne(zip: ZipFile, { path, modifiedAt, content }: ZipEntry): Promise<void> {
  const mtime = new Date(modifiedAt)
  if (path.endsWith('/')) {
    zip.addEmptyDirectory(path, { mtime, mode: folderMode })
    return Promise.resolve()
  }
  return new Promise((resolve, reject) => {
    const stream = Readable.from(content, { objectMode: false })
    stream.once('close', resolve).once('error', reject)
    // It is asked for when everything before it is written.
    zip.addReadStreamLazy(path, { mtime, mode: fileMode }, (give) => {
      give(null, stream)
    })
  })
}

/** The octets of a zip with these files. What goes wrong with one of them ends it: a zip without its end is no zip. */
export async function* zipped(entries: AsyncIterable<ZipEntry>): AsyncGenerator<Buffer> {
  const zip = new ZipFile()
  const output = zip.outputStream
  const stop = (error?: Error): void => {
    if (output instanceof Readable) output.destroy(error)
  }
  const fail = (error: unknown): void => {
    stop(error instanceof Error ? error : new Error('the zip could not be written'))
  }
  zip.on('error', fail)
  const fate = { isLeft: false }
  const adding = (async () => {
    for await (const entry of entries) {
      if (fate.isLeft) return
      await addOne(zip, entry)
    }
    zip.end()
  })()
  adding.catch(fail)
  try {
    for await (const piece of output) yield piece as Buffer
    await adding
  } finally {
    fate.isLeft = true
    stop()
  }
}
