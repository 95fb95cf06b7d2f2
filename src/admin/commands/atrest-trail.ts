// atrest trail: what was done to the keys of an account, for its owner.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'

const input = z.strictObject({ address, seen: z.boolean().optional() })
const entry = z.object({
  at: z.string().describe('ISO 8601'),
  kind: z.string().describe('what was done'),
  by: z.string().describe('owner, admin, admin-key or server'),
  from: z.string().nullable().describe('network address'),
  detail: z.string().nullable().describe('more about it'),
  isNew: z.boolean().describe('true: not marked as seen'),
})
const result = z.object({ entries: z.array(entry).describe('oldest first') })

/** Needs the owner's password: it is sealed. */
export const atrestTrail: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest trail',
  summary: "show what was done to an account's keys",
  examples: [{ line: 'letterlock atrest trail alice@example.org', does: 'asks for the password' }],
  arguments: [addressArgument],
  options: [{ flags: '--seen', description: 'mark everything as seen' }],
  input,
  result,
  rows: 'entries',
  mayNeed: [{ name: 'password', kind: 'current' }],
  secrets: ({ address }) => [{ name: 'password', kind: 'current', prompt: `Password of ${address}` }],

  async run(work, { address, seen }) {
    const secret = { kind: 'password', password: work.secret('password') } as const
    for (const { at, kind, by, remoteAddress, detail, isNew } of await work.accounts.trail.trail(
      address,
      secret,
    )) {
      const from = remoteAddress ?? null
      await work.row({ at: new Date(at).toISOString(), kind, by, from, detail: detail ?? null, isNew })
    }
    if (seen) await work.accounts.trail.markTrailSeen(address, secret)
    return { entries: [] }
  },

  show({ entries }, view) {
    if (entries.length === 0) view.talk('Nothing was done to the keys so far.')
    for (const { at, kind, by, from, detail, isNew } of entries)
      view.out([isNew ? '*' : ' ', at, kind, `by ${by}`, from ?? '', detail ?? ''].join('  ').trimEnd())
  },
})
