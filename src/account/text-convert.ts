// Seals search text under the newest key epoch, as part of a rotation: nothing of an older epoch remains.
import { breathe } from '../base/async.ts'
import { boxEpoch } from '../crypto/box.ts'
import { mailboxRange, textKey, uidOfKey } from './keys.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { isDamage } from './refusing.ts'
import { openTextData, sealTextPage } from './text-seal.ts'
import { noteMissing } from './text-state.ts'
import type { Commit, UnlockedAccount } from './unlocked-account.ts'

const pagesAtOnce = 32

/** The page under the current epoch; undefined when it is there already, `gone` when it does not open and is deleted. */
function renewed(
  account: UnlockedAccount,
  table: MailboxTable,
  firstUid: number,
  sealed: Uint8Array,
): Buffer | 'gone' | undefined {
  const { vault } = account
  try {
    if (boxEpoch(sealed) === vault.epoch) return undefined
    return sealTextPage(vault, table, firstUid, openTextData(vault, table, firstUid, sealed))
  } catch (error) {
    if (!isDamage(error)) throw error
    return 'gone'
  }
}

/** Resolves to where to go on; undefined at the end. */
async function convertSomeText(
  account: UnlockedAccount,
  table: MailboxTable,
  from: number,
): Promise<number | undefined> {
  let next: number | undefined
  await account.commit(async (): Promise<Commit<undefined> | undefined> => {
    next = undefined
    if (!account.state.mailboxes.has(table.id)) return undefined
    const gte = textKey(table.idBytes, from)
    const { lt } = mailboxRange('t', table.idBytes)
    const found = await account.read(async (snapshot) => {
      const records: (readonly [number, Uint8Array])[] = []
      for await (const entries of snapshot.range({ gte, lt, limit: pagesAtOnce }))
        for (const [key, sealed] of entries) records.push([uidOfKey(key), sealed])
      return records
    })
    const last = found.at(-1)?.[0]
    next = last === undefined ? undefined : last + 1
    const writes: { readonly key: Buffer; readonly sealed: Buffer | 'gone' }[] = []
    for (const [firstUid, sealed] of found) {
      const page = renewed(account, table, firstUid, sealed)
      if (!page) continue
      if (page === 'gone') noteMissing(table, firstUid)
      writes.push({ key: textKey(table.idBytes, firstUid), sealed: page })
      await breathe()
    }
    if (writes.length === 0) return undefined
    return {
      changes: [],
      value: undefined,
      write(tx) {
        for (const { key, sealed } of writes) {
          if (sealed === 'gone') tx.delete(key)
          else tx.put(key, sealed)
        }
      },
    }
  })
  return next
}

/** All pages of a mailbox. */
export async function convertText(account: UnlockedAccount, table: MailboxTable): Promise<void> {
  let from: number | undefined = 0
  while (from !== undefined) from = await convertSomeText(account, table, from)
}
