// The view: random histories of two sessions agree with what a naive client makes of the responses.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Uid } from '../../src/account/api.ts'
import { BadSequenceNumber } from '../../src/imap/named-messages.ts'
import { View } from '../../src/imap/view.ts'
import { SequenceSet } from '../../src/imap/wire/sequence-set.ts'
import { ResponseWriter } from '../../src/imap/wire/writer.ts'
import { ModelMailbox, type ModelSelected } from './model-mailbox.ts'

/** What a client knows from responses alone: the message at each number, as far as it was told. */
class NaiveClient {
  readonly selected: ModelSelected
  readonly view: View
  readonly #out = new ResponseWriter()
  uids: (number | undefined)[]
  readonly flags = new Map<number, string>()
  recent = 0

  constructor(model: ModelMailbox) {
    this.selected = model.select()
    this.view = new View(this.selected)
    // As after SELECT and a FETCH 1:* (UID FLAGS).
    this.uids = this.selected.uids()
    for (const uid of this.selected.uids()) this.flags.set(uid, flagText(model, this, uid))
    this.recent = this.view.recent
  }

  hear(mayExpunge: boolean): string[] {
    this.view.announce(this.#out, { mayExpunge, withModSeq: false, withFlags: true })
    return this.read()
  }

  read(): string[] {
    const lines = Buffer.concat(this.#out.take()).toString('latin1').split('\r\n').slice(0, -1)
    for (const line of lines) this.#apply(line)
    return lines
  }

  get out(): ResponseWriter {
    return this.#out
  }

  #apply(line: string): void {
    const [, number = '', kind = '', rest = ''] = /^\* ([0-9]+) ([A-Z]+)(.*)$/.exec(line) ?? []
    const at = Number(number)
    if (kind === 'EXISTS') {
      assert.ok(at >= this.uids.length, 'EXISTS never shrinks the mailbox')
      while (this.uids.length < at) this.uids.push(undefined)
    } else if (kind === 'EXPUNGE') {
      assert.ok(at >= 1 && at <= this.uids.length, 'EXPUNGE names a number in use')
      this.uids.splice(at - 1, 1)
    } else if (kind === 'RECENT') {
      this.recent = at
    } else if (kind === 'FETCH') {
      const [, uid = '', flags = ''] = /UID ([0-9]+).*FLAGS \(([^)]*)\)/.exec(rest) ?? []
      const known = this.uids[at - 1]
      assert.ok(known === undefined || known === Number(uid), 'a number never changes its message')
      assert.ok(at <= this.uids.length, 'FETCH names a number in use')
      this.uids[at - 1] = Number(uid)
      this.flags.set(Number(uid), flags)
    }
  }
}

function flagText(model: ModelMailbox, client: NaiveClient, uid: number): string {
  const flags = model.messages.get(uid)?.flags ?? []
  return [...flags, ...(client.selected.recent.has(uid) ? ['\\Recent'] : [])].join(' ')
}

type Step =
  | { readonly kind: 'append' }
  | { readonly kind: 'flags'; readonly pick: number; readonly flag: string; readonly by: number }
  | { readonly kind: 'expunge'; readonly picks: readonly number[]; readonly by: number }
  | { readonly kind: 'hear'; readonly who: number; readonly mayExpunge: boolean }

