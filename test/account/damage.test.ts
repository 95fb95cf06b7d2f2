// Messages that are damaged on the disk: they are refused, and can be deleted, and the others are as they were.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OpenAccount, SelectedMailbox, Uid } from '../../src/account/api.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { openContents } from '../../src/account/message-parts.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { alice, chunks, mail, makeSite, password, readAll, session, type TestSite } from './support.ts'
import { TamperingStore } from './tampering-store.ts'

const address = 'alice@example.org'
const refuses = (code: Parameters<typeof isRefusal>[1]) => (error: unknown) => isRefusal(error, code)

interface Ground {
  readonly disk: TamperingStore
  readonly site: TestSite
  readonly id: string
  readonly open: OpenAccount
  readonly inbox: SelectedMailbox
}

/** 200 messages in a few pages, and ten single ones behind them. */
async function prepared(): Promise<Ground> {
  const disk = new TamperingStore(openMemoryStore())
  const site = await makeSite({}, disk.store)
  let open = await alice(site)
  for (let index = 1; index <= 200; index += 1)
    await open.append('INBOX', chunks(mail(`m${index}`)), { flags: [] })
  await open.close()
  open = await site.accounts.login(address, password(), session)
  for (let index = 201; index <= 210; index += 1)
    await open.append('INBOX', chunks(mail(`m${index}`)), { flags: [] })
  await disk.capture()
  const { accountId: id } = await site.accounts.info(address)
  const inbox = await open.select('INBOX', { isReadOnly: false })
  return { disk, site, id, open, inbox }
}

const lastBytes = (key: Buffer): number => key.readUInt32BE(key.length - 4)

function damage(
  { disk, id }: Ground,
  letter: 'm' | 'p',
  at: number,
  how: 'flip' | 'remove',
): { from: number; to: number } {
  const records = disk.records(id).filter(({ key }) => key.toString('latin1', 0, 1) === letter)
  const record = records[at] ?? assert.fail()
  const flipped = Buffer.from(record.value)
  flipped[100] = (flipped[100] ?? 0) ^ 1
  disk.replace(id, record.key, how === 'flip' ? flipped : undefined)
  const from = lastBytes(record.key)
  const next = records[at + 1]
  return { from, to: letter === 'm' ? from + 1 : lastBytes((next ?? assert.fail()).key) }
}

const records = ({ disk, id }: Ground, letter: string): number =>
  disk.records(id).filter(({ key }) => key.toString('latin1', 0, 1) === letter).length

async function checkOthers({ open, site }: Ground, expected: readonly Uid[]): Promise<void> {
  await open.close()
  const again = await site.accounts.login(address, password(), session)
  const inbox = await again.select('INBOX', { isReadOnly: true })
  assert.deepEqual(inbox.uids(), expected)
  for (const uid of inbox.uids())
    assert.match((await readAll(inbox, uid)).toString(), new RegExp(`Subject: m${uid}\r`))
  await again.close()
}

describe('damaged messages', () => {
  for (const [letter, how] of [
    ['m', 'flip'],
    ['m', 'remove'],
    ['p', 'flip'],
    ['p', 'remove'],
  ] as const) {
    it(`are not read, copied or moved, but expunged, and the others stay: ${letter}, ${how}`, async () => {
      const ground = await prepared()
      const { inbox } = ground
      const { from, to } = damage(ground, letter, 0, how)
      const damaged = inbox.uids().filter((uid) => uid >= from && uid < to)
      const some = inbox.uids().filter((uid) => uid >= from - 2 && uid < to + 2)
      await assert.rejects(inbox.content(damaged[0] ?? assert.fail()), refuses('damaged'))
      await assert.rejects(inbox.copy(some, 'Archive'), refuses('damaged'))
      await assert.rejects(inbox.move(some, 'Archive'), refuses('damaged'))
      assert.equal(inbox.uids().length, 210)
      await inbox.storeFlags(some, 'add', ['\\Deleted'])
      assert.deepEqual(await inbox.expunge(), some)
      await checkOthers(ground, inbox.uids())
    })
  }

  it('are told apart from the others, wherever they are', async () => {
    const ground = await prepared()
    const { inbox } = ground
    const single = damage(ground, 'm', 4, 'flip')
    const page = damage(ground, 'p', 0, 'flip')
    const isDamaged = (uid: number): boolean => (uid >= page.from && uid < page.to) || uid === single.from
    const opened: number[] = []
    for await (const item of openContents(inbox, inbox.uids())) {
      assert.equal('damage' in item, isDamaged(item.uid), `UID ${item.uid}`)
      opened.push(item.uid)
    }
    assert.deepEqual(opened, inbox.uids())
  })

  it('in one page may go one by one, the page with the last of them', async () => {
    const ground = await prepared()
    const { inbox } = ground
    const pages = records(ground, 'p')
    const { from, to } = damage(ground, 'p', 0, 'flip')
    for (let uid = from; uid < to; uid += 1) {
      assert.equal(records(ground, 'p'), pages)
      await inbox.storeFlags([uid as Uid], 'add', ['\\Deleted'])
      assert.deepEqual(await inbox.expunge(), [uid])
    }
    assert.equal(records(ground, 'p'), pages - 1)
    await checkOthers(ground, inbox.uids())
  })

  it('do not keep their mailbox from being deleted, nor the log from being shortened', async () => {
    const ground = await prepared()
    const { open, inbox } = ground
    await open.createMailbox('doomed')
    await inbox.copy(inbox.uids(), 'doomed')
    const count = (): number => records(ground, 'm')
    assert.ok(count() > 200)
    const single = ground.disk.records(ground.id).filter(({ key }) => key.toString('latin1', 0, 1) === 'm')
    for (const { key } of single)
      if (lastBytes(key) === 7) ground.disk.replace(ground.id, key, Buffer.alloc(100))
    const kept = inbox.uids()
    // Packing meets the damaged record, the checkpoint is written all the same.
    await open.close()
    assert.ok(records(ground, 'c') <= 2)
    const again = await ground.site.accounts.login(address, password(), session)
    await again.deleteMailbox('doomed')
    await checkOthers({ ...ground, open: again }, kept)
  })
})
