// A hostile disk under the record of own keys: what a delivery, which has no key of the account, notices of it (FORMAT.md §8.3, §8.10).
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { AuditEntry } from '../../src/account/audit.ts'
import type { Accounts } from '../../src/account/api.ts'
import { encodeEntry, findEntry, type DirectoryEntry } from '../../src/account/directory.ts'
import { fieldOf, withField } from '../../src/account/directory-fields.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { cardKey, sealingKey } from '../../src/account/keys.ts'
import { expectedField } from '../../src/account/sealing-expected.ts'
import type { Log } from '../../src/base/ports.ts'
import { adoptCard } from '../../src/crypto/card.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { isEncrypted } from '../../src/pubkey/detect.ts'
import { Unavailable } from '../../src/store/errors.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Key, Snapshot, Store } from '../../src/store/store.ts'
import { KeyRing } from '../pubkey/keys.ts'
import { skipWithout } from '../support/programs.ts'
import {
  alice,
  deliverTo,
  mail,
  makeSite,
  overriding,
  password,
  readAll,
  session,
  type TestSite,
} from './support.ts'

const address = 'alice@example.org'
const mallory = 'mallory@example.org'
const owner = {
  kind: 'password',
  get password() {
    return password()
  },
} as const

const isDamaged = (error: unknown): boolean => isRefusal(error, 'damaged')

const entryOf = async (site: TestSite): Promise<DirectoryEntry> => {
  const entry = await findEntry(site, address)
  assert.ok(entry)
  return entry
}

const expectedOf = async (site: TestSite): Promise<readonly Buffer[]> =>
  fieldOf((await entryOf(site)).fields, expectedField)

async function inboxOf(accounts: Accounts): Promise<Buffer[]> {
  const account = await accounts.login(address, password(), session)
  const inbox = await account.select('INBOX', { isReadOnly: true })
  const found: Buffer[] = []
  for (const uid of inbox.uids()) found.push(await readAll(inbox, uid))
  inbox.close()
  await account.close()
  return found
}

/** A log and an audit log that keep what is written. */
function kept(): {
  log: Log
  lines: string[]
  audit: { write(entry: AuditEntry): Promise<void> }
  events: string[]
} {
  const lines: string[] = []
  const events: string[] = []
  const log: Log = {
    write: (level, event) => void lines.push(`${level} ${event}`),
    with: () => log,
  }
  return { log, lines, events, audit: { write: async ({ event }) => void events.push(event) } }
}

/** A store that shows other bytes under single keys than it holds (undefined: none), behind everybody's back. */
class Swapping {
  readonly #shown = new Map<string, Buffer | undefined>()
  readonly store: Store

