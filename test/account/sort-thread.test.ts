// SORT and THREAD against a naive reading of RFC 5256, over mailboxes in which everything collides; and at full size.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Uid } from '../../src/account/api.ts'
import type { MessageRow } from '../../src/account/facts.ts'
import { sortMessages, type SortField } from '../../src/account/sort.ts'
import { threadMessages, type ThreadAlgorithm } from '../../src/account/thread.ts'
import { threadText } from '../../src/imap/thread-text.ts'
import { messageFacts, type MessageFacts } from '../../src/mail/message-facts.ts'
import { naiveOrderedSubject, naiveReferences, naiveRefs, naiveSort, type Mail } from './naive-threads.ts'

const begin = Date.UTC(2026, 0, 1)
const minute = 60_000

function header(mail: Mail): Buffer {
  const date = new Date(begin + (mail.sent ?? 0) * minute).toUTCString().replace('GMT', '+0000')
  const lines = [
    `Subject: ${mail.subject}`,
    `From: ${mail.from}@example.org`,
    ...(mail.sent === undefined ? [] : [`Date: ${date}`]),
    ...(mail.id === undefined ? [] : [`Message-ID: <${mail.id}@x>`]),
    ...(mail.references.length === 0 ? [] : [`References: <${mail.references.join('@x>\r\n <')}@x>`]),
    ...(mail.inReplyTo === undefined ? [] : [`In-Reply-To: your <${mail.inReplyTo}@x>`]),
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
}

async function* rows(mails: Iterable<Mail>): AsyncGenerator<MessageRow> {
  for (const mail of mails) {
    yield {
      subject: { uid: (mail.number * 3) as Uid, sequenceNumber: mail.number },
      state: { internalDate: begin + mail.arrived * minute, sizeBytes: mail.sizeBytes },
      facts: messageFacts(header(mail)),
    }
  }
}

const nothing = (): void => undefined

async function threads(
  source: AsyncIterable<MessageRow>,
  count: number,
  algorithm: ThreadAlgorithm,
): Promise<string> {
  const found = await threadMessages(source, count, algorithm, nothing)
  return [...threadText(found, ({ sequenceNumber }) => sequenceNumber)].join('')
}

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')
const subject = fc
  .array(fc.constantFrom('Re: ', 'fw:', '[l] ', 'one', 'two', 'One', ' ', '[fwd: ', ']', ' (fwd)'), {
    maxLength: 4,
  })
  .map((parts) => parts.join('').trim())
const mails = fc
  .array(
    fc.record({
      subject: fc.oneof(subject, fc.constantFrom('one', 'Re: one', 'two', 'Re: two', '')),
      sent: fc.option(fc.nat(6), { nil: undefined }),
      arrived: fc.nat(6),
      sizeBytes: fc.nat(3),
      from: fc.constantFrom('ann', 'Bob', 'bob', 'carol'),
      id: fc.option(id, { nil: undefined, freq: 8 }),
      references: fc.array(id, { maxLength: 5 }),
      inReplyTo: fc.option(id, { nil: undefined }),
    }),
    { maxLength: 12 },
  )
  .map((list) => list.map((mail, index): Mail => ({ ...mail, number: index + 1 })))

describe('SORT', () => {
  it('orders as RFC 5256 says', async () => {
    const key = fc.record({
      field: fc.constantFrom<SortField>('ARRIVAL', 'DATE', 'SIZE', 'SUBJECT', 'FROM', 'CC'),
      isReversed: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(mails, fc.array(key, { minLength: 1, maxLength: 4 }), async (list, keys) => {
        const sorted = await sortMessages(rows(list), keys, nothing)
        assert.deepEqual(
          sorted.map(({ sequenceNumber }) => sequenceNumber),
          naiveSort(list, keys),
        )
      }),
      { numRuns: 400 },
    )
  })

  it('puts a message without facts where an empty header would be', async () => {
    async function* some(): AsyncGenerator<MessageRow> {
      for await (const row of rows([mailOf(1, { subject: 'b' }), mailOf(2, { subject: 'a' })])) yield row
      yield {
        subject: { uid: 9 as Uid, sequenceNumber: 3 },
        state: { internalDate: begin, sizeBytes: 1 },
        facts: undefined,
      }
    }
    const sorted = await sortMessages(some(), [{ field: 'SUBJECT', isReversed: false }], nothing)
    assert.deepEqual(
      sorted.map(({ sequenceNumber }) => sequenceNumber),
      [3, 2, 1],
    )
  })
})

describe('THREAD', () => {
  it('by REFERENCES makes the trees of RFC 5256', async () => {
    await fc.assert(
      fc.asyncProperty(mails, async (list) => {
        assert.equal(await threads(rows(list), list.length, 'REFERENCES'), naiveReferences(list))
      }),
      { numRuns: 3000 },
    )
  })

  it('by REFS makes the trees of REFERENCES without subjects, the thread of the latest message last', async () => {
    await fc.assert(
      fc.asyncProperty(mails, async (list) => {
        assert.equal(await threads(rows(list), list.length, 'REFS'), naiveRefs(list))
      }),
      { numRuns: 1000 },
    )
  })

  it('by ORDEREDSUBJECT makes the trees of RFC 5256', async () => {
    await fc.assert(
      fc.asyncProperty(mails, async (list) => {
        assert.equal(await threads(rows(list), list.length, 'ORDEREDSUBJECT'), naiveOrderedSubject(list))
      }),
      { numRuns: 500 },
    )
  })

  it('leaves a damaged message alone', async () => {
    async function* some(): AsyncGenerator<MessageRow> {
      for await (const row of rows([mailOf(1, { id: 'a' }), mailOf(2, { references: ['a'] })])) yield row
      yield {
        subject: { uid: 9 as Uid, sequenceNumber: 3 },
        state: { internalDate: begin, sizeBytes: 1 },
        facts: undefined,
      }
    }
    assert.equal(await threads(some(), 3, 'REFERENCES'), '(3)(1 2)')
  })
})

describe('THREAD and SORT at full size', () => {
  const count = 20_000
  const third = Math.floor(count / 3)
  const one = messageFacts(header(mailOf(1, { subject: 'one' })))
  const hostile: readonly (readonly [string, (index: number) => Partial<MessageFacts>])[] = [
    ['one long chain', (index) => ({ messageId: `i${index}`, references: [`i${index - 1}`] })],
    [
      'one long chain backwards',
      (index) => ({ messageId: `i${count - index}`, references: [`i${count - index - 1}`] }),
    ],
    ['answers to one message', (index) => ({ messageId: `i${index}`, references: ['root'] })],
    ['one identifier for all', () => ({ messageId: 'same', references: ['same'] })],
    ['answers in one subject', (index) => ({ messageId: `i${index}`, isReplyOrForward: index % 2 === 1 })],
    ['a subject for each', (index) => ({ subject: `${index}` })],
    [
      'references that nobody has',
      (index) => ({ references: Array.from({ length: 20 }, (_, at) => `${index}-${at}`) }),
    ],
    [
      // Each answer has children already and a place in the chain's tree, so only the way up tells that there is no loop.
      'answers to the end of a chain that others had put at its beginning',
      (index) =>
        index < third
          ? { messageId: `c${index}`, references: [`c${index - 1}`] }
          : index < 2 * third
            ? { references: ['c1', `b${index - third}`, `d${index}`] }
            : { messageId: `b${index - 2 * third}`, references: [`c${third - 1}`] },
    ],
  ]
  for (const [what, make] of hostile) {
    it(`is done with ${what}`, async () => {
      async function* all(): AsyncGenerator<MessageRow> {
        for (let index = 0; index < count; index += 1) {
          const subject = { uid: (index + 1) as Uid, sequenceNumber: index + 1 }
          yield { subject, state: { internalDate: 0, sizeBytes: 1 }, facts: { ...one, ...make(index) } }
        }
      }
      for (const algorithm of ['REFERENCES', 'REFS', 'ORDEREDSUBJECT'] as const) {
        const text = await threads(all(), count, algorithm)
        assert.equal(text.match(/[0-9]+/g)?.length, count)
      }
      const sorted = await sortMessages(all(), [{ field: 'SUBJECT', isReversed: true }], nothing)
      assert.equal(sorted.length, count)
    })
  }
})

function mailOf(number: number, parts: Partial<Mail>): Mail {
  return {
    number,
    subject: '',
    sent: number,
    arrived: number,
    sizeBytes: number,
    from: 'ann',
    id: undefined,
    references: [],
    inReplyTo: undefined,
    ...parts,
  }
}
