// quota set: how much room an account has.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { accountForm, accountRow, address, addressArgument, quota } from '../forms.ts'
import { sizeInWords } from '../words.ts'

const input = z.strictObject({ address, size: quota })
const result = accountForm

/** Sets an account's quota. What is stored already stays, also above it. */
export const quotaSet: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'quota set',
  summary: "set an account's quota",
  notes: 'Mail that is there stays, also above the new quota; new mail is refused until there is room.',
  examples: [
    { line: 'letterlock quota set alice@example.org 2G', does: '2 GiB' },
    { line: 'letterlock quota set alice@example.org none', does: 'no limit' },
  ],
  arguments: [addressArgument, { name: 'SIZE', key: 'size', description: 'such as 500M or 2G, or none' }],
  input,
  result,
  changesData: true,

  async run(work, { address, size }) {
    if (!work.isDryRun) await work.accounts.setQuota(address, size ?? undefined)
    return { ...accountRow(await work.accounts.info(address)), quotaBytes: size }
  },

  show(row, view) {
    const room = row.quotaBytes === null ? 'no quota' : `a quota of ${sizeInWords(row.quotaBytes)}`
    view.talk(`${row.address} has ${room} and uses ${sizeInWords(row.usedBytes)}.`)
    if (row.quotaBytes !== null && row.usedBytes > row.quotaBytes) {
      view.talk(view.talkPaint.yellow('It is over its quota: new mail is refused.'))
    }
  },
})
