// atrest pubkey seal-existing: seals the mail that is there already.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'
import { ownerInput, ownerMayNeed, ownerNeeds, ownerOptions, ownerSecret } from '../owner-secret.ts'

const input = z.strictObject({ address, cancel: z.boolean().optional(), ...ownerInput })
const result = z.object({
  address: z.string().describe('whose mail it is'),
  cancelled: z.boolean().describe('true: it was ended by --cancel'),
})

/** Seals older mail, and follows that to its end. It goes on at the next login when it is interrupted. */
export const atrestPubkeySealExisting: SiteCommand<
  z.output<typeof input>,
  z.output<typeof result>
> = siteCommand({
  name: 'atrest pubkey seal-existing',
  summary: 'seal older mail to its owner’s key as well',
  notes:
    'Each message is opened again and compared before the readable one goes; dates and flags stay, UIDs are new, as IMAP wants it. There is no way back ' +
    'but the private key. The account can be used meanwhile; what is interrupted goes on at the next login. --cancel ends it for good, wherever it is; what is sealed stays so.',
  examples: [
    { line: 'letterlock atrest pubkey seal-existing alice@example.org', does: 'asks for the password' },
    {
      line: 'letterlock atrest pubkey seal-existing alice@example.org --cancel',
      does: 'leaves the rest as it is',
    },
  ],
  arguments: [addressArgument],
  options: [{ flags: '--cancel', description: 'end what is under way, for good' }, ...ownerOptions],
  input,
  result,
  changesData: true,
  mayNeed: ownerMayNeed,
  secrets: (given) => ownerNeeds(given),
  mustConfirm: ({ cancel }) => !cancel,
  confirm: ({ address }) => ({
    type: address,
    warning: 'Only the private key opens this mail from now on. The server cannot search it any more.',
  }),

  async run(work, given) {
    const info = await work.accounts.info(given.address)
    const secret = ownerSecret(work, given)
    const { publicKeys } = work.accounts
    const cancelled = given.cancel === true && !work.isDryRun
    if (work.isDryRun || !secret) return { address: info.address, cancelled }
    if (cancelled) {
      await publicKeys.cancelSealing(info.address, secret)
      return { address: info.address, cancelled }
    }
    const { finished } = await publicKeys.sealExistingMail(info.address, secret, (done, total) =>
      work.progress(done, total),
    )
    await finished
    return { address: info.address, cancelled }
  },

  show({ address, cancelled }, view) {
    if (cancelled) view.talk(`Sealing the older mail of ${address} has ended; what was sealed stays so.`)
    else view.talk(`Every message of ${address} that could be sealed is.`)
  },
})
