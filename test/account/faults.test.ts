// Every transaction of every operation fails once in every way: what a session sees and what the disk says stay the same.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Accounts, OpenAccount, SelectedMailbox } from '../../src/account/api.ts'
import { isRefusal, Refusal } from '../../src/account/errors.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { FailingStore, failures, type Failure } from './failing-store.ts'
import { chunks, deliverTo, mail, makeSite, password, session, type TestSite } from './support.ts'
import { adopted, check, enter, see, type SeenAccount } from './views.ts'

const address = 'alice@example.org'

interface Ground {
  readonly site: TestSite
  readonly disk: FailingStore
  readonly inner: ReturnType<typeof openMemoryStore>
  readonly accounts: Accounts
  readonly open: OpenAccount
  readonly inbox: SelectedMailbox
  readonly recoveryCode: Buffer
}

interface Operation {
  readonly name: string
  readonly isEnabled?: boolean
  run(ground: Ground): Promise<unknown>
}

const operations: readonly Operation[] = [
  { name: 'APPEND', run: ({ open }) => open.append('INBOX', chunks(mail('new')), { flags: ['work'] }) },
  {
    name: 'MULTIAPPEND',
    run: async ({ open }) => {
      const staged = open.stageAppend('a/b')
      try {
        for (const subject of ['new', 'newer']) await staged.add(chunks(mail(subject)), { flags: [subject] })
        await staged.commit()
      } finally {
        await staged.discard()
      }
    },
  },
  {
    name: 'REPLACE',
    run: async ({ open, inbox }) => {
      const [, uid] = inbox.uids()
      if (uid === undefined) throw new Error('no message')
      const staged = open.stageAppend('a/b', { mailbox: inbox, uid })
      try {
        await staged.add(chunks(mail('new')), { flags: [] })
        await staged.commit()
      } finally {
        await staged.discard()
      }
    },
  },
  { name: 'STORE', run: ({ inbox }) => inbox.storeFlags(inbox.uids(), 'add', ['\\Seen', 'tag']) },
  { name: 'EXPUNGE', run: ({ inbox }) => inbox.expunge() },
  { name: 'COPY', run: ({ inbox }) => inbox.copy(inbox.uids(), 'a/b') },
  { name: 'MOVE', run: ({ inbox }) => inbox.move(inbox.uids().slice(1, 4), 'a/b') },
  { name: 'CREATE', run: ({ open }) => open.createMailbox('x/y/z') },
  { name: 'DELETE', run: ({ open }) => open.deleteMailbox('a/b') },
  { name: 'RENAME', run: ({ open }) => open.renameMailbox('a', 'q/r') },
  { name: 'RENAME INBOX', run: ({ open }) => open.renameMailbox('INBOX', 'old') },
  { name: 'SUBSCRIBE', run: ({ open }) => open.subscribe('elsewhere') },
  { name: 'UNSUBSCRIBE', run: ({ open }) => open.unsubscribe('Trash') },
  {
    name: 'SETMETADATA',
    run: ({ open }) =>
      open.setAnnotations(
        'a/b',
        new Map([
          ['/private/comment', Buffer.from('new')],
          ['/shared/comment', undefined],
        ]),
      ),
  },
  {
    name: 'SETMETADATA of the account',
    run: ({ open }) => open.setAnnotations(undefined, new Map([['/shared/comment', Buffer.from('new')]])),
  },
  { name: 'SELECT', run: ({ open }) => open.select('a/b', { isReadOnly: false }) },
  { name: 'delivery', run: ({ accounts }) => deliverTo(accounts, address, mail('new')) },
  {
    name: 'password change',
    run: ({ accounts }) => accounts.changePassword(address, password(), password('second')),
  },
  {
    name: 'recovery',
    isEnabled: true,
    run: ({ accounts, recoveryCode }) => accounts.recover(address, recoveryCode, password('second')),
  },
  {
    name: 'enabling at-rest encryption',
    run: async ({ accounts }) => (await accounts.enableAtRest(address, password())).finished,
  },
  { name: 'the last logout', run: ({ open }) => open.close() },
]

