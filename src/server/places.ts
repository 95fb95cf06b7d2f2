// Where things are in the data directory.
import { join } from 'node:path'
import type { Config } from '../config/schema.ts'

/** The store's own directory; only the store writes there. */
export function storePath({ dataDir }: Config): string {
  return join(dataDir, 'store')
}

/** Where uploads wait, in files without names. */
export function uploadsPath({ dataDir }: Config): string {
  return join(dataDir, 'uploads')
}

/** The audit log (`../audit/audit-log.ts`). */
export function auditPath({ dataDir }: Config): string {
  return join(dataDir, 'audit.log')
}
