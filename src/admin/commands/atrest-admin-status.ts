// atrest admin status: whether the site has a recovery key, and how many accounts have a slot for it.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { pairLines } from '../words.ts'

const input = z.strictObject({})
const result = z.object({
  isSet: z.boolean().describe('true: there is a key'),
  fingerprint: z.string().nullable().describe('of the public key: what owners find in their trail'),
  createdAt: z.string().nullable().describe('when the key was made, ISO 8601'),
  changedAt: z.string().nullable().describe('when its password was last set'),
  needed: z.number().describe('admins that must come together'),
  admins: z.number().describe('admins that hold a share'),
  accounts: z.number().describe('accounts with a slot for it'),
})

const iso = (time: number | undefined): string | null =>
  time === undefined ? null : new Date(time).toISOString()

/** Needs no password. */
export const atrestAdminStatus: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest admin status',
  summary: 'show the admin recovery key and who has a slot for it',
  examples: [{ line: 'letterlock atrest admin status --json', does: 'for scripts' }],
  input,
  result,

  async run(work) {
    const { isSet, fingerprint, createdAt, changedAt, threshold, holders, accounts } =
      await work.accounts.escrow.escrowStatus()
    const times = { createdAt: iso(createdAt), changedAt: iso(changedAt) }
    return { isSet, fingerprint: fingerprint ?? null, ...times, needed: threshold, admins: holders, accounts }
  },

  show({ isSet, fingerprint, createdAt, changedAt, needed, admins, accounts }, view) {
    if (!isSet) view.talk('This site has no admin recovery key.')
    const pairs: [string, string][] = isSet
      ? [
          ['key', fingerprint ?? ''],
          ['made', createdAt ?? ''],
          ['password set', changedAt ?? ''],
          ['opened by', `${needed} of ${admins}`],
        ]
      : []
    for (const line of pairLines([...pairs, ['accounts', String(accounts)]])) view.out(line)
  },
})
