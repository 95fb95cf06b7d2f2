// Backups that only take note of what was asked.
import type {
  BackupApi,
  RestoredAccount,
  RestoreOptions,
  RestoreReport,
  TakeOptions,
  TakeReport,
} from '../../src/backup/api.ts'
import { BackupRefused } from '../../src/backup/errors.ts'

export class FakeBackups implements BackupApi {
  readonly taken: (TakeOptions & { readonly root: string })[] = []
  readonly restored: (RestoreOptions & { readonly root: string })[] = []
  readonly pruned: number[] = []
  readonly keys: string[] = []
  problems: TakeReport['problems'] = []
  replaced: TakeReport['replaced'] = []
  refusal: BackupRefused | undefined
  account: RestoredAccount = {
    ...{ address: 'alice@example.org', account: '00', state: 'restored', version: 7, presentVersion: 9 },
    ...{ bodies: 3, lost: 0, text: undefined },
  }

  async take(root: string, options: TakeOptions): Promise<TakeReport> {
    if (this.refusal) throw this.refusal
    this.taken.push({ root, ...options })
    options.progress?.(1, 2)
    const counts = {
      generation: 3,
      accounts: 2,
      unchanged: 1,
      bodies: 10,
      bodyBytes: 4096,
      copiedBytes: 1024,
    }
    return { ...counts, replaced: this.replaced, problems: this.problems }
  }

  async restore(root: string, options: RestoreOptions): Promise<RestoreReport> {
    if (this.refusal) throw this.refusal
    this.restored.push({ root, ...options })
    return {
      generation: 3,
      at: Date.UTC(2026, 0, 1),
      isOurs: !options.mayBeForeign,
      accounts: [this.account],
    }
  }

  async prune(_: string, keep: number): Promise<{ removed: number[]; bytes: number }> {
    this.pruned.push(keep)
    return { removed: [1], bytes: 1000 }
  }

  async saveSiteKey(file: string, passphrase: Buffer): Promise<void> {
    this.keys.push(`${file} ${passphrase.toString()}`)
  }
}
