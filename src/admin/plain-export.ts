// What `export maildir` and `export mbox` are: mail written out as anybody can read it.
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { exportMail } from '../transfer/export.ts'
import type { Trouble } from '../transfer/source.ts'
import { siteCommand, type SiteCommand } from './command.ts'
import { exitCodes } from './exit-code.ts'
import { address, addressArgument } from './forms.ts'
import { inAccount, insideInput, insideMayNeed, insideOptions, ownerNeeds } from './owner-secret.ts'
import { counted, tableLines } from './words.ts'

const day = /^\d{4}-\d\d-\d\d$/

const input = z.strictObject({
  address,
  ...insideInput,
  dest: z.string().refine(isAbsolute, 'must be an absolute path: the running server writes it'),
  mailbox: z.string().min(1).optional(),
  since: z
    .string()
    .refine((text) => day.test(text) && !Number.isNaN(Date.parse(text)), 'must be a day such as 2026-01-31')
    .optional(),
})
export type PlainExportInput = z.output<typeof input>

const result = z.object({
  address: z.string().describe('whose mail it is'),
  dest: z.string().describe('the folder it is in now'),
  mailboxes: z
    .array(
      z.object({
        name: z.string().describe('the mailbox'),
        path: z.string().describe('where it is below the folder'),
        messages: z.number().describe('messages of it that were asked for'),
        written: z.number().describe('of those, written now'),
        verified: z.number().describe('compared with the account now, and equal'),
      }),
    )
    .describe('one for each mailbox'),
  messages: z.number().describe('messages in all'),
  written: z.number().describe('of those, written now'),
  troubleCount: z.number().describe('messages that could not be written'),
  troubles: z
    .array(
      z.object({
        mailbox: z.string().nullable().describe('its mailbox'),
        message: z.string().nullable().describe('which message'),
        reason: z.string().describe('in words'),
      }),
    )
    .describe('the first 1,000 of them'),
})
export type PlainExportResult = z.output<typeof result>

/** A command that writes an account in one format. */
export function plainExport(
  format: 'maildir' | 'mbox',
  words: { readonly summary: string; readonly notes: string; readonly example: string },
): SiteCommand<PlainExportInput, PlainExportResult> {
  return siteCommand({
    name: `export ${format}`,
    summary: words.summary,
    notes:
      `Writes READABLE mail, also of an account with at-rest encryption: whoever can read the folder can read the mail. ${words.notes} ` +
      'Dates, flags, keywords, subscriptions and special use are written so that `letterlock import` takes all of it back as it was. An ' +
      'interrupted export goes on with the same command; nothing is ever removed in the folder. Files are compared with the account. ' +
      '`letterlock export sealed` writes no readable mail.',
    examples: [
      {
        line: `letterlock export ${format} alice@example.org ${words.example}`,
        does: 'asks, then writes everything',
      },
      {
        line: `letterlock export ${format} bob@example.org ${words.example} --since 2026-01-01`,
        does: 'what came on that day or later',
      },
    ],
    arguments: [
      addressArgument,
      {
        name: 'DEST',
        key: 'dest',
        description: 'absolute path of a new folder, or of this export begun before',
      },
    ],
    options: [
      { flags: '--mailbox MAILBOX', description: 'only this mailbox' },
      { flags: '--since DATE', description: 'only what came on this day (UTC) or later' },
      ...insideOptions,
    ],
    input,
    result,
    working: 'exporting',
    rows: 'mailboxes',
    mayNeed: insideMayNeed,
    secrets: (given) => ownerNeeds(given),
    confirm: ({ address, dest }) => ({
      type: address,
      warning: `This writes the mail of ${address} to ${dest} so that anybody who can read the files can read the mail. At-rest encryption does not protect them.`,
    }),

    run: (work, given) =>
      inAccount(work, given, async (account, signal) => {
        const { dest, mailbox, since } = given
        const troubles: Trouble[] = []
        let troubleCount = 0
        const done = account
          ? await exportMail(account, dest, {
              ...{ format, signal },
              ...(mailbox === undefined ? {} : { mailbox }),
              ...(since === undefined ? {} : { since: Date.parse(since) }),
              progress: (count, total) => work.progress(count, total),
              trouble(one) {
                troubleCount += 1
                if (troubles.length < 1000) troubles.push(one)
              },
            })
          : []
        for (const one of done) await work.row(one)
        return {
          ...{ address: given.address, dest, mailboxes: [], troubleCount },
          messages: done.reduce((sum, one) => sum + one.messages, 0),
          written: done.reduce((sum, one) => sum + one.written, 0),
          troubles: troubles.map(({ mailbox: name, label, reason }) => ({
            ...{ mailbox: name ?? null, message: label ?? null, reason },
          })),
        }
      }),

    exitCode: ({ troubleCount }) => (troubleCount > 0 ? exitCodes.data : exitCodes.ok),

    show({ dest, mailboxes, messages, written, troubles, troubleCount }, view) {
      const rows = mailboxes.map((one) => [one.name, one.path, String(one.messages), String(one.written)])
      for (const line of tableLines(['MAILBOX', 'PATH', 'MESSAGES', 'WRITTEN'], rows)) view.out(line)
      for (const { mailbox, message, reason } of troubles)
        view.alarm(`${mailbox ?? ''}, ${message ?? ''}: ${reason}`)
      if (troubleCount > troubles.length) view.alarm(`and ${troubleCount - troubles.length} more`)
      view.talk(`${counted(messages, 'message')} in ${dest}, ${written} written now, read back and equal.`)
      view.talk(view.talkPaint.yellow('The files are readable mail: keep them as you would keep letters.'))
    },
  })
}
