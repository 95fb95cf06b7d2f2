// atrest pubkey add: from now on mail is sealed to this key before it is stored.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'
import { keyFile, keyForm, keyRow, readKeyFile, showKeys } from '../own-keys.ts'
import { ownerInput, ownerMayNeed, ownerNeeds, ownerOptions, ownerSecret } from '../owner-secret.ts'

const input = z.strictObject({ address, file: keyFile, ...ownerInput })
const result = z.object({
  address: z.string().describe('whose mail it is'),
  keys: z.array(keyForm).describe('what the file holds; those without a problem are kept'),
})

/** Adds the keys of a file. */
export const atrestPubkeyAdd: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest pubkey add',
  summary: 'seal mail to an OpenPGP key or S/MIME certificate of its owner',
  notes:
    'Mail that comes from now on is sealed to the key before it is stored, on top of everything else: only a program that has the private key reads it, ' +
    'and the server no longer searches it. Give the public key alone. The dry run shows what a file holds.',
  examples: [
    { line: 'letterlock atrest pubkey add alice@example.org /tmp/alice.asc', does: 'asks for the password' },
    {
      line: 'letterlock atrest pubkey add alice@example.org /tmp/alice.pem --dry-run --json',
      does: 'only says what the file holds',
    },
  ],
  arguments: [addressArgument, { name: 'FILE', key: 'file', description: 'absolute path of the public key' }],
  options: ownerOptions,
  input,
  result,
  changesData: true,
  mayNeed: ownerMayNeed,
  secrets: (given) => ownerNeeds(given),

  async run(work, given) {
    const info = await work.accounts.info(given.address)
    const file = await readKeyFile(given.file)
    const secret = ownerSecret(work, given)
    const { publicKeys } = work.accounts
    const keys =
      work.isDryRun || !secret
        ? await publicKeys.inspectPublicKeys(file)
        : await publicKeys.addPublicKeys(info.address, secret, file)
    return { address: info.address, keys: keys.map(keyRow) }
  },

  show({ address, keys }, view) {
    showKeys(keys, view)
    if (keys.some(({ problem }) => problem === null))
      view.talk(`New mail for ${address} is sealed to it. Try it: letterlock atrest pubkey test ${address}`)
    else view.talk('A key that is revoked is not used any more: without another one mail cannot be sealed.')
  },
})
