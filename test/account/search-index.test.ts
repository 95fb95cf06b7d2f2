// SEARCH by sealed text against SEARCH by opening messages: the same answers, whatever is indexed, expunged, damaged or put back.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import type { SelectedMailbox, Uid } from '../../src/account/api.ts'
import type { Criterion } from '../../src/account/criterion.ts'
import { expunge } from '../../src/account/expunge.ts'
import type { MailboxTable } from '../../src/account/mailbox-table.ts'
import { readFacts } from '../../src/account/facts.ts'
import { MemoryBudget } from '../../src/account/memory-budget.ts'
import { MessageParts } from '../../src/account/message-parts.ts'
import { readyPreviews } from '../../src/account/page-facts.ts'
import { search, type SearchResult } from '../../src/account/search.ts'
import { Selected } from '../../src/account/selected.ts'
import { textKey } from '../../src/account/keys.ts'
import { textState } from '../../src/account/text-state.ts'
import type { UnlockedAccount } from '../../src/account/unlocked-account.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { alice, chunks, makeSite, overriding, type TestSite } from './support.ts'
import { TamperingStore } from './tampering-store.ts'
import { indexAll, indexedUids, unlock } from './unlocked.ts'

const address = 'alice@example.org'
const words = ['apple', 'Birne', 'STRASSE', 'naïve', 'needle', 'zebra']
const word = (index: number): string => words[index % words.length] ?? ''

/** Text that hardly shrinks. */
function noise(bytes: number, seed: number): string {
  let state = seed + 1
  const letters: string[] = []
  for (let index = 0; index < bytes; index += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    letters.push(String.fromCharCode(33 + ((state >> 16) % 90)), index % 70 === 69 ? '\r\n' : '')
  }
  return letters.join('')
}

function message(index: number): Buffer {
  const head = [
    `From: ${word(index)} <b${index % 4}@example.org>`,
    `To: alice@example.org${index % 7 === 0 ? `, ${'x'.repeat(70)}@example.org,\r\n`.repeat(400) : ''}`,
    `Subject: =?utf-8?b?${Buffer.from(`Grüße ${word(index + 1)}`).toString('base64')}?=`,
    ...(index % 3 ? [`X-Word: ${word(index + 2)}`, `X-Word: ${index}`] : []),
    ...(index % 5 ? [`Date: ${1 + (index % 20)} Nov 2026 23:30:00 -0800`] : []),
    `Message-ID: <${index}@example.org>`,
  ].join('\r\n')
  const filler = `${word(index + 3)} filler ${index} `.repeat(1 + (index % 40) * 8)
  switch (index % 30) {
    case 3:
    case 13:
      return Buffer.from(
        `${head}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n${filler}\r\n--b\r\n` +
          `Content-Type: application/pdf; name="${word(index)}.pdf"\r\nX-Word: part\r\n\r\nneedle\r\n--b\r\n` +
          `Content-Type: message/rfc822\r\n\r\nSubject: inner ${word(index + 4)}\r\n\r\nembedded\r\n--b--\r\n`,
      )
    case 6:
      return Buffer.from(`${head}\r\n\r\n${noise(90_000, index)}\r\nbehind ${word(index)}\r\n`)
    case 9:
    case 19:
    case 29:
      return Buffer.from(`${head}\r\nContent-Type: text/html\r\n\r\n<p>Bold <b>wo</b>rd ${filler}</p>\r\n`)
    case 8:
      return Buffer.from(
        `${head}\r\n\r\n${filler.repeat(1200 / (1 + (index % 40)))} tail ${word(index + 5)}\r\n`,
      )
    default:
      return Buffer.from(`${head}\r\n\r\n${filler}\r\n`)
  }
}

