// The same mail in Letterlock and in Dovecot, and every answer about it compared: what is not the same is listed, with the reason.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { skipWithoutDovecot } from '../../support/dovecot.ts'
import { SeededRandom } from '../../bench/random.ts'
import { loadCorpus, type CorpusMessage } from '../corpus.ts'
import { compareBinary } from './binary-comparison.ts'
import { knownBinaryDifferences } from './binary-differences.ts'
import { knownDifferences, type KnownDifference } from './differences.ts'
import { compareMessage, type Difference } from './fetch-comparison.ts'
import { oddMessage, rareMessages } from './odd-mime.ts'
import {
  compareSort,
  compareThreads,
  sortPrograms,
  threadAlgorithms,
  unambiguous,
} from './order-comparison.ts'
import { knownOrderDifferences } from './order-differences.ts'
import { compareSearch } from './search-comparison.ts'
import { knownSearchDifferences } from './search-differences.ts'
import { searchRows } from './search-table.ts'
import { TwoServers } from './two-servers.ts'

/** With LETTERLOCK_DIFFERENTIAL=all every message of the corpus is compared, not a sample. */
const isWhole = process.env['LETTERLOCK_DIFFERENTIAL'] === 'all'
const corpus = loadCorpus()
const oddMessages = 150
const everyArchived = 60

function messages(): CorpusMessage[] {
  const random = new SeededRandom(7)
  const odd = Array.from({ length: oddMessages }, (_, number) => ({
    name: `odd-${number}`,
    bytes: oddMessage(random),
  }))
  const chosen = corpus.messages.filter(
    ({ name }, index) => isWhole || !name.includes('/') || index % everyArchived === 0,
  )
  // RFC 3501 §6.3.11, §9: APPEND takes no NUL, and neither server takes an empty message.
  return [...chosen, ...rareMessages, ...odd].filter(({ bytes }) => bytes.length > 0 && !bytes.includes(0))
}

/** Fails for differences that are in no class, and for classes without a difference. */
function assertListed(
  differences: readonly Difference[],
  known: readonly KnownDifference[],
  all: readonly CorpusMessage[],
): string {
  const texts = new Map(all.map(({ name, bytes }) => [name, bytes]))
  const counts = new Map(known.map((one) => [one, 0]))
  const unlisted = differences.filter((difference) => {
    const message = texts.get(difference.of)?.toString('latin1') ?? ''
    const one = known.find((candidate) => candidate.matches(difference, message))
    if (one) counts.set(one, (counts.get(one) ?? 0) + 1)
    return one === undefined
  })
  const shown = unlisted.slice(0, 20).map(({ of, item, ours, theirs }) => {
    return `${of}: ${item}\n  ours:   ${ours.slice(0, 300)}\n  theirs: ${theirs.slice(0, 300)}`
  })
  assert.equal(unlisted.length, 0, `${unlisted.length} differences that are not listed\n${shown.join('\n')}`)
  const mustOccur = known.filter((one) => one.isSeldom !== true && (isWhole || one.isOfRealMail !== true))
  const stale = mustOccur.filter((one) => counts.get(one) === 0)
  assert.deepEqual(
    stale.map(({ what }) => what),
    [],
    'listed differences that no longer occur',
  )
  return [...counts].map(([{ what }, count]) => `${count} × ${what}`).join('\n')
}

suite(
  'the same mail in Letterlock and in Dovecot',
  { skip: skipWithoutDovecot(), timeout: isWhole ? 5_400_000 : 900_000 },
  () => {
    let servers: TwoServers
    before(async () => {
      servers = await TwoServers.start(messages())
    })
    after(() => servers[Symbol.asyncDispose]())

    test('FETCH: envelopes, structures, sections, sizes, dates, flags', async (t) => {
      const differences: Difference[] = []
      for (const [index, { name }] of servers.messages.entries())
        differences.push(...(await compareMessage(servers.ours, servers.theirs, index + 1, name)))
      t.diagnostic(`${servers.messages.length} messages, ${corpus.source}`)
      t.diagnostic(assertListed(differences, knownDifferences, servers.messages))
    })

    test('SEARCH: every key, words in every script and encoding', async (t) => {
      const names = servers.messages.map(({ name }) => name)
      const rows = searchRows()
      const differences: Difference[] = []
      for (const row of rows)
        differences.push(...(await compareSearch(servers.ours, servers.theirs, row, names)))
      t.diagnostic(`${rows.length} searches`)
      t.diagnostic(assertListed(differences, knownSearchDifferences, servers.messages))
    })

    test('SORT and THREAD: every key and algorithm', async (t) => {
      const names = servers.messages.map(({ name }) => name)
      const set = unambiguous(servers.messages)
      const { ours, theirs } = servers
      const differences: Difference[] = []
      for (const program of sortPrograms)
        differences.push(...(await compareSort(ours, theirs, program, names, set)))
      for (const algorithm of threadAlgorithms)
        differences.push(...(await compareThreads(ours, theirs, algorithm, names, set)))
      t.diagnostic(assertListed(differences, knownOrderDifferences, servers.messages))
    })

    // The last, since Dovecot's session may not outlive it.
    test('BINARY: every part', async (t) => {
      const differences: Difference[] = []
      for (const [index, { name }] of servers.messages.entries())
        differences.push(...(await compareBinary(servers, index + 1, name)))
      t.diagnostic(assertListed(differences, knownBinaryDifferences, servers.messages))
    })
  },
)
