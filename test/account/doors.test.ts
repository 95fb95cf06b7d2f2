// Logging in, out and being thrown out, all at the same moment: who gets in, and what is wiped when.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deferred } from '../../src/base/async.ts'
import { boxKinds, openBox } from '../../src/crypto/box.ts'
import { recoveryPlace } from '../../src/crypto/places.ts'
import { RootKeys } from '../../src/crypto/root-keys.ts'
import type { MessageContent, OpenAccount } from '../../src/account/api.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { OpenSession } from '../../src/account/open-account.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Store } from '../../src/store/store.ts'
import { FailingStore } from './failing-store.ts'
import { HeldGate } from './held-gate.ts'
import {
  alice,
  overriding,
  chunks,
  deliverTo,
  mail,
  makeSite,
  password,
  readAll,
  session,
  type TestSite,
} from './support.ts'

const address = 'alice@example.org'
const refuses = (code: Parameters<typeof isRefusal>[1]) => (error: unknown) => isRefusal(error, code)

/** A site where alice has an account, and the gate that her password goes through. */
async function heldSite(store: Store = openMemoryStore()): Promise<{ site: TestSite; gate: HeldGate }> {
  const gate = new HeldGate()
  const site = await makeSite({ gate }, store)
  await site.accounts.create(address, password())
  return { site, gate }
}

function hasKeys(open: OpenAccount): boolean {
  assert.ok(open instanceof OpenSession)
  return !open.account.vault.isWiped
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a login whose password is being checked', () => {
  const changes: readonly [
    name: string,
    change: (site: TestSite) => Promise<unknown>,
    code: Parameters<typeof isRefusal>[1],
  ][] = [
    ['its account is disabled', ({ accounts }) => accounts.setDisabled(address, true), 'account-disabled'],
    ['its account is deleted', ({ accounts }) => accounts.delete(address), undefined],
    [
      'its account is deleted and made anew',
      async ({ accounts }) => {
        await accounts.delete(address)
        await accounts.create(address, password('another'))
      },
      undefined,
    ],
  ]
  for (const [name, change, code] of changes) {
    it(`is refused when meanwhile ${name}`, async () => {
      const { site, gate } = await heldSite()
      const held = gate.hold()
      const login = site.accounts.login(address, password(), session)
      await held.reached
      await change(site)
      held.release()
      await assert.rejects(login, refuses(code))
      assert.equal(site.accounts.sessions().length, 0)
    })
  }

  it('is refused when meanwhile the server closes, and closing waits for it', async () => {
    const { site, gate } = await heldSite()
    const held = gate.hold()
    const login = site.accounts.login(address, password(), session)
    await held.reached
    const closing = site.accounts.close()
    held.release()
    await assert.rejects(login, refuses('unavailable'))
    await closing
    assert.equal(site.accounts.sessions().length, 0)
    await assert.rejects(site.accounts.login(address, password(), session), refuses('unavailable'))
  })

  it('is let in when meanwhile a rotation renewed the keys', async () => {
    const { site, gate } = await heldSite()
    const open = await site.accounts.login(address, password(), session)
    for (let index = 0; index < 200; index += 1)
      await open.append('INBOX', chunks(mail(`m${index}`)), { flags: [] })
    const { finished } = await site.accounts.enableAtRest(address, password())
    // From here on no password is remembered: the next login is checked while the rotation goes on.
    await site.accounts.changePassword(address, password(), password('second'))
    const held = gate.hold()
    const login = site.accounts.login(address, password('second'), session)
    await held.reached
    for (let turns = 0; turns < 10_000; turns += 1) {
      if ((await site.accounts.info(address)).atRest === 'on') break
      await turn()
    }
    held.release()
    await finished
    const other = await login
    assert.equal((await other.status('INBOX')).messages, 200)
    await assert.rejects(site.accounts.login(address, password(), session), refuses('authentication-failed'))
  })

  it('is refused as busy when a great many wait before it', async () => {
    const { site, gate } = await heldSite()
    const held = gate.hold()
    const first = site.accounts.login(address, password('wrong'), session)
    await held.reached
    const others = Array.from({ length: 100 }, () => site.accounts.login(address, password('wrong'), session))
    const outcomes = Promise.allSettled(others)
    await turn()
    held.release()
    await assert.rejects(first, refuses('authentication-failed'))
    const reasons = (await outcomes).map((outcome): unknown =>
      outcome.status === 'rejected' ? outcome.reason : undefined,
    )
    assert.ok(reasons.some(refuses('busy')))
    assert.ok(
      reasons.every((reason) => isRefusal(reason, 'busy') || isRefusal(reason, 'authentication-failed')),
    )
  })
})

