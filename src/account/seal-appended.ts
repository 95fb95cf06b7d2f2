// What clients APPEND, sealed to its owner's own keys where the owner or the site wants that.
import { factNumbers } from './account-facts.ts'
import type { FlagSet } from './flags.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { currentSealing, sealForOwner, sealingOf } from './sealing.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/**
 * The message as it is to be stored. A draft is one by its mailbox or by its flag: its author's program must be able to go on with it.
 * Refusals: 'key-trouble', 'busy', 'unavailable', 'damaged'.
 */
export async function sealAppended(
  account: UnlockedAccount,
  table: MailboxTable,
  flags: FlagSet,
  message: Buffer,
): Promise<Buffer> {
  if (!account.state.facts.has(factNumbers.publicKeys)) return message
  const record = await currentSealing(account)
  if (!record) return message
  const { append, exceptDrafts } = record.settings
  if (!(append ?? sealingOf(account.site).append)) return message
  const isDraft = table.specialUse === '\\Drafts' || flags.list.includes('\\Draft')
  if (exceptDrafts && isDraft) return message
  return (await sealForOwner(account.site, record, message)).message
}
