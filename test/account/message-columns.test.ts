// The rows of a mailbox: columns and their pages agree with a plain list of values, whatever is done to them.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { flagSet, type FlagSet } from '../../src/account/flags.ts'
import { MessageColumns, type RowFields } from '../../src/account/message-columns.ts'
import { decodeStatePage, encodeStatePage, FlagReader, rowBytes } from '../../src/account/state-codec.ts'
import { ByteReader, ByteWriter, MalformedRecord } from '../../src/base/bytes.ts'

const keywords = ['$Forwarded', 'work', 'later']

const someFlags: fc.Arbitrary<FlagSet> = fc
  .tuple(fc.nat(31), fc.subarray(keywords))
  .map(([bits, words]) => flagSet(bits, words))

const someRow: fc.Arbitrary<RowFields> = fc.record({
  uid: fc.constant(0),
  modSeq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  flagSet: someFlags,
  internalDate: fc.integer({ min: -8.64e15 / 2, max: 8.64e15 / 2 }),
  zoneMinutes: fc.integer({ min: -1439, max: 1439 }),
  sizeBytes: fc.nat(Number.MAX_SAFE_INTEGER),
  savedAt: fc.integer({ min: 0, max: 8.64e15 / 2 }),
})

type Step =
  | { readonly kind: 'add'; readonly row: RowFields; readonly gap: number }
  | { readonly kind: 'flags'; readonly pick: number; readonly flags: FlagSet; readonly modSeq: number }
  | { readonly kind: 'remove'; readonly picks: readonly number[] }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('add' as const), row: someRow, gap: fc.nat(3) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('flags' as const),
      pick: fc.nat(60),
      flags: someFlags,
      modSeq: fc.integer({ min: 1, max: 1e6 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('remove' as const), picks: fc.array(fc.nat(60)) }),
  },
)

const valueOf = (row: RowFields): object => ({ ...row, flags: row.flagSet.list })

function take(columns: MessageColumns, model: RowFields[], action: Step): void {
  switch (action.kind) {
    case 'add': {
      const row = { ...action.row, uid: (model.at(-1)?.uid ?? 0) + 1 + action.gap }
      columns.add(row)
      model.push(row)
      break
    }
    case 'flags': {
      const index = action.pick % Math.max(model.length, 1)
      const before = model[index]
      if (!before) return
      columns.setFlags(index, action.flags, action.modSeq)
      model[index] = { ...before, flagSet: action.flags, modSeq: action.modSeq }
      break
    }
    case 'remove': {
      const indexes = [...new Set(action.picks)].filter((index) => index < model.length).sort((a, b) => a - b)
      columns.remove(indexes)
      for (const index of indexes.reverse()) model.splice(index, 1)
      break
    }
  }
}

const rowsOf = (columns: MessageColumns): object[] =>
  Array.from(columns.uids, (_, index) => columns.row(index))