const who = fc.integer({ min: 0, max: 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Step>({ kind: 'append' }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('flags' as const),
      pick: fc.nat(40),
      flag: fc.constantFrom('\\Seen', '\\Deleted', 'work', ''),
      by: fc.integer({ min: 0, max: 2 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('expunge' as const),
      picks: fc.array(fc.nat(40), { maxLength: 4 }),
      by: who,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('hear' as const), who, mayExpunge: fc.boolean() }) },
)

function act(model: ModelMailbox, clients: readonly NaiveClient[], action: Step): void {
  const uids = [...model.messages.keys()]
  const pick = (index: number): number => uids[index % uids.length] ?? 0
  switch (action.kind) {
    case 'append':
      model.append()
      break
    case 'flags': {
      const uid = pick(action.pick)
      const client = clients[action.by]
      // One's own STORE answers for itself, and only for a message that has a number.
      if (client && client.view.sequenceNumber(uid as Uid) === undefined) return
      model.setFlags(uid, action.flag === '' ? [] : [action.flag], client?.selected)
      client?.view.fetchFlags(client.out, uid as Uid, {
        withUid: true,
        withFlags: true,
        withModSeq: false,
      })
      client?.read()
      break
    }
    case 'expunge':
      model.expunge(action.picks.map(pick), clients[action.by]?.selected)
      break
    case 'hear': {
      const lines = clients[action.who]?.hear(action.mayExpunge) ?? []
      if (!action.mayExpunge) assert.ok(!lines.some((line) => line.endsWith('EXPUNGE')))
      break
    }
  }
}

describe('a view', () => {
  it('keeps every client in step with its mailbox, whatever happens', () => {
    fc.assert(
      fc.property(fc.nat(5), fc.array(step, { maxLength: 60 }), (initial, steps) => {
        const model = new ModelMailbox()
        for (let count = 0; count < initial; count += 1) model.append()
        const clients = [new NaiveClient(model), new NaiveClient(model)]
        for (const action of steps) {
          act(model, clients, action)
          for (const client of clients) {
            // At any moment a number means the message that the client was told it means, or nothing any more.
            for (const [index, known] of client.uids.entries()) {
              const { uids, expunged } = client.view.resolve(SequenceSet.of(index + 1), 'sequence')
              assert.equal(uids.length + expunged, 1)
              if (known !== undefined && uids[0] !== undefined) assert.equal(uids[0], known)
              if (known !== undefined && expunged === 1) assert.ok(!model.messages.has(known))
            }
          }
        }
        for (const client of clients) {
          client.hear(true)
          const present = [...model.messages.keys()].sort((a, b) => a - b)
          assert.equal(client.uids.length, present.length)
          for (const [index, known] of client.uids.entries()) {
            if (known === undefined) continue
            assert.equal(known, present[index])
            assert.equal(client.flags.get(known), flagText(model, client, known), `flags of ${known}`)
          }
          const recent = present.filter((uid) => client.selected.recent.has(uid)).length
          assert.equal(client.recent, recent)
          assert.deepEqual(client.hear(true), [])
        }
      }),
      { numRuns: 400 },
    )
  })

  it('does not speak of a message that came and went between two announcements', () => {
    const model = new ModelMailbox()
    const client = new NaiveClient(model)
    model.expunge([model.append()])
    assert.deepEqual(client.hear(true), [])
  })

  it('resolves numbers as RFC 3501 wants', () => {
    const model = new ModelMailbox()
    for (let count = 0; count < 4; count += 1) model.append()
    model.expunge([2])
    const { view } = new NaiveClient(model)
    const cases: [text: string, kind: 'uid' | 'sequence', expected: number[] | 'bad'][] = [
      ['1:3', 'sequence', [1, 3, 4]],
      ['3:1', 'sequence', [1, 3, 4]],
      ['*', 'sequence', [4]],
      ['3:*', 'sequence', [4]],
      ['9:*', 'sequence', [4]],
      ['4', 'sequence', 'bad'],
      ['1:4', 'sequence', 'bad'],
      ['1,9', 'sequence', 'bad'],
      ['1:9', 'uid', [1, 3, 4]],
      ['2', 'uid', []],
      ['77', 'uid', []],
      ['77:*', 'uid', [4]],
      ['3,3,1', 'uid', [1, 3]],
    ]
    for (const [text, kind, expected] of cases) {
      const set = SequenceSet.parse(text)
      assert.ok(set)
      if (expected === 'bad') assert.throws(() => view.resolve(set, kind), BadSequenceNumber, text)
      else assert.deepEqual(view.resolve(set, kind), { uids: expected, expunged: 0 }, text)
    }
  })

  it('takes an arrival of very many messages', () => {
    const model = new ModelMailbox()
    const client = new NaiveClient(model)
    for (let count = 0; count < 150_000; count += 1) model.append()
    assert.deepEqual(client.hear(true), ['* 150000 EXISTS', '* 150000 RECENT'])
  })
})
