// verify: reads all of a backup, before it is needed.
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { systemClock } from '../../base/ports.ts'
import { secretBuffer } from '../../base/secret.ts'
import { checkBackup, openInBackup } from '../../backup/check.ts'
import { asBackupError } from '../../backup/errors.ts'
import { KdfGate, defaultKdf } from '../../crypto/kdf.ts'
import { cryptoReady } from '../../crypto/ready.ts'
import { SiteKey } from '../../crypto/site-key.ts'
import { localCommand, type LocalCommand } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { address } from '../forms.ts'
import { counted, sizeInWords } from '../words.ts'

const input = z.strictObject({
  source: z.string().transform((given) => resolve(given)),
  user: address.optional(),
  open: z.boolean().optional(),
  siteKey: z.string().optional(),
})
const opened = z.object({
  messages: z.number().describe('messages read'),
  octets: z.number().describe('octets of mail read'),
  findingCount: z.number().describe('how much is wrong'),
})
const result = z.object({
  source: z.string().describe('where the backup is'),
  generations: z.number().describe('copies in it'),
  newest: z.number().describe('number of the newest'),
  at: z.string().nullable().describe('when that was made, ISO 8601'),
  isOurs: z
    .boolean()
    .nullable()
    .describe('whether the site key given vouches for the newest; null: none was given'),
  accounts: z.number().describe('accounts in it'),
  bodies: z.number().describe('bodies that its accounts need'),
  bytes: z.number().describe('bytes read'),
  problems: z.array(z.string()).describe('what is wrong, in words'),
  opened: opened.nullable().describe('what the password opened; null: none was asked for'),
})

async function readKey(path: string | undefined): Promise<SiteKey | undefined> {
  if (path === undefined) return undefined
  const bytes = secretBuffer(32)
  try {
    const file = await open(path, 'r')
    try {
      const { bytesRead } = await file.read(bytes, 0, 32, 0)
      if (bytesRead === 32) return SiteKey.fromBytes(bytes)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw new Failure('configuration', exitCodes.configuration, `cannot read the site key ${path}`, {
      cause: error,
    })
  } finally {
    bytes.fill(0)
  }
  throw new Failure('configuration', exitCodes.configuration, `${path} is no site key`)
}

/** Reads every file of a backup; with --open all of one account. Needs no store and no server. */
export const verify: LocalCommand<z.output<typeof input>, z.output<typeof result>> = localCommand({
  name: 'verify',
  summary: 'read all of a backup and say what is wrong',
  notes:
    'Every file must have its hash, every copy continue the one before, every reference lead somewhere, every value have the form of a sealed thing. With --site-key, ' +
    'this site must have made it. With --user and --open the owner’s password is asked for, and every record and octet of the account must open. ' +
    'Runs anywhere; no server is needed. Exit code 65 when something is wrong.',
  examples: [
    { line: 'letterlock verify /var/backups/mail', does: 'without any key' },
    {
      line: 'letterlock verify /var/backups/mail --user alice@example.org --open',
      does: 'asks for her password, reads her mail',
    },
  ],
  arguments: [{ name: 'DIR', key: 'source', description: 'path of the backup' }],
  options: [
    { flags: '--user ADDR', description: 'only this account' },
    { flags: '--open', description: 'open that account with its password' },
    { flags: '--site-key FILE', description: 'the site’s key, to see whether that site made it' },
  ],
  input,
  result,
  mayNeed: [{ name: 'password', kind: 'current' }],
  secrets: ({ user, open: mustOpen }) =>
    mustOpen === true && user !== undefined
      ? [{ name: 'password', kind: 'current', prompt: `Password of ${user}` }]
      : [],

  async run(desk, { source, user, open: mustOpen, siteKey: keyFile }) {
    await cryptoReady()
    const siteKey = await readKey(keyFile)
    const { signal } = desk
    const optional = { ...(siteKey ? { siteKey } : {}), signal }
    try {
      const report = await checkBackup(source, {
        ...optional,
        ...(user === undefined ? {} : { address: user }),
      })
      const read =
        mustOpen === true && user !== undefined
          ? await openInBackup(source, {
              ...optional,
              ...{ address: user, password: desk.secret('password'), clock: systemClock },
              ...{ gate: new KdfGate(), kdf: defaultKdf },
            })
          : undefined
      const { messages = 0, octets = 0, findingCount = 0 } = read ?? {}
      const isBad = report.problems.length > 0 || findingCount > 0
      return {
        result: {
          ...{ source, ...report, isOurs: report.isOurs ?? null, problems: [...report.problems] },
          at: report.at === 0 ? null : new Date(report.at).toISOString(),
          opened: read ? { messages, octets, findingCount } : null,
        },
        exitCode: isBad ? exitCodes.data : exitCodes.ok,
      }
    } catch (error) {
      throw asBackupError(error)
    } finally {
      siteKey?.wipe()
    }
  },

  show({ source, generations, at, accounts, bodies, bytes, problems, opened: read }, view) {
    for (const text of problems) view.out(text)
    const what = `${counted(generations, 'copy', 'copies')}, ${counted(accounts, 'account')}, ${counted(bodies, 'body', 'bodies')}, ${sizeInWords(bytes)} read`
    if (problems.length === 0)
      view.talk(`${source}: ${what}; the newest is of ${at ?? 'no time'}: all is well.`)
    else view.alarm(`${source}: ${what}: ${counted(problems.length, 'problem')}.`)
    if (!read) return
    const mail = `${counted(read.messages, 'message')} opened, ${sizeInWords(read.octets)}`
    if (read.findingCount === 0) view.talk(`${mail}: all is well.`)
    else view.alarm(`${mail}: ${counted(read.findingCount, 'finding')}.`)
  },
})
