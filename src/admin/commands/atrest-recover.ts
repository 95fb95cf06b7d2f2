// atrest recover: a new password by recovery code.
import { z } from 'zod'
import { Refusal } from '../../account/errors.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { isSealed } from '../account-checks.ts'
import { address, addressArgument } from '../forms.ts'

const input = z.strictObject({ address })
const result = z.object({
  address: z.string().describe('whose account it is'),
  recovered: z.boolean().describe('false after a dry run'),
})

/** Sets a new password with the recovery code; the code is used up and a new one printed. */
export const atrestRecover: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest recover',
  summary: 'set a new password with the recovery code',
  notes:
    'The code is used up, and a new one is printed, once. The mail stays as it is. Case, spaces and dashes do not ' +
    'matter, nor O for 0 and I or L for 1. In pipes with two secrets from -, the code is the first line.',
  examples: [
    { line: 'letterlock atrest recover alice@example.org', does: 'asks for the code and a new password' },
    {
      line: 'letterlock atrest recover alice@example.org --code-file code.txt --generate',
      does: 'prints the new password and the new code',
    },
  ],
  arguments: [addressArgument],
  input,
  result,
  changesData: true,
  mayNeed: [
    { name: 'recovery-code', kind: 'current' },
    { name: 'password', kind: 'new' },
  ],
  secrets: ({ address }) => [
    { name: 'recovery-code', kind: 'current', prompt: `Recovery code of ${address}` },
    { name: 'password', kind: 'new', prompt: `New password for ${address}` },
  ],
  reveals: {
    'recovery-code':
      'New recovery code, shown this once; the one you used is dead. Print it or write it down.',
  },

  async run(work, { address }) {
    const info = await work.accounts.info(address)
    if (work.isDryRun) {
      if (!isSealed(info)) throw new Refusal('not-enabled', `${info.address} is not encrypted at rest`)
      return { address: info.address, recovered: false }
    }
    const given = work.secret('recovery-code')
    const { recoveryCode } = await work.accounts.recover(address, given, work.secret('password'))
    await work.reveal('recovery-code', recoveryCode)
    return { address: info.address, recovered: true }
  },

  show({ address, recovered }, view) {
    view.talk(
      recovered ? `${address} has a new password and a new recovery code.` : `${address} can be recovered.`,
    )
  },
})
