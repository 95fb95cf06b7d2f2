// Updated searches and saved results under random changes by two sessions: what a client makes of the news is what a new search finds.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SavedResult } from '../../src/imap/saved-result.ts'
import { partialIndexes } from '../../src/imap/wire/search-returns.ts'
import { SequenceSet } from '../../src/imap/wire/sequence-set.ts'
import type { Uid } from '../../src/account/api.ts'
import type { Client } from './client.ts'
import { mail, makeHarness } from './harness.ts'

const programs = ['FLAGGED UNDELETED', 'OR SEEN SUBJECT odd', 'NOT KEYWORD Work', 'BODY "number 3"']

const numbersOf = (set: string): number[] =>
  (SequenceSet.parse(set)?.ranges ?? []).flatMap(({ from, to }) =>
    Array.from({ length: to - from + 1 }, (_, at) => from + at),
  )

/** What a client believes: of each updated search the UIDs, and of `$` nothing but what it can ask for. */
class Believer {
  readonly results = new Map<string, Set<number>>()

  hear(responses: readonly string[]): void {
    for (const response of responses) {
      const match = /^\* ESEARCH \(TAG "(.*?)"\) UID (.*)$/.exec(response)
      const result = this.results.get(match?.[1] ?? '')
      if (!match || !result) continue
      for (const [, what, set] of (match[2] ?? '').matchAll(/(ALL|ADDTO|REMOVEFROM) \(?(?:0 )?([0-9:,]+)/g)) {
        for (const number of numbersOf(set ?? '')) {
          if (what === 'REMOVEFROM') assert.ok(result.delete(number), `${number} was not in the result`)
          else {
            assert.ok(!result.has(number), `${number} was in the result already`)
            result.add(number)
          }
        }
      }
    }
  }
}

const found = async (client: Client, program: string): Promise<number[]> => {
  const [answer = ''] = await client.ok(`UID SEARCH RETURN (ALL) ${program}`)
  return numbersOf(/ALL ([0-9:,]+)/.exec(answer)?.[1] ?? '0')
}

const change = fc.record({
  by: fc.constantFrom(0, 1),
  uid: fc.integer({ min: 1, max: 9 }),
  what: fc.constantFrom(
    '+FLAGS.SILENT (\\Flagged)',
    '-FLAGS.SILENT (\\Flagged)',
    '+FLAGS.SILENT (\\Seen Work)',
    '-FLAGS (\\Seen Work)',
    '+FLAGS.SILENT (\\Deleted)',
    'EXPUNGE',
    'COPY',
    'NOOP',
    'SEARCH',
  ),
})

describe('updated searches and saved results', () => {
  it('are what a new search would find, whatever two sessions do', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
        const harness = await makeHarness()
        try {
          for (let number = 1; number <= 4; number += 1) {
            await harness.put(mail(number % 2 ? 'odd' : 'even', `number ${number}\r\n`))
          }
          const clients = [await harness.select(), await harness.select()] as const
          const believer = new Believer()
          const [watcher] = clients
          for (const [index, program] of programs.entries()) {
            believer.results.set(`u${index}`, new Set())
            believer.hear(await watcher.run(`UID SEARCH RETURN (UPDATE ALL) ${program}`, `u${index}`))
          }
          await watcher.ok('SEARCH RETURN (SAVE) SUBJECT odd')
          for (const { by, uid, what } of changes) {
            const command =
              what === 'EXPUNGE' || what === 'NOOP'
                ? what
                : what === 'SEARCH'
                  ? 'SEARCH ALL'
                  : what === 'COPY'
                    ? `UID COPY ${uid} INBOX`
                    : `UID STORE ${uid} ${what}`
            const responses = await clients[by].ok(command)
            if (by === 0) believer.hear(responses)
          }
          believer.hear(await watcher.ok('NOOP'))
          for (const [index, program] of programs.entries()) {
            const uids = [...(believer.results.get(`u${index}`) ?? [])].sort((a, b) => a - b)
            assert.deepEqual(uids, await found(watcher, program), program)
          }
          assert.deepEqual(await found(watcher, '$'), await found(watcher, 'UID 1,3'))
        } finally {
          await harness.close()
        }
      }),
      { numRuns: 20 },
    )
  })
})

describe('a saved result', () => {
  it('holds what was saved, and of what is left only that', () => {
    const uids = fc.uniqueArray(fc.integer({ min: 1, max: 40 }))
    fc.assert(
      fc.property(uids, uids, (saved, left) => {
        const result = new SavedResult()
        result.save(saved as Uid[])
        const ascending = [...left].sort((a, b) => a - b)
        assert.deepEqual(
          result.among(ascending),
          ascending.filter((uid) => saved.includes(uid)),
        )
        for (let uid = 1; uid <= 40; uid += 1) assert.equal(result.has(uid as Uid), saved.includes(uid))
      }),
    )
  })
})

describe('a page', () => {
  it('is counted from the beginning or from the end, and cut where the result ends', () => {
    const place = fc.integer({ min: 1, max: 12 })
    fc.assert(
      fc.property(place, place, fc.nat(10), fc.boolean(), (from, to, count, isFromEnd) => {
        const all = Array.from({ length: count }, (_, index) => index)
        const range = isFromEnd ? { from: -from, to: -to } : { from, to }
        const { start, end } = partialIndexes(range, count)
        const inOrder = isFromEnd ? [...all].reverse() : all
        const expected = inOrder.slice(Math.min(from, to) - 1, Math.max(from, to))
        assert.deepEqual(
          all.slice(start, end),
          expected.sort((a, b) => a - b),
        )
      }),
    )
  })
})
