import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { htmlText } from '../../src/mail/html.ts'
import { parseParts } from '../../src/mail/parse-parts.ts'
import { fold, headerLines, linePrefix, searchText, searchTextInTurns } from '../../src/mail/text.ts'
import { mail } from './messages.ts'

describe('fold', () => {
  const same: readonly (readonly [string, string])[] = [
    ['Hello', 'hELLO'],
    ['GRÜSSE', 'grüße'],
    ['ΣΊΣΥΦΟΣ', 'σίσυφος'],
    ['Ａｂｃ', 'abc'],
    ['ﬁne', 'FINE'],
    ['e\u0301', 'É'],
    ['a\u00a0b', 'A B'],
    ['a \r\n\t b', 'a b'],
    ['ПРИВЕТ', 'привет'],
    ['K', 'k'],
    ['STRAẞE', 'straße'],
  ]
  for (const [one, other] of same) {
    test(`${JSON.stringify(one)} is ${JSON.stringify(other)}`, () => {
      assert.equal(fold(one), fold(other))
    })
  }

  test('a second time changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(fold(fold(text)), fold(text))
      }),
      { numRuns: 2000 },
    )
  })

  test('what stands in a text is found in the folded text, whatever its case', () => {
    const unit = fc.constantFrom('a', 'B', ' ', '\r\n', '\t', 'ä', 'Σ', 'ς', 'ß', 'ẞ', 'Ж', '中', '!')
    const text = fc.string({ unit, maxLength: 8 })
    fc.assert(
      fc.property(text, text, text, (before, query, behind) => {
        const folded = fold(before + query + behind)
        for (const form of [query, query.toUpperCase(), query.toLowerCase()])
          assert.ok(folded.includes(fold(form)))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('htmlText', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['<p>Hello</p>', '\nHello\n'],
    ['Hel<b>lo</b> <a href="x>y">wor</a>ld', 'Hello world'],
    ['one<br>two<td>three', 'one\ntwo\nthree'],
    ['a<!-- <b>no</b> -->b', 'ab'],
    ['a<style>p > b {}</style>b<script>if (a<b) x()</script>c', 'a\nb\nc'],
    ['&lt;b&gt; &amp;amp; &eacute;&#233;&#xE9;&nbsp;&Auml;', '<b> &amp; ééé\u00a0Ä'],
    ['&unknown; &#0; &#xD800; &#x110000; &#150; & &;', '&unknown; \ufffd \ufffd &#x110000; – & &;'],
    ['1 < 2 and <3', '1 < 2 and <3'],
    ['<!DOCTYPE html><?xml?>x', '\n\nx'],
    ['cut <b', 'cut '],
    ['cut <!-- x', 'cut '],
    ['cut <script> x', 'cut \n'],
    ['', ''],
  ]
  for (const [html, expected] of rows) {
    test(JSON.stringify(html), () => {
      const text = htmlText(html).replaceAll('\n\n', '\n')
      assert.equal(text, expected.replaceAll('\n\n', '\n'))
    })
  }

  test('never throws', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '"',
      "='",
      '!--',
      '-->',
      'script',
      '/',
      '&',
      '#x',
      '41;',
      'b',
      ' ',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        assert.equal(typeof htmlText(pieces.join('')), 'string')
      }),
    )
  })
})

describe('searchText', () => {
  const message = mail(
    'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=',
    'From: "Zoë" <zoe@example.org>',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    'preamble',
    '--b',
    'Content-Type: text/plain; charset=iso-8859-1',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'Caf=E9 au=',
    ' lait, soft=',
    'break',
    '--b',
    'Content-Type: text/html; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from('<p>Bold <b>wo</b>rd &amp; more</p>').toString('base64'),
    '--b',
    'Content-Type: application/pdf; name="Rechnung.pdf"',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from('hidden words').toString('base64'),
    '--b',
    'Content-Type: message/rfc822',
    '',
    'Subject: forwarded',
    '',
    'embedded text',
    '--b--',
  )
  const { fields, parts, body } = searchText(message, parseParts(message))
  const header = [...fields, parts].join('\n')

  for (const query of [
    'Grüße',
    'GRÜSSE',
    '=?utf-8?q?gr=c3=bc=c3=9fe?=',
    'subject: grüße',
    'zoë',
    'rechnung.pdf',
    'text/html',
  ]) {
    test(`the header has ${query}`, () => {
      assert.ok(header.includes(fold(query)))
      assert.ok(!body.includes(fold(query)))
    })
  }
  for (const query of ['CAFÉ AU LAIT', 'softbreak', 'bold word & more', 'forwarded', 'EMBEDDED text']) {
    test(`the body has ${query}`, () => {
      assert.ok(body.includes(fold(query)))
      assert.ok(!header.includes(fold(query)))
    })
  }
  for (const query of ['hidden words', 'preamble', '<p>', 'caf=e9', 'aGlkZGVu']) {
    test(`neither has ${query}`, () => {
      assert.ok(!`${header}\n${body}`.includes(fold(query)))
    })
  }

  test('a header is one line a field, folded, decoded and as it is', () => {
    const block = mail('To: A', 'SUBJECT: =?utf-8?q?=C3=84?=', 'to: B', 'Empty:', 'no colon', '')
    const lines = ['to: a', 'subject: ä =?utf-8?q?=c3=84?=', 'to: b', 'empty: ', ': no colon']
    assert.deepEqual(headerLines(block), lines)
    assert.deepEqual(searchText(block, parseParts(block)).fields, lines)
  })

  test('a query runs over the lines of a field, and never from one piece into the next', () => {
    const folded = mail('Subject: one', ' two', 'To: three', '', 'body')
    const text = searchText(folded, parseParts(folded))
    assert.deepEqual(text.fields, ['subject: one two', 'to: three'])
    assert.ok(!fold('two\r\nTo: three').includes('\n'))
    assert.equal(linePrefix('SUBJECT'), 'subject: ')
    assert.equal(linePrefix('subject: one'), undefined)
  })

  test('reports on delivery and on reading are text', () => {
    for (const type of ['message/delivery-status', 'message/disposition-notification', 'message/partial']) {
      const report = mail(`Content-Type: ${type}`, '', 'Final-Recipient: rfc822; GONE@example.org')
      assert.match(searchText(report, parseParts(report)).body, /gone@example\.org/)
    }
  })

  const longTexts: readonly (readonly [string, string])[] = [
    ['words', 'Ärger \u00a0 \t macht  Größe\r\n ﬁn\u0301 '.repeat(20_000)],
    ['white space', ' \r\n'.repeat(200_000)],
    ['no white space', '😀ÉﬁX'.repeat(150_000)],
  ]
  for (const [what, text] of longTexts) {
    test(`a long message of ${what} in turns is the same, and others get theirs`, async () => {
      const long = mail('Subject: long', 'Content-Type: text/plain; charset=utf-8', '', text)
      let turns = 0
      const inTurns = await searchTextInTurns(long, parseParts(long), async () => {
        turns += 1
      })
      assert.deepEqual(inTurns, searchText(long, parseParts(long)))
      assert.ok(turns > 3)
    })
  }
})
