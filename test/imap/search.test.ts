// SEARCH over real accounts: every key against a naive reading of the messages, and what is opened for it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { SelectedMailbox, Uid } from '../../src/account/api.ts'
import type { Criterion } from '../../src/account/criterion.ts'
import type { SearchSubject } from '../../src/account/criterion-test.ts'
import { Refusal } from '../../src/account/errors.ts'
import { MemoryBudget } from '../../src/account/memory-budget.ts'
import { threadIdOf } from '../../src/account/object-ids.ts'
import { search } from '../../src/account/search.ts'
import { makeSite, session } from '../account/support.ts'
import { plainContent } from '../support/plain-content.ts'
import { address, mail, passwordText } from './harness.ts'

interface Fact {
  readonly uid: number
  readonly flags: readonly string[]
  readonly day: number
  readonly sizeBytes: number
  readonly subject: string
  readonly body: string
  readonly sentDay: number
  readonly messageId: string
  readonly savedDay: number
  emailId: string
}

const dayMs = 86_400_000
const now = 20_020 * 86_400_000
const words = ['apple', 'Birne', 'cherry', 'STRASSE']

/** Twenty messages whose facts are known without looking into them. */
async function makeMailbox(): Promise<{
  mailbox: SelectedMailbox
  facts: Fact[]
  close: () => Promise<void>
}> {
  const site = await makeSite()
  await site.accounts.create(address, Buffer.from(passwordText))
  const account = await site.accounts.login(address, Buffer.from(passwordText), session)
  const facts: Fact[] = []
  for (let index = 0; index < 20; index += 1) {
    const subject = `${words[index % 4] ?? ''} ${index % 3}`
    const body = `${words[(index + 1) % 4] ?? ''} and ${'x'.repeat(index * 10)}\r\n`
    const sentDay = 20_000 + (index % 5)
    const date = new Date(sentDay * dayMs + 12 * 3_600_000).toUTCString().replace('GMT', '+0000')
    const text = mail(subject, body).replace(/^Date: .*\r\n/m, `Date: ${date}\r\n`)
    const messageId = /^Message-ID: <(.*)>/m.exec(text)?.[1] ?? ''
    const flags = [index % 2 ? '\\Seen' : '\\Draft', ...(index % 3 ? ['Work'] : [])]
    const day = 20_010 + (index % 4)
    const source = (async function* () {
      yield Buffer.from(text)
    })()
    const internalDate = day * dayMs + 23 * 3_600_000
    const savedDay = 20_776 + (index % 3)
    site.clock.time = savedDay * dayMs + 3_600_000
    const { uid } = await account.append('INBOX', source, { flags, internalDate, zoneMinutes: 0 })
    facts.push({
      uid,
      flags,
      day,
      sizeBytes: text.length,
      subject,
      body,
      sentDay,
      messageId,
      savedDay,
      emailId: '',
    })
  }
  const mailbox = await account.select('INBOX', { isReadOnly: false })
  for (const fact of facts) fact.emailId = (await mailbox.content(fact.uid as Uid))?.emailId ?? ''
  const close = async (): Promise<void> => {
    await account.close()
    await site.accounts.close()
  }
  return { mailbox, facts, close }
}

function options(facts: readonly Fact[]): Parameters<typeof search>[3] {
  return {
    largestUid: facts.at(-1)?.uid ?? 0,
    largestSequenceNumber: facts.length,
    isRecent: (uid) => uid % 2 === 0,
    isSaved: (uid) => uid % 3 === 0,
    now,
    budget: new MemoryBudget(1024 * 1024),
    check: () => undefined,
  }
}

const subjectsOf = (facts: readonly Fact[]): SearchSubject[] =>
  facts.map(({ uid }, index) => ({ uid: uid as Uid, sequenceNumber: index + 1 }))

