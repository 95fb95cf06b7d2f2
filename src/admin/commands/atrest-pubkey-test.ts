// atrest pubkey test: a message sealed as mail is, to see whether the owner's program opens it.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'

const input = z.strictObject({ address })
const result = z.object({ address: z.string().describe('where the message is') })

/** Delivers it. */
export const atrestPubkeyTest: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest pubkey test',
  summary: 'deliver a message sealed to its owner’s key',
  examples: [{ line: 'letterlock atrest pubkey test alice@example.org', does: 'puts it into the INBOX' }],
  arguments: [addressArgument],
  input,
  result,
  changesData: true,

  async run(work, { address }) {
    const info = await work.accounts.info(address)
    if (!work.isDryRun) await work.accounts.publicKeys.testPublicKeys(info.address)
    return { address: info.address }
  },

  show({ address }, view) {
    view.talk(`A test message is in the INBOX of ${address}: its owner’s program must be able to open it.`)
  },
})
