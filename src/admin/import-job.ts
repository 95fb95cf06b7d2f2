// What the import commands share: options, the report, and the run itself.
import { z } from 'zod'
import type { OpenAccount } from '../account/api.ts'
import { importMail } from '../transfer/import.ts'
import type { Source, Trouble } from '../transfer/source.ts'
import type { Option, Work } from './command.ts'
import { exitCodes, type ExitCode } from './exit-code.ts'
import { inAccount, insideInput, insideOptions } from './owner-secret.ts'
import type { View } from './view.ts'
import { counted, tableLines } from './words.ts'
import { address } from './forms.ts'

/** Troubles that are told one by one; the others are only counted. */
const troublesAtMost = 1000
const longestWord = 300

export const importInput = { address, into: z.string().min(1).optional(), ...insideInput }

export const importOptions: readonly Option[] = [
  { flags: '--into MAILBOX', description: 'put everything below this mailbox, INBOX into itself' },
  ...insideOptions,
]

const troubleForm = z.object({
  mailbox: z.string().nullable().describe('the mailbox of the source, if any'),
  message: z.string().nullable().describe('the message there, if any'),
  reason: z.string().describe('in words'),
})

export const importForm = z.object({
  address: z.string().describe('whose account it is'),
  mailboxes: z
    .array(
      z.object({
        from: z.string().describe('the mailbox of the source'),
        name: z.string().describe('where its mail went'),
        found: z.number().describe('messages in the source'),
        added: z.number().describe('of those, added now'),
        present: z.number().describe('were here already'),
        left: z.number().describe('could not be taken'),
        verified: z.number().describe('of those added, read back and equal'),
      }),
    )
    .describe('one for each mailbox of the source'),
  added: z.number().describe('messages added'),
  present: z.number().describe('messages that were here already'),
  left: z.number().describe('messages that could not be taken'),
  isVerified: z.boolean().describe('everything that was added was read back and is equal'),
  notes: z.array(z.string()).describe('what was not taken, and is not missed'),
  troubleCount: z.number().describe('how much is to be looked at'),
  troubles: z.array(troubleForm).describe('the first 1,000 of them'),
})

export type ImportResult = z.output<typeof importForm>

interface ImportInput {
  readonly address: string
  readonly into?: string | undefined
  readonly siteKey?: boolean | undefined
  readonly recovery?: boolean | undefined
  readonly adminKey?: boolean | undefined
  readonly admins?: number | undefined
}

/** Opens the source, then the account, and brings the one into the other. */
export async function runImport(
  work: Work,
  input: ImportInput,
  open: (account: OpenAccount | undefined) => Promise<Source>,
): Promise<ImportResult> {
  const troubles: Trouble[] = []
  let troubleCount = 0
  const trouble = (one: Trouble): void => {
    troubleCount += 1
    if (troubles.length < troublesAtMost) troubles.push(one)
  }
  return inAccount(work, input, async (account, signal) => {
    await using source = await open(account)
    const { into } = input
    const mailboxes = account
      ? await importMail(account, source, {
          ...{ isDryRun: work.isDryRun, signal, trouble },
          ...(into === undefined ? {} : { into }),
          progress: (done, total) => work.progress(done, total),
        })
      : []
    for (const mailbox of mailboxes) await work.row(mailbox)
    const sum = (key: 'added' | 'present' | 'left' | 'verified'): number =>
      mailboxes.reduce((total, one) => total + one[key], 0)
    return {
      address: input.address,
      mailboxes: [],
      ...{ added: sum('added'), present: sum('present'), left: sum('left') },
      isVerified: !work.isDryRun && sum('verified') === sum('added'),
      notes: source.notes.slice(0, 100),
      troubleCount,
      troubles: troubles.map(({ mailbox, label, reason }) => ({
        mailbox: mailbox?.slice(0, longestWord) ?? null,
        message: label?.slice(0, longestWord) ?? null,
        reason: reason.slice(0, longestWord),
      })),
    }
  })
}

export const importExitCode = ({ troubleCount }: ImportResult): ExitCode =>
  troubleCount > 0 ? exitCodes.data : exitCodes.ok

/** The answer for people. */
export function showImport(result: ImportResult, view: View): void {
  const { mailboxes, added, present, left, troubles, troubleCount } = result
  const rows = mailboxes.map((one) => [
    one.from,
    one.name,
    ...[one.found, one.added, one.present, one.left].map(String),
  ])
  for (const line of tableLines(['FROM', 'TO', 'FOUND', 'ADDED', 'THERE', 'LEFT'], rows)) view.out(line)
  for (const note of result.notes) view.talk(`Note: ${note}.`)
  for (const { mailbox, message, reason } of troubles) {
    view.alarm(`${[mailbox, message].filter((word) => word !== null).join(', ')}: ${reason}`)
  }
  if (troubleCount > troubles.length) view.alarm(`and ${troubleCount - troubles.length} more`)
  view.talk(
    `${counted(added, 'message')} added, ${present} there already, ${left} left behind in the source. ` +
      (result.isVerified && added > 0 ? 'All that was added was read back and is equal.' : ''),
  )
}
