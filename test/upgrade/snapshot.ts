// Everything that a mail program is shown of an account, as plain data that can be kept in a file.
import { createHash } from 'node:crypto'
import { ImapFlow } from 'imapflow'

export interface MessageView {
  readonly uid: number
  readonly flags: readonly string[]
  readonly internalDate: string
  readonly modseq: string
  readonly size: number
  readonly sha256: string
}

export interface MailboxView {
  readonly path: string
  readonly specialUse: string
  readonly isSubscribed: boolean
  readonly uidValidity: string
  readonly uidNext: number
  readonly highestModseq: string
  readonly messages: readonly MessageView[]
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

async function viewMailbox(
  client: ImapFlow,
  path: string,
  listed: Pick<MailboxView, 'specialUse' | 'isSubscribed'>,
  onSource: (source: Buffer) => void,
): Promise<MailboxView> {
  const opened = await client.mailboxOpen(path, { readOnly: true })
  const messages: MessageView[] = []
  if (opened.exists > 0) {
    const wanted = { uid: true, flags: true, internalDate: true, size: true, source: true }
    for await (const message of client.fetch('1:*', wanted)) {
      const source = message.source ?? Buffer.alloc(0)
      onSource(source)
      messages.push({
        uid: message.uid,
        // \Recent is of sessions, not of messages.
        flags: [...(message.flags ?? [])].filter((flag) => flag !== '\\Recent').sort(),
        internalDate: new Date(message.internalDate ?? 0).toISOString(),
        modseq: String(message.modseq ?? ''),
        size: message.size ?? -1,
        sha256: sha256(source),
      })
    }
  }
  return {
    ...{ path, ...listed },
    uidValidity: String(opened.uidValidity),
    uidNext: opened.uidNext,
    highestModseq: String(opened.highestModseq ?? ''),
    messages: messages.sort((a, b) => a.uid - b.uid),
  }
}

/** Logs in without TLS on 127.0.0.1; undefined when the server does not let these in. `onSource` is told each message, whole. */
export async function snapshot(
  port: number,
  user: string,
  pass: string,
  onSource: (source: Buffer) => void = () => undefined,
): Promise<readonly MailboxView[] | undefined> {
  const client = new ImapFlow({
    ...{ host: '127.0.0.1', port, secure: false, doSTARTTLS: false, logger: false },
    auth: { user, pass },
  })
  try {
    await client.connect()
  } catch {
    return undefined
  }
  const views: MailboxView[] = []
  for (const { path, specialUse, subscribed } of await client.list())
    views.push(
      await viewMailbox(client, path, { specialUse: specialUse ?? '', isSubscribed: subscribed }, onSource),
    )
  await client.logout()
  return views.sort((a, b) => (a.path < b.path ? -1 : 1))
}
