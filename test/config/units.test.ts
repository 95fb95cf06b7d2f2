import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatAddress, parseAddress, parseDuration, parseSize } from '../../src/config/units.ts'

const sizes: readonly (readonly [string, number | undefined])[] = [
  ['0', 0],
  ['512', 512],
  ['50M', 50 * 2 ** 20],
  ['64MiB', 64 * 2 ** 20],
  ['2 GB', 2 * 2 ** 30],
  ['1.5k', 1536],
  ['1T', 2 ** 40],
  ['', undefined],
  ['M', undefined],
  ['-1', undefined],
  ['1e6', undefined],
  ['10P', undefined],
  ['999999999999999T', undefined],
]
for (const [text, bytes] of sizes) {
  test(`the size ${JSON.stringify(text)} is ${String(bytes)}`, () => assert.equal(parseSize(text), bytes))
}

const durations: readonly (readonly [string, number | undefined])[] = [
  ['0', 0],
  ['500ms', 500],
  ['30s', 30_000],
  ['10 m', 600_000],
  ['1h', 3_600_000],
  ['7d', 604_800_000],
  ['60', undefined],
  ['-1s', undefined],
  ['1.5h', undefined],
  ['', undefined],
]
for (const [text, ms] of durations) {
  test(`the duration ${JSON.stringify(text)} is ${String(ms)}`, () => assert.equal(parseDuration(text), ms))
}

const addresses: readonly string[] = [
  '127.0.0.1:24',
  '[::]:993',
  '[fe80::1%eth0]:24',
  'localhost:0',
  'unix:/run/x.sock',
]
for (const text of addresses) {
  test(`the address ${text} is read and written alike`, () => {
    const parsed = parseAddress(text)
    assert.ok(parsed)
    assert.equal(formatAddress(parsed), text)
  })
}

for (const text of ['', '24', ':24', '::1:24', '[::1]', '1.2.3.4', '1.2.3.4:x', 'unix:x', 'unix:', 'a b:1']) {
  test(`${JSON.stringify(text)} is no address`, () => assert.equal(parseAddress(text), undefined))
}

test('no text makes the readers of units throw', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseSize(text)
      parseDuration(text)
      parseAddress(text)
    }),
  )
})
