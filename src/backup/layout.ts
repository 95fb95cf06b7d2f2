// Where things are in a backup's directory (LAYOUT.md).
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeId } from '../crypto/random.ts'
import { BackupDamaged, BackupRefused, codeOf } from './errors.ts'
import { makeDirectory, NewFile, partSuffix } from './files.ts'

const marker = 'letterlock-backup'
const magic = Buffer.from('LLBACKUP')
const formatVersion = 1
const idBytes = 16

export const directories: readonly string[] = ['generations', 'records', 'packs', 'site']

export const generationName = (generation: number): string => generation.toString(16).padStart(8, '0')

/** The places of one backup. */
export class Places {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }
  get lock(): string {
    return join(this.root, 'lock')
  }
  get marker(): string {
    return join(this.root, marker)
  }
  manifest(generation: number): string {
    return join(this.root, 'generations', generationName(generation))
  }
  site(generation: number): string {
    return join(this.root, 'site', generationName(generation))
  }
  recordsOf(account: string): string {
    return join(this.root, 'records', account)
  }
  records(account: string, generation: number): string {
    return join(this.recordsOf(account), generationName(generation))
  }
  packsOf(account: string): string {
    return join(this.root, 'packs', account)
  }
  pack(account: string, pack: string): string {
    return join(this.packsOf(account), pack)
  }
}

/** Names in a directory, without those of files that are not finished; none where there is no directory. */
export async function namesIn(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).filter((name) => !name.endsWith(partSuffix)).sort()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** The identifier of the backup at `root`. Throws BackupRefused when there is none, or something else. */
export async function openPlaces(root: string): Promise<{ places: Places; id: Buffer }> {
  const places = new Places(root)
  let bytes: Buffer
  try {
    bytes = await readFile(places.marker)
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      throw new BackupRefused('no-backup', `there is no backup in ${root}`, { cause: error })
    throw error
  }
  if (bytes.length < magic.length + 1 || !bytes.subarray(0, magic.length).equals(magic))
    throw new BackupRefused('not-a-backup', `${root} is not a backup`)
  const version = bytes[magic.length] ?? 0
  if (version !== formatVersion)
    throw new BackupRefused('not-a-backup', `the backup has the unknown format version ${version}`)
  const id = Buffer.from(bytes.subarray(magic.length + 1, magic.length + 1 + idBytes))
  if (id.length !== idBytes) throw new BackupDamaged('the backup’s marker is cut short')
  return { places, id }
}

/** As `openPlaces`; makes an empty backup where the directory is empty or missing. */
export async function openOrMakePlaces(root: string): Promise<{ places: Places; id: Buffer }> {
  const present = await namesIn(root)
  if (!present.includes(marker)) {
    // What an interrupted beginning has left is ours; anything else is somebody's.
    const foreign = present.filter((name) => !directories.includes(name) && name !== 'lock')
    if (foreign.length > 0)
      throw new BackupRefused('not-a-backup', `${root} holds something else: name an empty or new directory`)
    await makeDirectory(root)
    for (const name of directories) await makeDirectory(join(root, name))
    const file = await NewFile.create(join(root, marker))
    await file.write(magic, Buffer.of(formatVersion), makeId())
    await file.finish()
  }
  return openPlaces(root)
}

/** Generations that are whole, ascending: those that have a manifest. */
export async function generationsIn(places: Places): Promise<number[]> {
  const names = await namesIn(join(places.root, 'generations'))
  return names.filter((name) => /^[0-9a-f]{8}$/.test(name)).map((name) => Number.parseInt(name, 16))
}

/** A new name for a pack. */
export const packName = (): string => makeId().subarray(0, 8).toString('hex')
