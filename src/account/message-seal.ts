// Seals and opens message records and pages at their place. What is sealed is wiped from memory: it holds message keys.
import { boxEpoch, boxKinds, openBox, sealBox } from '../crypto/box.ts'
import { messagePlace, pagePlace } from '../crypto/places.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { decodePage, encodePage } from './message-codec.ts'
import { decoded } from './replay.ts'
import type { Vault } from './vault.ts'

/** An encoded message record, sealed under the current epoch for one UID. `encoded` is wiped. */
export function sealMessageRecord(vault: Vault, table: MailboxTable, uid: number, encoded: Buffer): Buffer {
  const place = messagePlace(vault.account, table.idBytes, table.uidValidity, uid)
  const sealed = sealBox(
    vault.root().mailboxKey(table.idBytes),
    boxKinds.message,
    vault.epoch,
    place,
    encoded,
  )
  encoded.fill(0)
  return sealed
}

/** The encoded record; the caller wipes it. Throws Corrupt. */
export function openMessageRecord(
  vault: Vault,
  table: MailboxTable,
  uid: number,
  sealed: Uint8Array,
): Buffer {
  const key = vault.root(boxEpoch(sealed)).mailboxKey(table.idBytes)
  const place = messagePlace(vault.account, table.idBytes, table.uidValidity, uid)
  return openBox(key, boxKinds.message, place, sealed)
}

/** A page of encoded records, sealed under the current epoch. The records are wiped. */
export function sealMessagePage(
  vault: Vault,
  table: MailboxTable,
  firstUid: number,
  records: readonly (readonly [uid: number, encoded: Buffer])[],
): Buffer {
  const data = encodePage(records)
  const place = pagePlace(vault.account, table.idBytes, table.uidValidity, firstUid)
  const sealed = sealBox(
    vault.root().mailboxKey(table.idBytes),
    boxKinds.messagePage,
    vault.epoch,
    place,
    data,
  )
  data.fill(0)
  for (const [, encoded] of records) encoded.fill(0)
  return sealed
}

/** The encoded records of a page, by ascending UID; the caller wipes them. Throws Corrupt, Damage. */
export function openMessagePage(
  vault: Vault,
  table: MailboxTable,
  firstUid: number,
  sealed: Uint8Array,
): [uid: number, encoded: Buffer][] {
  const key = vault.root(boxEpoch(sealed)).mailboxKey(table.idBytes)
  const place = pagePlace(vault.account, table.idBytes, table.uidValidity, firstUid)
  return decoded('message page', () => decodePage(openBox(key, boxKinds.messagePage, place, sealed)))
}
