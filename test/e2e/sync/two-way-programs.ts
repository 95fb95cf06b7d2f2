// Programs that keep an account and a tree of Maildirs alike, set up to carry changes both ways.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram, type Login } from '../mail-programs.ts'
import { Maildir } from './account-contents.ts'

/** A program, ready to run in a home of its own. */
export interface TwoWayProgram {
  readonly name: string
  /** What must be installed. */
  readonly program: string
  /** Names of those messages of fixtures/mail that it does not rewrite. */
  readonly carries: RegExp
  /** Writes its settings into `home`. */
  prepare(login: Login, home: string): Promise<void>
  /** One full run. */
  sync(home: string): Promise<void>
  /** Where it keeps a mailbox; the name is in modified UTF-7. */
  maildir(home: string, name: string): Maildir
}

const mbsync: TwoWayProgram = {
  name: 'mbsync',
  program: 'mbsync',
  carries: /./,
  async prepare({ imapsPort, caFile, address }, home) {
    await mkdir(join(home, 'mail'))
    await writeFile(
      join(home, 'mbsyncrc'),
      `FSync no

IMAPAccount site
Host localhost
Port ${imapsPort}
User ${address}
PassCmd "cat ${home}/password"
SSLType IMAPS
CertificateFile ${caFile}
Timeout 300
PipelineDepth 20

IMAPStore far
Account site

MaildirStore near
Path ${home}/mail/
Inbox ${home}/mail/INBOX
SubFolders Verbatim

Channel mail
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
Sync All
CopyArrivalDate yes
SyncState *
`,
    )
  },
  async sync(home) {
    await runProgram('mbsync', ['-c', join(home, 'mbsyncrc'), 'mail'], { home })
  },
  maildir: (home, name) => new Maildir(join(home, 'mail', name)),
}

const offlineImap: TwoWayProgram = {
  name: 'OfflineIMAP',
  program: 'offlineimap',
  // It reads each message with Python's email package and writes it anew.
  carries: /^0(?:01|02|03|05|08|11|15|16|23|28|29|31|32)-/,
  async prepare({ imapsPort, caFile, address }, home) {
    await mkdir(join(home, 'mail'))
    await writeFile(
      join(home, 'offlineimaprc'),
      `[general]
accounts = site
socktimeout = 300
metadata = ${home}/metadata
fsync = False

[Account site]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = ${home}/mail
sep = /

[Repository far]
type = IMAP
remotehost = localhost
remoteport = ${imapsPort}
remoteuser = ${address}
remotepassfile = ${home}/password
ssl = yes
sslcacertfile = ${caFile}
starttls = no
maxconnections = 3
`,
    )
  },
  async sync(home) {
    await runProgram('offlineimap', ['-c', join(home, 'offlineimaprc'), '-o', '-u', 'basic'], { home })
  },
  maildir: (home, name) => new Maildir(join(home, 'mail', name)),
}

export const twoWayPrograms: readonly TwoWayProgram[] = [mbsync, offlineImap]
