// Makes accounts that have lived: several mailboxes, flags, copies, expunges, long bodies, and a note of what is in them.
import { randomBytes } from 'node:crypto'
import { SiteKey } from '../../src/crypto/site-key.ts'
import type { MessageState, OpenAccount, Uid } from '../../src/account/api.ts'
import {
  alice,
  chunks,
  deliverTo,
  mail,
  makeSite,
  password,
  readAll,
  session,
  type TestSite,
} from '../account/support.ts'
import { leastKdf } from './support.ts'

export interface ExpectedMailbox {
  readonly specialUse: string
  readonly uidValidity: number
  readonly uidNext: number
  readonly recent: number
  readonly messages: ReadonlyMap<number, { readonly state: MessageState; readonly bytes: Buffer }>
}

/** An account as the running program shows it. */
export interface Expected {
  readonly mailboxes: ReadonlyMap<string, ExpectedMailbox>
  readonly subscriptions: readonly string[]
  /** `mailbox` is empty for those of the account; values in base64. */
  readonly annotations: readonly {
    readonly mailbox: string
    readonly entry: string
    readonly value: string
  }[]
}

export async function makeKeyedSite(): Promise<{ readonly site: TestSite; readonly siteKey: Buffer }> {
  const { siteKey, bytes } = SiteKey.make()
  return { site: await makeSite({ kdf: leastKdf, siteKey }), siteKey: bytes }
}

/** Everything that an open account shows, with the octets of every message. */
export async function whatIsIn(open: OpenAccount): Promise<Expected> {
  const mailboxes = new Map<string, ExpectedMailbox>()
  for (const { name, specialUse } of open.mailboxes()) {
    const { uidValidity, uidNext, recent } = await open.status(name)
    const mailbox = await open.select(name, { isReadOnly: true })
    const messages = new Map<number, { state: MessageState; bytes: Buffer }>()
    for (const uid of mailbox.uids()) {
      const state = mailbox.state(uid)
      if (state) messages.set(uid, { state, bytes: await readAll(mailbox, uid) })
    }
    mailbox.close()
    mailboxes.set(name, { specialUse: specialUse ?? '', uidValidity, uidNext, recent, messages })
  }
  const annotations = ['', ...mailboxes.keys()].flatMap((mailbox) =>
    [...open.annotations(mailbox === '' ? undefined : mailbox)].map(([entry, value]) => ({
      ...{ mailbox, entry, value: value.toString('base64') },
    })),
  )
  return { mailboxes, subscriptions: [...open.subscriptions()].sort(), annotations }
}

/** Messages whose sealed form ends just before, at and just after the ends of chunks, and some that nobody would write. */
function longMessages(): Buffer[] {
  const sizes = [56, 57, 65_527, 65_528, 65_529, 65_536, 131_064, 131_072, 400_000]
  const texts = sizes.map((size) => {
    const head = Buffer.from(`Subject: ${size} octets\r\n\r\n`)
    return Buffer.concat([head, Buffer.alloc(Math.max(0, size - head.length), 'line of text\r\n')])
  })
  const noHeader = Buffer.from('\r\nno header at all\r\n')
  // APPEND makes CRLF of a lone CR or LF; every other octet stays.
  const octets = randomBytes(70_000).map((octet) => (octet === 10 || octet === 13 ? 0 : octet))
  const binary = Buffer.concat([Buffer.from('Subject: binary\r\n\r\n'), octets])
  return [...texts, noHeader, binary, Buffer.from('X')]
}

export const mailboxNames: readonly string[] = [
  'Projekte/Übersicht 😀/2026',
  'a "quoted" \\ name: <odd>',
  'con',
  'a_b',
  'a:b',
  'x'.repeat(200),
]

/**
 * Fills a new account of alice over two sessions, so that some of it lies in pages and some in single records and in
 * the log. `sent` gets every message that was given to it.
 */
export async function live(site: TestSite, sent: Buffer[]): Promise<void> {
  const open = await alice(site)
  const append = async (
    into: OpenAccount,
    name: string,
    message: Buffer,
    flags: readonly string[] = [],
  ): Promise<Uid> => {
    sent.push(message)
    const date = Date.UTC(2001, 1, 3) + sent.length * 1_000
    const options = { flags, internalDate: date, zoneMinutes: sent.length % 2 ? -330 : 90 }
    return (await into.append(name, chunks(message), options)).uid
  }
  for (const name of mailboxNames) await open.createMailbox(name)
  const note = (entry: string, value?: string): Map<string, Buffer | undefined> =>
    new Map([[entry, value === undefined ? undefined : Buffer.from(value)]])
  await open.setAnnotations(undefined, note('/private/vendor/a/b', 'of the account'))
  await open.setAnnotations('con', note('/private/comment', 'renamed later'))
  await open.setAnnotations('Archive', note('/shared/comment', 'taken away later'))
  await open.setAnnotations('INBOX', note('/private/empty', ''))
  for (let index = 1; index <= 160; index += 1) {
    const flags = [['\\Seen'], ['\\Answered', 'work'], ['$Forwarded', '\\Flagged', '\\Draft'], []][index % 4]
    await append(open, 'INBOX', mail(`number ${index}`, 'text\r\n'.repeat(index % 7)), flags)
  }
  for (const message of longMessages()) await append(open, mailboxNames[0] ?? '', message)
  for (const name of mailboxNames.slice(1)) await append(open, name, mail(`only one in ${name}`), ['\\Seen'])
  const inbox = await open.select('INBOX', { isReadOnly: false })
  const first = inbox.uids()
  await inbox.copy(first.slice(0, 30), 'Archive')
  await inbox.move(first.slice(30, 50), 'Trash')
  await inbox.storeFlags(first.slice(100, 110), 'add', ['\\Deleted', 'gone'])
  await inbox.expunge()
  await open.createMailbox('Temporary')
  await append(open, 'Temporary', mail('in a mailbox that goes'))
  await open.close()

  sent.push(mail('delivered while locked'), mail('to a detail'))
  await deliverTo(site.accounts, 'alice@example.org', sent.at(-2) ?? Buffer.alloc(0))
  await deliverTo(site.accounts, 'alice+archive@example.org', sent.at(-1) ?? Buffer.alloc(0))
  await site.restart()

  const again = await site.accounts.login('alice@example.org', password(), session)
  const inboxAgain = await again.select('INBOX', { isReadOnly: false })
  await again.deleteMailbox('Temporary')
  await again.createMailbox('Temporary')
  await append(again, 'Temporary', mail('in a new mailbox of an old name'))
  await again.renameMailbox('con', 'Projekte/con')
  await again.unsubscribe('Junk')
  await again.setAnnotations('Archive', note('/shared/comment'))
  await again.setAnnotations('Trash', note('/private/large', 'octets '.repeat(2000)))
  await again.subscribe('not there')
  const uids = inboxAgain.uids()
  await inboxAgain.storeFlags(uids.slice(0, 5), 'replace', ['\\Seen', 'later'])
  await inboxAgain.storeFlags(uids.slice(20, 23), 'add', ['\\Deleted'])
  await inboxAgain.expunge()
  await inboxAgain.copy(uids.slice(40, 50), 'Temporary')
  for (let index = 1; index <= 12; index += 1)
    await append(again, 'Drafts', mail(`draft ${index}`), ['\\Draft'])
  await again.close()
}
