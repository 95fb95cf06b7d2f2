// atrest pubkey settings: how mail is sealed to its owner's keys.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'
import { settingsForm, settingsRow } from '../own-keys.ts'
import { ownerInput, ownerMayNeed, ownerNeeds, ownerOptions, ownerSecret } from '../owner-secret.ts'

const yesOrNo = z.union([z.boolean(), z.enum(['yes', 'no']).transform((word) => word === 'yes')]).optional()
const input = z.strictObject({
  address,
  append: yesOrNo,
  exceptDrafts: yesOrNo,
  protectHeaders: yesOrNo,
  onTrouble: z.enum(['defer', 'store-marked']).optional(),
  ...ownerInput,
})
const result = z.object({ address: z.string().describe('whose mail it is'), ...settingsForm.shape })

/** Changes what is given, leaves the rest. */
export const atrestPubkeySettings: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand(
  {
    name: 'atrest pubkey settings',
    summary: 'change how mail is sealed to its owner’s keys',
    notes:
      'defer refuses mail with 451 while no key can be used, so that its senders try again; store-marked keeps it under the account’s own seal alone, ' +
      'with the field X-Letterlock-Not-Sealed.',
    examples: [
      {
        line: 'letterlock atrest pubkey settings alice@example.org --append yes --except-drafts yes',
        does: 'seals what her programs store as well, drafts excepted',
      },
      {
        line: 'letterlock atrest pubkey settings alice@example.org --protect-headers yes',
        does: 'puts the subject inside',
      },
    ],
    arguments: [addressArgument],
    options: [
      { flags: '--append YES', description: 'seal what clients APPEND: yes or no' },
      { flags: '--except-drafts YES', description: 'leave drafts readable: yes or no' },
      { flags: '--protect-headers YES', description: 'the subject goes inside (RFC 9788): yes or no' },
      { flags: '--on-trouble POLICY', description: 'defer or store-marked' },
      ...ownerOptions,
    ],
    input,
    result,
    changesData: true,
    mayNeed: ownerMayNeed,
    secrets: (given) => ownerNeeds(given),

    async run(work, given) {
      const info = await work.accounts.info(given.address)
      const secret = ownerSecret(work, given)
      const { append, exceptDrafts, protectHeaders, onTrouble } = given
      if (!work.isDryRun && secret) {
        await work.accounts.publicKeys.setSealing(info.address, secret, {
          ...(append === undefined ? {} : { append }),
          ...(exceptDrafts === undefined ? {} : { exceptDrafts }),
          ...(protectHeaders === undefined ? {} : { protectHeaders }),
          ...(onTrouble === undefined ? {} : { onTrouble }),
        })
      }
      const { settings } = await work.accounts.publicKeys.publicKeys(info.address)
      return { address: info.address, ...settingsRow(settings) }
    },

    show({ address, ...settings }, view) {
      for (const [name, value] of Object.entries(settings)) view.out(`${name}: ${String(value)}`)
      view.talk(`In force for ${address} at once.`)
    },
  },
)
