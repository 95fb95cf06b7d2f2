// import imap: takes mail in from another server.
import { readFile } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { defaultMessageBytes } from '../../base/limits.ts'
import { parseImapUrl } from '../../transfer/imap-client.ts'
import { openImap } from '../../transfer/imap-source.ts'
import type { Source } from '../../transfer/source.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { addressArgument } from '../forms.ts'
import {
  importExitCode,
  importForm,
  importInput,
  importOptions,
  runImport,
  showImport,
  type ImportResult,
} from '../import-job.ts'
import { insideMayNeed, ownerNeeds } from '../owner-secret.ts'

const input = z.strictObject({
  ...importInput,
  from: z.string().refine((url) => parseImapUrl(url) !== undefined, 'must be imaps://HOST or imap://HOST'),
  user: z.string().min(1),
  token: z.boolean().optional(),
  certificate: z
    .string()
    .refine(isAbsolute, 'must be an absolute path: the running server reads it')
    .optional(),
})
type Input = z.output<typeof input>

/** A source with nothing in it, for a rehearsal: nobody was asked for the other server's password yet. */
const unseen: Source = {
  ...{ kind: 'imap', mailboxes: [], subscriptions: undefined, troubles: [], notes: [] },
  [Symbol.asyncDispose]: async () => undefined,
}

async function certificateOf(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw new Failure('cannot-read', exitCodes.notPermitted, `cannot read ${path}`, { cause: error })
  })
}

/** Takes mail in from another IMAP server. */
export const importImap: SiteCommand<Input, ImportResult> = siteCommand({
  name: 'import imap',
  summary: 'take in the mail of an account at another IMAP server',
  notes:
    'Nothing is changed or removed there: mailboxes are examined, not selected. imaps:// is TLS from the first byte, imap:// is STARTTLS; clear ' +
    'text goes to this machine itself only. Dates with their zones, flags, keywords, special use, subscriptions and the order of messages ' +
    'are kept. A message that is there already is not fetched again, so that the same command goes on after an interruption. Of a ' +
    'mailbox with everything in it (\\All) only what is in no other one is taken. All that was added is read back and compared.',
  examples: [
    {
      line: 'letterlock import imap alice@example.org --from imaps://old.example.org --user alice',
      does: 'asks for the password of the account here, and of the one there',
    },
    {
      line: 'letterlock import imap bob@example.org --from imaps://x.example --user bob --token',
      does: 'logs in there with an OAuth 2 access token',
    },
  ],
  arguments: [addressArgument],
  options: [
    {
      flags: '--from URL',
      description: 'the other server: imaps://HOST or imap://HOST, with :PORT if need be',
    },
    { flags: '--user NAME', description: 'user name there' },
    { flags: '--token', description: 'the secret for the other server is an OAuth 2 access token' },
    {
      flags: '--certificate FILE',
      description: 'trust the certificates in this PEM file too (absolute path)',
    },
    ...importOptions,
  ],
  input,
  result: importForm,
  changesData: true,
  looksFirst: true,
  working: 'importing',
  rows: 'mailboxes',
  mayNeed: [...insideMayNeed, { name: 'source-password', kind: 'current' }],
  secrets: (given) => [
    ...ownerNeeds(given),
    {
      name: 'source-password',
      kind: 'current',
      prompt: `${given.token ? 'Access token' : 'Password'} of ${given.user} at ${given.from}`,
    },
  ],

  run: (work, given) =>
    runImport(work, given, async (account) => {
      const server = parseImapUrl(given.from)
      if (!server || !account || !work.hasSecret('source-password')) return unseen
      const { user, certificate } = given
      const login = {
        ...{ user, secret: work.secret('source-password'), isToken: given.token === true },
        ...(certificate === undefined ? {} : { certificates: await certificateOf(certificate) }),
      }
      return openImap(server, login, Math.max(account.maxMessageBytes, defaultMessageBytes))
    }),

  exitCode: importExitCode,
  show: showImport,
})
