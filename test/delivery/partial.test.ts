// Who has a message that is asked for again: remembered over a restart, by names that say nothing, and never more than is true.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { silentLog } from '../../src/base/ports.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { partialPrefix } from '../../src/crypto/partial-name.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { PartialDeliveries } from '../../src/delivery/partial.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { SiteRecords } from '../../src/store/store.ts'
import { beginData, openDoor, recordingLog, type OpenDoor } from './open-door.ts'

await cryptoReady()

const now = Date.UTC(2026, 10, 29)
const day = 24 * 3_600_000
const message = Buffer.from('Subject: secret plans\r\n\r\nx\r\n')
const [bob, alice] = ['bob@example.org', 'alice@example.org']

interface Kept {
  readonly records: SiteRecords
  readonly siteKey: SiteKey
  readonly open: (at?: number, key?: SiteKey) => Promise<PartialDeliveries>
}

function kept(): Kept {
  const records = openMemoryStore().site
  const { siteKey } = SiteKey.make()
  return {
    ...{ records, siteKey },
    open: (at = now, key = siteKey) => PartialDeliveries.open({ records, siteKey: key, log: silentLog }, at),
  }
}

async function send(site: OpenDoor, recipients: readonly string[]): Promise<string> {
  await using peer = await site.greeted()
  await beginData(peer, recipients)
  peer.write('x\r\n.\r\n')
  return (await peer.reply()) ?? ''
}

describe('who has a message already', () => {
  it('is passed over after a restart, until all have it', async () => {
    const { records, siteKey } = kept()
    const options = { dialect: 'smtp', records, siteKey } as const
    {
      await using site = await openDoor(options)
      site.accounts.before = async ({ address }) => {
        if (address === alice) throw new TypeError('no')
      }
      assert.match(await send(site, [bob, alice]), /^451 4\.3\.0 Stored for some/)
      assert.equal(site.accounts.to(bob).length, 1)
    }
    {
      await using site = await openDoor(options)
      assert.match(await send(site, [bob, alice]), /^250 /)
      assert.deepEqual([site.accounts.to(bob).length, site.accounts.to(alice).length], [0, 1])
    }
    assert.deepEqual(await records.list(), [])
    // The same octets are a new message then.
    await using site = await openDoor(options)
    assert.match(await send(site, [bob, alice]), /^250 /)
    assert.equal(site.accounts.to(bob).length, 1)
  })

  it('is known by message, sender and address, for five days, and grows with each try', async () => {
    const { open } = kept()
    const first = await open()
    const key = first.key('s@example.com', message)
    await first.remember(key, [bob], now)
    await first.remember(key, [], now)
    const second = await open()
    assert.deepEqual(
      [bob, alice].map((address) => second.has(key, address, now)),
      [true, false],
    )
    assert.notEqual(second.key('other@example.com', message), key)
    assert.notEqual(second.key('s@example.com', message.subarray(1)), key)
    await second.remember(key, [alice], now + day)
    const third = await open(now + 5 * day)
    assert.deepEqual(
      [bob, alice].map((address) => third.has(key, address, now + 5 * day)),
      [true, true],
    )
    assert.equal(third.has(key, bob, now + 6 * day), false)
    assert.equal((await open(now + 6 * day)).size, 0)
    assert.equal((await open()).size, 0, 'what is over was removed')
  })

  it('is written by names that say nothing', async () => {
    const { open, records } = kept()
    const partial = await open()
    await partial.remember(partial.key('sender@example.com', message), [bob, alice], now)
    const [[name, value] = ['', Buffer.alloc(0)]] = await records.list()
    assert.ok(name.startsWith(partialPrefix))
    const all = Buffer.concat([Buffer.from(name), value])
    for (const word of ['bob', 'alice', 'example', 'secret', 'sender'])
      assert.equal(all.includes(word), false)
    // Another site's names for the same are others: nobody can try words without the key.
    const other = kept()
    const theirs = await other.open()
    await theirs.remember(theirs.key('sender@example.com', message), [bob, alice], now)
    assert.notEqual((await other.records.list())[0]?.[0], name)
  })

  it('is forgotten, and the message delivered to all, where the record was changed in any octet, moved, or is another site’s', async () => {
    const { open, records } = kept()
    const partial = await open()
    const key = partial.key('s', message)
    await partial.remember(key, [bob], now)
    const stored = Buffer.from((await records.get(partialPrefix + key)) ?? [])
    const changed = Array.from(stored, (octet, at) => {
      const copy = Buffer.from(stored)
      copy[at] = octet ^ 1
      return copy
    })
    for (const bytes of [...changed, stored.subarray(1), stored.subarray(0, -1), Buffer.alloc(0)]) {
      await records.put(partialPrefix + key, bytes)
      assert.equal((await open()).has(key, bob, now), false)
      assert.equal(await records.get(partialPrefix + key), undefined)
    }
    const another = partial.key('s', Buffer.from('another'))
    await records.put(partialPrefix + another, stored)
    assert.equal((await open()).has(another, bob, now), false)
    await records.put(partialPrefix + key, stored)
    assert.equal((await open(now, SiteKey.make().siteKey)).size, 0)
  })

  it('goes before anybody is put back to an older state, other site records stay', async () => {
    const { open, records } = kept()
    const partial = await open()
    await records.put('escrow', Buffer.of(1))
    for (const text of ['a', 'b', 'c'])
      await partial.remember(partial.key('s', Buffer.from(text)), [bob], now)
    await partial.forgetAll()
    assert.equal(partial.has(partial.key('s', Buffer.from('a')), bob, now), false)
    assert.deepEqual(
      (await records.list()).map(([name]) => name),
      ['escrow'],
    )
  })

  it('is remembered in memory where the store cannot write, and the log says so', async () => {
    const { records, siteKey } = kept()
    const lines: string[] = []
    const broken: SiteRecords = {
      get: (name) => records.get(name),
      list: () => records.list(),
      compact: () => records.compact(),
      put: () => Promise.reject(new Error('the disk is full')),
    }
    const partial = await PartialDeliveries.open({ records: broken, siteKey, log: recordingLog(lines) }, now)
    const key = partial.key('s', message)
    await partial.remember(key, [bob], now)
    assert.equal(partial.has(key, bob, now), true)
    assert.match(lines.join('\n'), /delivery\.partial-not-kept/)
    await partial.forget(key)
    assert.equal(partial.size, 0)
  })
})
