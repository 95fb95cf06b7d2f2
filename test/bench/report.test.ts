// What stands in the README is made here.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readOptions } from './options.ts'
import { markdown, summarize, type RoundResult } from './report.ts'
import type { Figure } from './scenarios/scenario.ts'

const rate = (value: number, cpuPerThousand: number): Figure => ({
  row: 'deliveries',
  unit: 'msg/s',
  better: 'more',
  value,
  cpuPerThousand,
})
const worst = (value: number): Figure => ({
  row: 'worst wait',
  unit: 'ms',
  better: 'less',
  value,
  combine: 'worst',
})
const result = (contestant: number, round: number, ...figures: Figure[]): RoundResult => ({
  scenario: 'test',
  contestant,
  round,
  figures,
})

describe('the report', () => {
  it('takes the mean of rounds, the worst where that is the question, and says how many times better', () => {
    const rows = summarize(
      [
        result(0, 1, rate(90, 6), worst(40)),
        result(1, 1, rate(290, 2), worst(3)),
        result(0, 2, rate(110, 4), worst(20)),
        result(1, 2, rate(310, 2), worst(5)),
      ],
      2,
    )
    assert.equal(
      markdown(rows, ['Peer', 'Ours']),
      '| scenario | unit | Peer | Ours | ratio | cpu-s per 1,000: Peer | cpu-s per 1,000: Ours | cpu ratio |\n' +
        '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n' +
        '| deliveries | msg/s | 100 | 300 | ×3.0 | 5 | 2 | ×2.5 |\n' +
        '| worst wait | ms | 40 | 5 | ×8.0 | – | – | – |\n',
    )
  })

  it('leaves a dash where a contestant failed', () => {
    const table = markdown(summarize([result(0, 1, rate(90, 6))], 2), ['Peer', 'Ours'])
    assert.match(table, /\| deliveries \| msg\/s \| 90 \| – \| – \| 6 \| – \| – \|/)
  })

  it('makes no ratio of a time too short to be measured', () => {
    const table = markdown(summarize([result(0, 1, rate(90, 0)), result(1, 1, rate(90, 2))], 2), [
      'Peer',
      'Ours',
    ])
    assert.match(table, /\| 90 \| 90 \| ×1\.0 \| 0 \| 2 \| – \|/)
  })

  it('has no ratio for one contestant alone', () => {
    assert.doesNotMatch(markdown(summarize([result(0, 1, rate(90, 6))], 1), ['Peer']), /ratio/)
  })
})

describe('the command line', () => {
  it('runs everything against the peer by default', () => {
    const options = readOptions([])
    assert.deepEqual(
      options?.contestants.map(({ name }) => name),
      ['dovecot', 'letterlock'],
    )
    assert.equal(options.rounds, 2)
    assert.equal(options.isQuick, false)
  })

  const mistakes: [string, readonly string[]][] = [
    ['an unknown scenario', ['--only', 'nothing']],
    ['an unknown contestant', ['--contestants', 'dovecot,nobody']],
    ['no rounds', ['--rounds', '0']],
    ['an unknown option', ['--fast']],
  ]
  for (const [name, parameters] of mistakes)
    it(`refuses ${name}`, () => assert.throws(() => readOptions(parameters)))
})
