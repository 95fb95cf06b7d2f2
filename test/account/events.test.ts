// What a session that watches the whole account hears: everything, once, in order, and when it is durable.
import type { AccountEvent } from '../../src/account/account-event.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OpenAccount, Uid } from '../../src/account/api.ts'
import { alice, chunks, deliverTo, mail, makeSite, password, session, type TestSite } from './support.ts'

const address = 'alice@example.org'

interface Heard {
  readonly site: TestSite
  readonly watching: OpenAccount
  readonly other: OpenAccount
  /** What was heard since it was last asked for, in words; `!` marks what the watching session did itself. */
  readonly take: () => string[]
}

async function watched(): Promise<Heard> {
  const site = await makeSite()
  const watching = await alice(site)
  const other = await site.accounts.login(address, password(), session)
  const names = new Map<string, string>()
  const learn = (): void => {
    for (const { id, name } of watching.mailboxes()) names.set(id, name)
  }
  learn()
  const heard: string[] = []
  const selected = await watching.select('Sent', { isReadOnly: false })
  const words = (event: AccountEvent): string => {
    switch (event.kind) {
      case 'renamed':
        return `${event.kind} ${event.from} ${event.name}`
      case 'created':
      case 'deleted':
      case 'subscribed':
      case 'unsubscribed':
        return `${event.kind} ${event.name}`
      default:
        return `${event.kind} ${names.get(event.mailbox) ?? '?'}`
    }
  }
  watching.watch((event) => {
    learn()
    const isOwn = event.by === watching || event.by === selected
    heard.push(words(event) + (isOwn ? '!' : ''))
  })
  return { site, watching, other, take: () => heard.splice(0) }
}

describe('a session that watches its account', () => {
  it('hears of mailboxes made, renamed with what is below them, and deleted', async () => {
    const { watching, other, take } = await watched()
    await other.createMailbox('a/b/c')
    assert.deepEqual(take(), ['created a', 'created a/b', 'created a/b/c'])
    await other.renameMailbox('a', 'x')
    assert.deepEqual(take(), ['renamed a x'])
    await watching.deleteMailbox('x/b/c')
    assert.deepEqual(take(), ['deleted x/b/c!'])
    await assert.rejects(other.deleteMailbox('x'))
    await assert.rejects(other.createMailbox('x'))
    assert.deepEqual(take(), [])
  })

  it('hears of subscriptions that change, and not of those that do not', async () => {
    const { watching, other, take } = await watched()
    await other.subscribe('later')
    await other.subscribe('later')
    await watching.unsubscribe('later')
    assert.deepEqual(take(), ['subscribed later', 'unsubscribed later!'])
  })

  it('hears of messages in any mailbox, delivered ones too, and knows what it did itself', async () => {
    const { site, watching, other, take } = await watched()
    await other.append('Archive', chunks(mail('one')), { flags: [] })
    await watching.append('Archive', chunks(mail('two')), { flags: [] })
    assert.deepEqual(take(), ['append Archive', 'append Archive!'])
    const archive = await other.select('Archive', { isReadOnly: false })
    await archive.storeFlags([1 as Uid], 'add', ['\\Deleted'])
    await archive.copy([1 as Uid, 2 as Uid], 'Trash')
    await archive.move([2 as Uid], 'Sent')
    await archive.expunge()
    assert.deepEqual(take(), [
      'flags Archive',
      'append Trash',
      'append Sent',
      'expunge Archive',
      'expunge Archive',
    ])
    await deliverTo(site.accounts, address, mail('delivered'))
    // Adopted when the housekeeping comes to it.
    let adopted: string[] = []
    while (adopted.length === 0) {
      await new Promise(setImmediate)
      adopted = take()
    }
    assert.deepEqual(adopted, ['append INBOX'])
  })

  it('hears nothing any more when it has stopped, or ended', async () => {
    const { watching, other, take } = await watched()
    const heard: AccountEvent[] = []
    const stop = watching.watch((event) => heard.push(event))
    stop()
    await other.subscribe('x')
    assert.equal(heard.length, 0)
    take()
    await watching.close()
    await other.subscribe('y')
    assert.deepEqual(take(), [])
  })

  it('cannot stop a commit, or the others from hearing of it', async () => {
    const { other, watching, take } = await watched()
    other.watch(() => {
      throw new Error('deaf')
    })
    await other.createMailbox('n')
    assert.deepEqual(take(), ['created n'])
    const id = watching.mailbox('n')?.id ?? ''
    assert.equal(watching.statusNow(id)?.name, 'n')
    await other.deleteMailbox('n')
    assert.equal(watching.statusNow(id), undefined)
  })
})
