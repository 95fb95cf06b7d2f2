// atrest slots list: what opens an account.
import { z } from 'zod'
import type { SlotInfo } from '../../account/api-lifecycle.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'
import { isoOrNull, ownerNeeds, ownerSecret, shownTime, siteKeyField, siteKeyOption } from '../owner.ts'
import { counted, tableLines } from '../words.ts'

const input = z.strictObject({ address, siteKey: siteKeyField })
const slot = z.object({
  id: z.string().describe('first digits of its identifier'),
  kind: z.string().describe('password, recovery, server, app, escrow or scram'),
  name: z.string().nullable().describe('the name its owner gave it'),
  createdAt: z.string().describe('when it was made, ISO 8601'),
  lastUsedAt: z.string().nullable().describe('last use, of an app password'),
  kdf: z
    .string()
    .nullable()
    .describe('cost of a guess: Argon2id memory, passes, lanes; of scram PBKDF2 iterations'),
})
const result = z.object({ slots: z.array(slot).describe('one object a slot') })

const costOf = ({ kdf, iterations }: Pick<SlotInfo, 'kdf' | 'iterations'>): string | null => {
  if (kdf) return `${kdf.memoryKiB} KiB, ${kdf.passes}, ${kdf.parallelism}`
  return iterations === undefined ? null : `${iterations} iterations`
}

/** Lists the key slots of an account with their names. */
export const atrestSlotsList: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest slots list',
  summary: 'list what opens an account',
  notes: 'Names are sealed: it takes the password. `letterlock user show ADDR` lists slots without names.',
  examples: [{ line: 'letterlock atrest slots list alice@example.org', does: 'asks for the password' }],
  arguments: [addressArgument],
  options: [siteKeyOption],
  input,
  result,
  mayNeed: [{ name: 'password', kind: 'current' }],
  secrets: (given) => ownerNeeds(given),

  async run(work, given) {
    const found = await work.accounts.slots.slots(given.address, ownerSecret(work, given))
    const slots = found.map(({ id, kind, name, createdAt, lastUsedAt, kdf, iterations }) => ({
      ...{ id, kind, name: name ?? null },
      ...{ createdAt: new Date(createdAt).toISOString(), lastUsedAt: isoOrNull(lastUsedAt) },
      kdf: costOf({ kdf, iterations }),
    }))
    return { slots }
  },

  show({ slots }, view) {
    const head = ['ID', 'KIND', 'NAME', 'MADE', 'LAST USED', 'COST']
    const rows = slots.map((one) => [
      ...[one.id, one.kind, one.name ?? '-'],
      ...[shownTime(one.createdAt), shownTime(one.lastUsedAt), one.kdf ?? '-'],
    ])
    for (const line of tableLines(head, rows)) view.out(line)
    view.talk(view.talkPaint.dim(counted(slots.length, 'slot')))
  },
})
