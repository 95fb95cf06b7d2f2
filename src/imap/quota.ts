// The quota of an account as GETQUOTA and GETQUOTAROOT tell it: one root for all mailboxes.
import { mailboxesPerAccount } from '../base/limits.ts'
import { Answer } from './errors.ts'
import type { Session } from './session.ts'

/** The one quota root. Clients keep it and show it: it never changes, and says nothing of the account's address. */
export const quotaRoot = 'account'

/** Throws unless `root` is the one there is. */
export function requireQuotaRoot(root: string): void {
  if (root !== quotaRoot) throw new Answer('NO', 'There is no such quota root', 'NONEXISTENT')
}

/** The QUOTA response (RFC 9208 §4.2.1). STORAGE, in units of 1,024 octets, is left out where there is no limit. */
export async function sendQuota({ account, out }: Session): Promise<void> {
  const { usedBytes, limitBytes } = await account.quota()
  // Rounded so that what is said to fit does fit.
  const storage =
    limitBytes === undefined ? '' : `STORAGE ${Math.ceil(usedBytes / 1024)} ${Math.floor(limitBytes / 1024)} `
  const mailboxes = `MAILBOX ${account.mailboxes().length} ${mailboxesPerAccount}`
  out.untagged().text('QUOTA ').string(quotaRoot).text(` (${storage}${mailboxes})`).end()
}
