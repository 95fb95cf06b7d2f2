// Unpacks what was uploaded: zip, tar, gzip around either or around a file, or a file as it is. Whatever cannot be is told.
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { bytePath, shown } from './files.ts'
import type { Allowance } from './spool.ts'
import type { Trouble } from './source.ts'
import { TransferFailure } from './errors.ts'
import { unpackTar } from './unpack-tar.ts'
import { unpackZip } from './unpack-zip.ts'
import type { UploadFiles } from './upload-files.ts'

export interface Unpacking {
  readonly files: UploadFiles
  /** Where a zip waits while it is unpacked: its list of contents is at its end. */
  readonly directory: string
  readonly allowance: Allowance
  readonly signal: AbortSignal
  readonly trouble: (trouble: Trouble) => void
}

type Bytes = AsyncIterable<Uint8Array>

const beginBytes = 512
// First octets of what other programs pack with.
const unreadable: readonly (readonly [hex: string, name: string])[] = [
  ['425a68', 'bzip2'],
  ['fd377a585a00', 'xz'],
  ['28b52ffd', 'zstd'],
  ['377abcaf271c', '7z'],
  ['526172211a07', 'rar'],
  ['2142444e', 'an Outlook data file'],
]

/** The first octets, and everything with them. */
async function begun(content: Bytes): Promise<{ begin: Buffer; whole: Bytes }> {
  const pieces = content[Symbol.asyncIterator]()
  const read: Uint8Array[] = []
  let length = 0
  while (length < beginBytes) {
    const next = await pieces.next()
    if (next.done === true) break
    read.push(next.value)
    length += next.value.length
  }
  const begin = Buffer.concat(read)
  async function* whole(): AsyncGenerator<Uint8Array> {
    if (begin.length > 0) yield begin
    try {
      for (;;) {
        const next = await pieces.next()
        if (next.done === true) return
        yield next.value
      }
    } finally {
      await pieces.return?.()
    }
  }
  return { begin, whole: whole() }
}

async function* gunzipped(content: Bytes): AsyncGenerator<Uint8Array> {
  const unzip = createGunzip()
  // What goes wrong with either comes out of what is read.
  pipeline(Readable.from(content, { objectMode: false }), unzip, () => undefined)
  try {
    yield* unzip as Bytes
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
      throw new TransferFailure('format-does-not-fit', 'it is damaged, or is cut off', { cause: error })
    throw error
  }
}

async function collectNothing(content: Bytes): Promise<void> {
  const pieces = content[Symbol.asyncIterator]()
  while ((await pieces.next()).done !== true) continue
}

/** A name that no other of these files has. */
async function freePath(files: UploadFiles, name: string): Promise<string> {
  const [, stem = name, ending = ''] = /^(.*?)(\.[^.]*)?$/s.exec(name) ?? []
  for (let number = 1; ; number += 1) {
    const path = number === 1 ? name : `${stem}~${number}${ending}`
    if (!(await files.facts(path))) return path
  }
}

/**
 * Takes in one uploaded file. An archive goes below a folder of its own, anything else beside the others of its kind. Throws as
 * Spool does; TransferFailure 'format-does-not-fit' for an archive that cannot be read at all.
 */
export async function unpack(name: string, content: Bytes, work: Unpacking, isOuter = true): Promise<void> {
  const { begin, whole } = await begun(content)
  work.signal.throwIfAborted()
  const hex = begin.subarray(0, 8).toString('hex')
  const folder = (): Promise<string> => freePath(work.files, 'archive')
  if (isOuter && hex.startsWith('1f8b08'))
    return unpack(name.replace(/\.(?:gz|tgz)$/i, ''), gunzipped(whole), work, false)
  if (isOuter && /^504b(?:0304|0506)/.test(hex)) return unpackZip(await folder(), whole, work)
  if (begin.toString('latin1', 257, 262) === 'ustar') return unpackTar(await folder(), whole, work)
  const [, packer] = unreadable.find(([start]) => hex.startsWith(start)) ?? []
  if (packer !== undefined) {
    const reason = `is ${packer}, which is not read here: pack it as zip or tar.gz`
    work.trouble({ mailbox: undefined, label: name, reason })
    // Nobody reads it; the sender must be able to get rid of it all the same.
    await collectNothing(whole)
    return
  }
  // Browsers may send a path; only the file's own name is one.
  const own = bytePath(name).split(/[/\\]/).at(-1) ?? ''
  const path = await freePath(work.files, `files/${own === '' || own === '..' ? 'file' : own.slice(0, 200)}`)
  const problem = await work.files.add(path, 0, whole)
  if (problem !== undefined) work.trouble({ mailbox: undefined, label: shown(path), reason: problem })
}
