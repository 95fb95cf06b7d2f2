// atrest pubkey remove: mail is no longer sealed to this key.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'
import { ownerInput, ownerMayNeed, ownerNeeds, ownerOptions, ownerSecret } from '../owner-secret.ts'

const input = z.strictObject({
  address,
  fingerprint: z.string().regex(/^[0-9A-Fa-f: ]{8,128}$/, 'must be at least 8 digits of a fingerprint'),
  ...ownerInput,
})
const result = z.object({
  address: z.string().describe('whose mail it is'),
  left: z.number().describe('keys that are left'),
})

/** Removes one. What was sealed to it stays sealed. */
export const atrestPubkeyRemove: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest pubkey remove',
  summary: 'no longer seal mail to a key of its owner',
  notes: 'What was sealed to it stays so: keep the private key.',
  examples: [
    {
      line: 'letterlock atrest pubkey remove alice@example.org 332dd5a561c9478e',
      does: 'asks for the password',
    },
  ],
  arguments: [
    addressArgument,
    { name: 'FINGERPRINT', key: 'fingerprint', description: 'of the key, or its beginning or end' },
  ],
  options: ownerOptions,
  input,
  result,
  changesData: true,
  mayNeed: ownerMayNeed,
  secrets: (given) => ownerNeeds(given),
  confirm: ({ address, fingerprint }) => ({
    type: fingerprint,
    warning: `Mail for ${address} will not be sealed to this key any more; without another key the server can read it while the account is unlocked.`,
  }),

  async run(work, given) {
    const info = await work.accounts.info(given.address)
    const secret = ownerSecret(work, given)
    if (!work.isDryRun && secret)
      await work.accounts.publicKeys.removePublicKey(info.address, secret, given.fingerprint)
    const { keys } = await work.accounts.publicKeys.publicKeys(info.address)
    return { address: info.address, left: keys.length }
  },

  show({ address, left }, view) {
    view.talk(
      left === 0
        ? `Mail for ${address} is not sealed to a key of its owner any more.`
        : `Keys left: ${left}.`,
    )
  },
})
