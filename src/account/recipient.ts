// Who takes mail for an address: the account of that name, or of what stands before the `+`.
import { mailboxNameBytes } from '../base/limits.ts'
import type { DeliveryTarget } from './api.ts'
import { canonicalAddress, findEntry, type DirectoryEntry, type EntrySource } from './directory.ts'
import { Refusal } from './errors.ts'

/** Refuses with 'no-such-account', 'account-disabled'. Any of `delimiters` may stand before the detail. */
export async function recipient(
  site: EntrySource,
  address: string,
  delimiters: string,
): Promise<DeliveryTarget> {
  const name = canonicalAddress(address)
  const found = await findEntry(site, name)
  if (found) return deliverable(found, '')
  const at = name.lastIndexOf('@')
  const local = name.slice(0, Math.max(at, 0))
  for (const delimiter of delimiters) {
    const split = local.indexOf(delimiter)
    if (split < 1) continue
    const base = await findEntry(site, local.slice(0, split) + name.slice(at))
    // The detail names a mailbox, so it keeps its case.
    const given = address.trim().normalize('NFC')
    if (base) return deliverable(base, given.slice(split + 1, given.lastIndexOf('@')))
  }
  throw new Refusal('no-such-account', 'No such account')
}

function deliverable(entry: DirectoryEntry, detail: string): DeliveryTarget {
  if (entry.isDisabled) throw new Refusal('account-disabled', 'The account is disabled')
  // A detail that no mailbox can be named by is as good as none.
  return { address: entry.address, detail: Buffer.byteLength(detail) > mailboxNameBytes ? '' : detail }
}
