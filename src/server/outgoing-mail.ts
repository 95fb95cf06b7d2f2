// Mail that leaves the house: notices to alternate addresses, by the relay of the settings, over TLS that is verified.
import { readFile } from 'node:fs/promises'
import { createTransport } from 'nodemailer'
import type { OutgoingMail } from '../account/notices.ts'
import type { Config } from '../config/schema.ts'
import { codeOf, setupFailure } from './setup-failure.ts'

const timeoutMs = 30_000

/** First line of the file. The library wants a string: it stays in memory as long as the server runs. */
async function readPassword(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).split(/\r?\n/)[0] ?? ''
  } catch (error) {
    throw setupFailure(`cannot read the relay's password ${path} (${codeOf(error)})`, { cause: error })
  }
}

/** The relay of `[recovery.smtp]`; undefined when none is set. Throws Failure 'configuration'. */
export async function relayOf(config: Config): Promise<OutgoingMail | undefined> {
  const { host, port, tls, user, passwordFile, from } = config.recovery.smtp
  if (host === undefined) return undefined
  const pass = passwordFile === undefined ? '' : await readPassword(passwordFile)
  const transport = createTransport({
    ...{ host, port, secure: tls === 'implicit', requireTLS: tls === 'starttls', ignoreTLS: tls === 'none' },
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    ...(user === undefined ? {} : { auth: { user, pass } }),
    ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
    ...{ disableFileAccess: true, disableUrlAccess: true },
  })
  const sender = from ?? `postmaster@${config.hostname}`
  return {
    async send(to, message) {
      await transport.sendMail({ envelope: { from: sender, to: [to] }, raw: message })
    },
  }
}