const total = 90
const text = fc.oneof(
  fc.constantFrom(
    ...words,
    'needle',
    'behind',
    'tail zebra',
    'embedded',
    'inner',
    'bold word',
    'nothing',
    '',
  ),
  fc.constantFrom(
    'grüße',
    'GRÜSSE birne',
    '=?utf-8?b?',
    '.pdf',
    'filler 4',
    'x-word: ',
    'b2@example',
    'part',
  ),
  fc.nat(total).map((index) => message(index).toString('utf8').slice(-40, -10)),
)
const field = fc.constantFrom('Subject', 'FROM', 'x-word', 'To', 'Content-Type', 'Date', 'X-None', 'a: b')
const relation = fc.constantFrom('before' as const, 'on' as const, 'since' as const)
const leaf: fc.Arbitrary<Criterion> = fc.oneof(
  text.map((wanted): Criterion => ({ kind: 'text', text: wanted })),
  text.map((wanted): Criterion => ({ kind: 'body', text: wanted })),
  fc.tuple(field, text).map(([name, wanted]): Criterion => ({ kind: 'header', field: name, text: wanted })),
  fc
    .tuple(relation, fc.integer({ min: 20_755, max: 20_780 }))
    .map(([how, day]): Criterion => ({ kind: 'sentDate', relation: how, day })),
  fc.constant<Criterion>({ kind: 'flag', flag: '\\Seen' }),
  fc.integer({ min: 0, max: 100_000 }).map((sizeBytes): Criterion => ({ kind: 'larger', sizeBytes })),
)
const { tree } = fc.letrec<{ tree: Criterion }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    leaf,
    tie('tree').map((criterion): Criterion => ({ kind: 'not', criterion })),
    fc.array(tie('tree'), { maxLength: 3 }).map((criteria): Criterion => ({ kind: 'and', criteria })),
    fc
      .array(tie('tree'), { minLength: 1, maxLength: 3 })
      .map((criteria): Criterion => ({ kind: 'or', criteria })),
  ),
}))

type Step =
  | { readonly kind: 'search'; readonly criterion: Criterion; readonly among: number }
  | { readonly kind: 'index' | 'expunge' | 'remove' | 'flip' | 'swap' | 'old'; readonly at: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('search' as const), criterion: tree, among: fc.nat(3) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'index' as const,
        'expunge' as const,
        'remove' as const,
        'flip' as const,
        'swap' as const,
        'old' as const,
      ),
      at: fc.nat(total),
    }),
  },
)

