// Dovecot as a source, by IMAP and by its Maildir, and as the one who takes an export over.
import assert from 'node:assert/strict'
import { chown, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ImapFlow } from 'imapflow'
import { TransferFailure } from '../../src/transfer/errors.ts'
import { exportMail } from '../../src/transfer/export.ts'
import { openImap } from '../../src/transfer/imap-source.ts'
import { parseImapUrl } from '../../src/transfer/imap-client.ts'
import { openMaildir } from '../../src/transfer/maildir-source.ts'
import type { Source } from '../../src/transfer/source.ts'
import { alice, makeSite } from '../account/support.ts'
import { DovecotProcess, skipWithoutDovecot } from '../support/dovecot.ts'
import { filled, letter, run, sums, temporary, view, type SeenMailbox } from './support.ts'

const user = { address: 'old@example.org', password: 'the old password' }
const other = { address: 'taken@example.org', password: 'another password' }
const limit = 50_000_000

const use = 'mailbox "Gesendete Objekte" {\n special_use = \\Sent\n}'
const settings = (layout: string): string =>
  `mail_location = maildir:~/Maildir${layout}\nnamespace inbox {\n separator = /\n ${use}\n}\n`

async function client(dovecot: DovecotProcess): Promise<ImapFlow> {
  const flow = new ImapFlow({
    ...{ host: '127.0.0.1', port: dovecot.imapPort, secure: false, logger: false },
    auth: { user: user.address, pass: user.password },
  })
  await flow.connect()
  return flow
}

async function fill(dovecot: DovecotProcess): Promise<void> {
  const flow = await client(dovecot)
  for (const name of ['Gesendete Objekte', 'Ärger & mehr', 'Lists/node', 'Lists/empty'])
    await flow.mailboxCreate(name)
  await flow.mailboxUnsubscribe('Lists/empty')
  const flags = [['\\Seen'], ['\\Flagged', '$Label1'], ['\\Answered', 'work', 'NonJunk'], []]
  for (const [index, name] of [
    'INBOX',
    'INBOX',
    'Gesendete Objekte',
    'Ärger & mehr',
    'Lists/node',
    'INBOX',
  ].entries()) {
    const date = new Date(Date.UTC(2015, index, 3, 4, 5, 6))
    await flow.append(name, letter(`m${index}`).replaceAll('\n', '\r\n'), flags[index % 4] ?? [], date)
  }
  // The same message twice is two messages.
  for (let copy = 0; copy < 2; copy += 1)
    await flow.append('INBOX', letter('twin').replaceAll('\n', '\r\n'), [], new Date(Date.UTC(2016, 1, 1)))
  await flow.logout()
}

function open(dovecot: DovecotProcess, password: string = user.password): Promise<Source> {
  const server = parseImapUrl(`imap://127.0.0.1:${dovecot.imapPort}`)
  assert.ok(server)
  const login = { user: user.address, secret: Buffer.from(password), isToken: false }
  return openImap(server, login, limit)
}

const expected = {
  INBOX: ['m0 [\\Seen]', 'm1 [$Label1 \\Flagged]', 'm5 [$Label1 \\Flagged]', 'twin []', 'twin []'],
  'Lists/node': ['m4 [\\Seen]'],
  Sent: ['m2 [NonJunk \\Answered work]'],
  'Ärger & mehr': ['m3 []'],
}

