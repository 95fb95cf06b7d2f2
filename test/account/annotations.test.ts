// Annotations: durable, bound to their mailbox, limited, and all or nothing.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OpenAccount } from '../../src/account/api.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { alice, chunks, mail, makeSite, password, session, type TestSite } from './support.ts'

const address = 'alice@example.org'
const reopen = (site: TestSite): Promise<OpenAccount> => site.accounts.login(address, password(), session)
const one = (entry: string, value: string | undefined): Map<string, Buffer | undefined> =>
  new Map([[entry, value === undefined ? undefined : Buffer.from(value)]])
const told = (open: OpenAccount, mailbox?: string): Record<string, string> =>
  Object.fromEntries([...open.annotations(mailbox)].map(([entry, value]) => [entry, value.toString()]))

describe('annotations', () => {
  it('are there again after the account was locked, from the log and from a checkpoint', async () => {
    const site = await makeSite()
    let open = await alice(site)
    await open.setAnnotations(undefined, one('/shared/comment', 'account'))
    await open.setAnnotations('INBOX', one('/private/comment', 'inbox'))
    // Enough changes that the housekeeping writes a checkpoint.
    for (let index = 0; index < 300; index += 1)
      await open.setAnnotations('Sent', one('/private/comment', `sent ${index}`))
    for (let round = 0; round < 2; round += 1) {
      await open.close()
      open = await reopen(site)
      assert.deepEqual(told(open), { '/shared/comment': 'account' })
      assert.deepEqual(told(open, 'INBOX'), { '/private/comment': 'inbox' })
      assert.deepEqual(told(open, 'Sent'), { '/private/comment': 'sent 299' })
    }
    await open.setAnnotations('INBOX', one('/private/comment', undefined))
    await open.close()
    open = await reopen(site)
    assert.deepEqual(told(open, 'INBOX'), {})
  })

  it('raise HIGHESTMODSEQ of their mailbox, over a restart, and the MODSEQ of no message', async () => {
    const site = await makeSite()
    let open = await alice(site)
    await open.append('INBOX', chunks(mail('one')), { flags: [] })
    const modSeqs = async (): Promise<number[]> => {
      const inbox = await open.select('INBOX', { isReadOnly: true })
      const all = [inbox.highestModSeq, ...inbox.uids().map((uid) => inbox.state(uid)?.modSeq ?? 0)]
      inbox.close()
      return all
    }
    const [before, ofMessage] = await modSeqs()
    await open.setAnnotations('INBOX', one('/private/comment', 'inbox'))
    const [after, ofMessageAfter] = await modSeqs()
    assert.ok((after ?? 0) > (before ?? Infinity))
    assert.equal(ofMessageAfter, ofMessage)
    // Nothing changes: nothing to be told.
    await open.setAnnotations('INBOX', one('/private/comment', 'inbox'))
    await open.setAnnotations(undefined, one('/private/comment', 'account'))
    assert.deepEqual(await modSeqs(), [after, ofMessage])
    await open.close()
    open = await reopen(site)
    assert.deepEqual(await modSeqs(), [after, ofMessage])
  })

  it('go with their mailbox, and follow it to another name, over a restart', async () => {
    const site = await makeSite()
    let open = await alice(site)
    await open.createMailbox('a')
    await open.createMailbox('b')
    await open.setAnnotations('a', one('/private/comment', 'of a'))
    await open.setAnnotations('b', one('/private/comment', 'of b'))
    await open.renameMailbox('a', 'c')
    await open.deleteMailbox('b')
    await open.createMailbox('b')
    await open.close()
    open = await reopen(site)
    assert.deepEqual(told(open, 'c'), { '/private/comment': 'of a' })
    assert.deepEqual(told(open, 'b'), {})
    assert.throws(
      () => open.annotations('a'),
      (error) => isRefusal(error, 'mailbox-not-found'),
    )
  })

  it('are refused beyond their limits, and then nothing of the command is done', async () => {
    const site = await makeSite()
    const open = await alice(site)
    const full = (error: unknown): boolean => isRefusal(error, 'limit')
    await assert.rejects(
      open.setAnnotations(
        'INBOX',
        new Map([
          ['/private/a', Buffer.from('x')],
          ['/private/b', Buffer.alloc(16_385)],
        ]),
      ),
      full,
    )
    assert.deepEqual(told(open, 'INBOX'), {})
    const large = Buffer.alloc(16 * 1024 - 32, 0x61).toString()
    for (let index = 0; index < 16; index += 1)
      await open.setAnnotations('INBOX', one(`/private/n${index}`, large))
    await assert.rejects(open.setAnnotations('Sent', one('/private/one', large)), full)
    // Making room is always possible.
    await open.setAnnotations('INBOX', one('/private/n0', undefined))
    await open.setAnnotations('Sent', one('/private/one', large))
    await open.deleteMailbox('Sent')
    await open.setAnnotations('INBOX', one('/private/n0', large))
  })

  it('that are set to what they are make no change', async () => {
    const site = await makeSite()
    const open = await alice(site)
    await open.setAnnotations('INBOX', one('/private/a', 'x'))
    const events: string[] = []
    open.watch((event) => events.push(event.kind))
    await open.setAnnotations('INBOX', one('/private/a', 'x'))
    await open.setAnnotations('INBOX', one('/private/none', undefined))
    assert.deepEqual(events, [])
    await open.setAnnotations('INBOX', one('/private/a', ''))
    assert.deepEqual(events, ['annotated'])
    assert.deepEqual(told(open, 'INBOX'), { '/private/a': '' })
  })
})
