// atrest enable: from now on only the owner's password or recovery code opens the mail.
import { z } from 'zod'
import { Refusal } from '../../account/errors.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { isSealed } from '../account-checks.ts'
import { address, addressArgument, atRestForm } from '../forms.ts'

const input = z.strictObject({ address, wait: z.boolean().optional() })
const result = z.object({
  address: z.string().describe('whose mail it is'),
  atRest: atRestForm.describe('state reached'),
})

/** Turns at-rest encryption on; prints the recovery code once, then follows the conversion of older mail. */
export const atrestEnable: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest enable',
  summary: 'seal an account: only its owner can open its mail',
  notes:
    "Needs the account's password, and prints a recovery code, once. Whoever loses both loses the mail: nobody else can " +
    'open it, the operator included. Mail keeps arriving while the account is locked; mail programs need no change. ' +
    'Older mail is sealed anew while the mailbox stays usable; that survives a restart.',
  examples: [
    { line: 'letterlock atrest enable alice@example.org', does: 'asks for the password, prints the code' },
    { line: 'letterlock atrest enable alice@example.org --no-wait', does: 'does not follow the conversion' },
  ],
  arguments: [addressArgument],
  options: [
    { flags: '--no-wait', description: 'end when new mail is safe; older mail follows in the server' },
  ],
  input,
  result,
  changesData: true,
  mayNeed: [{ name: 'password', kind: 'current' }],
  secrets: ({ address }) => [{ name: 'password', kind: 'current', prompt: `Password of ${address}` }],
  reveals: {
    'recovery-code':
      'Recovery code, shown this once. Print it or write it down, and keep it away from this machine:\n' +
      'it opens the mail when the password is forgotten.',
  },

  async run(work, { address, wait }) {
    const info = await work.accounts.info(address)
    if (work.isDryRun) {
      if (isSealed(info)) throw new Refusal('already-enabled', `${info.address} is encrypted at rest already`)
      return { address: info.address, atRest: info.atRest }
    }
    const { recoveryCode, finished } = await work.accounts.enableAtRest(
      address,
      work.secret('password'),
      (done, total) => work.progress(done, total),
    )
    finished.catch(() => undefined) // awaited below, or reported by the account layer itself
    await work.reveal('recovery-code', recoveryCode)
    // Without a server there is nobody who would go on with it.
    if (wait !== false || !work.server) {
      await Promise.race([finished, aborted(work.signal)])
    }
    return { address: info.address, atRest: (await work.accounts.info(address)).atRest }
  },

  show({ address, atRest }, view) {
    if (atRest === 'on') view.talk(`${address} is encrypted at rest.`)
    else if (atRest === 'converting') {
      view.talk(`${address}: new mail is sealed; older mail follows (letterlock atrest status ${address}).`)
    } else view.talk(`${address} could be encrypted at rest.`)
  },
})

/** Resolves when the asker is gone. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
