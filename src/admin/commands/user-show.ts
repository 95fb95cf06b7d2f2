// user show: what is known of one account without its keys.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { accountForm, accountRow, address, addressArgument } from '../forms.ts'
import { infoOf } from '../account-checks.ts'
import { pairLines, printable, sizeInWords } from '../words.ts'

const input = z.strictObject({ address })
const result = accountForm.extend({
  accountId: z.string().describe('its identifier on the disk, hexadecimal'),
  capabilitiesOff: z.array(z.string()).describe('IMAP capabilities that its sessions are not offered'),
  aliases: z.array(z.string()).describe('aliases that name it'),
  slots: z
    .array(
      z.object({
        id: z.string().describe('identifier'),
        kind: z.string().describe('password, recovery, server, ...'),
        createdAt: z.string().describe('ISO 8601'),
      }),
    )
    .describe('key slots: each is one way to open the mail'),
})

const atRestWords = {
  off: 'off (the server can open it with the site key)',
  converting: 'on; older mail is still being sealed anew',
  on: 'on',
  disabling: 'off (the server can open it with the site key); older mail is still being sealed anew',
  locked: 'on; the login password does not open the mail',
}

/** Shows an account: state, room, key slots. */
export const userShow: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'user show',
  summary: 'show one account',
  examples: [{ line: 'letterlock user show alice@example.org', does: 'state, room and key slots' }],
  arguments: [addressArgument],
  input,
  result,

  async run(work, { address }) {
    const info = await infoOf(work.accounts, address)
    return {
      ...accountRow(info),
      accountId: info.accountId,
      capabilitiesOff: [...info.capabilitiesOff],
      aliases: [...(await work.accounts.names.aliasesTo(info.address))],
      slots: info.slots.map(({ id, kind, createdAt }) => ({
        id,
        kind,
        createdAt: new Date(createdAt).toISOString(),
      })),
    }
  },

  show(row, view) {
    const room = row.quotaBytes === null ? '(no quota)' : `of ${sizeInWords(row.quotaBytes)}`
    const pairs: [string, string][] = [
      ['address', printable(row.address)],
      ...(row.aliases.length > 0 ? [['aliases', printable(row.aliases.join(', '))] as [string, string]] : []),
      ['account', row.accountId],
      ['logins', row.isDisabled ? 'disabled' : 'enabled'],
      ['at rest', atRestWords[row.atRest]],
      ['keys', row.isUnlocked ? 'in memory: its owner is logged in' : 'locked'],
      ['used', `${sizeInWords(row.usedBytes)} ${room}`],
      ['waiting', row.pendingArrivals === 0 ? 'nothing' : `${row.pendingArrivals} arrived while locked`],
      ['not offered', row.capabilitiesOff.join(', ') || 'nothing is switched off'],
      ...row.slots.map((slot): [string, string] => [
        'slot',
        `${slot.kind}  since ${slot.createdAt.slice(0, 10)}  ${slot.id}`,
      ]),
    ]
    for (const line of pairLines(pairs)) view.out(line)
  },
})
