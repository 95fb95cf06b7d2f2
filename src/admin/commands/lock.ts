// lock: ends all sessions of an account and wipes its keys.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { address, addressArgument } from '../forms.ts'
import { counted } from '../words.ts'
import { noteAct } from '../note-act.ts'

const input = z.strictObject({ address })
const result = z.object({
  address: z.string().describe('whose account it is'),
  ended: z.number().describe('sessions that were ended, or would be'),
})

/** Locks an account: its keys leave the memory, also those that are kept after the last session. */
export const lock: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'lock',
  summary: 'end all sessions of an account and wipe its keys',
  notes: 'Its owner can log in again at once: `letterlock user disable` keeps them out.',
  examples: [{ line: 'letterlock lock alice@example.org', does: 'its keys leave the memory' }],
  arguments: [addressArgument],
  input,
  result,
  needsServer: true,
  changesData: true,

  async run(work, { address }) {
    const info = await work.accounts.info(address)
    const present = work.accounts.sessions().filter((row) => row.address === info.address).length
    if (work.isDryRun) return { address: info.address, ended: present }
    const ended = await work.accounts.lock(address, 'locked by the administrator')
    await noteAct(work, { event: 'account.locked', address: info.address })
    return { address: info.address, ended }
  },

  show({ address, ended }, view) {
    view.talk(`${address} is locked; ${counted(ended, 'session')} ended.`)
  },
})
