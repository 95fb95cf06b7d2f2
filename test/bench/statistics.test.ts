// Figures in the README come through these functions.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { advantage, advantageText, figureText, mean, median, percentile } from './statistics.ts'

describe('statistics', () => {
  const cases: { name: string; got: number; want: number }[] = [
    { name: 'mean', got: mean([1, 2, 6]), want: 3 },
    { name: 'median of an odd number', got: median([9, 1, 5]), want: 5 },
    { name: 'median of an even number', got: median([4, 1, 2, 9]), want: 3 },
    { name: 'median of one', got: median([7]), want: 7 },
    { name: 'percentile is a value that occurred', got: percentile([10, 40, 20, 30], 0.5), want: 20 },
    { name: 'highest percentile', got: percentile([3, 1, 2], 0.99), want: 3 },
    { name: 'percentile of nothing', got: percentile([], 0.5), want: NaN },
    { name: 'more is better', got: advantage(100, 250, 'more'), want: 2.5 },
    { name: 'less is better', got: advantage(100, 250, 'less'), want: 0.4 },
  ]
  for (const { name, got, want } of cases) it(name, () => assert.equal(got, want))
})

describe('figures as text', () => {
  const cases: [number | undefined, string][] = [
    [36_812, '36,800'],
    [829_400, '829,000'],
    [101.4, '101'],
    [4.119, '4.12'],
    [0.00281, '0.00281'],
    [0, '0'],
    [NaN, '–'],
    [undefined, '–'],
  ]
  for (const [value, want] of cases) it(`${value} is ${want}`, () => assert.equal(figureText(value), want))
})

describe('advantages as text', () => {
  const cases: [number | undefined, string][] = [
    [1.437, '×1.4'],
    [0.834, '×0.83'],
    [12.4, '×12'],
    [1_840, '×1,840'],
    [Infinity, '–'],
    [undefined, '–'],
  ]
  for (const [value, want] of cases) it(`${value} is ${want}`, () => assert.equal(advantageText(value), want))
})
