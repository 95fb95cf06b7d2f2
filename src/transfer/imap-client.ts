// A connection to another IMAP server: nothing goes in clear text but to this machine itself, and nothing is changed there.
import { ImapFlow } from 'imapflow'
import { TransferFailure } from './errors.ts'

export interface ImapServer {
  readonly host: string
  readonly port: number
  /** TLS from the first byte; else STARTTLS, which only this machine itself may do without. */
  readonly isTls: boolean
}

export interface ImapLogin {
  readonly user: string
  /** Bytes of the password, or of an OAuth 2 access token. The caller's to wipe. */
  readonly secret: Buffer
  readonly isToken: boolean
  /** Certificates in PEM form that are trusted beside the system's. */
  readonly certificates?: Buffer
}

/** `imaps://host[:port]` or `imap://host[:port]`; undefined when it is neither. No user, no path. */
export function parseImapUrl(text: string): ImapServer | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text)
  if (protocol !== 'imaps:' && protocol !== 'imap:') return undefined
  if (hostname === '' || username !== '' || password !== '' || search !== '' || hash !== '') return undefined
  if (pathname !== '' && pathname !== '/') return undefined
  const isTls = protocol === 'imaps:'
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isTls ? 993 : 143) : Number(port),
    isTls,
  }
}

const isThisMachine = (host: string): boolean => /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/i.test(host)

/** What imapflow has and does not declare (the version is pinned): a command with a listener for its untagged answers. */
interface Commands {
  exec(
    command: string,
    attributes: readonly unknown[],
    options: { readonly untagged: Readonly<Record<string, (answer: UntaggedAnswer) => Promise<void>>> },
  ): Promise<{ next(): void }>
}

export interface UntaggedAnswer {
  readonly attributes?: readonly unknown[]
}

/** Sends one command and hands over its untagged answers of one kind, as they come. */
export async function command(
  client: ImapFlow,
  name: string,
  attributes: readonly unknown[],
  kind: string,
  heard: (answer: UntaggedAnswer) => void,
): Promise<void> {
  const listener = async (answer: UntaggedAnswer): Promise<void> => heard(answer)
  const commands = client as unknown as Commands
  const done = await commands.exec(name, attributes, { untagged: { [kind]: listener } })
  done.next()
}

/** Logs in. Throws TransferFailure. */
export async function connectImap(
  server: ImapServer,
  login: ImapLogin,
  limitBytes: number,
): Promise<ImapFlow> {
  const { host, port, isTls } = server
  // A string cannot be wiped; imapflow takes nothing else. It lives as long as the connection.
  const secret = login.secret.toString('utf8')
  const client = new ImapFlow({
    ...{ host, port, secure: isTls, logger: false, disableAutoIdle: true },
    ...(isTls ? {} : isThisMachine(host) ? {} : { doSTARTTLS: true }),
    auth: { user: login.user, ...(login.isToken ? { accessToken: secret } : { pass: secret }) },
    ...(login.certificates ? { tls: { ca: [login.certificates] } } : {}),
    // Above what is asked for: a server that sends more than it said is not waited for.
    ...{ maxLiteralSize: limitBytes + 1024 * 1024, maxResponseSize: 2 * limitBytes + 8 * 1024 * 1024 },
    maxLineLength: 16 * 1024 * 1024,
  })
  // Whatever a broken connection says, the command under way fails with it.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    client.close()
    throw refusal(server, login, error)
  }
}

function refusal({ host, port }: ImapServer, { user }: ImapLogin, error: unknown): TransferFailure {
  if (error instanceof Error && 'authenticationFailed' in error && error.authenticationFailed === true) {
    return new TransferFailure('source-refused', `${host} does not let ${user} in with this secret`, {
      cause: error,
      hint: 'try it with a mail program; some servers want an app password, or a token (--token)',
    })
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'error'
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code)) {
    return new TransferFailure('source-refused', `the certificate of ${host} is not trusted (${code})`, {
      cause: error,
      hint: 'name the host as its certificate does, or give the certificate with --certificate FILE',
    })
  }
  return new TransferFailure('source-lost', `no connection to ${host}:${port} (${code})`, {
    cause: error,
    hint: 'imaps://HOST is TLS from the first byte, port 993; imap://HOST is STARTTLS, port 143',
  })
}
