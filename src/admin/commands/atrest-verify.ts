// atrest verify: reads everything of an account and says what is wrong.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { address, addressArgument } from '../forms.ts'
import { counted, sizeInWords } from '../words.ts'

const input = z.strictObject({ address, siteKey: z.boolean().optional() })
const finding = z.object({
  kind: z.enum(['damaged', 'missing', 'stray', 'differs']).describe('what is wrong'),
  mailbox: z.string().nullable().describe('the mailbox it is in, if any'),
  uid: z.number().nullable().describe('the UID of the message, if any'),
  text: z.string().describe('in words'),
})
const result = z.object({
  address: z.string().describe('whose account it is'),
  mailboxes: z.number().describe('mailboxes read'),
  messages: z.number().describe('messages read'),
  octets: z.number().describe('octets of mail read'),
  records: z.number().describe('records in the store'),
  areBodiesCompared: z.boolean().describe('false when others changed the account all the time'),
  findingCount: z.number().describe('how much is wrong'),
  findings: z.array(finding).describe('the first 1,000 of them'),
})

/** Reads every record and every octet of an account. Changes nothing. */
export const atrestVerify: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'atrest verify',
  summary: 'read everything of an account and say what is wrong',
  working: 'reading',
  notes:
    'Every record and every octet must authenticate, every message have its body, every body its messages, and nothing else may lie ' +
    'about. Needs the account’s password; --site-key opens an account without at-rest encryption. The account can be used meanwhile. ' +
    'Exit code 65 when something is wrong.',
  examples: [
    { line: 'letterlock atrest verify alice@example.org', does: 'asks for the password, reads everything' },
    {
      line: 'letterlock atrest verify bob@example.org --site-key --json',
      does: 'an account that the site’s key opens, for scripts',
    },
  ],
  arguments: [addressArgument],
  options: [{ flags: '--site-key', description: 'open it with the key of the site, not a password' }],
  input,
  result,
  mayNeed: [{ name: 'password', kind: 'current' }],
  secrets: ({ address, siteKey }) =>
    siteKey ? [] : [{ name: 'password', kind: 'current', prompt: `Password of ${address}` }],

  async run(work, { address, siteKey }) {
    const password = siteKey ? undefined : work.secret('password')
    const { findings, ...counts } = await work.accounts.verify(address, password, {
      progress: (done, total) => work.progress(done, total),
      signal: work.signal,
    })
    const told = findings.map(({ kind, mailbox, uid, text }) => ({
      ...{ kind, text },
      mailbox: mailbox ?? null,
      uid: uid ?? null,
    }))
    return { address, ...counts, findings: told }
  },

  exitCode: ({ findingCount }) => (findingCount > 0 ? exitCodes.data : exitCodes.ok),

  show({ address, findings, findingCount, ...counts }, view) {
    for (const { kind, mailbox, uid, text } of findings) {
      const where = [mailbox, uid === null ? null : `UID ${uid}`].filter((part) => part !== null).join(', ')
      view.out(`${kind}: ${where === '' ? '' : `${where}: `}${text}`)
    }
    const { messages, mailboxes, octets } = counts
    const read = `${counted(messages, 'message')} in ${counted(mailboxes, 'mailbox', 'mailboxes')}, ${sizeInWords(octets)}`
    if (findingCount === 0) view.talk(`${address}: ${read}: all is well.`)
    else view.alarm(`${address}: ${read}: ${counted(findingCount, 'finding')}.`)
    if (!counts.areBodiesCompared)
      view.talk('The account was in use all the time: whether bodies are left over was not looked at.')
  },
})
