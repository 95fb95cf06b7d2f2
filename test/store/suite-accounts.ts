// The store contract: accounts come and go, watchers miss nothing, names are compared and set, a closed store says so.
import assert from 'node:assert/strict'
import { hex, utf8 } from '../../src/base/bytes.ts'
import { Conflict, Unavailable } from '../../src/store/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { account, addBlob, entries, id, key, noise, refused } from './kit.ts'
import type { Case } from './suite.ts'

async function ids(store: Store): Promise<string[]> {
  const all: string[] = []
  for await (const one of store.accounts()) all.push(hex(one))
  return all
}

const put = (store: Store, owner: Uint8Array, n: number) =>
  store.transact(owner, async (tx) => tx.put(key(n), Buffer.from('x')))

/** Everything that takes an account must refuse one that is not there. */
const calls: readonly (readonly [string, (store: Store, owner: Uint8Array) => Promise<unknown>])[] = [
  ['read', (store, owner) => store.read(owner, async () => 1)],
  ['transact', (store, owner) => store.transact(owner, async () => 1)],
  ['watch', (store, owner) => store.watch(owner, () => undefined)],
  ['destroy', (store, owner) => store.destroy(owner)],
  ['space', (store, owner) => store.space(owner)],
  ['stage', (store, owner) => store.blobs.stage(owner, id(1), Buffer.alloc(0), utf8('x'))],
]

const closedCalls: readonly (readonly [string, (store: Store) => Promise<unknown>])[] = [
  ...calls.map(([name, call]) => [name, (store: Store) => call(store, account)] as const),
  ['create', (store) => store.create(id(5))],
  ['info', (store) => store.info(account)],
  ['accounts', (store) => ids(store)],
  ['read a blob', (store) => store.blobs.read(account, id(1), 0, 0)],
  ['directory.get', (store) => store.directory.get('x')],
  ['directory.put', (store) => store.directory.put('x', utf8('y'), undefined)],
  ['directory.list', (store) => store.directory.list('')],
  ['site.get', (store) => store.site.get('x')],
  ['site.put', (store) => store.site.put('x', utf8('y'))],
  ['compact', (store) => store.compact()],
]

const lifeCases: readonly Case[] = [
  [
    'a new account is empty and listed, in the order of ids',
    async ({ store }) => {
      assert.deepEqual(await store.info(account), { version: 0, usageBytes: 0 })
      assert.equal(await store.info(id(2)), undefined)
      for (let n = 2; n < 20; n += 1) {
        await store.create(id(n))
        await put(store, id(n), n)
        await addBlob(store, id(n), id(n), utf8('body'))
      }
      const expected = Array.from({ length: 19 }, (_, n) => hex(id(n + 1))).sort()
      assert.deepEqual(await ids(store), expected)
    },
  ],
  ...calls.map(([name, call]): Case => [
    `${name} refuses an account that is not there`,
    async ({ store }) => {
      await assert.rejects(call(store, id(2)), refused('no-account'))
      await assert.rejects(call(store, Buffer.alloc(15)), RangeError)
    },
  ]),
  [
    'an account id is given out once, also after the account is destroyed',
    async ({ store }) => {
      await assert.rejects(store.create(account), refused('account-exists'))
      await store.destroy(account)
      await assert.rejects(store.create(account), refused('account-exists'))
      assert.equal(await store.info(account), undefined)
    },
  ],
  [
    'of concurrent creations of one id one succeeds',
    async ({ store }) => {
      const results = await Promise.allSettled([1, 2, 3].map(() => store.create(id(2))))
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    },
  ],
  [
    'destroy removes an account and nothing of its neighbours',
    async ({ store }) => {
      await store.create(id(2))
      for (const owner of [account, id(2)]) {
        for (let n = 0; n < 30; n += 1) await put(store, owner, n)
        await addBlob(store, owner, id(9), noise(10_000, 1))
        await addBlob(store, owner, id(10), noise(1_000_000, 1))
      }
      await store.destroy(account)
      assert.deepEqual(await ids(store), [hex(id(2))])
      for (const [, call] of calls) await assert.rejects(call(store, account), refused('no-account'))
      assert.equal(await store.blobs.length(account, id(9)), undefined)
      await store.read(id(2), async (snapshot) => assert.equal((await entries(snapshot)).length, 30))
      assert.ok((await store.blobs.read(id(2), id(9), 0, 10_000)).equals(noise(10_000, 1)))
    },
  ],
  [
    'destroy comes between transactions, not into one',
    async ({ store }) => {
      const results = await Promise.allSettled([
        put(store, account, 1),
        store.destroy(account),
        put(store, account, 2),
      ])
      assert.deepEqual(
        results.map(({ status }) => status),
        ['fulfilled', 'fulfilled', 'rejected'],
      )
    },
  ],
  [
    'a watch misses nothing after the version it returns',
    async ({ store }) => {
      const running = Array.from({ length: 100 }, (_, n) => put(store, account, n))
      await running[20]
      const heard: number[] = []
      const watch = await store.watch(account, (version) => heard.push(version))
      await Promise.all(running)
      assert.equal(heard.at(-1) ?? watch.version, 100)
      assert.ok(heard.every((version, at) => version > (heard[at - 1] ?? 0)))
      // A commit gives at most one call, so between the version read and the end nothing can have been left out.
      assert.ok(watch.version >= 21 && heard.filter((version) => version > watch.version).length <= 100)
      await put(store, account, 200)
      assert.equal(heard.at(-1), 101)
      const other = await store.watch(account, () => undefined)
      assert.equal(other.version, 101)
      watch.close()
      await put(store, account, 201)
      assert.equal(heard.at(-1), 101)
    },
  ],
  [
    'a watcher hears of a commit before the transaction resolves, and not of reads or failures',
    async ({ store }) => {
      const order: string[] = []
      await store.watch(account, (version) => order.push(`heard ${version}`))
      await put(store, account, 1).then(() => order.push('resolved'))
      await store.transact(account, async (tx) => tx.get(key(1)))
      await assert.rejects(
        store.transact(account, async (tx) => {
          tx.put(key(1), Buffer.from('y'))
          throw new Error('no')
        }),
      )
      assert.deepEqual(order, ['heard 1', 'resolved'])
    },
  ],
]

