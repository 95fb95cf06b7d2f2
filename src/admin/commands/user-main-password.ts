// user main-password: where the main password is taken.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'
import { ownerNeeds, ownerSecret, siteKeyField, siteKeyOption } from '../owner.ts'

const input = z.strictObject({
  address,
  use: z.enum(['everywhere', 'web-only'], 'must be everywhere or web-only'),
  siteKey: siteKeyField,
})
const result = z.object({
  address: z.string().describe('whose account it is'),
  mainPassword: z.enum(['everywhere', 'web-only']).describe('where it is taken from now on'),
})

/** Makes the main password good on the web page only, or everywhere again. */
export const userMainPassword: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'user main-password',
  summary: 'say where the main password is taken',
  notes:
    'web-only: mail programs need app passwords, for reading and for sending; sessions that used the main password end. These commands ' +
    'and the web page still take it.',
  examples: [
    {
      line: 'letterlock user main-password alice@example.org web-only',
      does: 'mail programs need app passwords',
    },
    { line: 'letterlock user main-password alice@example.org everywhere', does: 'as it was' },
  ],
  arguments: [addressArgument, { name: 'USE', key: 'use', description: 'everywhere or web-only' }],
  options: [siteKeyOption],
  input,
  result,
  changesData: true,
  mayNeed: [{ name: 'password', kind: 'current' }],
  secrets: (given) => ownerNeeds(given),

  async run(work, given) {
    const info = await work.accounts.info(given.address)
    if (!work.isDryRun)
      await work.accounts.slots.setMainPasswordUse(given.address, ownerSecret(work, given), given.use)
    return { address: info.address, mainPassword: given.use }
  },

  show({ address, mainPassword }, view) {
    view.talk(
      mainPassword === 'web-only'
        ? `The main password of ${address} is for the web page only; mail programs need app passwords.`
        : `The main password of ${address} is taken everywhere.`,
    )
  },
})
