// Reading and setting annotations of an account and its mailboxes (RFC 5464).
import { annotationBytesPerAccount, annotationValueBytes } from '../base/limits.ts'
import { ofAccount, type Annotations } from './annotation-table.ts'
import { changesBytes } from './commit-limits.ts'
import { Refusal } from './errors.ts'
import { encodedBytes, type Change } from './log-codec.ts'
import { canonicalName } from './names.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** What the annotations of a mailbox, or for undefined of the account, are kept under. Refuses with 'mailbox-not-found'. */
function holderOf(account: UnlockedAccount, given: string | undefined): string {
  if (given === undefined) return ofAccount
  const table = account.state.byName(canonicalName(given))
  if (!table) throw new Refusal('mailbox-not-found', 'No such mailbox')
  return table.id
}

export function annotationsOf(account: UnlockedAccount, mailbox: string | undefined): Annotations {
  return account.state.annotations.of(holderOf(account, mailbox))
}

/** All or nothing, in one commit; undefined takes an entry away. Refuses with 'limit' what is more than an account may have. */
export async function setAnnotations(
  account: UnlockedAccount,
  mailbox: string | undefined,
  values: ReadonlyMap<string, Buffer | undefined>,
  by: object,
): Promise<void> {
  await account.commit(() => {
    const holder = holderOf(account, mailbox)
    const present = account.state.annotations.of(holder)
    const changes: Change[] = []
    let growth = 0
    for (const [entry, value] of values) {
      const before = present.get(entry)
      if (value ? before?.equals(value) : !before) continue
      if (value && value.length > annotationValueBytes)
        throw new Refusal('limit', 'The annotation is too large')
      growth += (value ? entry.length + value.length : 0) - (before ? entry.length + before.length : 0)
      changes.push({ kind: 'annotated', mailbox: holder, entry, value })
    }
    if (changes.length === 0) return undefined
    if (growth > 0 && account.state.annotations.sizeBytes + growth > annotationBytesPerAccount)
      throw new Refusal('limit', 'The account has no room for more annotations')
    if (changes.reduce((sum, change) => sum + encodedBytes(change), 0) > changesBytes)
      throw new Refusal('limit', 'That is more than can be changed in one step')
    return { changes, value: undefined }
  }, by)
}

/** RFC 5464 §4.1: what INBOX is renamed to gets the annotations as well. One commit each, since they may be many. */
export async function copyAnnotations(
  account: UnlockedAccount,
  from: string,
  to: string,
  by: object,
): Promise<void> {
  for (const [entry, value] of [...annotationsOf(account, from)])
    await setAnnotations(account, to, new Map([[entry, value]]), by)
}
