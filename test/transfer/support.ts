// Folders of mail to import, accounts to import into, and a view of an account that two runs can be compared by.
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import type { OpenAccount } from '../../src/account/api.ts'
import { collect } from '../../src/base/async.ts'
import { importMail, type ImportedMailbox, type ImportOptions } from '../../src/transfer/import.ts'
import type { Source, Trouble } from '../../src/transfer/source.ts'
import { alice, chunks, makeSite } from '../account/support.ts'

/** A directory that goes when the test ends. */
export async function temporary(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'letterlock-transfer-'))
  context.after(() => rm(path, { recursive: true, force: true }))
  return path
}

/** Writes files below `root`; a number of seconds since 1970 sets their time. */
export async function files(
  root: string,
  contents: Readonly<Record<string, string | Buffer | readonly [string | Buffer, number]>>,
): Promise<void> {
  for (const [name, content] of Object.entries(contents)) {
    const path = join(root, name)
    if (name.endsWith('/')) {
      await mkdir(path, { recursive: true })
      continue
    }
    await mkdir(dirname(path), { recursive: true })
    const [bytes, seconds] = typeof content === 'string' || Buffer.isBuffer(content) ? [content] : content
    await writeFile(path, bytes)
    if (seconds !== undefined) await utimes(path, seconds, seconds)
  }
}

export const letter = (subject: string, body = 'Hello.\n'): string =>
  `From: Bob <bob@example.org>\nSubject: ${subject}\nMessage-ID: <${subject.replace(/\W/g, '')}@example.org>\n\n${body}`

export interface Imported {
  readonly mailboxes: readonly ImportedMailbox[]
  readonly troubles: readonly Trouble[]
}

/** Imports a source and closes it. */
export async function run(
  account: OpenAccount,
  opening: Promise<Source>,
  options: Partial<ImportOptions> = {},
): Promise<Imported> {
  await using source = await opening
  const troubles: Trouble[] = []
  const mailboxes = await importMail(account, source, {
    isDryRun: false,
    signal: new AbortController().signal,
    progress: () => undefined,
    trouble: (one) => troubles.push(one),
    ...options,
  })
  return { mailboxes, troubles }
}

export const sums = ({ mailboxes }: Imported): Record<'added' | 'present' | 'left' | 'verified', number> => ({
  added: mailboxes.reduce((sum, one) => sum + one.added, 0),
  present: mailboxes.reduce((sum, one) => sum + one.present, 0),
  left: mailboxes.reduce((sum, one) => sum + one.left, 0),
  verified: mailboxes.reduce((sum, one) => sum + one.verified, 0),
})

export interface SeenMessage {
  readonly text: string
  readonly flags: readonly string[]
  readonly seconds: number
  readonly zone: number
}

export interface SeenMailbox {
  readonly specialUse: string | undefined
  readonly isSubscribed: boolean
  readonly messages: readonly SeenMessage[]
}

/** Everything of an account that an import or export has to keep, in UID order. */
export async function view(account: OpenAccount): Promise<Record<string, SeenMailbox>> {
  const seen: Record<string, SeenMailbox> = {}
  for (const { name, specialUse, isSubscribed } of account.mailboxes()) {
    const mailbox = await account.select(name, { isReadOnly: true })
    const messages: SeenMessage[] = []
    for await (const content of mailbox.contents(mailbox.uids())) {
      const state = mailbox.state(content.uid)
      if (!state) continue
      messages.push({
        text: (await collect(content.read(0, content.sizeBytes))).toString('latin1'),
        flags: [...state.flags].sort(),
        seconds: Math.floor(state.internalDate / 1000),
        zone: state.zoneMinutes,
      })
    }
    mailbox.close()
    seen[name] = { specialUse, isSubscribed, messages }
  }
  return seen
}

/** Only the mailboxes that hold something. */
export async function filled(account: OpenAccount): Promise<Record<string, string[]>> {
  const all = await view(account)
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, { messages }]) => messages.length > 0)
      .map(([name, { messages }]) => [
        name,
        messages.map(
          ({ text, flags }) => `${/^Subject: (.*)\r$/m.exec(text)?.[1] ?? text} [${flags.join(' ')}]`,
        ),
      ]),
  )
}

/** Messages that formats have trouble with, in mailboxes whose names have. */
export async function lived(): Promise<OpenAccount> {
  const open = await alice(await makeSite())
  await open.createMailbox('Wysłane rzeczy')
  await open.createMailbox('a.b/c&d.mbox/.hidden')
  await open.createMailbox('x.mbox')
  await open.createMailbox('x')
  await open.createMailbox(`long/${'ü'.repeat(150)}`)
  await open.deleteMailbox('Sent')
  await open.createMailbox('Verschickt & weg', { specialUse: '\\Sent' })
  await open.subscribe('x')
  await open.unsubscribe('Drafts')
  const messages: readonly string[] = [
    letter('plain'),
    letter('plain'),
    `${letter('quotes')}From the start\n>From here\n\nFrom bob@x Fri May  1 12:00:00 2020\nSubject: no\n\nx\n`,
    'Subject: open end\n\nno line end',
    ' begins with a blank\n\nx\n',
    '',
    '\n',
    'no header at all',
    'Subject: cr\n\nlone \r and \r\r\n twice\r\n\0 NUL \xff\n\n\n',
    'Status: RO\nX-Status: AF\nX-Keywords: false\nContent-Length: 2\n\nx\n',
    'From bob@x Fri May  1 12:00:00 2020\nSubject: mangled\n\nx\n',
  ]
  const keywords = Array.from({ length: 40 }, (_, index) => `key${index}`)
  for (const [index, message] of messages.entries()) {
    await open.append(index % 3 === 0 ? 'x' : 'INBOX', chunks(Buffer.from(message, 'latin1')), {
      flags:
        [['\\Seen', '$Forwarded'], ['\\Flagged', '\\Draft'], ['\\Answered', '\\Deleted'], []][index % 4] ??
        [],
      internalDate: Date.UTC(2001, index, 9, 3, 4, 5) - 5_000,
      zoneMinutes: [0, 330, -480][index % 3] ?? 0,
    })
  }
  for (const name of ['x.mbox', 'a.b/c&d.mbox/.hidden', `long/${'ü'.repeat(150)}`, 'Verschickt & weg'])
    await open.append(name, chunks(Buffer.from(letter(`in ${name.slice(0, 4)}`))), { flags: keywords })
  return open
}