/** What the criterion means, as plainly as it can be said. */
function naive(criterion: Criterion, fact: Fact): boolean {
  const has = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase())
  const related = (day: number, relation: string, other: number): boolean =>
    relation === 'before' ? day < other : relation === 'on' ? day === other : day >= other
  switch (criterion.kind) {
    case 'all':
      return true
    case 'and':
      return criterion.criteria.every((part) => naive(part, fact))
    case 'or':
      return criterion.criteria.some((part) => naive(part, fact))
    case 'not':
      return !naive(criterion.criterion, fact)
    case 'flag':
      return fact.flags.includes(criterion.flag)
    case 'keyword':
      return fact.flags.some((flag) => flag.toLowerCase() === criterion.keyword.toLowerCase())
    case 'recent':
      return fact.uid % 2 === 0
    case 'uid':
    case 'sequence':
      return criterion.set.contains(fact.uid, 20)
    case 'internalDate':
      return related(fact.day, criterion.relation, criterion.day)
    case 'sentDate':
      return related(fact.sentDay, criterion.relation, criterion.day)
    case 'larger':
      return fact.sizeBytes > criterion.sizeBytes
    case 'smaller':
      return fact.sizeBytes < criterion.sizeBytes
    case 'header':
      return criterion.field.toLowerCase() === 'subject' && has(fact.subject, criterion.text)
    case 'body':
      return has(fact.body, criterion.text)
    case 'text':
      return has(`${fact.subject}\n${fact.body}`, criterion.text)
    case 'modSeq':
      return true
    case 'saved':
      return fact.uid % 3 === 0
    case 'savedDate':
      return related(fact.savedDay, criterion.relation, criterion.day)
    case 'age': {
      const age = (now - (fact.day * dayMs + 23 * 3_600_000)) / 1000
      return criterion.relation === 'older' ? age >= criterion.seconds : age <= criterion.seconds
    }
    case 'emailId':
      return criterion.id === `M${fact.emailId}`
    case 'threadId':
      return criterion.id === threadIdOf({ messageId: fact.messageId, references: [] })
  }
}

const threadIds = words.flatMap((text) =>
  [0, 1].map((number) => threadIdOf({ messageId: `${text}${number}@example.org`, references: [] })),
)
const word = fc.constantFrom(...words, 'nothing', 'x'.repeat(100), 'apple 0')
const relation = fc.constantFrom('before' as const, 'on' as const, 'since' as const)
const leaf: fc.Arbitrary<Criterion> = fc.oneof(
  fc.constant<Criterion>({ kind: 'all' }),
  fc.constant<Criterion>({ kind: 'recent' }),
  fc
    .constantFrom('\\Seen' as const, '\\Draft' as const, '\\Deleted' as const)
    .map((flag): Criterion => ({ kind: 'flag', flag })),
  fc.constant<Criterion>({ kind: 'keyword', keyword: 'WORK' }),
  fc.nat(21).map((limit): Criterion => ({ kind: 'uid', set: { contains: (value) => value <= limit } })),
  fc.nat(21).map((limit): Criterion => ({ kind: 'sequence', set: { contains: (value) => value >= limit } })),
  fc.record({
    kind: fc.constant('internalDate' as const),
    relation,
    day: fc.integer({ min: 20_009, max: 20_015 }),
  }),
  fc.record({
    kind: fc.constant('sentDate' as const),
    relation,
    day: fc.integer({ min: 19_999, max: 20_006 }),
  }),
  fc.record({
    kind: fc.constant('savedDate' as const),
    relation,
    day: fc.integer({ min: 20_775, max: 20_779 }),
  }),
  fc.record({
    kind: fc.constant('age' as const),
    relation: fc.constantFrom('older' as const, 'younger' as const),
    seconds: fc.integer({ min: 5, max: 11 }).map((days) => days * 86_400 + 3600),
  }),
  fc.constant<Criterion>({ kind: 'saved' }),
  fc.nat(19).map((index): Criterion => ({ kind: 'threadId', id: threadIds[index % threadIds.length] ?? '' })),
  fc.record({ kind: fc.constant('larger' as const), sizeBytes: fc.integer({ min: 150, max: 400 }) }),
  fc.record({ kind: fc.constant('smaller' as const), sizeBytes: fc.integer({ min: 150, max: 400 }) }),
  fc.record({
    kind: fc.constant('header' as const),
    field: fc.constantFrom('Subject', 'SUBJECT', 'X-None'),
    text: word,
  }),
  word.map((text): Criterion => ({ kind: 'body', text })),
  word.map((text): Criterion => ({ kind: 'text', text })),
)
const { tree: criterion } = fc.letrec<{ tree: Criterion }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'criterion' },
    leaf,
    tie('tree').map((inner): Criterion => ({ kind: 'not', criterion: inner })),
    fc.array(tie('tree'), { maxLength: 3 }).map((criteria): Criterion => ({ kind: 'and', criteria })),
    fc
      .array(tie('tree'), { minLength: 1, maxLength: 3 })
      .map((criteria): Criterion => ({ kind: 'or', criteria })),
  ),
}))

