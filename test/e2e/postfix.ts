// A Postfix of its own: configuration, queue and log in one directory, listening on loopback, delivering by LMTP.
import { execFile, spawnSync } from 'node:child_process'
import { chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram } from '../support/programs.ts'
import { freePort } from '../support/ports.ts'

const run = promisify(execFile)
const running = new Set<string>()
process.on('exit', () => {
  for (const directory of running)
    spawnSync(postfixProgram(), ['-c', directory, 'abort'], { stdio: 'ignore' })
})

/** Its name in the Received fields it writes. */
export const postfixHost = 'mta.test'

function postfixProgram(): string {
  return findProgram('postfix') ?? 'postfix'
}

async function builtIn(name: string): Promise<string> {
  const { stdout } = await run(findProgram('postconf') ?? 'postconf', ['-dh', name])
  return stdout.trim()
}

/**
 * Where Postfix changes a message that comes in by SMTP, and what it does, or undefined when it passes on every octet. Its
 * `cleanup` reads the header section: what it takes for a slip there, it mends.
 */
export function postfixChange(message: Buffer): string | undefined {
  const text = message.toString('latin1')
  if (/^>*From /.test(text)) return 'the mbox line becomes X-Mailbox-Line'
  if (/^[ \t]/.test(text)) return 'an empty line is put before a continuation without a field'
  if (/\r(?!\n)|(?<!\r)\n/.test(text)) return 'CR or LF alone becomes a line end'
  const [header = ''] = /^\r\n/.test(text) ? [''] : text.split('\r\n\r\n')
  if (header.includes('\0')) return 'a header line ends at a NUL'
  for (const line of header.split('\r\n')) {
    if (/^[ \t]/.test(line) || line === '') continue
    const name = /^[!-9;-~]+([ \t]*):/.exec(line)
    if (!name) return 'an empty line is put before the first line that is no field'
    if (name[1] !== '') return 'the space between a name and its colon is removed'
  }
  return undefined
}

export interface Postfix extends AsyncDisposable {
  /** Where it takes mail by SMTP. */
  readonly smtpPort: number
  /** The end of its log. */
  logTail(): Promise<string>
}

/** Starts a Postfix, as root, that takes mail for `domain` and hands it to `lmtpPort` of 127.0.0.1; `settings` are put behind the others. */
export async function startPostfix(
  root: string,
  domain: string,
  lmtpPort: number,
  settings = '',
): Promise<Postfix> {
  const [base, smtpPort] = [join(root, 'postfix'), await freePort()]
  const [config, queue, data] = [join(base, 'etc'), join(base, 'queue'), join(base, 'data')]
  for (const directory of [base, config, queue, data]) await mkdir(directory, { mode: 0o755 })
  const owner = (await builtIn('mail_owner')) || 'postfix'
  const { stdout: uid } = await run('id', ['-u', owner])
  await chown(data, Number(uid), (await stat(data)).gid)
  await writeFile(join(config, 'main.cf'), (await mainSettings(base, domain, lmtpPort)) + settings)
  await writeFile(join(config, 'master.cf'), services(smtpPort))
  const logTail = async (): Promise<string> =>
    (await readFile(join(base, 'maillog'), 'utf8').catch(() => '')).slice(-3_000)
  running.add(config)
  const stop = async (): Promise<void> => {
    await run(postfixProgram(), ['-c', config, 'stop']).catch(() => undefined)
    running.delete(config)
  }
  try {
    await run(postfixProgram(), ['-c', config, 'start'])
  } catch (error) {
    await stop()
    throw new Error(`Postfix did not start: ${await logTail()}`, { cause: error })
  }
  return { smtpPort, logTail, [Symbol.asyncDispose]: stop }
}

// What is not said here is Postfix's default. No limit on the length of lines, no field dropped, no rewriting: what an
// administrator who wants mail unchanged would write.
async function mainSettings(base: string, domain: string, lmtpPort: number): Promise<string> {
  return `
compatibility_level = 3.6
queue_directory = ${base}/queue
data_directory = ${base}/data
daemon_directory = ${await builtIn('daemon_directory')}
shlib_directory = ${await builtIn('shlib_directory')}
maillog_file_prefixes = ${base}
maillog_file = ${base}/maillog
myhostname = ${postfixHost}
mydestination =
alias_maps =
alias_database =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
virtual_mailbox_domains = ${domain}
virtual_mailbox_maps =
virtual_transport = lmtp:inet:127.0.0.1:${lmtpPort}
recipient_delimiter = +
message_size_limit = 120000000
mailbox_size_limit = 0
header_size_limit = 10000000
lmtp_line_length_limit = 0
message_drop_headers =
local_header_rewrite_clients =
minimal_backoff_time = 1s
queue_run_delay = 1s
`
}

// Without chroot: its directories are not those of the package.
function services(smtpPort: number): string {
  const rows = [
    `127.0.0.1:${smtpPort} inet n - n - 20 smtpd`,
    'pickup unix n - n 60 1 pickup',
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 300 1 qmgr',
    'rewrite unix - - n - - trivial-rewrite',
    'bounce unix - - n - 0 bounce',
    'defer unix - - n - 0 bounce',
    'trace unix - - n - 0 bounce',
    'flush unix n - n 1000? 0 flush',
    'proxymap unix - - n - - proxymap',
    'smtp unix - - n - - smtp',
    'error unix - - n - - error',
    'retry unix - - n - - error',
    'lmtp unix - - n - 16 lmtp',
    'anvil unix - - n - 1 anvil',
    'scache unix - - n - 1 scache',
    'postlog unix-dgram n - n - 1 postlogd',
  ]
  return rows.join('\n') + '\n'
}
