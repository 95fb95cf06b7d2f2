// A line in the audit log about what a command did.
import type { AuditEntry } from '../account/audit.ts'
import type { Work } from './command.ts'

/** Never throws: what was done is done, and the audit log itself tells the log where a line could not be written. */
export async function noteAct(work: Work, entry: Omit<AuditEntry, 'by'>): Promise<void> {
  await work.audit?.write({ ...entry, by: 'admin' }).catch(() => undefined)
}
