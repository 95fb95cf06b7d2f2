// The site's audit log as the account layer sees it: one line for each thing done to keys, accounts and sessions.
import type { Log } from '../base/ports.ts'
import { isRefusal } from './errors.ts'

/** What is written down. `x.begun` comes before what must not be done without a line, and says nothing of how it ended. */
export type AuditEvent =
  | 'account.created'
  | 'account.deleted'
  | 'account.disabled'
  | 'account.enabled'
  | 'account.alternate-address'
  | 'account.renamed'
  | 'alias.added'
  | 'alias.changed'
  | 'alias.removed'
  | 'domain.added'
  | 'domain.removed'
  | 'password.set' // by the site, where its key opens the account
  | 'password.changed' // by the owner
  | 'atrest.enabled'
  | 'atrest.disabled'
  | 'atrest.pending' // marked, or not any more
  | 'atrest.policy'
  | 'keys.rotated'
  | 'code.renewed'
  | 'recovery.begun' // a waiting time began
  | 'recovery.cancelled'
  | 'recovered'
  | 'slot.added'
  | 'slot.removed'
  | 'escrow.set'
  | 'escrow.password-changed'
  | 'escrow.removed'
  | 'escrow.tested'
  | 'escrow.used' // before the admin's key opens an account
  | 'escrow.refused' // an admin password was wrong
  | 'escrow.record-refused' // the stored key is not the one that is known
  | 'mail.locked'
  | 'mail.unlocked'
  | 'session.kicked'
  | 'account.locked' // keys wiped by an admin
  | 'restore.begun' // accounts are about to be put back; one that was killed leaves only this
  | 'backup.restored'
  | 'rollback.noticed'
  | 'rollback.accepted'
  | 'repaired'
  | 'keys.public' // keys that mail is sealed to were added or removed
  | 'keys.public-refused' // those stored are not the ones that the directory names: mail is refused
  | 'keys.public-entry' // the directory did not name the ones that the owner gave; it does now
  | 'audit.verified'
  | 'audit.shown'

export interface AuditEntry {
  readonly event: AuditEvent
  /** Whose account; absent when it is about the site. */
  readonly address?: string
  /** `owner`, `admin`, `admin-key`, `server`. */
  readonly by: string
  readonly remoteAddress?: string
  /** More about it. Never a secret, the name of a mailbox or what a message says. */
  readonly detail?: Readonly<Record<string, string | number | boolean>>
}

/** Append-only, chained and durable. Implemented by audit/audit-log.ts. */
export interface AuditLog {
  /** Durable when it resolves. Refuses with 'unavailable': what must leave a line is then not done. */
  write(entry: AuditEntry): Promise<void>
}

/** For tests and tools that have no such file. */
export const noAudit: AuditLog = { write: () => Promise.resolve() }

/** Writes a line about what is done already, and cannot be undone because the line could not be written: that goes to the log. Never throws. */
export async function noteAudit(
  { audit, log }: { readonly audit: AuditLog; readonly log: Log },
  entry: AuditEntry,
): Promise<void> {
  try {
    await audit.write(entry)
  } catch (error) {
    log.write('error', 'audit.failed', {
      what: entry.event,
      reason: isRefusal(error) ? error.code : 'fault',
    })
  }
}
