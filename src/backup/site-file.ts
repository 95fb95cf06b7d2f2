// Directory and site records as a file of a backup (LAYOUT.md).
import { asBuffer, ByteWriter, utf8 } from '../base/bytes.ts'
import { maxValueBytes } from '../base/limits.ts'
import type { Store } from '../store/store.ts'
import { NewFile, OldFile, type FileRef } from './files.ts'

const magic = Buffer.from('LLBKSITE')
const tags = { end: 0, directory: 1, site: 2, hint: 3 } as const

export interface SiteContents {
  readonly directory: ReadonlyMap<string, Buffer>
  readonly site: ReadonlyMap<string, Buffer>
  /** Text for people: where it came from. */
  readonly hint: string
}

export async function readSiteOf(store: Store, hint: string): Promise<SiteContents> {
  const directory = new Map<string, Buffer>()
  for (let after: string | undefined; ;) {
    const page = await store.directory.list('', after, 500)
    for (const [name, value] of page) directory.set(name, asBuffer(value))
    after = page.at(-1)?.[0]
    if (after === undefined) break
  }
  const site = new Map((await store.site.list()).map(([name, value]) => [name, asBuffer(value)] as const))
  return { directory, site, hint }
}

export async function writeSite(path: string, contents: SiteContents): Promise<FileRef> {
  const file = await NewFile.create(path)
  try {
    await file.write(magic, Buffer.of(1))
    const put = (tag: number, name: string, value: Uint8Array): Promise<void> =>
      file.write(new ByteWriter().u8(tag).text16(name).bytes32(value).finish())
    for (const [name, value] of contents.directory) await put(tags.directory, name, value)
    for (const [name, value] of contents.site) await put(tags.site, name, value)
    await put(tags.hint, '', utf8(contents.hint))
    await file.write(Buffer.of(tags.end))
    return await file.finish()
  } catch (error) {
    await file.discard()
    throw error
  }
}

/** Throws BackupDamaged. */
export async function readSite(path: string, expected: FileRef): Promise<SiteContents> {
  await using file = await OldFile.open(path, 'the site’s file')
  const head = await file.take(magic.length + 1)
  if (!head.subarray(0, magic.length).equals(magic) || head[magic.length] !== 1)
    throw file.damaged('is not of a known version')
  const directory = new Map<string, Buffer>()
  const site = new Map<string, Buffer>()
  let hint = ''
  for (;;) {
    const tag = (await file.take(1))[0]
    if (tag === tags.end) break
    const name = Buffer.from(await file.take((await file.take(2)).readUInt16BE())).toString('utf8')
    const length = (await file.take(4)).readUInt32BE()
    if (length > maxValueBytes) throw file.damaged('has a value of an impossible length')
    const value = Buffer.from(await file.take(length))
    if (tag === tags.directory) directory.set(name, value)
    else if (tag === tags.site) site.set(name, value)
    else if (tag === tags.hint) hint = value.toString('utf8')
    else throw file.damaged('has something in it that does not belong there')
  }
  await file.end(expected)
  return { directory, site, hint }
}
