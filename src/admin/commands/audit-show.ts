// audit show: what was done to keys, accounts and sessions of this site.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { address } from '../forms.ts'
import { noteAct } from '../note-act.ts'

const input = z.strictObject({ address: address.optional() })
const entry = z.object({
  number: z.number().describe('from 1 on'),
  at: z.string().describe('ISO 8601'),
  event: z.string().describe('what was done'),
  address: z.string().nullable().describe('whose account; null: the site'),
  by: z.string().describe('owner, admin, admin-key or server'),
  from: z.string().nullable().describe('network address'),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).describe('more about it'),
})
const result = z.object({ entries: z.array(entry).describe('oldest first; only those that verify') })

/** Shows the entries that verify; `audit verify` says whether others are among them. */
export const auditShow: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'audit show',
  summary: 'show the audit log',
  examples: [{ line: 'letterlock audit show alice@example.org', does: 'only what concerns this account' }],
  arguments: [{ name: '[ADDR]', key: 'address', description: 'only what concerns this account' }],
  input,
  result,
  rows: 'entries',

  async run(work, { address }) {
    if (!work.audit) throw new Failure('unavailable', exitCodes.unavailable, 'there is no audit log here')
    for (const { number, at, event, address: of, by, remoteAddress, detail } of await work.audit.entries()) {
      if (address !== undefined && of !== address.toLowerCase()) continue
      await work.row({
        number,
        at,
        event,
        address: of ?? null,
        by,
        from: remoteAddress ?? null,
        detail: detail ?? {},
      })
    }
    await noteAct(work, { event: 'audit.shown', ...(address === undefined ? {} : { address }) })
    return { entries: [] }
  },

  show({ entries }, view) {
    for (const { number, at, event, address: of, by, from, detail } of entries) {
      const more = Object.entries(detail).map(([key, value]) => `${key}=${String(value)}`)
      view.out(
        [`${number}`, at, event, of ?? '-', `by ${by}`, ...(from ? [`from ${from}`] : []), ...more].join(
          '  ',
        ),
      )
    }
  },
})
