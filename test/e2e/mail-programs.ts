// Other people's mail programs, run as their users run them: what each of them reads from an account.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ImapFlow } from 'imapflow'
import { collect } from '../../src/base/async.ts'

export interface Login {
  readonly imapsPort: number
  /** The server's certificate, PEM. */
  readonly caFile: string
  readonly address: string
  readonly password: string
}

/** Runs a program to its end; resolves to its standard output. Rejects unless it ends with one of `codes`. */
export async function runProgram(
  program: string,
  parameters: readonly string[],
  options: { readonly home: string; readonly input?: string; readonly codes?: readonly number[] },
): Promise<Buffer> {
  const child = spawn(program, parameters, {
    env: { PATH: process.env['PATH'], HOME: options.home, LANG: 'C.UTF-8', TERM: 'xterm' },
    cwd: options.home,
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  const closed = once(child, 'close')
  const [stdout, stderr] = await Promise.all([collect(child.stdout), collect(child.stderr)])
  await closed
  if ((options.codes ?? [0]).includes(child.exitCode ?? -1)) return stdout
  throw new Error(
    `${program} ended with ${child.exitCode ?? 'a signal'}: ${stderr.toString().slice(-2_000)}${stdout.toString().slice(-500)}`,
  )
}

/** A private directory with the password in a file, as the settings of these programs want it. */
export async function makeHome(root: string, name: string, login: Login): Promise<string> {
  const home = join(root, name)
  await mkdir(home, { mode: 0o700 })
  await writeFile(join(home, 'password'), `${login.password}\n`, { mode: 0o600 })
  return home
}

/** All messages of INBOX as imapflow gets them. */
export async function readWithImapflow(login: Login): Promise<Buffer[]> {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: login.imapsPort,
    secure: true,
    tls: { ca: await readFile(login.caFile, 'utf8'), servername: 'localhost' },
    auth: { user: login.address, pass: login.password },
    logger: false,
  })
  await client.connect()
  const messages: Buffer[] = []
  await client.mailboxOpen('INBOX', { readOnly: true })
  for await (const { source } of client.fetch('1:*', { source: true })) if (source) messages.push(source)
  await client.logout()
  return messages
}

/** All messages of INBOX as Python's imaplib gets them. */
export async function readWithImaplib(login: Login, home: string): Promise<Buffer[]> {
  const script = join(process.cwd(), 'test/e2e/read-all.py')
  const parameters = [script, String(login.imapsPort), login.caFile, login.address]
  const output = await runProgram('python3', parameters, { home, input: `${login.password}\n` })
  const messages: Buffer[] = []
  for (let at = 0; at < output.length;) {
    const end = at + 4 + output.readUInt32BE(at)
    messages.push(output.subarray(at + 4, end))
    at = end
  }
  return messages
}

/**
 * All messages of INBOX as mbsync writes them to a Maildir, with CRLF line ends again and without the field X-TUID, by
 * which mbsync knows its own copies again. `more` is a further setting of the account.
 */
export async function readWithMbsync(
  { imapsPort, caFile, address }: Login,
  home: string,
  more = '',
): Promise<Buffer[]> {
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
${more}

IMAPStore far
Account site

MaildirStore near
Path ${home}/maildir/
Inbox ${home}/maildir/INBOX
SubFolders Verbatim

Channel mail
Far :far:
Near :near:
Patterns INBOX
Create Near
Sync Pull
SyncState *
`,
  )
  await mkdir(join(home, 'maildir'))
  await runProgram('mbsync', ['-c', join(home, 'mbsyncrc'), '-q', 'mail'], { home })
  const messages: Buffer[] = []
  for (const kind of ['cur', 'new']) {
    const directory = join(home, 'maildir/INBOX', kind)
    for (const name of await readdir(directory)) {
      const text = (await readFile(join(directory, name), 'latin1')).replaceAll('\n', '\r\n')
      messages.push(Buffer.from(text.replace(/^X-TUID: \S{12}\r\n/m, ''), 'latin1'))
    }
  }
  return messages
}

/** Takes all messages out of INBOX with fetchmail, which deletes them there; what it hands to a delivery program. */
export async function drainWithFetchmail(
  { imapsPort, caFile, address }: Login,
  home: string,
): Promise<Buffer[]> {
  const inbox = join(home, 'fetched')
  await mkdir(inbox)
  // A delivery program of its own: one file a message.
  const deliver = join(home, 'deliver')
  await writeFile(deliver, `#!/bin/sh\nexec cat > "$(mktemp ${inbox}/XXXXXXXX)"\n`)
  await chmod(deliver, 0o700)
  const settings = join(home, 'fetchmailrc')
  const password = (await readFile(join(home, 'password'), 'utf8')).trim()
  await writeFile(
    settings,
    `poll localhost service ${imapsPort} protocol IMAP user "${address}" password "${password}" ` +
      `ssl sslcertck sslcertfile ${caFile} fetchall nokeep no rewrite mda "${deliver}"\n`,
    { mode: 0o600 },
  )
  await runProgram('fetchmail', ['-f', settings, '--pidfile', join(home, 'pid'), '--nosyslog'], { home })
  return Promise.all((await readdir(inbox)).map((name) => readFile(join(inbox, name))))
}

/** What curl prints for an `imaps://` address of the account; `path` is what follows the slash, `command` an IMAP command. */
export function readWithCurl(login: Login, home: string, path: string, command?: string): Promise<Buffer> {
  const settings = `user = "${login.address}:${login.password}"\n`
  return runProgram(
    'curl',
    [
      ...['--silent', '--show-error', '--config', '-', '--cacert', login.caFile],
      ...(command === undefined ? [] : ['--request', command]),
      `imaps://localhost:${login.imapsPort}/${path}`,
    ],
    { home, input: settings },
  )
}

/** What mutt saves when it is told to pipe the first message of INBOX, on a terminal made for it, into a file. `more` is a further setting. */
export async function readWithMutt(
  { imapsPort, caFile, address, password }: Login,
  home: string,
  more = '',
): Promise<Buffer> {
  const saved = join(home, 'saved')
  const settings = join(home, 'muttrc')
  await writeFile(
    settings,
    `set imap_user = "${address}"
set imap_pass = "${password}"
set certificate_file = "${caFile}"
set ssl_verify_host = no
set folder = "${home}"
set header_cache = ""
set message_cachedir = ""
set wait_key = no
set confirmappend = no
set quit = yes
set move = no
unset mark_old
${more}
`,
    { mode: 0o600 },
  )
  const command = `mutt -n -F ${settings} -f imaps://localhost:${imapsPort}/INBOX -e 'push "<first-entry><pipe-message>cat > ${saved}<enter><exit>"'`
  await runProgram('script', ['--quiet', '--return', '--command', command, '/dev/null'], { home })
  return readFile(saved)
}
