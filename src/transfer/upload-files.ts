// The files of an upload, unpacked into a spool: a tree that sources read as they read a disk. Names lead nowhere else.
import { Spool, type Allowance } from './spool.ts'
import { NotAFile, type BytePath, type FileFacts, type FileTree, type OpenFile } from './files.ts'

/** Files and folders together. */
const entriesAtMost = 500_000
const pathBytes = 4096
const deepest = 40

interface Extent {
  readonly start: number
  readonly length: number
  readonly modifiedAt: number
}

/** The levels of a path; `..` is none, and undefined stands for what nobody means well by. */
export function levelsOf(path: BytePath): readonly BytePath[] | undefined {
  const levels = path.split('/').filter((level) => level !== '' && level !== '.')
  const isStrange = levels.some((level) => level === '..' || level.includes('\0'))
  return isStrange || levels.length > deepest || path.length > pathBytes ? undefined : levels
}

const joined = (path: BytePath): string => levelsOf(path)?.join('/') ?? '..'

export class UploadFiles implements FileTree, AsyncDisposable {
  readonly #spool: Spool
  readonly #entriesAtMost: number
  readonly #files = new Map<string, Extent>()
  /** Names in each folder; the root is ''. */
  readonly #folders = new Map<string, Set<BytePath>>([['', new Set()]])
  #entries = 0
  #isAdding = false

  private constructor(spool: Spool, most: number) {
    this.#spool = spool
    this.#entriesAtMost = most
  }

  static async make(
    directory: string,
    allowance: Allowance,
    most: number = entriesAtMost,
  ): Promise<UploadFiles> {
    return new UploadFiles(await Spool.make(directory, allowance), most)
  }

  /**
   * Adds a file; one whose content does not come to its end is not there. Resolves to a reason when it cannot be added: then nothing was
   * read. Throws as Spool does, and what `content` throws.
   */
  async add(
    path: BytePath,
    modifiedAt: number,
    content: AsyncIterable<Uint8Array>,
  ): Promise<string | undefined> {
    const levels = levelsOf(path)
    if (!levels || levels.length === 0) return 'has a name that leads out of the archive, or is too long'
    const full = levels.join('/')
    if (this.#files.has(full) || this.#folders.has(full)) return 'is there twice'
    if (!this.#makeFolders(levels.slice(0, -1))) return 'lies below a file, or there are too many files'
    if (this.#isAdding) throw new Error('files are added one after another')
    this.#isAdding = true
    const start = this.#spool.length
    try {
      for await (const piece of content)
        await this.#spool.append(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
    } finally {
      this.#isAdding = false
    }
    this.#files.set(full, { start, length: this.#spool.length - start, modifiedAt })
    this.#folders.get(levels.slice(0, -1).join('/'))?.add(levels.at(-1) ?? '')
    return undefined
  }

  /** A folder that may stay empty. */
  addFolder(path: BytePath): void {
    this.#makeFolders(levelsOf(path) ?? [])
  }

  #makeFolders(levels: readonly BytePath[]): boolean {
    this.#entries += 1
    for (let depth = 1; depth <= levels.length; depth += 1) {
      const path = levels.slice(0, depth).join('/')
      if (this.#files.has(path)) return false
      if (this.#folders.has(path)) continue
      this.#entries += 1
      this.#folders.set(path, new Set())
      this.#folders.get(levels.slice(0, depth - 1).join('/'))?.add(levels[depth - 1] ?? '')
    }
    return this.#entries <= this.#entriesAtMost
  }

  async facts(path: BytePath): Promise<FileFacts | undefined> {
    const full = joined(path)
    const extent = this.#files.get(full)
    if (extent) return { kind: 'file', sizeBytes: extent.length, modifiedAt: extent.modifiedAt }
    return this.#folders.has(full) ? { kind: 'directory', sizeBytes: 0, modifiedAt: 0 } : undefined
  }

  async names(path: BytePath): Promise<BytePath[]> {
    return [...(this.#folders.get(joined(path)) ?? [])].sort()
  }

  async open(path: BytePath): Promise<OpenFile> {
    const extent = this.#files.get(joined(path))
    if (!extent) throw new NotAFile('no such file in the upload')
    const { start, length: size, modifiedAt: mtimeMs } = extent
    return {
      read: (into, offset, length, position) =>
        this.#spool.read(
          into,
          offset,
          Math.max(0, Math.min(length, into.length - offset, size - position)),
          start + position,
        ),
      stat: async () => ({ size, mtimeMs }),
      close: async () => undefined,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spool[Symbol.asyncDispose]()
  }
}
