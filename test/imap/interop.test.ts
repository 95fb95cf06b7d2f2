// A real client library, imapflow, does what mail programs do.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { ImapFlow } from 'imapflow'
import { address, mail, makeHarness, passwordText, type Harness } from './harness.ts'

async function withImapFlow(
  test: (client: ImapFlow, harness: Harness) => Promise<void>,
  options: { readonly qresync?: boolean } = {},
): Promise<void> {
  const harness = await makeHarness()
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: harness.port,
    secure: false,
    doSTARTTLS: false,
    auth: { user: address, pass: passwordText },
    logger: false,
    disableAutoIdle: true,
    ...options,
  })
  try {
    await client.connect()
    await test(client, harness)
    await client.logout()
  } finally {
    client.close()
    await harness.close()
  }
}

describe('imapflow', () => {
  it('finds the mailboxes and their uses', () =>
    withImapFlow(async (client) => {
      const list = await client.list({ statusQuery: { messages: true } })
      const uses = Object.fromEntries(list.map(({ path, specialUse }) => [path, specialUse]))
      assert.deepEqual(uses, {
        INBOX: '\\Inbox',
        Archive: '\\Archive',
        Drafts: '\\Drafts',
        Junk: '\\Junk',
        Sent: '\\Sent',
        Trash: '\\Trash',
      })
      assert.ok(list.every(({ subscribed, status }) => subscribed && status?.messages === 0))
      await client.mailboxCreate('Müller & Söhne/Rechnungen')
      await client.mailboxRename('Müller & Söhne', 'Kunden')
      await client.mailboxUnsubscribe('Archive')
      const paths = (await client.list()).map(({ path }) => path)
      assert.ok(paths.includes('Kunden/Rechnungen'))
      await client.mailboxDelete('Kunden/Rechnungen')
    }))

  it('appends, fetches, flags, searches, copies, moves and deletes', () =>
    withImapFlow(async (client) => {
      const date = new Date('2026-11-21T12:00:00Z')
      const appended = await client.append('INBOX', mail('first of all'), ['\\Seen', 'Work'], date)
      assert.ok(appended)
      assert.equal(appended.uid, 1)
      await client.append('INBOX', mail('second', 'needle in a body\r\n'))
      const lock = await client.getMailboxLock('INBOX')
      try {
        assert.ok(client.mailbox)
        assert.equal(client.mailbox.exists, 2)
        assert.ok(client.mailbox.highestModseq)
        const message = await client.fetchOne('1', {
          ...{
            uid: true,
            flags: true,
            envelope: true,
            bodyStructure: true,
            internalDate: true,
            size: true,
            source: true,
          },
        })
        assert.ok(message)
        assert.equal(message.envelope?.subject, 'first of all')
        assert.deepEqual([...(message.flags ?? [])].sort(), ['Work', '\\Seen'])
        assert.equal(message.source?.toString(), mail('first of all'))
        assert.equal(message.size, mail('first of all').length)
        assert.equal(new Date(message.internalDate ?? 0).getTime(), date.getTime())
        assert.equal(message.bodyStructure?.type, 'text/plain')
        const download = await client.download('2', 'TEXT')
        const chunks: Buffer[] = []
        assert.ok(download.content)
        for await (const chunk of download.content) chunks.push(chunk as Buffer)
        assert.equal(Buffer.concat(chunks).toString(), 'needle in a body\r\n')
        assert.deepEqual(await client.search({ body: 'needle' }, { uid: true }), [2])
        assert.deepEqual(await client.search({ seen: false }), [2])
        await client.messageFlagsAdd('2', ['\\Flagged', '$Forwarded'])
        assert.deepEqual(await client.search({ keyword: '$Forwarded' }), [2])
        const copied = await client.messageCopy('1:2', 'Archive')
        assert.ok(copied)
        assert.deepEqual(
          copied.uidMap,
          new Map([
            [1, 1],
            [2, 2],
          ]),
        )
        const moved = await client.messageMove({ uid: '1' }, 'Trash')
        assert.ok(moved)
        assert.deepEqual(moved.uidMap, new Map([[1, 1]]))
        await client.messageDelete({ all: true })
        assert.equal(client.mailbox.exists, 0)
      } finally {
        lock.release()
      }
      const status = await client.status('Archive', { messages: true, highestModseq: true })
      assert.ok(status)
      assert.equal(status.messages, 2)
    }))

  it('hears of new mail in IDLE', () =>
    withImapFlow(async (client, { put }) => {
      await client.mailboxOpen('INBOX')
      const idling = client.idle()
      const heard = once(client, 'exists')
      await put(mail('ping'))
      const [event] = (await heard) as [{ count: number }]
      assert.equal(event.count, 1)
      await client.noop()
      await idling
    }))

  it('enables IMAP4rev2 and UTF8=ACCEPT by itself', () =>
    withImapFlow(async (client) => {
      for (const name of ['IMAP4REV2', 'UTF8=ACCEPT', 'CONDSTORE'])
        assert.ok([...client.enabled].map((each) => each.toUpperCase()).includes(name), name)
    }))

  it('comes back by QRESYNC and hears what vanished', () =>
    withImapFlow(
      async (client, { put, select }) => {
        for (const subject of ['one', 'two', 'three', 'four']) await put(mail(subject))
        const { uidValidity, highestModseq } = await client.mailboxOpen('INBOX')
        await client.mailboxClose()
        const other = await select()
        await other.ok('STORE 2:3 +FLAGS.SILENT (\\Deleted)')
        await other.ok('EXPUNGE')
        const heard: string[] = []
        client.on('expunge', ({ uid, earlier }) => heard.push(`${uid}${earlier ? ' earlier' : ''}`))
        const since = { uidValidity, changedSince: highestModseq }
        const opened = await client.mailboxOpen('INBOX', since as object)
        assert.equal(opened.exists, 2)
        assert.deepEqual(heard, ['2 earlier', '3 earlier'])
        await other.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
        await other.ok('EXPUNGE')
        await client.noop()
        assert.deepEqual(heard.slice(2), ['1'])
        const found: number[] = []
        for await (const { uid } of client.fetch('1:*', { uid: true })) found.push(uid)
        assert.deepEqual(found, [4])
        assert.deepEqual(await client.search({ all: true }, { uid: true }), [4])
      },
      { qresync: true },
    ))
})
