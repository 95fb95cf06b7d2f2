// atrest code test: whether a recovery code opens the account.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'

const input = z.strictObject({ address })
const result = z.object({
  address: z.string().describe('whose code it is'),
  works: z.boolean().describe('always true: a code that does not work is a failure'),
})

/** Tries the code; nothing changes but the date of the last check. */
export const atrestCodeTest: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest code test',
  summary: 'try a recovery code without using it up',
  notes:
    'Says where a typing mistake is, if there is a single one. Nothing changes but the date of the last check, which `atrest status` shows. ' +
    'Exit code 65 when the code does not open the account.',
  examples: [
    { line: 'letterlock atrest code test alice@example.org', does: 'asks for the code' },
    {
      line: 'letterlock atrest code test alice@example.org --code-file code.txt --json',
      does: 'for scripts',
    },
  ],
  arguments: [addressArgument],
  input,
  result,
  mayNeed: [{ name: 'recovery-code', kind: 'current' }],
  secrets: ({ address }) => [
    { name: 'recovery-code', kind: 'current', prompt: `Recovery code of ${address}` },
  ],

  async run(work, { address }) {
    await work.accounts.atRest.testRecoveryCode(address, work.secret('recovery-code'))
    return { address, works: true }
  },

  show({ address }, view) {
    view.talk(`This code opens the mail of ${address}. It was not used up.`)
  },
})
