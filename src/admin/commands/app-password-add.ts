// app-password add: makes a password for one mail program.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { parseDuration } from '../../config/units.ts'
import { address, addressArgument, appPasswordForm, appPasswordView } from '../forms.ts'
import { ownerNeeds, ownerSecret, siteKeyField, siteKeyOption } from '../owner.ts'

const protocols = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim().toLowerCase()))
  .pipe(z.array(z.enum(['imap', 'submission'], 'must be imap, submission or both with a comma')))
const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text)
  if (ms !== undefined && ms > 0) return ms
  context.addIssue({ code: 'custom', message: 'must be a duration such as 90d' })
  return z.NEVER
})
const input = z.strictObject({
  address,
  name: z.string('is needed: what the password is for, as --name iPhone').min(1).max(50),
  proto: protocols.optional(),
  expires: z.union([duration, z.number()]).optional(),
  siteKey: siteKeyField,
})
const result = z.object({
  address: z.string().describe('whose account it is'),
  made: appPasswordForm.nullable().describe('what was made; null after a dry run'),
})

/** Makes an app password and prints it once. */
export const appPasswordAdd: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'app-password add',
  summary: 'make a password for one mail program',
  notes:
    'It is generated, opens the account like the main password, for reading (imap), sending (submission) or both, and can be revoked by itself. ' +
    'Case, spaces and dashes do not matter. It is no secret for the web page or for these commands.',
  examples: [
    { line: 'letterlock app-password add alice@example.org --name iPhone', does: 'asks for the password' },
    {
      line: 'letterlock app-password add alice@example.org --name scanner --proto submission --expires 90d',
      does: 'for sending only, for 90 days',
    },
  ],
  arguments: [addressArgument],
  options: [
    { flags: '--name NAME', description: 'what it is for' },
    { flags: '--proto LIST', description: 'imap, submission, or both (as without it)' },
    { flags: '--expires TIME', description: 'how long it is good, such as 90d' },
    siteKeyOption,
  ],
  input,
  result,
  changesData: true,
  mayNeed: [{ name: 'password', kind: 'current' }],
  secrets: (given) => ownerNeeds(given),
  reveals: { 'app-password': 'App password, shown this once. Type or paste it into the mail program.' },

  async run(work, given) {
    const info = await work.accounts.info(given.address)
    if (work.isDryRun) return { address: info.address, made: null }
    const { appPassword, text } = await work.accounts.slots.addAppPassword(
      given.address,
      ownerSecret(work, given),
      {
        name: given.name,
        ...(given.proto ? { protocols: given.proto } : {}),
        ...(given.expires === undefined ? {} : { expiresAt: Date.now() + given.expires }),
      },
    )
    await work.reveal('app-password', text)
    return { address: info.address, made: appPasswordView(appPassword) }
  },

  show({ address, made }, view) {
    if (made) view.talk(`${address} has an app password "${made.name}", ${made.id}.`)
    else view.talk(`${address} can have one.`)
  },
})
