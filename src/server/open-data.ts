// A data directory that others may enter: everything in it is sealed, but whose mail there is, how much and when, is not.
import { stat } from 'node:fs/promises'
import type { Log } from '../base/ports.ts'
import type { Config } from '../config/schema.ts'

/** One line in the log when the data directory is open to its group or to all. The site key's file has its own, stricter rule. */
export async function warnOfOpenData({ dataDir, store }: Config, log: Log): Promise<void> {
  if (store.backend === 'memory') return
  const { mode } = await stat(dataDir)
  if ((mode & 0o077) === 0) return
  log.write('warn', 'data.open-to-others', {
    path: dataDir,
    mode: (mode & 0o777).toString(8).padStart(4, '0'),
    hint: `chmod 0700 ${dataDir}`,
  })
}
