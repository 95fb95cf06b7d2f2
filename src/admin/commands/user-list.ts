// user list: all accounts.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { accountForm, accountRow, matchesMask, type AccountRow } from '../forms.ts'
import { counted, sizeInWords, tableLines } from '../words.ts'

const input = z.strictObject({ mask: z.string().max(320).optional() })
const result = z.object({
  users: z.array(accountForm).describe('one object an account, in order of address'),
})

function state(row: AccountRow): string {
  if (row.isDisabled) return 'disabled'
  return row.isUnlocked ? 'logged in' : row.atRest === 'off' ? '-' : 'locked'
}

/** Lists accounts, all or those that fit a mask. */
export const userList: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'user list',
  summary: 'list accounts',
  examples: [
    { line: 'letterlock user list', does: 'all of them' },
    { line: "letterlock user list '*@example.org' --json", does: 'those of one domain, for scripts' },
  ],
  arguments: [
    { name: '[MASK]', key: 'mask', description: 'only addresses that fit, with * and ?, or a domain' },
  ],
  input,
  result,
  rows: 'users',

  async run(work, { mask: given }) {
    // No address is without an @.
    const mask = given === undefined || /[@*?]/.test(given) ? given : `*@${given}`
    for await (const info of work.accounts.list()) {
      if (work.signal.aborted) break
      if (mask === undefined || matchesMask(mask, info.address)) await work.row(accountRow(info))
    }
    return { users: [] }
  },

  show({ users }, view) {
    if (users.length > 0) {
      const rows = users.map((row) => [
        row.address,
        row.atRest,
        sizeInWords(row.usedBytes),
        row.quotaBytes === null ? 'none' : sizeInWords(row.quotaBytes),
        state(row),
      ])
      for (const line of tableLines(['ADDRESS', 'AT REST', 'USED', 'QUOTA', 'STATE'], rows)) view.out(line)
    }
    view.talk(view.talkPaint.dim(counted(users.length, 'account')))
  },
})
