// Whether what an unlocked account has in memory is what its stored records replay to.
import { hex } from '../base/bytes.ts'
import type { AnnotationTable } from './annotation-table.ts'
import type { MailboxTable } from './mailbox-table.ts'
import { isDamage } from './refusing.ts'
import { loadRows, replay } from './replay.ts'
import type { UnlockedAccount } from './unlocked-account.ts'
import { faultOfExpunges } from './vanished.ts'
import type { Finding } from './verify-report.ts'

const numbers = [
  'name',
  'specialUse',
  'uidValidity',
  'shownUidValidity',
  'uidNext',
  'highestModSeq',
  'packedUntil',
  'messages',
  'unseen',
  'deleted',
  'sizeBytes',
] as const

/** Replays the account from its records, while no commit runs, and compares. */
export async function compareStates(
  account: UnlockedAccount,
  add: (finding: Finding) => void,
): Promise<void> {
  await account.exclusive(async () => {
    const { state, vault } = account
    for (const table of state.mailboxes.values()) await account.loadRowsNow(table)
    try {
      await account.read(async (snapshot) => {
        const stored = await replay(snapshot, vault)
        for (const table of stored.mailboxes.values()) {
          await loadRows(snapshot, vault, table)
          const fault = await faultOfExpunges(snapshot, vault, table)
          if (fault !== undefined) add({ kind: 'damaged', mailbox: table.name, text: fault })
          const present = state.mailboxes.get(table.id)
          if (present) compareTables(present, table, add)
          else add({ kind: 'differs', mailbox: table.name, text: 'is stored and not in use' })
        }
        for (const table of state.mailboxes.values())
          if (!stored.mailboxes.has(table.id))
            add({ kind: 'differs', mailbox: table.name, text: 'is in use and not stored' })
        if (inWords(stored.annotations) !== inWords(state.annotations))
          add({ kind: 'differs', text: 'annotations are not those that are stored' })
        if (factsInWords(stored.facts) !== factsInWords(state.facts))
          add({ kind: 'differs', text: 'what the account remembers of itself is not what is stored' })
        const subscriptions = [...stored.subscriptions].sort().join('\n')
        if (subscriptions !== [...state.subscriptions].sort().join('\n'))
          add({ kind: 'differs', text: 'subscriptions are not those that are stored' })
      })
    } catch (error) {
      if (!isDamage(error)) throw error
      add({
        kind: 'damaged',
        text: error instanceof Error ? error.message : 'the change log does not replay',
      })
    }
  })
}

const inWords = (annotations: AnnotationTable): string =>
  [...annotations.all()].map(({ mailbox, entry, value }) => `${mailbox} ${entry} ${hex(value)}`).join('\n')

const factsInWords = (facts: ReadonlyMap<number, Buffer>): string =>
  [...facts]
    .sort(([a], [b]) => a - b)
    .map(([fact, value]) => `${fact} ${hex(value)}`)
    .join('\n')

function compareTables(present: MailboxTable, stored: MailboxTable, add: (finding: Finding) => void): void {
  const mailbox = present.name
  for (const field of numbers) {
    if (present[field] !== stored[field])
      add({ kind: 'differs', mailbox, text: `${field} is ${present[field]}, stored is ${stored[field]}` })
  }
  const totals = { messages: 0, octets: 0 }
  for (const uid of stored.uids) {
    const [one, other] = [present.row(uid), stored.row(uid)]
    totals.messages += 1
    totals.octets += other?.sizeBytes ?? 0
    const isSame =
      one &&
      other &&
      one.modSeq === other.modSeq &&
      one.flags.join(' ') === other.flags.join(' ') &&
      one.internalDate === other.internalDate &&
      one.sizeBytes === other.sizeBytes
    if (!isSame)
      add({ kind: 'differs', mailbox, uid, text: 'its flags and dates are not those that are stored' })
    if (other && (other.modSeq > stored.highestModSeq || uid >= stored.uidNext))
      add({ kind: 'differs', mailbox, uid, text: 'it is beyond HIGHESTMODSEQ or UIDNEXT' })
  }
  if (totals.messages !== stored.messages || totals.octets !== stored.sizeBytes)
    add({ kind: 'differs', mailbox, text: 'messages and octets are not those that the list counts' })
}
