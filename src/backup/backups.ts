// Backups of the site: the one object that admin commands are given (api.ts).
import { open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../base/ports.ts'
import { syncDirectory } from '../base/sync-directory.ts'
import type { KdfGate, KdfParameters } from '../crypto/kdf.ts'
import { sealSiteKey } from '../crypto/sealed-site-key.ts'
import type { BackupApi, RestoreOptions, RestoreReport, TakeOptions, TakeReport } from './api.ts'
import { asBackupError } from './errors.ts'
import { pruneBackup } from './prune.ts'
import { restoreBackup, type RestoreSite } from './restore.ts'
import { takeBackup, type TakeSite } from './take.ts'

export interface BackupsOptions extends Omit<TakeSite, 'hint'>, RestoreSite {
  readonly clock: Clock
  readonly hint: string
  readonly gate: KdfGate
  readonly kdf: KdfParameters
  /** The site key's bytes from its file; the caller wipes them. */
  readonly readSiteKey: () => Promise<Buffer>
}

async function reporting<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    throw asBackupError(error)
  }
}

class SiteBackups implements BackupApi {
  readonly #options: BackupsOptions

  constructor(options: BackupsOptions) {
    this.#options = options
  }

  take(root: string, options: TakeOptions): Promise<TakeReport> {
    return reporting(() => takeBackup(this.#options, root, options))
  }

  restore(root: string, options: RestoreOptions): Promise<RestoreReport> {
    return reporting(() => restoreBackup(this.#options, root, options))
  }

  prune(root: string, keep: number, isDryRun: boolean): Promise<{ removed: number[]; bytes: number }> {
    return reporting(() => pruneBackup(root, keep, isDryRun))
  }

  async saveSiteKey(file: string, passphrase: Buffer): Promise<void> {
    const { readSiteKey, gate, kdf } = this.#options
    const key = await readSiteKey()
    try {
      const sealed = await sealSiteKey(key, passphrase, kdf, gate)
      await reporting(() => writeNew(file, sealed))
    } finally {
      key.fill(0)
    }
  }
}

/** A new file of mode 0600, durable, or none. */
async function writeNew(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } catch (error) {
    await unlink(path).catch(() => undefined)
    throw error
  } finally {
    await file.close()
  }
  await syncDirectory(dirname(path))
}

export function makeBackups(options: BackupsOptions): BackupApi {
  return new SiteBackups(options)
}
