// An account unlocked without sessions or housekeeping, and every text that its records hold: white-box tests of the search text.
import { KdfGate } from '../../src/crypto/kdf.ts'
import type { MailboxTable } from '../../src/account/mailbox-table.ts'
import { openMessagePage, openMessageRecord } from '../../src/account/message-seal.ts'
import { openVault } from '../../src/account/slots.ts'
import { buildSome } from '../../src/account/text-build.ts'
import { openTextPage } from '../../src/account/text-seal.ts'
import { UnlockedAccount } from '../../src/account/unlocked-account.ts'
import { bareSite } from './bare-site.ts'
import { password, type TestSite } from './support.ts'

export async function unlock(site: TestSite, address: string): Promise<UnlockedAccount> {
  const { accountId } = await site.accounts.info(address)
  const id = Buffer.from(accountId, 'hex')
  const parts = bareSite(site)
  const gate = new KdfGate({ parallel: 2, queue: 64, minimumMemoryKiB: 8 })
  const { vault } = await openVault(parts, id, { kind: 'password', password: password() }, gate)
  const account = new UnlockedAccount(parts, id, vault)
  await account.load()
  return account
}

/** Indexes all of a mailbox from a UID on. */
export async function indexAll(account: UnlockedAccount, table: MailboxTable, from = 1): Promise<void> {
  await account.rowsOf(table)
  const until = table.uidNext
  for (let next = from; next < until;)
    next = await buildSome(account, table, { from: next, until }, () => false)
}

/** Each record's key, and its sealed value. */
export async function recordsOf(account: UnlockedAccount): Promise<[key: Buffer, value: Uint8Array][]> {
  return account.read(async (snapshot) => {
    const found: [Buffer, Uint8Array][] = []
    for await (const page of snapshot.range({ gte: Buffer.of(0), lt: Buffer.of(0xff) }))
      for (const [key, value] of page) found.push([Buffer.from(key), value])
    return found
  })
}

/** All that opens, of all records of messages and of their text, with every key of the account in hand. */
export async function openedTexts(account: UnlockedAccount): Promise<Buffer> {
  const opened: Buffer[] = []
  for (const [key, value] of await recordsOf(account)) {
    const table = account.state.mailboxes.get(key.toString('hex', 1, 17))
    const letter = key.toString('latin1', 0, 1)
    if (!table || !['m', 'p', 't'].includes(letter)) continue
    const uid = key.readUInt32BE(17)
    if (letter === 'm') opened.push(openMessageRecord(account.vault, table, uid, value))
    else if (letter === 'p')
      for (const [, record] of openMessagePage(account.vault, table, uid, value)) opened.push(record)
    else
      for (const entry of await openTextPage(account.vault, table, uid, value).entries())
        opened.push(entry.facts, entry.front, entry.own, entry.parts, entry.body)
  }
  return Buffer.concat(opened)
}

/** UIDs that the pages of a mailbox hold, page by page. */
export async function indexedUids(account: UnlockedAccount, table: MailboxTable): Promise<number[][]> {
  const found: number[][] = []
  for (const [key, value] of await recordsOf(account)) {
    if (key.toString('latin1', 0, 1) !== 't' || !key.subarray(1, 17).equals(table.idBytes)) continue
    found.push([...openTextPage(account.vault, table, key.readUInt32BE(17), value).uids])
  }
  return found
}
