// app-password list: the app passwords of an account.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument, appPasswordForm, appPasswordLines, appPasswordView } from '../forms.ts'
import { ownerNeeds, ownerSecret, siteKeyField, siteKeyOption } from '../owner.ts'
import { counted } from '../words.ts'

const input = z.strictObject({ address, siteKey: siteKeyField })
const result = z.object({ appPasswords: z.array(appPasswordForm).describe('one object each') })

/** Lists app passwords with their last use. Their names are sealed: it takes the owner's secret. */
export const appPasswordList: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'app-password list',
  summary: 'list the app passwords of an account',
  examples: [
    { line: 'letterlock app-password list alice@example.org', does: 'asks for the password' },
    { line: 'letterlock app-password list bob@example.org --site-key --json', does: 'for scripts' },
  ],
  arguments: [addressArgument],
  options: [siteKeyOption],
  input,
  result,
  mayNeed: [{ name: 'password', kind: 'current' }],
  secrets: (given) => ownerNeeds(given),

  async run(work, given) {
    const found = await work.accounts.slots.appPasswords(given.address, ownerSecret(work, given))
    return { appPasswords: found.map(appPasswordView) }
  },

  show({ appPasswords }, view) {
    if (appPasswords.length > 0) for (const line of appPasswordLines(appPasswords)) view.out(line)
    view.talk(view.talkPaint.dim(counted(appPasswords.length, 'app password')))
  },
})
