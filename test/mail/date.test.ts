import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  dayOf,
  formatInternalDate,
  parseInternalDate,
  parseMessageDate,
  parseSearchDay,
} from '../../src/mail/date.ts'
import { octets } from './messages.ts'

describe('the Date field', () => {
  const good: readonly (readonly [string, string, number])[] = [
    ['Mon, 7 Feb 1994 21:52:25 -0800', '1994-02-08T05:52:25Z', -480],
    ['7 Feb 1994 21:52:25 -0800', '1994-02-08T05:52:25Z', -480],
    ['Mon, 07 Feb 1994 21:52 +0000', '1994-02-07T21:52:00Z', 0],
    ['Mon , 7 Feb 94 21 : 52 : 25 PST', '1994-02-08T05:52:25Z', -480],
    ['Thu, 22 Aug 02 18:26:25 EDT (Eastern)', '2002-08-22T22:26:25Z', -240],
    ['(comment) Thu,(x) 22(y (z)) Aug 2002 18:26:25 +0530', '2002-08-22T12:56:25Z', 330],
    ['Thu, 22 Aug 2002 18:26:25', '2002-08-22T18:26:25Z', 0],
    ['Thu, 22 Aug 0102 12:07:35 +0800', '2002-08-22T04:07:35Z', 480],
    ['Thu, 22 Aug 2002 18:26:25 GMT', '2002-08-22T18:26:25Z', 0],
    ['Thu, 22 Aug 2002 18:26:25 GMT+1', '2002-08-22T17:26:25Z', 60],
    ['Thu, 22 Aug 2002 18:26:25 Z', '2002-08-22T18:26:25Z', 0],
    ['Thu, 22-Aug-2002 18:26:25 -0000', '2002-08-22T18:26:25Z', 0],
    ['Thursday, 22 August 2002 18:26:25 +0000', '2002-08-22T18:26:25Z', 0],
    ['Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37Z', 0],
    ['Sun Nov  6 08:49:37 CST 1994', '1994-11-06T14:49:37Z', -360],
    ['Sun Nov  6 08:49:37 1994 +0100', '1994-11-06T07:49:37Z', 60],
    ['Sat, 31 Dec 2016 23:59:60 +0000', '2017-01-01T00:00:00Z', 0],
    ['1 Jan 100 00:00:00 +0000', '2000-01-01T00:00:00Z', 0],
    ['Thu, 29 Feb 2024 00:00:00.123 +0000', '2024-02-29T00:00:00Z', 0],
  ]
  for (const [text, iso, zoneMinutes] of good) {
    test(`reads ${text}`, () => {
      assert.deepEqual(parseMessageDate(octets(text)), { epochMs: Date.parse(iso), zoneMinutes })
    })
  }

  const bad = [
    '',
    'yesterday',
    '22 Aug 2002',
    'Thu, 32 Aug 2002 18:26:25 +0000',
    'Thu, 30 Feb 2002 18:26:25 +0000',
    'Thu, 22 Foo 2002 18:26:25 +0000',
    'Thu, 22 Aug 2002 24:26:25 +0000',
    'Thu, 22 Aug 2002 18:60:25 +0000',
    '2002-08-22T18:26:25Z',
    '(((((',
  ]
  for (const text of bad) {
    test(`does not read ${JSON.stringify(text)}`, () => {
      assert.equal(parseMessageDate(octets(text)), undefined)
    })
  }

  test('has the day that is written, whatever the zone', () => {
    const late = parseMessageDate(octets('Mon, 7 Feb 1994 23:52:25 -0800'))
    assert.ok(late)
    assert.equal(dayOf(late), parseSearchDay('7-Feb-1994'))
  })
})

describe('date-time of IMAP', () => {
  test('is written with the day padded by a space', () => {
    const moment = Date.parse('1994-02-08T05:52:25Z')
    assert.equal(formatInternalDate(moment, -480), ' 7-Feb-1994 21:52:25 -0800')
    assert.equal(formatInternalDate(moment), ' 8-Feb-1994 05:52:25 +0000')
    assert.equal(formatInternalDate(moment, 345), ' 8-Feb-1994 11:37:25 +0545')
  })

  test('is read back as it was written', () => {
    const epochMs = fc.integer({ min: Date.UTC(1900), max: Date.UTC(9000) }).map((ms) => ms - (ms % 1000))
    fc.assert(
      fc.property(epochMs, fc.integer({ min: -720, max: 840 }), (moment, zoneMinutes) => {
        assert.deepEqual(parseInternalDate(formatInternalDate(moment, zoneMinutes)), {
          epochMs: moment,
          zoneMinutes,
        })
      }),
    )
  })

  const bad = [
    '7-Feb-1994 21:52:25 -0800',
    ' 7-Feb-94 21:52:25 -0800',
    '07-Feb-1994 21:52:25',
    ' 7-Feb-1994 21:52:25 PST',
    '31-Feb-1994 21:52:25 -0800',
    ' 7-Fab-1994 21:52:25 -0800',
    ' 7-Feb-1994 25:52:25 -0800',
    ' 7-Feb-1994 21:52:25 -0860',
    ' 0-Feb-1994 21:52:25 +0000',
    ' 7-Feb-1994 21:52:25 -0800 ',
    '',
  ]
  for (const text of bad) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(parseInternalDate(text), undefined)
    })
  }
})

describe('date of SEARCH', () => {
  test('counts days since 1970', () => {
    assert.equal(parseSearchDay('1-Jan-1970'), 0)
    assert.equal(parseSearchDay('01-feb-1970'), 31)
    assert.equal(parseSearchDay('31-DEC-1969'), -1)
  })
  for (const text of [
    '',
    '1-Jan-70',
    '32-Jan-1970',
    '29-Feb-1970',
    '1-Foo-1970',
    ' 1-Jan-1970',
    '"1-Jan-1970"',
  ]) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(parseSearchDay(text), undefined)
    })
  }
})
