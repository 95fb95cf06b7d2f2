// quota get: how much room accounts have and use.
import { z } from 'zod'
import type { AccountInfo } from '../../account/api.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, matchesMask } from '../forms.ts'
import { sizeInWords, tableLines } from '../words.ts'

const input = z.strictObject({ address: address.optional() })
const row = z.object({
  address: z.string().describe('its address'),
  usedBytes: z.number().describe('bytes stored'),
  quotaBytes: z.number().nullable().describe('bytes allowed; null: no limit'),
  usedPercent: z.number().nullable().describe('of the quota; null: no limit'),
})
const result = z.object({ quotas: z.array(row).describe('one object an account') })

function quotaRow({ address, usedBytes, quotaBytes }: AccountInfo): z.output<typeof row> {
  const usedPercent =
    quotaBytes === undefined ? null : quotaBytes === 0 ? 100 : Math.round((usedBytes / quotaBytes) * 100)
  return { address, usedBytes, quotaBytes: quotaBytes ?? null, usedPercent }
}

/** Shows quota and usage of one account or of all. */
export const quotaGet: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'quota get',
  summary: 'show quota and usage',
  examples: [
    { line: 'letterlock quota get', does: 'of all accounts' },
    { line: 'letterlock quota get alice@example.org --json', does: 'of one, for scripts' },
    { line: "letterlock quota get '*@example.org'", does: 'of a domain, with the sum' },
  ],
  arguments: [
    { name: '[ADDR]', key: 'address', description: 'address of the account, or a mask with * and ?' },
  ],
  input,
  result,
  rows: 'quotas',

  async run(work, { address }) {
    const isMask = address !== undefined && /[*?]/.test(address)
    if (address !== undefined && !isMask) await work.row(quotaRow(await work.accounts.info(address)))
    else {
      for await (const info of work.accounts.list()) {
        if (work.signal.aborted) break
        if (!isMask || matchesMask(address, info.address)) await work.row(quotaRow(info))
      }
    }
    return { quotas: [] }
  },

  show({ quotas }, view) {
    if (quotas.length === 0) return
    const rows = quotas.map((one) => [
      one.address,
      sizeInWords(one.usedBytes),
      one.quotaBytes === null ? 'none' : sizeInWords(one.quotaBytes),
      one.usedPercent === null ? '-' : `${one.usedPercent} %`,
    ])
    for (const line of tableLines(['ADDRESS', 'USED', 'QUOTA', 'FULL'], rows)) view.out(line)
    const sum = quotas.reduce((all, { usedBytes }) => all + usedBytes, 0)
    if (quotas.length > 1)
      view.talk(view.talkPaint.dim(`${quotas.length} accounts, ${sizeInWords(sum)} in all`))
  },
})
