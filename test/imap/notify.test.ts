// NOTIFY under load and at the edges: overflow, peers that do not read, goodbyes, commands that come in between.
import type { AccountEvent } from '../../src/account/account-event.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Notify } from '../../src/imap/notify.ts'
import type { Session } from '../../src/imap/session.ts'
import type { NotifyRequest } from '../../src/imap/wire/notify-request.ts'
import { ResponseWriter } from '../../src/imap/wire/writer.ts'
import { mail, makeHarness, type Harness } from './harness.ts'

async function withHarness(test: (harness: Harness) => Promise<void>): Promise<void> {
  const harness = await makeHarness()
  try {
    await test(harness)
  } finally {
    await harness.close()
  }
}

describe('NOTIFY', () => {
  it('fetches large messages as they come, while commands come too', () =>
    withHarness(async ({ select, put }) => {
      const client = await select()
      await client.ok('NOTIFY SET (SELECTED (MessageNew (UID BODY.PEEK[]) MessageExpunge))')
      const texts = [1, 2, 3, 4].map((number) =>
        mail(`m${number}`, `${'x'.repeat(70)}\r\n`.repeat(4000 * number)),
      )
      const responses: string[] = []
      for (const text of texts) {
        await put(text)
        responses.push(...(await client.ok('NOOP')))
      }
      while (responses.filter((response) => response.includes(' FETCH ')).length < 4) {
        responses.push((await client.next()) ?? '')
      }
      for (const [index, text] of texts.entries()) {
        const fetched = responses.find((response) => response.startsWith(`* ${index + 1} FETCH `))
        assert.equal(fetched, `* ${index + 1} FETCH (UID ${index + 1} BODY[] {${text.length}}\r\n${text})`)
      }
    }))

  it('takes every mailbox for an inbox, since mail may be addressed to any', () =>
    withHarness(async ({ login, put }) => {
      const client = await login()
      await client.ok('NOTIFY SET (INBOXES (MessageNew MessageExpunge))')
      await put(mail('x'), { mailbox: 'Archive' })
      assert.match((await client.next()) ?? '', /^\* STATUS Archive \(MESSAGES 1 /)
    }))

  it('takes the subtree of "" for all mailboxes, and of inbox in any case for what is below INBOX', () =>
    withHarness(async ({ login, put }) => {
      const [all, some, other] = await Promise.all([login(), login(), login()])
      await all.ok('NOTIFY SET (SUBTREE "" (MessageNew MessageExpunge))')
      await some.ok('NOTIFY SET (SUBTREE inBox (MessageNew MessageExpunge))')
      await other.ok('CREATE Inbox/below')
      await put(mail('x'), { mailbox: 'Archive' })
      assert.match((await all.next()) ?? '', /^\* STATUS Archive \(MESSAGES 1 /)
      await put(mail('y'), { mailbox: 'INBOX/below' })
      assert.match((await all.next()) ?? '', /^\* STATUS INBOX\/below \(MESSAGES 1 /)
      assert.match((await some.next()) ?? '', /^\* STATUS INBOX\/below \(MESSAGES 1 /)
    }))

  it('tells no EXPUNGE while a command waits for the rest of its literal', () =>
    withHarness(async ({ select, put }) => {
      await put(mail('one'))
      await put(mail('two'))
      const client = await select()
      await client.ok('NOTIFY SET (SELECTED (MessageNew MessageExpunge))')
      client.send('a SEARCH SUBJECT {3}')
      assert.match((await client.next()) ?? '', /^\+ /)
      const other = await select()
      await other.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
      await other.ok('EXPUNGE')
      client.send('two')
      assert.deepEqual((await client.until('a')).at(0), '* SEARCH 2')
      assert.equal(await client.next(), '* 1 EXPUNGE')
    }))

  it('does not fetch what the client put there itself', () =>
    withHarness(async ({ select }) => {
      const client = await select()
      await client.ok('NOTIFY SET (SELECTED (MessageNew (UID) MessageExpunge))')
      const text = mail('mine')
      client.send(`a APPEND INBOX {${text.length}+}`)
      client.send(text)
      assert.deepEqual((await client.until('a')).slice(0, -1), ['* 1 EXISTS', '* 1 RECENT'])
      assert.equal((await client.ok('NOOP')).length, 1)
    }))

  it('never sets \\Seen by what it fetches', () =>
    withHarness(async ({ select, put }) => {
      const client = await select()
      await client.ok('NOTIFY SET (SELECTED (MessageNew (BODY[TEXT]) MessageExpunge))')
      await put(mail('m', 'text'))
      for (const pattern of [/EXISTS$/, /RECENT$/, /^\* 1 FETCH \(BODY\[TEXT\] \{4\}\r\ntext\)$/])
        assert.match((await client.next()) ?? '', pattern)
      assert.match((await client.ok('FETCH 1 FLAGS'))[0] ?? '', /FLAGS \(\\Recent\)/)
    }))

  it('tells of each mailbox once, however much happens there while the client does not listen', () =>
    withHarness(async ({ login, put }) => {
      const client = await login()
      await client.ok('NOTIFY SET (PERSONAL (MessageNew MessageExpunge))')
      const other = await login()
      // The commits come faster than the event loop turns.
      await Promise.all(Array.from({ length: 50 }, () => put(mail('x'), { mailbox: 'Archive' })))
      await other.ok('NOOP')
      const told: string[] = []
      while (!told.at(-1)?.includes('MESSAGES 50')) told.push((await client.next()) ?? '')
      assert.ok(told.length <= 50)
      for (const line of told) assert.match(line, /^\* STATUS Archive /)
    }))

  it('gives up when too many names wait, says so once, and then tells nothing', async () => {
    const out = new ResponseWriter()
    let listener: (event: AccountEvent) => void = () => undefined
    const inForce: Notify[] = []
    let isWatching = false
    const session = {
      ...{ out, selected: undefined, isCondstore: false, pace: () => Promise.resolve() },
      account: {
        watch(listen: (event: AccountEvent) => void) {
          listener = listen
          isWatching = true
          return () => {
            isWatching = false
          }
        },
      },
      setNotify(notify: Notify) {
        inForce.push(notify)
      },
    }
    const events = new Set(['SubscriptionChange'] as const)
    const request: NotifyRequest = {
      ...{ withStatus: false, selected: undefined, hasUnknownEvents: false },
      groups: [{ filter: { kind: 'personal' }, events }],
    }
    const notify = new Notify(session as unknown as Session, request)
    for (let index = 0; index <= 1001; index += 1)
      listener({ kind: 'subscribed', name: `n${index}`, by: undefined })
    assert.equal(isWatching, false)
    await notify.tell()
    assert.match(Buffer.concat(out.take()).toString(), /^\* OK \[NOTIFICATIONOVERFLOW\] [^\r]+\r\n$/)
    const [none] = inForce
    assert.ok(none)
    assert.equal(none.hasNews, false)
    await none.tell()
    assert.equal(none.tellsSelected, false)
    assert.equal(out.sizeBytes, 0)
  })

  it('says goodbye between two responses, not inside one', () =>
    withHarness(async ({ select, put, handles }) => {
      const client = await select()
      await client.ok('NOTIFY SET (SELECTED (MessageNew (BODY.PEEK[]) MessageExpunge))')
      await put(mail('large', `${'x'.repeat(70)}\r\n`.repeat(10_000)))
      assert.equal(await client.next(), '* 1 EXISTS')
      handles.at(-1)?.close('The server is shutting down')
      const rest = await client.rest()
      assert.equal(rest.at(-1), '* BYE [UNAVAILABLE] The server is shutting down')
    }))

  it('ends with the selected mailbox', () =>
    withHarness(async ({ select, login }) => {
      const other = await login()
      await other.ok('CREATE Old')
      const client = await select('Old')
      await client.ok('NOTIFY SET (SELECTED (MessageNew MessageExpunge)) (PERSONAL (MailboxName))')
      await other.ok('DELETE Old')
      assert.deepEqual(await client.rest(), [
        '* LIST (\\NonExistent) "/" Old',
        '* BYE [UNAVAILABLE] The selected mailbox is gone, please connect again',
      ])
    }))
})