describe('a search by sealed text', () => {
  let site: TestSite
  let disk: TamperingStore
  let accountId: string

  before(async () => {
    disk = new TamperingStore(openMemoryStore())
    site = await makeSite({}, disk.store)
    const open = await alice(site)
    for (let index = 0; index < total; index += 1)
      await open.append('INBOX', chunks(message(index)), { flags: index % 2 ? ['\\Seen'] : [] })
    await open.close()
    accountId = (await site.accounts.info(address)).accountId
    await disk.capture()
  })
  after(async () => {
    await site.accounts.close()
  })

  const uidsOf = (found: SearchResult): number[] => found.found.map(({ uid }) => uid)
  const run = (mailbox: SelectedMailbox, criterion: Criterion, every = 1): Promise<SearchResult> => {
    const subjects = mailbox
      .uids()
      .map((uid, index) => ({ uid, sequenceNumber: index + 1 }))
      .filter(({ uid }) => uid % every === 0)
    return search(mailbox, subjects, criterion, {
      largestUid: mailbox.uidNext - 1,
      largestSequenceNumber: subjects.length,
      isRecent: () => false,
      isSaved: () => false,
      now: 0,
      budget: new MemoryBudget(64 * 1024 * 1024),
      check: () => undefined,
    })
  }
  /** The same mailbox for somebody who opens messages. */
  const withoutIndex = (mailbox: SelectedMailbox): SelectedMailbox =>
    overriding(mailbox, { textPages: async function* () {} })

  async function opened(): Promise<[UnlockedAccount, MailboxTable, SelectedMailbox]> {
    const account = await unlock(site, address)
    const table = await account.mailbox('INBOX')
    return [account, table, await Selected.open(account, 'INBOX', true, () => undefined)]
  }

  const pages = (): { key: Buffer; value: Buffer }[] =>
    disk.records(accountId).filter(({ key }) => key.toString('latin1', 0, 1) === 't')

  it('finds what a search by opening finds, whatever happens to pages and messages', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        disk.restore()
        const [account, table, mailbox] = await opened()
        const old = new Map<string, Buffer>()
        for (const each of steps) {
          for (const { key, value } of pages()) old.set(key.toString('hex'), value)
          if (each.kind === 'search') {
            const every = each.among + 1
            const expected = await run(withoutIndex(mailbox), each.criterion, every)
            const found = await run(mailbox, each.criterion, every)
            assert.deepEqual([uidsOf(found), found.damaged], [uidsOf(expected), expected.damaged])
            continue
          }
          const page = pages()[each.at % Math.max(1, pages().length)]
          if (each.kind === 'index') await indexAll(account, table, 1 + (each.at % 3) * 30)
          else if (each.kind === 'expunge') {
            const gone = Array.from(table.uids).filter((uid) => uid % (total / 4) === each.at % (total / 4))
            await expunge(account, table, gone as Uid[], { all: true }, undefined)
          } else if (!page) continue
          else if (each.kind === 'remove') disk.replace(accountId, page.key, undefined)
          else if (each.kind === 'flip') {
            const flipped = Buffer.from(page.value)
            flipped[each.at % flipped.length] = (flipped[each.at % flipped.length] ?? 0) ^ 1
            disk.replace(accountId, page.key, flipped)
          } else if (each.kind === 'swap') {
            disk.replace(accountId, textKey(table.idBytes, 1 + each.at), page.value)
          } else {
            for (const [key, value] of old) disk.replace(accountId, Buffer.from(key, 'hex'), value)
          }
        }
        await account.lock()
      }),
      { numRuns: 25 },
    )
  })

  it('opens no message for what the pages say', async () => {
    disk.restore()
    const [account, table, mailbox] = await opened()
    await indexAll(account, table)
    const asked: number[] = []
    const watched = overriding(mailbox, {
      contents: (uids) => {
        asked.push(...uids)
        return mailbox.contents(uids)
      },
    })
    // Only messages whose text is too long for a page, or their header.
    const isLong = (uid: number): boolean => [6, 8].includes((uid - 1) % 30) || (uid - 1) % 7 === 0
    for (const kind of ['text', 'body'] as const) await run(watched, { kind, text: 'nothing at all' })
    await run(watched, { kind: 'header', field: 'Subject', text: 'zzz' })
    assert.deepEqual(
      asked.filter((uid) => !isLong(uid)),
      [],
    )
    asked.length = 0
    await run(watched, { kind: 'sentDate', relation: 'on', day: 20_770 })
    assert.deepEqual(asked, [])
    assert.equal(textState(table).missing.size, 0)
    await account.lock()
  })

  it('knows facts and previews as opened messages do, wherever pages are missing', async () => {
    disk.restore()
    const [account, table, mailbox] = await opened()
    await indexAll(account, table)
    const missing = pages()[1]
    assert.ok(missing)
    disk.replace(accountId, missing.key, undefined)
    await expunge(account, table, [3, 40] as Uid[], { all: true }, undefined)
    const options = { budget: new MemoryBudget(64 * 1024 * 1024), check: () => undefined }
    const factsOf = async (of: SelectedMailbox): Promise<unknown[]> => {
      const found: unknown[] = []
      for await (const facts of readFacts(of, of.uids().slice(5), options)) found.push(facts)
      return found
    }
    assert.deepEqual(await factsOf(mailbox), await factsOf(withoutIndex(mailbox)))
    const previews = await readyPreviews(mailbox, mailbox.uids())
    assert.ok(previews.size > total / 3 && previews.size < total - 2)
    for await (const content of mailbox.contents(mailbox.uids())) {
      const made = await new MessageParts(content, options.budget).preview()
      assert.ok(made.length > 0)
      assert.equal(previews.get(content.uid) ?? made, made)
    }
    await account.lock()
  })

  it('finds what came a moment ago, and notes what pages should hold and do not', async () => {
    disk.restore()
    const [account, table, mailbox] = await opened()
    await indexAll(account, table)
    const [first] = pages()
    assert.ok(first)
    disk.replace(accountId, first.key, undefined)
    const expected = await run(withoutIndex(mailbox), { kind: 'text', text: 'apple' })
    assert.deepEqual(uidsOf(await run(mailbox, { kind: 'text', text: 'apple' })), uidsOf(expected))
    assert.ok(textState(table).missing.has(1))
    await indexAll(account, table)
    assert.equal((await indexedUids(account, table)).flat().length, total)
    await account.lock()
  })

  it('ends when nobody waits for it any more', async () => {
    disk.restore()
    const [account, table, mailbox] = await opened()
    await indexAll(account, table)
    const gone = new Error('gone')
    await assert.rejects(
      search(
        mailbox,
        [{ uid: 1 as Uid, sequenceNumber: 1 }],
        { kind: 'text', text: 'x' },
        {
          ...{ largestUid: 1, largestSequenceNumber: 1, now: 0, budget: new MemoryBudget(1) },
          ...{ isRecent: () => false, isSaved: () => false },
          check() {
            throw gone
          },
        },
      ),
      gone,
    )
    await account.lock()
  })
})