describe('a session that ends', () => {
  it('is over for every caller when the keys are wiped, also when its front door closes it first', async () => {
    const { site } = await heldSite()
    const closings: Promise<void>[] = []
    const open: OpenAccount = await site.accounts.login(address, password(), {
      ...session,
      end: () => void closings.push(open.close()),
    })
    for (let index = 0; index < 60; index += 1)
      await open.append('INBOX', chunks(mail(`m${index}`)), { flags: [] })
    await site.accounts.kick({ address }, 'test')
    assert.ok(!hasKeys(open))
    assert.equal((await site.accounts.info(address)).isUnlocked, false)
    await Promise.all(closings)
  })

  it('does nothing any more, while another has the account open', async () => {
    const { site } = await heldSite()
    const open = await site.accounts.login(address, password(), session)
    const other = await site.accounts.login(address, password(), session)
    await other.append('INBOX', chunks(mail('one')), { flags: ['\\Deleted'] })
    const inbox = await open.select('INBOX', { isReadOnly: false })
    const gate = deferred<undefined>()
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield mail('late')
      await gate.promise
    }
    const appending = open.append('INBOX', slow(), { flags: [] })
    await open.close()
    gate.resolve(undefined)
    await assert.rejects(appending, refuses('unavailable'))
    await assert.rejects(open.createMailbox('x'), refuses('unavailable'))
    await assert.rejects(inbox.expunge(), refuses('unavailable'))
    await assert.rejects(inbox.storeFlags(inbox.uids(), 'add', ['\\Seen']), refuses('unavailable'))
    await assert.rejects(inbox.copy(inbox.uids(), 'Trash'), refuses('unavailable'))
    await assert.rejects(inbox.move(inbox.uids(), 'Trash'), refuses('unavailable'))
    await assert.rejects(inbox.content(inbox.uids()[0] ?? assert.fail()), refuses('unavailable'))
    assert.equal((await other.status('INBOX')).messages, 1)
  })

  it('claims nothing as \\Recent any more, even when it was just selecting', async () => {
    const { site } = await heldSite()
    const open = await site.accounts.login(address, password(), session)
    const other = await site.accounts.login(address, password(), session)
    const selecting = open.select('INBOX', { isReadOnly: false }).catch(() => undefined)
    await open.close()
    await selecting
    const inbox = await other.select('INBOX', { isReadOnly: false })
    const heard = new Promise<void>((resolve) => inbox.watch(() => resolve()))
    await deliverTo(site.accounts, address, mail('fresh'))
    await heard
    assert.ok(inbox.isRecent(inbox.uids()[0] ?? assert.fail()))
  })
})

describe('a login while the last session ends', () => {
  it('finds all that the session did, and can go on', async () => {
    const { site } = await heldSite()
    let open = await site.accounts.login(address, password(), session)
    let count = 0
    for (let round = 0; round < 30; round += 1) {
      // Enough for a checkpoint to be written at some of the logouts.
      for (let index = 0; index < 15; index += 1, count += 1)
        await open.append('INBOX', chunks(mail(`m${count}`)), { flags: [] })
      const closing = open.close()
      for (let turns = 0; turns < round % 5; turns += 1) await turn()
      const [next, other] = await Promise.all([
        site.accounts.login(address, password(), session),
        site.accounts.login(address, password(), session),
        deliverTo(site.accounts, address, mail(`d${round}`)),
      ])
      count += 1
      await closing
      await other.close()
      open = next
    }
    await open.close()
    assert.equal(site.accounts.sessions().length, 0)
    open = await site.accounts.login(address, password(), session)
    assert.equal((await open.status('INBOX')).messages, count)
  })
})