describe('importing from Dovecot', { skip: skipWithoutDovecot() }, () => {
  for (const layout of ['', ':LAYOUT=fs']) {
    describe(layout === '' ? 'Maildir++' : 'folders in folders', () => {
      let dovecot: DovecotProcess
      before(async () => {
        dovecot = await DovecotProcess.start([user, other], settings(layout))
        await fill(dovecot)
      })
      after(() => dovecot[Symbol.asyncDispose]())

      it('by IMAP: everything once, as it is there, and nothing is changed there', async () => {
        const account = await alice(await makeSite())
        const done = await run(account, open(dovecot))
        assert.deepEqual(done.troubles, [])
        assert.deepEqual(await filled(account), expected)
        assert.deepEqual(sums(done), { added: 8, present: 0, left: 0, verified: 8 })
        const seen = await view(account)
        assert.equal(seen['Lists/node']?.isSubscribed, true)
        assert.equal(seen['Lists/empty']?.isSubscribed, false)
        assert.deepEqual(sums(await run(account, open(dovecot))), {
          ...{ added: 0, present: 8, left: 0, verified: 0 },
        })
        assert.deepEqual(await view(account), seen)
      })

      it('by IMAP and by its files: the same', async () => {
        const [byImap, byFiles] = [await alice(await makeSite()), await alice(await makeSite())]
        await run(byImap, open(dovecot))
        const done = await run(byFiles, openMaildir(join(dovecot.root, user.address, 'Maildir')))
        assert.deepEqual(done.troubles, [])
        const withoutZone = (all: Record<string, SeenMailbox>): unknown =>
          Object.fromEntries(
            Object.entries(all).map(([name, { messages }]) => [
              name,
              messages.map(({ text, flags, seconds }) => ({ text, flags, seconds })),
            ]),
          )
        assert.deepEqual(withoutZone(await view(byFiles)), withoutZone(await view(byImap)))
        // What came by one road is known on the other.
        assert.equal(
          sums(await run(byImap, openMaildir(join(dovecot.root, user.address, 'Maildir')))).added,
          0,
        )
        assert.equal(sums(await run(byFiles, open(dovecot))).added, 0)
      })

      it('says in words that it may not in', async () => {
        await assert.rejects(
          open(dovecot, 'a guess'),
          (error) =>
            error instanceof TransferFailure &&
            error.code === 'source-refused' &&
            !/guess/.test(error.message),
        )
      })

      if (layout === '')
        it('takes an export over with the UIDs that clients know', async (context) => {
          const account = await alice(await makeSite())
          await run(account, open(dovecot))
          const root = join(await temporary(context), 'out')
          const options = {
            format: 'maildir' as const,
            progress: () => undefined,
            trouble: () => assert.fail(),
          }
          const home = join(dovecot.root, other.address, 'Maildir')
          await rm(home, { recursive: true, force: true })
          await exportMail(account, root, { ...options, signal: new AbortController().signal })
          await exportMail(account, home, { ...options, signal: new AbortController().signal })
          const owner = 20_002
          await chown(home, owner, owner)
          for (const entry of await readdir(home, { recursive: true }))
            await chown(join(home, entry), owner, owner)
          const fetched = await dovecot.doveadm([
            ...['-f', 'tab', 'fetch', '-u', other.address, 'uid flags date.received hdr.subject'],
            ...['mailbox', 'INBOX'],
          ])
          const inbox = await account.select('INBOX', { isReadOnly: true })
          assert.deepEqual(
            fetched
              .trim()
              .split('\n')
              .slice(1)
              .map((line) => line.split('\t')[0]),
            inbox.uids().map(String),
          )
          assert.match(fetched, /\\Flagged \$Label1/)
          assert.match(await dovecot.doveadm(['mailbox', 'list', '-u', other.address]), /Lists\/node/)
        })
    })
  }

  it('gives up a connection that nobody takes, in words', async () => {
    const server = parseImapUrl('imaps://127.0.0.1:1')
    assert.ok(server)
    const login = { user: 'x', secret: Buffer.from('y'), isToken: false }
    await assert.rejects(
      openImap(server, login, limit),
      (error) => error instanceof TransferFailure && error.code === 'source-lost',
    )
  })
})

describe('addresses of IMAP servers', () => {
  const rows: readonly (readonly [url: string, host: string | undefined, port?: number, isTls?: boolean])[] =
    [
      ['imaps://mail.example.org', 'mail.example.org', 993, true],
      ['imap://mail.example.org/', 'mail.example.org', 143, false],
      ['imaps://[2001:db8::1]:1993', '2001:db8::1', 1993, true],
      ['https://mail.example.org', undefined],
      ['imaps://bob:secret@mail.example.org', undefined],
      ['imaps://mail.example.org/INBOX', undefined],
      ['mail.example.org', undefined],
    ]
  for (const [url, host, port, isTls] of rows) {
    it(`${url} is ${host ?? 'none'}`, () => {
      assert.deepEqual(parseImapUrl(url), host === undefined ? undefined : { host, port, isTls })
    })
  }
})
