// atrest rotate: new keys for everything an account has.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { aborted } from '../aborted.ts'
import { estimated } from '../account-checks.ts'
import { address, addressArgument } from '../forms.ts'
import { ownerMayNeed, ownerNeeds, ownerSecret, recoveryOption } from '../owner-secret.ts'
import { durationInWords, sizeInWords } from '../words.ts'

const input = z.strictObject({
  address,
  reencrypt: z.boolean().optional(),
  recovery: z.boolean().optional(),
  wait: z.boolean().optional(),
})
const result = z.object({
  address: z.string().describe('whose keys they are'),
  usedBytes: z.number().describe('octets of mail that the account has'),
  estimatedSeconds: z.number().describe('about how long it takes on a quiet machine'),
  isDone: z.boolean().describe('false when older records still follow, and after a dry run'),
})

/** New volume key, roots and delivery key; with --reencrypt a new key for every message as well. */
export const atrestRotate: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest rotate',
  summary: 'renew every key of an account',
  notes:
    'For when an older password, key file or copy of the disk may be in wrong hands: what opened the account before opens nothing of it afterwards ' +
    'but what such a copy itself holds. Passwords and the recovery code stay. With --reencrypt each message is sealed again under a new key, ' +
    'so that message keys from an older copy open nothing in the present store either; that reads and writes all mail once. The mailbox can ' +
    'be used meanwhile, and a restart interrupts nothing for good.',
  examples: [
    { line: 'letterlock atrest rotate alice@example.org', does: 'asks for the password' },
    {
      line: 'letterlock atrest rotate alice@example.org --reencrypt --dry-run',
      does: 'says how much there is to do',
    },
    { line: 'letterlock atrest rotate bob@example.org --no-wait', does: 'ends when new mail is safe' },
  ],
  arguments: [addressArgument],
  options: [
    { flags: '--reencrypt', description: 'seal every message again under a new key' },
    recoveryOption,
    { flags: '--no-wait', description: 'do not wait for older records; they follow in the server' },
  ],
  input,
  result,
  changesData: true,
  mayNeed: ownerMayNeed,
  secrets: (given) => ownerNeeds(given),

  async run(work, given) {
    const { address, reencrypt, wait } = given
    const info = await work.accounts.info(address)
    const base = { address: info.address, usedBytes: info.usedBytes }
    const estimatedSeconds = estimated(info, reencrypt === true)
    const secret = ownerSecret(work, given)
    if (work.isDryRun || !secret) return { ...base, estimatedSeconds, isDone: false }
    const { finished } = await work.accounts.atRest.rotateKeys(address, secret, {
      reencrypt: reencrypt === true,
      progress: (done, total) => work.progress(done, total),
    })
    finished.catch(() => undefined) // awaited below, or reported by the account layer itself
    if (wait !== false || !work.server) await Promise.race([finished, aborted(work.signal)])
    const { job } = await work.accounts.atRest.atRestStatus(address)
    return { ...base, estimatedSeconds, isDone: job === undefined }
  },

  show({ address, isDone, usedBytes, estimatedSeconds }, view) {
    if (isDone) view.talk(`${address} has new keys.`)
    else
      view.talk(
        `${address}: new mail is sealed to new keys; ${sizeInWords(usedBytes)} of older mail follow, about ` +
          `${durationInWords(estimatedSeconds * 1000)} (letterlock atrest status ${address}).`,
      )
  },
})