describe('an account that is locked', () => {
  it('cannot be read from by what a session still holds', async () => {
    const { site } = await heldSite()
    const open = await site.accounts.login(address, password(), session)
    const large = mail('large', 'x'.repeat(4_000_000))
    for (const message of [mail('one'), large]) await open.append('INBOX', chunks(message), { flags: [] })
    const inbox = await open.select('INBOX', { isReadOnly: true })
    const contents = inbox.contents(inbox.uids())[Symbol.asyncIterator]()
    const next = async (): Promise<MessageContent> => {
      const result = await contents.next()
      return result.done ? assert.fail() : result.value
    }
    const [first, second] = [await next(), await next()]
    const reading: AsyncIterator<Buffer> = second.read(0, second.sizeBytes)[Symbol.asyncIterator]()
    await reading.next()
    await site.accounts.kick({ address }, 'test')
    await assert.rejects(async () => {
      for await (const piece of first.read(0, first.sizeBytes)) assert.fail(`read ${piece.length} octets`)
    }, refuses('unavailable'))
    await assert.rejects(reading.next(), refuses('unavailable'))
    await assert.rejects(readAll(inbox, inbox.uids()[0] ?? assert.fail()), refuses('unavailable'))
    assert.throws(() => open.mailboxes(), refuses('unavailable'))
  })

  it('leaves no body behind that zeros open, when it is locked in the middle of an APPEND', async () => {
    const headers: { header: Buffer; blob: Buffer; account: Buffer }[] = []
    const inner = openMemoryStore()
    const blobs = overriding(inner.blobs, {
      stage: async (account, blob, header, source) => {
        headers.push({
          account: Buffer.from(account),
          blob: Buffer.from(blob),
          header: Buffer.from(header),
        })
        return inner.blobs.stage(account, blob, header, source)
      },
    })
    const store = overriding(inner, { blobs })
    const { site } = await heldSite(store)
    const large = mail('large', 'x'.repeat(2_000_000))
    for (let turns = 0; turns < 40; turns += 1) {
      const open = await site.accounts.login(address, password(), session)
      const appending = open.append('INBOX', chunks(large), { flags: [] }).catch(() => undefined)
      for (let count = 0; count < turns; count += 1) await turn()
      await open.close()
      await appending
    }
    const zeroRoot = new RootKeys({ epoch: 1, root: Buffer.alloc(32) })
    for (const { account, blob, header } of headers) {
      for (const key of [Buffer.alloc(32), zeroRoot.headerKey]) {
        assert.throws(() =>
          openBox(key, boxKinds.recoveryHeader, recoveryPlace(account, blob), header.subarray(1)),
        )
      }
    }
  })
})

describe('an account that must be given up', () => {
  it('is locked although nobody closes its sessions, and the next login sees what is on the disk', async () => {
    const inner = openMemoryStore()
    const disk = new FailingStore(inner)
    const site = await makeSite({}, disk.store)
    const open = await alice(site)
    disk.failNext('late')
    await assert.rejects(open.append('INBOX', chunks(mail('one')), { flags: [] }), refuses('unavailable'))
    // The first change finds the store recovering, the second what came late.
    await assert.rejects(open.subscribe('x'), refuses('unavailable'))
    await assert.rejects(open.subscribe('x'), refuses('unavailable'))
    for (let turns = 0; hasKeys(open) && turns < 10_000; turns += 1) await turn()
    assert.ok(!hasKeys(open))
    assert.equal(site.accounts.sessions().length, 0)
    const again = await site.accounts.login(address, password(), session)
    assert.equal((await again.status('INBOX')).messages, 1)
    const { uid } = await again.append('INBOX', chunks(mail('two')), { flags: [] })
    assert.equal(uid, 2)
  })
})
