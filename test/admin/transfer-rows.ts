// Rows of import and export. What they do to mail is tested where they do it (test/transfer); here is how they are typed and answer.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import type { OpenAccount } from '../../src/account/api.ts'
import { alice as openAlice, chunks, makeSite } from '../account/support.ts'
import { alice, missing, type Row } from './command-rows.ts'
import type { Bench } from './harness.ts'

const letter = 'Subject: hello\r\n\r\nHello.\r\n'
const typedPassword = { stdin: 'old secret words' }

/** An account with one message in its INBOX. */
async function inside(): Promise<OpenAccount> {
  const open = await openAlice(await makeSite())
  await open.append('INBOX', chunks(Buffer.from(letter)), { flags: [], internalDate: 0 })
  return open
}

/** Where rows read and write: names are known before a bench has its directory. */
const place = mkdtempSync(join(tmpdir(), 'letterlock-rows-'))
after(() => rmSync(place, { recursive: true }))
const maildir = join(place, 'maildir')
const nothing = join(place, 'nothing-here')

function withMaildir(bench: Bench): void {
  mkdirSync(join(maildir, 'cur'), { recursive: true })
  mkdirSync(join(maildir, 'new'), { recursive: true })
  writeFileSync(join(maildir, 'cur', '1.a:2,S'), letter)
  writeFileSync(join(maildir, 'mbox-of-somebody'), 'no mbox')
  bench.accounts.inside = inside
}

export const transferRows: readonly Row[] = [
  {
    name: 'import maildir takes mail in and says that it was read back',
    argv: ['import', 'maildir', alice, maildir, '--password-file', '-'],
    options: typedPassword,
    before: withMaildir,
    exitCode: 0,
    out: /^FROM +TO +FOUND +ADDED +THERE +LEFT\nINBOX +INBOX +1 +1 +0 +0\n$/,
    err: /1 message added, 0 there already, 0 left behind in the source\. All that was added was read back/,
  },
  {
    name: 'import maildir --json',
    argv: ['import', 'maildir', alice, maildir, '--site-key', '--json'],
    before: withMaildir,
    exitCode: 0,
    out: /"mailboxes":\[\{"from":"INBOX","name":"INBOX","found":1,"added":1,.*"isVerified":true/,
  },
  {
    name: 'import maildir --dry-run asks for the password all the same, and changes nothing',
    argv: ['import', 'maildir', alice, maildir, '--password-file', '-', '--dry-run'],
    options: typedPassword,
    before: withMaildir,
    exitCode: 0,
    out: /INBOX +INBOX +1 +1 +0 +0/,
    err: /Dry run: nothing was changed/,
  },
  {
    name: 'import asks on the terminal after a rehearsal that opens the source',
    argv: ['import', 'maildir', alice, maildir],
    options: { typed: ['old secret words'] },
    before: withMaildir,
    exitCode: 0,
    after: ({ questions }) => assert.deepEqual(questions, [`Password of ${alice}`]),
  },
  {
    name: 'import of what is not there is refused before anybody is asked',
    argv: ['import', 'maildir', alice, nothing],
    options: { typed: [] },
    exitCode: 77,
    err: /there is nothing at/,
    after: ({ questions }) => assert.deepEqual(questions, []),
  },
  {
    name: 'import says 65 for a wrong password',
    argv: ['import', 'maildir', alice, maildir, '--password-file', '-'],
    options: { stdin: 'guess' },
    before: withMaildir,
    exitCode: 65,
    err: /wrong password/,
  },
  {
    name: 'import with the site’s key says 65 where it does not open the account',
    argv: ['import', 'maildir', alice, maildir, '--site-key'],
    before(bench) {
      withMaildir(bench)
      bench.accounts.add(alice).atRest = 'on'
    },
    exitCode: 65,
    err: /encrypted/,
  },
  {
    name: 'import mbox refuses a Maildir in words',
    argv: ['import', 'mbox', alice, maildir, '--site-key'],
    before: withMaildir,
    exitCode: 65,
    err: /is a Maildir.*\n.*letterlock import maildir/,
  },
  {
    name: 'import refuses a relative path',
    argv: ['import', 'mbox', alice, 'mail', '--site-key'],
    exitCode: 64,
    err: /PATH must be an absolute path/,
  },
  {
    name: 'import of nobody',
    argv: ['import', 'maildir', missing, maildir, '--site-key'],
    before: withMaildir,
    exitCode: 67,
  },
  {
    name: 'import imap refuses what is no address of a server',
    argv: ['import', 'imap', alice, '--from', 'http://x', '--user', 'u', '--site-key'],
    exitCode: 64,
    err: /--from must be imaps:\/\/HOST/,
  },
  {
    name: 'import imap takes both passwords from one pipe, and says 75 when nobody answers',
    argv: [
      'import',
      'imap',
      alice,
      '--from',
      'imaps://127.0.0.1:1',
      '--user',
      'u',
      '--password-file',
      '-',
      '--source-password-file',
      '-',
    ],
    options: { stdin: 'old secret words\nother words\n' },
    before: (bench) => (bench.accounts.inside = inside),
    exitCode: 75,
    err: /^(?![\s\S]*other words)[\s\S]*no connection to 127\.0\.0\.1:1/,
  },
  {
    name: 'export maildir must be confirmed',
    argv: ['export', 'maildir', alice, nothing, '--site-key'],
    exitCode: 64,
    err: /must be confirmed/,
  },
  {
    name: 'export mbox warns, asks for the address, and does nothing when it is another',
    argv: ['export', 'mbox', alice, nothing, '--site-key'],
    options: { typed: ['bob'] },
    exitCode: 64,
    err: /anybody who can read the files can read the mail[\s\S]*not confirmed/,
  },
  {
    name: 'export says 73 when the folder holds something else',
    argv: ['export', 'mbox', alice, maildir, '--site-key', '--yes'],
    before: withMaildir,
    exitCode: 73,
    err: /is not empty/,
    after: () => assert.deepEqual(readdirSync(maildir).sort(), ['cur', 'mbox-of-somebody', 'new']),
  },
  {
    name: 'export refuses a date that is none',
    argv: ['export', 'maildir', alice, nothing, '--since', '31.1.2026', '--yes'],
    exitCode: 64,
    err: /--since must be a day/,
  },
]
