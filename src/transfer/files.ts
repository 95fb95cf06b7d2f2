// Reads files of other programs, whoever may have put them there: no links are followed, nothing but regular files is opened.
import { constants } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import { errnoOf } from './errors.ts'

/** A path or name as the file system has it, a byte to a character: names need not be UTF-8. */
export type BytePath = string

export const bytePath = (path: string): BytePath => Buffer.from(path, 'utf8').toString('latin1')
const onDisk = (path: BytePath): Buffer => Buffer.from(path, 'latin1')

/** A path as people read it. */
export const shown = (path: BytePath): string => onDisk(path).toString('utf8')

export interface FileFacts {
  readonly kind: 'file' | 'directory' | 'link' | 'special'
  readonly sizeBytes: number
  /** Whole seconds, in milliseconds since 1970. */
  readonly modifiedAt: number
}

/** A file that can be read anywhere: what FileHandle has of it. */
export interface OpenFile {
  read(
    into: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>
  stat(): Promise<{ readonly size: number; readonly mtimeMs: number }>
  close(): Promise<void>
}

/** Files wherever they are: on the disk, or in what somebody has uploaded. Each as the function of the disk below. */
export interface FileTree {
  facts(path: BytePath): Promise<FileFacts | undefined>
  names(path: BytePath): Promise<BytePath[]>
  open(path: BytePath): Promise<OpenFile>
}

/** What lies there, links not followed; undefined: nothing. */
export async function factsOf(path: BytePath): Promise<FileFacts | undefined> {
  const found = await lstat(onDisk(path)).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  })
  if (!found) return undefined
  const kind = found.isFile()
    ? 'file'
    : found.isDirectory()
      ? 'directory'
      : found.isSymbolicLink()
        ? 'link'
        : 'special'
  return { kind, sizeBytes: found.size, modifiedAt: Math.floor(found.mtimeMs / 1000) * 1000 }
}

/** Names in a folder, sorted by their bytes. A folder that is not there has none. */
export async function namesIn(path: BytePath): Promise<BytePath[]> {
  const names = await readdir(onDisk(path), { encoding: 'buffer' }).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  })
  return names.map((name) => name.toString('latin1')).sort()
}

/** It is something else than a file: a pipe would hold the reader for ever, a device might do worse. */
export class NotAFile extends Error {
  override readonly name = 'NotAFile'
}

/** Opens a regular file for reading. Throws NotAFile, and ELOOP for a symbolic link. */
export async function openRegular(path: BytePath): Promise<OpenFile> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  const file = await open(onDisk(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    if (!(await file.stat()).isFile()) throw new NotAFile('no regular file')
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

export const diskTree: FileTree = { facts: factsOf, names: namesIn, open: openRegular }

/** Fills a buffer from `position` on; shorter where the file ends. */
export async function readRange(file: OpenFile, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

/** A whole file of at most `limitBytes`; undefined: it is not there, is larger, or is none. */
export async function readSmall(
  path: BytePath,
  limitBytes: number,
  tree: FileTree = diskTree,
): Promise<Buffer | undefined> {
  try {
    const file = await tree.open(path)
    try {
      const bytes = await readRange(file, 0, limitBytes + 1)
      return bytes.length > limitBytes ? undefined : bytes
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof NotAFile || ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(errnoOf(error)))
      return undefined
    throw error
  }
}

/** Why a file stays behind, in words. */
export function unreadable(error: unknown): string {
  if (error instanceof NotAFile) return 'is no regular file'
  switch (errnoOf(error)) {
    case 'ELOOP':
      return 'is a symbolic link, which is not followed'
    case 'ENOENT':
      return 'went away while it was being read'
    case 'ENXIO':
      return 'is no regular file'
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by the user of the server'
    default:
      return `cannot be read (${errnoOf(error)})`
  }
}