const nameCases: readonly Case[] = [
  [
    'the directory sets a name only over the value the caller expects',
    async ({ store: { directory } }) => {
      assert.equal(await directory.get('ada@example.org'), undefined)
      await directory.put('ada@example.org', utf8('1'), undefined)
      await assert.rejects(directory.put('ada@example.org', utf8('2'), undefined), Conflict)
      await assert.rejects(directory.put('ada@example.org', utf8('2'), utf8('0')), Conflict)
      await assert.rejects(directory.put('bob@example.org', utf8('2'), utf8('1')), Conflict)
      await directory.put('ada@example.org', utf8('2'), utf8('1'))
      await assert.rejects(directory.delete('ada@example.org', utf8('1')), Conflict)
      assert.equal((await directory.get('ada@example.org'))?.toString(), '2')
      await directory.delete('ada@example.org', utf8('2'))
      await assert.rejects(directory.delete('ada@example.org', utf8('2')), Conflict)
      assert.equal(await directory.get('ada@example.org'), undefined)
    },
  ],
  [
    'the directory changes several names together, or none of them',
    async ({ store: { directory } }) => {
      await directory.put('ada', utf8('1'), undefined)
      await directory.put('eve', utf8('3'), undefined)
      const rename = [
        { name: 'ada', value: undefined, expected: utf8('1') },
        { name: 'bob', value: utf8('2'), expected: undefined },
      ]
      const taken = { name: 'eve', value: utf8('4'), expected: undefined }
      await assert.rejects(directory.change([...rename, taken]), Conflict)
      assert.deepEqual(
        (await directory.list('')).map(([name, value]) => `${name} ${Buffer.from(value).toString()}`),
        ['ada 1', 'eve 3'],
      )
      await directory.change(rename)
      assert.deepEqual(
        (await directory.list('')).map(([name, value]) => `${name} ${Buffer.from(value).toString()}`),
        ['bob 2', 'eve 3'],
      )
      await directory.change([])
    },
  ],
  [
    'of concurrent claims to a name one succeeds',
    async ({ store: { directory } }) => {
      const claims = Array.from({ length: 10 }, (_, n) => directory.put('name', Buffer.from([n]), undefined))
      const results = await Promise.allSettled(claims)
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    },
  ],
  [
    'the directory lists by prefix, in the order of the bytes, from where one left off',
    async ({ store: { directory, site } }) => {
      const names = ['a', 'a/1', 'a/2', 'a/10', 'a/ü', 'a/\u{1f600}', 'a/\uffee', 'b/1']
      for (const name of names) await directory.put(name, utf8(name), undefined)
      await site.put('a/site', utf8('x'))
      const list = async (prefix: string, after?: string, limit?: number) =>
        (await directory.list(prefix, after, limit)).map(([name]) => name)
      const sorted = ['a/1', 'a/10', 'a/2', 'a/ü', 'a/\uffee', 'a/\u{1f600}']
      assert.deepEqual(await list('a/'), sorted)
      assert.deepEqual(await list('a/', 'a/10'), sorted.slice(2))
      assert.deepEqual(await list('a/', 'a/10', 2), sorted.slice(2, 4))
      assert.deepEqual(await list('a/', '0'), sorted)
      assert.deepEqual(await list('a/', 'b'), [])
      assert.deepEqual(await list('a/', undefined, 0), [])
      assert.deepEqual(await list(''), ['a', ...sorted, 'b/1'])
    },
  ],
  [
    'site records are set and removed by name, apart from the directory',
    async ({ store: { directory, site } }) => {
      await directory.put('same', utf8('directory'), undefined)
      await site.put('same', utf8('site'))
      assert.equal((await site.get('same'))?.toString(), 'site')
      assert.equal((await directory.get('same'))?.toString(), 'directory')
      await site.put('same', undefined)
      assert.equal(await site.get('same'), undefined)
      await assert.rejects(site.put('x'.repeat(600), utf8('x')), refused('too-large'))
      await assert.rejects(directory.put('', utf8('x'), undefined), RangeError)
    },
  ],
  [
    'a closed store refuses every call, and closing waits for what is under way',
    async ({ store }) => {
      const late = Array.from({ length: 20 }, (_, n) => put(store, account, n))
      await Promise.resolve()
      await store.close()
      await Promise.all(late)
      for (const [name, call] of closedCalls) {
        await assert.rejects(
          call(store),
          (error) => error instanceof Unavailable && error.reason === 'closed',
          name,
        )
      }
    },
  ],
]

export const accountCases: readonly Case[] = [...lifeCases, ...nameCases]
