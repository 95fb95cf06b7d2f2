// The programs around a mail store: one that delivers by LMTP, one that reads by IMAP over TLS, one that asks for the page.
import { ImapFlow } from 'imapflow'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { DemoMessage } from './messages.ts'
import { NotShown } from './stage.ts'

const timeoutMs = 60_000

/** Delivers messages over one connection; resolves when the server has answered 250 to each. */
export async function deliverByLmtp(
  port: number,
  to: string,
  messages: readonly DemoMessage[],
): Promise<void> {
  const connection = new SMTPConnection({
    host: '127.0.0.1',
    port,
    lmtp: true,
    ignoreTLS: true,
    name: 'localhost',
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  })
  try {
    await new Promise<void>((resolve, reject) => {
      connection.once('error', reject)
      connection.connect((error) => (error ? reject(error) : resolve()))
    })
    for (const { from, bytes } of messages) {
      await new Promise<void>((resolve, reject) => {
        connection.send({ from, to: [to] }, bytes, (error, info) => {
          if (error) reject(error)
          else if (info.accepted.length !== 1) reject(new Error('LMTP did not accept the recipient'))
          else resolve()
        })
      })
    }
  } finally {
    connection.quit()
  }
}

export interface Login {
  readonly port: number
  readonly user: string
  readonly password: string
  /** The server's certificate: TLS is checked, not only used. */
  readonly certificate: string
}

function imapClient({ port, user, password, certificate }: Login): ImapFlow {
  return new ImapFlow({
    host: '127.0.0.1',
    servername: 'localhost',
    port,
    secure: true,
    tls: { ca: certificate },
    auth: { user, pass: password },
    logger: false,
    disableAutoIdle: true,
    connectionTimeout: timeoutMs,
  })
}

/** Logs in, reads every message of INBOX whole, logs out. Throws what the client throws. */
export async function readByImap(login: Login): Promise<Buffer[]> {
  const client = imapClient(login)
  client.on('error', () => undefined) // the command under way rejects with it
  await client.connect()
  try {
    await client.mailboxOpen('INBOX', { readOnly: true })
    const messages: Buffer[] = []
    for await (const { source } of client.fetch('1:*', { source: true })) {
      if (source) messages.push(source)
    }
    return messages
  } finally {
    await client.logout().catch(() => undefined)
    client.close()
  }
}

/** What the server says to a login that it refuses; undefined when it let it in. */
export async function refusalByImap(login: Login): Promise<string | undefined> {
  const client = imapClient(login)
  client.on('error', () => undefined)
  try {
    await client.connect()
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'authenticationFailed' in error) {
      const text = 'serverResponseCode' in error ? error.serverResponseCode : undefined
      return typeof text === 'string' ? text : 'NO'
    }
    throw error
  } finally {
    client.close()
  }
  return undefined
}

/** Throws NotShown unless the page answers with its form for signing in, and forbids what is not its own. */
export async function requirePage(port: number, signal: AbortSignal): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/sign-in`, { signal })
  const text = await answer.text()
  if (!answer.ok || !text.includes('action="/sign-in"'))
    throw new NotShown(`the page answers with ${answer.status}`)
  const policy = answer.headers.get('content-security-policy') ?? ''
  if (!policy.startsWith("default-src 'none'"))
    throw new NotShown('the page would load things from elsewhere')
}
