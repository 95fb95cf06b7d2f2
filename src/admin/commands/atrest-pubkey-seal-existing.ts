// atrest pubkey seal-existing: seals the mail that is there already.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'
import { ownerInput, ownerMayNeed, ownerNeeds, ownerOptions, ownerSecret } from '../owner-secret.ts'

const input = z.strictObject({ address, ...ownerInput })
const result = z.object({ address: z.string().describe('whose mail it is') })

/** Seals older mail, and follows that to its end. It goes on at the next login when it is interrupted. */
export const atrestPubkeySealExisting: SiteCommand<
  z.output<typeof input>,
  z.output<typeof result>
> = siteCommand({
  name: 'atrest pubkey seal-existing',
  summary: 'seal older mail to its owner’s key as well',
  notes:
    'Each message is opened again and compared before the readable one goes; dates and flags stay, UIDs are new, as IMAP wants it. There is no way back ' +
    'but the private key. The account can be used meanwhile; what is interrupted goes on at the next login.',
  examples: [
    { line: 'letterlock atrest pubkey seal-existing alice@example.org', does: 'asks for the password' },
  ],
  arguments: [addressArgument],
  options: ownerOptions,
  input,
  result,
  changesData: true,
  mayNeed: ownerMayNeed,
  secrets: (given) => ownerNeeds(given),
  confirm: ({ address }) => ({
    type: address,
    warning: 'Only the private key opens this mail from now on. The server cannot search it any more.',
  }),

  async run(work, given) {
    const info = await work.accounts.info(given.address)
    const secret = ownerSecret(work, given)
    if (work.isDryRun || !secret) return { address: info.address }
    const { publicKeys } = work.accounts
    const { finished } = await publicKeys.sealExistingMail(info.address, secret, (done, total) =>
      work.progress(done, total),
    )
    await finished
    return { address: info.address }
  },

  show({ address }, view) {
    view.talk(`Every message of ${address} that could be sealed is.`)
  },
})
