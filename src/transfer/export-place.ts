// The folder that an export writes to: its own, empty or begun by the same export; files for their owner only.
import { chmod, mkdir, open, readdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { MailboxInfo } from '../account/api.ts'
import { utf8 } from '../base/bytes.ts'
import { syncDirectory } from '../base/sync-directory.ts'
import { errnoOf, TransferFailure } from './errors.ts'
import { freePath, type ExportFormat } from './export-paths.ts'
import { bytePath } from './files.ts'
import { readTable, tableFile, type Table, type TableRow } from './table.ts'

const cannotWrite = (path: string, error: unknown): TransferFailure =>
  new TransferFailure('cannot-write', `cannot write ${path} (${errnoOf(error)})`, {
    cause: error,
    hint: 'the running server writes it: name a folder that its user may write to',
  })

export class ExportPlace {
  readonly root: string
  readonly #format: ExportFormat
  readonly #address: string
  readonly #rows: TableRow[]

  private constructor(root: string, table: Table) {
    this.root = root
    this.#format = table.format
    this.#address = table.address
    this.#rows = [...table.mailboxes]
  }

  /** Makes the folder, or takes up an export that was begun there. Throws TransferFailure for anything else. */
  static async open(root: string, format: ExportFormat, address: string): Promise<ExportPlace> {
    try {
      await mkdir(root, { mode: 0o700 })
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw cannotWrite(root, error)
    }
    const names = await readdir(root).catch((error: unknown) => {
      throw cannotWrite(root, error)
    })
    const table = await readTable(bytePath(root))
    const isOwn = table?.format === format && table.address === address
    if (names.length > 0 && !isOwn) {
      throw new TransferFailure(
        'destination-in-use',
        table
          ? `${root} holds the export of ${table.address} as ${table.format}`
          : `${root} is not empty, and no export was begun there`,
        { hint: 'name a new folder' },
      )
    }
    await chmod(root, 0o700).catch((error: unknown) => {
      throw cannotWrite(root, error)
    })
    const place = new ExportPlace(root, table ?? { format, version: 1, address, mailboxes: [] })
    await place.save()
    return place
  }

  /** Writes the table: what was written is known, whatever happens then. */
  async save(): Promise<void> {
    const table: Table = { format: this.#format, version: 1, address: this.#address, mailboxes: this.#rows }
    await this.write(tableFile, utf8(`${JSON.stringify(table, undefined, 1)}\n`))
  }

  /** A row of the table with a path of its own; kept by name when there is one. */
  row(mailbox: MailboxInfo, uidValidity: number): TableRow {
    const index = this.#rows.findIndex(({ name }) => name === mailbox.name)
    const known = this.#rows[index]
    const row: TableRow = {
      name: mailbox.name,
      path: known?.path ?? freePath(this.#format, mailbox.name, this.#rows),
      ...(mailbox.specialUse ? { specialUse: mailbox.specialUse } : {}),
      isSubscribed: mailbox.isSubscribed,
      uidValidity,
      ...(known?.written !== undefined && known.uidValidity === uidValidity
        ? { written: known.written }
        : {}),
    }
    if (index < 0) this.#rows.push(row)
    else this.#rows[index] = row
    return row
  }

  async written(row: TableRow, state: string): Promise<void> {
    row.written = state
    await this.save()
  }

  async folder(path: string): Promise<string> {
    const full = join(this.root, path)
    try {
      await mkdir(full, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw cannotWrite(full, error)
    }
    return full
  }

  /** A whole file at once, durable when it resolves. */
  async write(path: string, bytes: Buffer): Promise<void> {
    const full = join(this.root, path)
    try {
      await writeNew(`${full}.part`, bytes)
      await rename(`${full}.part`, full)
      await syncDirectory(dirname(full))
    } catch (error) {
      throw cannotWrite(full, error)
    }
  }
}

async function writeNew(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'w', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

export { cannotWrite, writeNew }
