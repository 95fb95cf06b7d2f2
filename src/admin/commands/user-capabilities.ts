// user capabilities: which IMAP capabilities an account's clients are not offered.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'

const names = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim().toUpperCase()))
  .pipe(z.array(z.string().regex(/^[A-Z0-9][A-Z0-9=+.-]{0,63}$/, 'must be names such as QRESYNC,IMAP4rev2')))
const input = z
  .strictObject({ address, off: names.optional(), reset: z.boolean().optional() })
  .refine(({ off, reset }) => !(off && reset), 'give --off or --reset, not both')
const result = z.object({
  address: z.string().describe('its address'),
  capabilitiesOff: z.array(z.string()).describe('IMAP capabilities that its sessions are not offered'),
})

/** Shows or sets them; without options it only shows. In force from the next login. */
export const userCapabilities: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'user capabilities',
  summary: 'switch IMAP capabilities off for one account',
  notes:
    'For clients that trip over one. In force from the next login; the list given replaces the one before.',
  examples: [
    { line: 'letterlock user capabilities alice@example.org', does: 'shows what is off' },
    {
      line: 'letterlock user capabilities alice@example.org --off IMAP4rev2,QRESYNC',
      does: 'switches two off',
    },
    { line: 'letterlock user capabilities alice@example.org --reset', does: 'offers everything again' },
  ],
  arguments: [addressArgument],
  options: [
    { flags: '--off NAMES', description: 'capabilities, with commas between them' },
    { flags: '--reset', description: 'switch none off' },
  ],
  input,
  result,
  changesData: true,

  async run(work, { address, off, reset }) {
    const wanted = reset ? [] : off
    if (wanted && !work.isDryRun) await work.accounts.setCapabilitiesOff(address, wanted)
    const info = await work.accounts.info(address)
    return {
      address: info.address,
      capabilitiesOff: [...(work.isDryRun && wanted ? wanted : info.capabilitiesOff)],
    }
  },

  show({ address, capabilitiesOff }, view) {
    if (capabilitiesOff.length === 0) view.talk(`${address} is offered every capability.`)
    else view.talk(`${address} is not offered ${capabilitiesOff.join(', ')} from the next login on.`)
  },
})
