// Seals and opens search text pages at their place (FORMAT.md §9.9).
import { MalformedRecord } from '../base/bytes.ts'
import { boxEpoch, boxKinds, openBox, sealBox } from '../crypto/box.ts'
import { textPlace } from '../crypto/places.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { decoded } from './replay.ts'
import { TextPage } from './text-codec.ts'
import type { Vault } from './vault.ts'

/** The data of a page, sealed under the current epoch. */
export function sealTextPage(vault: Vault, table: MailboxTable, firstUid: number, data: Buffer): Buffer {
  const place = textPlace(vault.account, table.idBytes, table.uidValidity, firstUid)
  return sealBox(vault.root().mailboxKey(table.idBytes), boxKinds.searchText, vault.epoch, place, data)
}

/** Throws Corrupt, UnsupportedVersion, Damage. */
export function openTextData(
  vault: Vault,
  table: MailboxTable,
  firstUid: number,
  sealed: Uint8Array,
): Buffer {
  const key = vault.root(boxEpoch(sealed)).mailboxKey(table.idBytes)
  const place = textPlace(vault.account, table.idBytes, table.uidValidity, firstUid)
  return openBox(key, boxKinds.searchText, place, sealed)
}

/** Throws Corrupt, UnsupportedVersion, Damage; a page that begins with another message is damage too. */
export function openTextPage(
  vault: Vault,
  table: MailboxTable,
  firstUid: number,
  sealed: Uint8Array,
): TextPage {
  return decoded('text page', () => {
    const page = new TextPage(openTextData(vault, table, firstUid, sealed))
    if ((page.uids[0] ?? 0) < firstUid) throw new MalformedRecord('text page at another place')
    return page
  })
}