  constructor(inner: Store) {
    this.store = overriding(inner, {
      read: (account, run) => inner.read(account, (view) => run(this.#swapped(account, view))),
      transact: (account, run) => inner.transact(account, (tx) => run(this.#swapped(account, tx))),
    })
  }

  #swapped<T extends Snapshot>(account: Uint8Array, view: T): T {
    const nameOf = (key: Key): string =>
      `${Buffer.from(account).toString('hex')} ${Buffer.from(key).toString('hex')}`
    const get = async (key: Key): Promise<Uint8Array | undefined> =>
      this.#shown.has(nameOf(key)) ? this.#shown.get(nameOf(key)) : view.get(key)
    const getMany = (keys: readonly Key[]): Promise<(Uint8Array | undefined)[]> => Promise.all(keys.map(get))
    return overriding(view, { get, getMany } as Partial<T>)
  }

  show(account: string, key: Buffer, value: Buffer | undefined): void {
    this.#shown.set(`${account} ${key.toString('hex')}`, value)
  }

  restore(): void {
    this.#shown.clear()
  }
}

describe('the record of own keys on a hostile disk', { skip: skipWithout('openssl') }, () => {
  const ring = new KeyRing()
  let first: Buffer
  let second: Buffer
  before(() => {
    first = ring.makeCertificate('p256-cert', 'first')
    second = ring.makeCertificate('p384-cert', 'second')
  })
  after(() => ring.close())

  /** Alice's keys as they are, and everything as it was before each change. */
  async function prepared(): Promise<{
    site: TestSite
    disk: Swapping
    present: Buffer
    id: string
    older: { record: Buffer; entry: Uint8Array }
    withoutKeys: Uint8Array
    foreign: Buffer
    seen: ReturnType<typeof kept>
  }> {
    const disk = new Swapping(openMemoryStore())
    const seen = kept()
    const site = await makeSite({ log: seen.log, audit: seen.audit }, disk.store)
    site.clock.time = Date.now()
    await (await alice(site)).close()
    await site.accounts.create(mallory, password())
    const { directory } = site.store
    const stored = async (): Promise<Uint8Array> => (await directory.get(address)) ?? Buffer.alloc(0)
    const record = async (id: string): Promise<Buffer> => {
      const bytes = await site.store.read(Buffer.from(id, 'hex'), (snapshot) => snapshot.get(sealingKey))
      return Buffer.from(bytes ?? [])
    }
    const id = (await site.accounts.info(address)).accountId
    const mallorys = (await site.accounts.info(mallory)).accountId
    const withoutKeys = await stored()
    await site.accounts.publicKeys.addPublicKeys(address, owner, first)
    await site.accounts.publicKeys.addPublicKeys(mallory, owner, first)
    const older = { record: await record(id), entry: await stored() }
    await site.accounts.publicKeys.addPublicKeys(address, owner, second)
    const foreign = await record(mallorys)
    seen.events.length = 0
    return { site, disk, present: await record(id), id, older, withoutKeys, foreign, seen }
  }

  it('is noticed at RCPT and at DATA, tells admin and owner once, and loses no mail', async () => {
    const { site, disk, present, id, older, foreign, seen } = await prepared()
    const rows: [name: string, value: Buffer | undefined][] = [
      ['removed', undefined],
      ['older', older.record],
      ['of another account', foreign],
      ['cut', present.subarray(0, -1)],
      ['empty', Buffer.alloc(0)],
      ...[0, 5, 20, present.length >> 1, present.length - 1].map((at): [string, Buffer] => {
        const flipped = Buffer.from(present)
        flipped[at] = (flipped[at] ?? 0) ^ 4
        return [`flipped at ${at}`, flipped]
      }),
    ]
    for (const [name, value] of rows) {
      const before = (await inboxOf(site.accounts)).length
      seen.lines.length = 0
      seen.events.length = 0
      disk.show(id, sealingKey, value)
      const [target] = await site.accounts.resolve(address)
      assert.ok(target)
      await assert.rejects(site.accounts.checkDelivery(target, 100), isDamaged, name)
      await assert.rejects(deliverTo(site.accounts, address, mail('for later')), isDamaged, name)
      await assert.rejects(site.accounts.publicKeys.publicKeys(address), isDamaged, name)
      await assert.rejects(site.accounts.publicKeys.testPublicKeys(address), isDamaged, name)
      assert.deepEqual(seen.events, ['keys.public-refused'], name)
      assert.equal(seen.lines.filter((line) => line === 'error pubkey.record-refused').length, 2, name)
      const found: string[] = []
      for await (const { text, address: of } of site.accounts.repairs.fsckSite()) found.push(`${of}: ${text}`)
      assert.equal(found.length, 1, name)
      assert.match(found[0] ?? '', /^alice@example\.org: the keys of its owner are missing, others/)
      await assert.rejects(site.accounts.login(address, password(), session), isDamaged, name)
      disk.restore()
      await deliverTo(site.accounts, address, mail('at last'))
      // Nothing came in meanwhile but the server's own notice.
      const [notice, message, ...more] = (await inboxOf(site.accounts)).slice(before)
      assert.equal(more.length, 0, name)
      assert.match(notice?.toString() ?? '', /^Subject: Mail for you is being refused: your own keys/m)
      assert.ok(message && isEncrypted(message), name)
    }
    await site.accounts.close()
  })

  it('put back together with its entry is not noticed before the next login, which refuses the account', async () => {
    const { site, disk, id, older } = await prepared()
    const { directory } = site.store
    disk.show(id, sealingKey, older.record)
    await directory.put(address, older.entry, await directory.get(address))
    await deliverTo(site.accounts, address, mail('to the older keys'))
    await assert.rejects(site.accounts.login(address, password(), session), isDamaged)
    await site.accounts.close()
  })

  it('and an entry that was put back: mail is refused until the next login names the right record again', async () => {
    for (const which of ['older', 'withoutKeys'] as const) {
      const { site, older, withoutKeys, seen } = await prepared()
      const { directory } = site.store
      const back = which === 'older' ? older.entry : withoutKeys
      await directory.put(address, back, await directory.get(address))
      if (which === 'older') await assert.rejects(deliverTo(site.accounts, address, mail('no')), isDamaged)
      await (await site.accounts.login(address, password(), session)).close()
      assert.equal((await expectedOf(site)).length, 1)
      await deliverTo(site.accounts, address, mail('yes'))
      assert.ok(isEncrypted((await inboxOf(site.accounts)).at(-1) ?? Buffer.alloc(0)))
      assert.equal(seen.events.includes('keys.public-entry'), which === 'older')
      await site.accounts.close()
    }
  })

  it('of a version that did not name it is sealed to, and named from the next login on', async () => {
    const { site, disk, id } = await prepared()
    const { directory } = site.store
    const entry = await entryOf(site)
    const fields = withField(entry.fields, expectedField, [])
    await directory.put(
      address,
      encodeEntry(site.siteKey, address, entry.account, { ...entry, fields }),
      entry.bytes,
    )
    await deliverTo(site.accounts, address, mail('before'))
    assert.ok(isEncrypted((await inboxOf(site.accounts)).at(-1) ?? Buffer.alloc(0)))
    disk.show(id, sealingKey, undefined)
    await assert.rejects(deliverTo(site.accounts, address, mail('after')), isDamaged)
    await site.accounts.close()
  })

  /** Passes on `steps` writes of entries and of accounts, then none. */
  function killed(inner: Store, steps: { left: number }): Store {
    const step = async <T>(write: () => Promise<T>): Promise<T> => {
      if (steps.left <= 0) throw new Unavailable('closed', 'the process was killed')
      steps.left -= 1
      return write()
    }
    const { directory } = inner
    return overriding(inner, {
      transact: (account, run) => step(() => inner.transact(account, run)),
      directory: overriding(directory, {
        put: (name, value, expected) => step(() => directory.put(name, value, expected)),
      }),
    })
  }

  it('can be changed with a crash after each write, and no mail is refused or readable for it', async () => {
    for (const [change, before] of [
      ['added', false],
      ['replaced', true],
    ] as const) {
      let isDone = false
      for (let writes = 0; !isDone; writes += 1) {
        const inner = openMemoryStore()
        const steps = { left: Infinity }
        const site = await makeSite({}, killed(inner, steps))
        site.clock.time = Date.now()
        await (await alice(site)).close()
        if (before) await site.accounts.publicKeys.addPublicKeys(address, owner, first)
        steps.left = writes
        await site.accounts.publicKeys.addPublicKeys(address, owner, second).then(
          () => undefined,
          (error: unknown) => assert.ok(isRefusal(error), String(error)),
        )
        isDone = steps.left > 0
        assert.ok(writes < 20)
        // As after a restart: nobody has logged in.
        const accounts = await site.reopen(inner)
        await deliverTo(accounts, address, mail('meanwhile'))
        const { keys } = await accounts.publicKeys.publicKeys(address)
        const found = await inboxOf(accounts)
        const message = found.find((each) => each.includes('Subject: meanwhile'))
        assert.ok(message)
        assert.equal(isEncrypted(message), keys.length > 0, `${change}, ${writes} writes`)
        const expected = fieldOf(
          (await findEntry({ ...site, store: inner }, address))?.fields ?? new Map(),
          expectedField,
        )
        assert.ok(expected.length <= 1, `${change}, ${writes} writes`)
        if (keys.length > 0) {
          const id = Buffer.from((await accounts.info(address)).accountId, 'hex')
          await inner.transact(id, async (tx) => tx.delete(sealingKey))
          await assert.rejects(deliverTo(accounts, address, mail('x')), isDamaged)
        }
        await accounts.close()
      }
    }
  })

  it('can be changed while mail comes, and none is refused for it', async () => {
    const site = await makeSite()
    site.clock.time = Date.now()
    const open = await alice(site)
    let isOver = false
    let delivered = 0
    const deliveries = Array.from({ length: 3 }, async () => {
      while (!isOver) {
        await deliverTo(site.accounts, address, mail('one of many'))
        delivered += 1
        // The store in memory never waits for anything: others must have their turn.
        await new Promise((resolve) => setImmediate(resolve))
      }
    })
    for (let turn = 0; turn < 12; turn += 1) {
      await site.accounts.publicKeys.addPublicKeys(address, owner, turn % 2 ? first : second)
      await site.accounts.publicKeys.setSealing(address, owner, { protectHeaders: turn % 2 === 0 })
      // A delivery does not try for ever while keys change at every moment.
      for (const before = delivered; delivered < before + 3;)
        await new Promise((resolve) => setImmediate(resolve))
    }
    isOver = true
    await Promise.all(deliveries)
    await open.close()
    assert.ok(delivered > 3)
    assert.equal((await inboxOf(site.accounts)).length, delivered)
    assert.equal((await expectedOf(site)).length, 1)
    await site.accounts.close()
  })

  it('that another site vouched for is this site’s from the next login on, as the owner’s log knows it', async () => {
    const disk = new Swapping(openMemoryStore())
    const site = await makeSite({}, disk.store)
    site.clock.time = Date.now()
    await (await alice(site)).close()
    await site.accounts.publicKeys.addPublicKeys(address, owner, first)
    await site.accounts.close()
    const { siteKey } = SiteKey.make()
    const entry = await entryOf(site)
    const { store } = site
    await store.directory.put(address, encodeEntry(siteKey, address, entry.account, entry), entry.bytes)
    const card = await store.read(entry.account, (snapshot) => snapshot.get(cardKey))
    const adopted = adoptCard(siteKey, entry.account, card ?? Buffer.alloc(0))
    disk.show(entry.account.toString('hex'), cardKey, adopted)
    const other = await makeSite({ siteKey }, store)
    other.clock.time = site.clock.time
    await assert.rejects(deliverTo(other.accounts, address, mail('too early')), isDamaged)
    await (await other.accounts.login(address, password(), session)).close()
    await deliverTo(other.accounts, address, mail('now'))
    const stored = (await inboxOf(other.accounts)).at(-1) ?? Buffer.alloc(0)
    assert.deepEqual(ring.openByOpenssl(stored, 'first'), mail('now'))
    await other.accounts.close()
  })
})