describe('the rows of a mailbox', () => {
  it('are what was put in, changed and taken out', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.array(fc.nat(200)), (steps, asked) => {
        const columns = new MessageColumns()
        const model: RowFields[] = []
        const snapshots: { readonly given: Uint32Array; readonly was: readonly number[] }[] = []
        for (const action of steps) {
          take(columns, model, action)
          snapshots.push({ given: columns.uids, was: model.map((row) => row.uid) })
        }
        assert.deepEqual(rowsOf(columns), model.map(valueOf))
        for (const uid of asked)
          assert.equal(
            columns.indexOf(uid),
            model.findIndex((row) => row.uid === uid),
          )
        // A session holds on to what it was given.
        for (const { given, was } of snapshots) assert.deepEqual([...given], was)
      }),
    )
  })

  it('may be changed and taken out before the rest of them is read', () => {
    fc.assert(
      fc.property(fc.array(someRow, { maxLength: 40 }), fc.array(step, { maxLength: 30 }), (rows, steps) => {
        const whole = new MessageColumns()
        const model = rows.map((row, index) => ({ ...row, uid: 2 * index + 1 }))
        for (const row of model) whole.add(row)
        const columns = new MessageColumns()
        for (let from = 0; from < model.length; from += 7) {
          const page = encodeStatePage(whole, from, Math.min(from + 7, model.length), keywords)
          decodeStatePage(page, new FlagReader(keywords), columns)
        }
        for (const action of steps) {
          take(columns, model, action)
          assert.deepEqual(
            [...columns.uids],
            model.map((row) => row.uid),
          )
        }
        assert.deepEqual(rowsOf(columns), model.map(valueOf))
      }),
    )
  })

  it('keep no flags that no message has', () => {
    const columns = new MessageColumns()
    const rest = { modSeq: 1, internalDate: 0, zoneMinutes: 0, sizeBytes: 1, savedAt: 0 }
    for (const uid of [1, 2, 3]) columns.add({ ...rest, uid, flagSet: flagSet(uid, []) })
    for (let turn = 0; turn < 500; turn += 1) columns.setFlags(1, flagSet(4, [`tag${turn}`]), turn + 2)
    assert.deepEqual(
      [0, 1, 2].map((index) => columns.row(index).flags),
      [['\\Seen'], ['\\Flagged', 'tag499'], ['\\Seen', '\\Answered']],
    )
    assert.ok(columns.flagSets < 100)
  })

  it('come out of state pages as they went in', () => {
    fc.assert(
      fc.property(fc.array(someRow, { maxLength: 40 }), fc.nat(40), (rows, cut) => {
        const columns = new MessageColumns()
        for (const [index, row] of rows.entries()) columns.add({ ...row, uid: 3 * index + 1 })
        const middle = Math.min(cut, rows.length)
        const again = new MessageColumns()
        const flags = new FlagReader(keywords)
        for (const [from, to] of [
          [0, middle],
          [middle, rows.length],
        ] as const) {
          const page = encodeStatePage(columns, from, to, keywords)
          let bytes = 3
          for (let index = from; index < to; index += 1) bytes += rowBytes(columns.flagSet(index))
          assert.equal(page.length, bytes)
          decodeStatePage(page, flags, again)
        }
        assert.deepEqual(rowsOf(again), rowsOf(columns))
      }),
    )
  })

  const page = (): Buffer => {
    const columns = new MessageColumns()
    const rest = { modSeq: 7, internalDate: 0, zoneMinutes: 60, sizeBytes: 100, savedAt: 5 }
    columns.add({ ...rest, uid: 4, flagSet: flagSet(1, ['work']) })
    columns.add({ ...rest, uid: 9, flagSet: flagSet(0, []) })
    return encodeStatePage(columns, 0, 2, keywords)
  }
  const altered = (change: (bytes: Buffer) => void): Buffer => {
    const bytes = page()
    change(bytes)
    return bytes
  }
  const firstRow = 3
  for (const [what, bytes] of [
    ['nothing', Buffer.alloc(0)],
    ['another version', altered((bytes) => (bytes[0] = 2))],
    ['more rows than there are', altered((bytes) => (bytes[2] = 3))],
    ['fewer rows than there are', altered((bytes) => (bytes[2] = 1))],
    ['a page that ends early', page().subarray(0, -1)],
    ['a page with bytes behind it', Buffer.concat([page(), Buffer.alloc(1)])],
    ['a UID of 0', altered((bytes) => bytes.writeUInt32BE(0, firstRow))],
    ['UIDs out of order', altered((bytes) => bytes.writeUInt32BE(9, firstRow))],
    ['a MODSEQ of 2^53', altered((bytes) => bytes.writeUInt32BE(0x200000, firstRow + 4))],
    ['an unknown keyword', altered((bytes) => bytes.writeUInt16BE(3, firstRow + 14))],
    ['keywords beyond the end', altered((bytes) => (bytes[firstRow + 13] = 255))],
    ['a date of 2^60', altered((bytes) => bytes.writeInt32BE(0x10000000, firstRow + 16))],
  ] as const) {
    it(`are not read from ${what}`, () => {
      const rows = new MessageColumns()
      assert.throws(() => {
        decodeStatePage(bytes, new FlagReader(keywords), rows)
        rowsOf(rows)
      }, MalformedRecord)
    })
  }
})

describe('integers of eight bytes', () => {
  it('are written and read as they would be by way of bigints', () => {
    const any = fc.oneof(
      fc.maxSafeInteger(),
      fc.constantFrom(0, -1, 2 ** 32, 2 ** 32 - 1, -(2 ** 32), 2 ** 53 - 1),
    )
    fc.assert(
      fc.property(any, (value) => {
        const expected = Buffer.alloc(8)
        expected.writeBigInt64BE(BigInt(value))
        const written = new ByteWriter().i64(value).finish()
        assert.deepEqual(written, expected)
        assert.equal(new ByteReader(written).i64(), value)
        if (value < 0) assert.throws(() => new ByteWriter().u64(value), RangeError)
        else assert.equal(new ByteReader(new ByteWriter().u64(value).finish()).u64(), value)
      }),
    )
    for (const wrong of [0.5, NaN, Infinity, 2 ** 53, -(2 ** 53)]) {
      assert.throws(() => new ByteWriter().i64(wrong), RangeError)
      assert.throws(() => new ByteWriter().u64(wrong), RangeError)
    }
    for (const wrong of [2n ** 53n, -(2n ** 53n), 2n ** 62n]) {
      assert.throws(() => new ByteReader(new ByteWriter().i64(wrong).finish()).i64(), MalformedRecord)
    }
    assert.throws(() => new ByteReader(new ByteWriter().u64(2n ** 63n).finish()).u64(), MalformedRecord)
  })
})
