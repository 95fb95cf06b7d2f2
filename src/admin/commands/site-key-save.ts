// site-key save: the site's key to a file, sealed under a passphrase.
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { BackupRefused } from '../../backup/errors.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { Failure } from '../failure.ts'

const input = z.strictObject({
  file: z.string().refine(isAbsolute, 'must be an absolute path: the running server writes it'),
})
const result = z.object({ file: z.string().describe('where the sealed key is') })

/** Writes a file that the passphrase opens, for `site-key load` on another machine. */
export const siteKeySave: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'site-key save',
  summary: 'write the site key to a file, sealed under a passphrase',
  notes:
    'The site key opens accounts without at-rest encryption and vouches for mail that waits: keep the file away from the backups of the mail, and the passphrase from both. ' +
    'It changes never, so one copy is enough.',
  examples: [
    { line: 'letterlock site-key save /root/site-key.sealed', does: 'asks for a passphrase' },
    {
      line: 'letterlock site-key save /var/lib/letterlock/site-key.sealed',
      does: 'where a unit of systemd keeps the server from writing elsewhere',
    },
  ],
  arguments: [{ name: 'FILE', key: 'file', description: 'absolute path of a new file' }],
  input,
  result,
  mayNeed: [{ name: 'password', kind: 'new' }],
  secrets: () => [{ name: 'password', kind: 'new', prompt: 'Passphrase for the site key' }],

  async run(work, { file }) {
    await work.backups.saveSiteKey(file, work.secret('password')).catch((error: unknown) => {
      if (!(error instanceof BackupRefused && error.problem === 'io')) throw error
      throw new Failure('unavailable', exitCodes.unavailable, `the server cannot write ${file}`, {
        cause: error,
        hint: 'name a place in its data directory, such as /var/lib/letterlock/site-key.sealed, and move the file away from there',
      })
    })
    return { file }
  },

  show({ file }, view) {
    view.talk(`Sealed site key: ${file}`)
  },
})