describe('search', () => {
  it('finds what a naive reading of the same messages finds', async () => {
    const { mailbox, facts, close } = await makeMailbox()
    try {
      await fc.assert(
        fc.asyncProperty(criterion, async (wanted) => {
          const { found, damaged } = await search(mailbox, subjectsOf(facts), wanted, options(facts))
          const expected = facts.filter((fact) => naive(wanted, fact)).map(({ uid }) => uid)
          assert.deepEqual(
            found.map(({ uid }) => uid),
            expected,
          )
          assert.deepEqual(damaged, [])
        }),
        { numRuns: 150 },
      )
    } finally {
      await close()
    }
  })

  it('finds every message by its EMAILID, and none by another', async () => {
    const { mailbox, facts, close } = await makeMailbox()
    try {
      for (const { uid, emailId } of facts) {
        for (const [id, uids] of [
          [`M${emailId}`, [uid]],
          [emailId, []],
        ] as const) {
          const { found } = await search(mailbox, subjectsOf(facts), { kind: 'emailId', id }, options(facts))
          assert.deepEqual(
            found.map((subject) => subject.uid),
            uids,
          )
        }
      }
    } finally {
      await close()
    }
  })

  it('opens only messages that cheaper keys leave undecided', async () => {
    const { mailbox, facts, close } = await makeMailbox()
    try {
      const opened: Uid[] = []
      const watched = Object.assign(Object.create(mailbox) as SelectedMailbox, {
        state: (uid: Uid) => mailbox.state(uid),
        async *textPages() {},
        contents(uids: readonly Uid[]) {
          opened.push(...uids)
          return mailbox.contents(uids)
        },
      })
      const wanted: Criterion = {
        kind: 'and',
        criteria: [
          { kind: 'text', text: 'apple' },
          { kind: 'uid', set: { contains: (value) => value <= 3 } },
        ],
      }
      await search(watched, subjectsOf(facts), wanted, options(facts))
      assert.deepEqual(opened, [1, 2, 3])
    } finally {
      await close()
    }
  })

  it('passes over messages that vanish while it runs', async () => {
    const { mailbox, facts, close } = await makeMailbox()
    try {
      let checks = 0
      const { found } = await search(
        mailbox,
        subjectsOf(facts),
        { kind: 'text', text: 'and' },
        {
          ...options(facts),
          check() {
            checks += 1
          },
        },
      )
      assert.equal(found.length, facts.length)
      assert.equal(checks, facts.length)
      await mailbox.storeFlags([5 as Uid], 'add', ['\\Deleted'])
      await mailbox.expunge()
      const after = await search(mailbox, subjectsOf(facts), { kind: 'text', text: 'and' }, options(facts))
      assert.equal(after.found.length, facts.length - 1)
    } finally {
      await close()
    }
  })

  it('passes over a message that is expunged while its body is read', async () => {
    const { mailbox, facts, close } = await makeMailbox()
    try {
      // As a body says that is gone when it is opened.
      const rival: Pick<SelectedMailbox, 'state' | 'contents'> = {
        state: (uid) => mailbox.state(uid),
        async *contents(uids) {
          for await (const content of mailbox.contents(uids)) {
            const read = async function* (): AsyncGenerator<Buffer> {
              throw new Refusal('message-expunged', 'The message was expunged')
            }
            yield content.uid === 5 ? { ...plainContent(content), read } : content
          }
        },
      }
      const { found, damaged } = await search(
        rival as SelectedMailbox,
        subjectsOf(facts),
        { kind: 'body', text: 'and' },
        options(facts),
      )
      assert.deepEqual(damaged, [])
      assert.deepEqual(
        found.map(({ uid }) => uid),
        facts.map(({ uid }) => uid).filter((uid) => uid !== 5),
      )
    } finally {
      await close()
    }
  })

  it('stops when nobody waits for it any more', async () => {
    const { mailbox, facts, close } = await makeMailbox()
    try {
      const gone = new Error('gone')
      await assert.rejects(
        search(
          mailbox,
          subjectsOf(facts),
          { kind: 'body', text: 'x' },
          {
            ...options(facts),
            check() {
              throw gone
            },
          },
        ),
        gone,
      )
    } finally {
      await close()
    }
  })
})