async function ground(isEnabled: boolean): Promise<Ground> {
  const inner = openMemoryStore()
  const disk = new FailingStore(inner)
  const site = await makeSite({}, disk.store)
  const { accounts } = site
  await accounts.create(address, password())
  const open = await accounts.login(address, password(), session)
  await open.createMailbox('a/b')
  await open.setAnnotations('a/b', new Map([['/shared/comment', Buffer.from('old')]]))
  for (let index = 1; index <= 70; index += 1) {
    const flags = index % 2 ? ['\\Deleted'] : ['work']
    await open.append(index <= 6 ? 'INBOX' : 'a/b', chunks(mail(`m${index}`)), { flags })
  }
  let recoveryCode: Buffer = Buffer.of()
  if (isEnabled) {
    const enabled = await accounts.enableAtRest(address, password())
    await enabled.finished
    recoveryCode = enabled.recoveryCode
  }
  const inbox = await open.select('INBOX', { isReadOnly: false })
  return { site, disk, inner, accounts, open, inbox, recoveryCode }
}

const passwords = ['second', password().toString()]

async function seen(accounts: Accounts): Promise<SeenAccount> {
  const open = await enter(accounts, address, passwords)
  await adopted(accounts, address)
  const all = await see(open)
  check(all)
  return all
}

/** Runs the operation with one failure; then looks through the living server and through one that starts from the disk. */
async function withFailure(operation: Operation, failure: Failure, after: number): Promise<SeenAccount> {
  const place = await ground(operation.isEnabled ?? false)
  place.disk.failNext(failure, after)
  let error: unknown
  try {
    await operation.run(place)
  } catch (thrown) {
    error = thrown
  }
  place.disk.disarm()
  assert.ok(error === undefined || error instanceof Refusal, `a refusal in words, not ${String(error)}`)
  // The store recovers at the next change, and with the one after that a change that came late is noticed.
  for (let tries = 0; tries < 2; tries += 1) await place.open.subscribe('after').catch(() => undefined)
  const living = await open(place)
  place.disk.killAfter(0)
  const fromDisk = await seen(await place.site.reopen(place.inner))
  assert.deepEqual(living.mailboxes, fromDisk.mailboxes)
  assert.deepEqual(living, fromDisk)
  if (error === undefined) assertDone(operation, fromDisk)
  return fromDisk
}

async function open(place: Ground): Promise<SeenAccount> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await seen(place.accounts)
    } catch (error) {
      if (!isRefusal(error, 'unavailable') || tries > 3) throw error
    }
  }
}

function assertDone({ name }: Operation, { mailboxes, annotations }: SeenAccount): void {
  const all = Object.values(mailboxes).flatMap(({ messages }) => messages)
  const count = (subject: string): number => all.filter((message) => message.subject === subject).length
  if (name === 'APPEND' || name === 'delivery') assert.equal(count('new'), 1)
  if (name === 'MULTIAPPEND') assert.equal(count('new') + count('newer'), 2)
  if (name === 'REPLACE') assert.deepEqual([count('new'), count('m2')], [1, 0])
  if (name === 'COPY') assert.equal(count('m2'), 2)
  if (name === 'MOVE' || name === 'RENAME INBOX')
    for (let index = 1; index <= 6; index += 1) assert.equal(count(`m${index}`), 1)
  if (name === 'EXPUNGE') assert.equal(count('m1'), 0)
  if (name === 'RENAME') assert.ok(mailboxes['q/r/b'] && !mailboxes['a'])
  if (name === 'DELETE') assert.equal(mailboxes['a/b'], undefined)
  if (name === 'SETMETADATA') assert.deepEqual(mailboxes['a/b']?.annotations, { '/private/comment': 'new' })
  if (name === 'SETMETADATA of the account') assert.deepEqual(annotations, { '/shared/comment': 'new' })
}

describe('an operation whose transaction fails', () => {
  for (const operation of operations) {
    for (const failure of failures) {
      it(`leaves memory and disk in agreement: ${operation.name}, ${failure}`, async () => {
        const place = await ground(operation.isEnabled ?? false)
        const before = place.disk.transactions
        await operation.run(place)
        await place.open.close()
        const count = place.disk.transactions - before
        for (let after = 0; after < count; after += 1) await withFailure(operation, failure, after)
      })
    }
  }
})
