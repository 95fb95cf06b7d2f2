// atrest pubkey list: the keys that an account's mail is sealed to.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'
import { keyForm, keyRow, settingsForm, settingsRow, showKeys } from '../own-keys.ts'

const input = z.strictObject({ address })
const result = z.object({
  address: z.string().describe('whose mail it is'),
  keys: z.array(keyForm).describe('its keys'),
  settings: settingsForm.describe('how mail is sealed to them'),
  job: z
    .object({
      done: z.number().describe('messages looked at'),
      total: z.number().describe('messages there are'),
      waitsFor: z.string().nullable().describe('why it does not go on'),
    })
    .nullable()
    .describe('older mail that is being sealed'),
})

/** Shows keys, settings and the work on older mail. Needs no secret: the keys are public. */
export const atrestPubkeyList: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest pubkey list',
  summary: 'show the keys that an account’s mail is sealed to',
  examples: [{ line: 'letterlock atrest pubkey list alice@example.org', does: 'shows keys and settings' }],
  arguments: [addressArgument],
  input,
  result,

  async run(work, { address }) {
    const info = await work.accounts.info(address)
    const { keys, settings, job } = await work.accounts.publicKeys.publicKeys(info.address)
    return {
      address: info.address,
      keys: keys.map(keyRow),
      settings: settingsRow(settings),
      job: job ? { done: job.done, total: job.total, waitsFor: job.waitsFor ?? null } : null,
    }
  },

  show({ address, keys, settings, job }, view) {
    if (keys.length === 0) view.talk(`Mail for ${address} is not sealed to a key of its owner.`)
    showKeys(keys, view)
    if (keys.length > 0) {
      for (const [name, value] of Object.entries(settings)) view.out(`${name}: ${String(value)}`)
    }
    if (job)
      view.talk(
        `Older mail: ${job.done} of ${job.total}${job.waitsFor === null ? '' : `, waits: ${job.waitsFor}`}`,
      )
  },
})
