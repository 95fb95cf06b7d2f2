// Inputs on which careless parsers take quadratic time, overflow the stack or the memory. Each is so large that anything
// but linear work would outlast the time limit of its test a hundredfold; no time is measured.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddresses } from '../../src/mail/address.ts'
import { parseContentType } from '../../src/mail/content-type.ts'
import { decodeHeaderText } from '../../src/mail/encoded-word.ts'
import { htmlText } from '../../src/mail/html.ts'
import { normaliseLineEnds } from '../../src/mail/normalise.ts'
import { asOctets } from '../../src/mail/octets.ts'
import { parseParts } from '../../src/mail/parse-parts.ts'
import { prepareMessage } from '../../src/mail/prepare.ts'
import { filterHeader } from '../../src/mail/section.ts'
import { searchText } from '../../src/mail/text.ts'
import { decodeTree } from '../../src/mail/tree-codec.ts'
import { allParts } from './messages.ts'
import { readWire } from './wire-reader.ts'

const limit = { timeout: 60_000 }
const many = 400_000

const fieldValues: readonly (readonly [string, string])[] = [
  ['open parentheses', '('.repeat(many)],
  ['closed comments', '(a)'.repeat(many / 3)],
  ['deep comments', '('.repeat(many / 2) + ')'.repeat(many / 2)],
  ['open quotes', '"a" '.repeat(many / 4) + '"'],
  ['backslashes', '"' + '\\'.repeat(many)],
  ['angle brackets', '<'.repeat(many)],
  ['at signs', '@'.repeat(many)],
  ['route hops', '<' + '@a,'.repeat(many / 3) + ':b@c>'],
  ['addresses', 'a@b, '.repeat(many / 5)],
  ['addresses without commas', 'a@b '.repeat(many / 4)],
  ['groups', 'g:;'.repeat(many / 3)],
  ['words', 'a '.repeat(many / 2)],
  ['dots', 'a.'.repeat(many / 2) + '@b'],
  ['domain literals', 'a@' + '['.repeat(many)],
  ['blanks', 'a' + ' '.repeat(many) + 'b'],
  ['folds', 'a\r\n '.repeat(many / 4)],
  ['parameters', 'a/b' + ';x=y'.repeat(many / 4)],
  [
    'pieces of one parameter',
    'a/b' + Array.from({ length: 100_000 }, (_, index) => `;x*${index}*=a`).join(''),
  ],
  [
    'parameters of different names',
    'a/b' + Array.from({ length: 100_000 }, (_, index) => `;x${index}*0=a`).join(''),
  ],
  ['semicolons', 'a/b' + ';'.repeat(many)],
  ['encoded words', '=?utf-8?q?a?= '.repeat(many / 14)],
  ['beginnings of encoded words', '=?'.repeat(many / 2)],
  ['unfinished encoded words', '=?utf-8?q?'.repeat(many / 10)],
  ['question marks', '=?a?q' + '?'.repeat(many)],
]

for (const [name, value] of fieldValues) {
  test(`a flood of ${name} in every field`, limit, () => {
    const unfolded = asOctets(value.replaceAll('\r\n', ''))
    parseAddresses(unfolded)
    parseContentType(unfolded)
    decodeHeaderText(unfolded)
    const names = [
      'From',
      'To',
      'Subject',
      'Date',
      'References',
      'Message-ID',
      'Content-Type',
      'Content-Disposition',
    ]
    const header = [...names, 'Content-Language', 'Content-Transfer-Encoding', 'Content-ID']
    const message = Buffer.from(
      header.map((field) => `${field}: ${value}\r\n`).join('') + '\r\nbody\r\n',
      'latin1',
    )
    const prepared = prepareMessage(message)
    assert.equal(prepared.sizeBytes, message.length)
    assert.ok(prepared.envelope.length < message.length * 20)
    assert.ok(prepared.tree.length < 600)
    searchText(message, decodeTree(prepared.tree))
  })
}

const messages: readonly (readonly [string, () => string])[] = [
  ['100,000 header fields', () => 'X-A: b\r\n'.repeat(100_000) + '\r\nbody'],
  [
    '100,000 Content-Type fields',
    () => 'Content-Type: multipart/mixed; boundary=a\r\n'.repeat(100_000) + '\r\n--a',
  ],
  ['a header line of very many octets without a colon', () => 'a'.repeat(many) + '\r\n\r\n'],
  ['very many lines that fold', () => 'Subject:\r\n' + ' \r\n'.repeat(many)],
  [
    'very many delimiters',
    () => 'Content-Type: multipart/mixed; boundary=a\r\n\r\n' + '--a\r\n'.repeat(many),
  ],
  [
    'very many closing delimiters',
    () => 'Content-Type: multipart/mixed; boundary=a\r\n\r\n' + '--a--\r\n'.repeat(many),
  ],
  [
    '100,000 nested multiparts',
    () =>
      Array.from({ length: 100_000 }, (_, level) => {
        return `Content-Type: multipart/mixed; boundary=x${level}x\r\n\r\n--x${level}x\r\n`
      }).join(''),
  ],
  [
    '100,000 nested multiparts of one boundary',
    () => 'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n'.repeat(100_000),
  ],
  ['100,000 nested messages', () => 'Content-Type: message/rfc822\r\n\r\n'.repeat(100_000)],
  [
    'a hundred open boundaries and very many lines that nearly match them',
    () =>
      Array.from({ length: 99 }, (_, level) => {
        const boundary = 'b'.repeat(level + 1) + '!'
        return `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n--${boundary}\r\n`
      }).join('') + `--${'b'.repeat(60)}\r\n`.repeat(many),
  ],
  [
    'a boundary of very many octets',
    () =>
      `Content-Type: multipart/mixed; boundary="${'b'.repeat(many)}"\r\n\r\n--${'b'.repeat(many)}\r\n\r\nx`,
  ],
  ['millions of empty lines', () => '\r\n'.repeat(5_000_000)],
  ['millions of dashes', () => 'Content-Type: multipart/mixed; boundary=a\r\n\r\n' + '-'.repeat(5_000_000)],
  [
    'a digest of 100,000 messages',
    () =>
      'Content-Type: multipart/digest; boundary=a\r\n\r\n' + '--a\r\n\r\nSubject: x\r\n\r\n'.repeat(100_000),
  ],
]

for (const [name, make] of messages) {
  test(`a message of ${name}`, limit, () => {
    const message = Buffer.from(make(), 'latin1')
    const root = parseParts(message)
    assert.ok(allParts(root).length <= 20_001)
    const prepared = prepareMessage(message)
    readWire(prepared.envelope)
    readWire(prepared.bodyStructure)
    assert.ok(prepared.bodyStructure.length < message.length * 20 + 1000)
    filterHeader(prepared.header, ['x-a'], false)
    searchText(message, decodeTree(prepared.tree))
  })
}

test('millions of lone line feeds are normalised', limit, () => {
  assert.equal(normaliseLineEnds(Buffer.alloc(5_000_000, '\n')).length, 10_000_000)
})

const pages: readonly (readonly [string, string])[] = [
  ['open tags', '<'.repeat(many)],
  ['tags', '<b>'.repeat(many / 3)],
  ['open comments', '<!--'.repeat(many / 4)],
  ['open scripts', '<script>'.repeat(many / 8)],
  ['open quotes', '<a x="'.repeat(many / 6)],
  ['ampersands', '&'.repeat(many)],
  ['entities', '&amp;'.repeat(many / 5)],
]
for (const [name, page] of pages) {
  test(`a page of a flood of ${name}`, limit, () => {
    assert.ok(htmlText(page).length <= page.length)
  })
}
