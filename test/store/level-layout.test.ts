// What the level engine writes is what LAYOUT.md says, byte for byte.
import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import { describe, it } from 'node:test'
import { crc32 } from 'node:zlib'
import { u32, u64, utf8 } from '../../src/base/bytes.ts'
import { openLevelRecords } from '../../src/store/level/record-handle.ts'
import { account, addBlob, id, noise, pieces } from './kit.ts'
import { LevelHarness } from './level-kit.ts'

const u16 = (value: number): Buffer => u32(value).subarray(2)
const bytes = (...values: number[]): Buffer => Buffer.from(values)
const join = (...parts: Uint8Array[]): Buffer => Buffer.concat(parts)

function frame(blobId: Buffer, header: Buffer, body: Buffer): Buffer {
  const head = join(utf8('LLFR'), blobId, u64(body.length), u16(header.length), u32(crc32(body)))
  return join(head, u32(crc32(join(account, head, header))), header, body)
}

describe('level store: layout', () => {
  it('writes the records and segments of LAYOUT.md', async () => {
    const harness = await LevelHarness.start()
    const { store } = harness
    await store.create(account)
    await store.create(id(2))
    await store.transact(account, async (tx) => {
      tx.put(utf8('key'), utf8('value'))
      tx.addUsage(0x1234)
      tx.setQuota(0x5678)
    })
    await addBlob(store, account, id(5), utf8('first body'), utf8('recovery'))
    await addBlob(store, account, id(6), utf8('second'))
    await store.transact(account, async (tx) => tx.link(id(6)))
    const long = noise(300_000, 1)
    await addBlob(store, account, id(7), pieces(long), utf8('long'))
    await store.transact(account, async (tx) => tx.unlink(id(5)))
    await store.directory.put('ada', utf8('1'), undefined)
    await store.site.put('name', utf8('2'))
    await store.destroy(id(2))
    await store.close()

    const first = frame(id(5), utf8('recovery'), utf8('first body'))
    const second = frame(id(6), Buffer.alloc(0), utf8('second'))
    const third = frame(id(7), utf8('long'), long)
    const mine = join(utf8('a'), account)
    const blob = (segment: number, offset: number, header: number, length: number, count: number) =>
      join(bytes(1), u32(segment), u64(offset), u16(header), u64(length), u32(count))
    const segment = (live: number, end: number) => join(bytes(1), u64(live), u64(end))
    const expected: [Buffer, Buffer][] = [
      [bytes(0, 0x63), u64(12)], // create 2, transactions 6, names 2, destroy 2
      [bytes(0, 0x66), join(utf8('letterlock store'), u32(1))],
      [join(mine, bytes(0)), join(bytes(1, 1), u64(6), u64(0x1234), bytes(1), u64(0x5678))],
      [join(mine, bytes(1), utf8('key')), utf8('value')],
      [join(mine, bytes(2), id(6)), blob(1, 32 + first.length, 0, 6, 2)],
      [join(mine, bytes(2), id(7)), blob(2, 32, 4, 300_000, 1)],
      [join(mine, bytes(3), u32(1)), segment(second.length, 32 + first.length + second.length)],
      [join(mine, bytes(3), u32(2)), segment(third.length, 32 + third.length)],
      [join(utf8('a'), id(2), bytes(0)), join(bytes(1, 3), Buffer.alloc(25))],
      [utf8('dada'), utf8('1')],
      [utf8('sname'), utf8('2')],
    ]
    expected.sort(([a], [b]) => Buffer.compare(a, b))

    const handle = await openLevelRecords(`${harness.directory}/records`, false)
    const found: [Buffer, Buffer][] = []
    for await (const page of handle.range({ gte: bytes(0), lt: bytes(0xff) })) found.push(...page)
    await handle.close()
    const readable = (all: [Buffer, Buffer][]) => all.map((pair) => pair.map((part) => part.toString('hex')))
    assert.deepEqual(readable(found), readable(expected))

    const header = (number: number) => {
      const head = join(utf8('LLSG'), bytes(1, 0, 0, 0), account, u32(number))
      return join(head, u32(crc32(head)))
    }
    const file = (number: number) =>
      fs.readFile(`${harness.directory}/segments/${account.toString('hex')}/0000000${number}.seg`)
    assert.deepEqual(await file(1), join(header(1), first, second))
    assert.ok((await file(2)).equals(join(header(2), third)))
    await harness.end()
  })
})
