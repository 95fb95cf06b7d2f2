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
const million = 1_000_000

const fieldValues: readonly (readonly [string, string])[] = [
  ['open parentheses', '('.repeat(million)],
  ['closed comments', '(a)'.repeat(million / 3)],
  ['deep comments', '('.repeat(million / 2) + ')'.repeat(million / 2)],
  ['open quotes', '"a" '.repeat(million / 4) + '"'],
  ['backslashes', '"' + '\\'.repeat(million)],
  ['angle brackets', '<'.repeat(million)],
  ['at signs', '@'.repeat(million)],
  ['route hops', '<' + '@a,'.repeat(million / 3) + ':b@c>'],
  ['addresses', 'a@b, '.repeat(million / 5)],
  ['addresses without commas', 'a@b '.repeat(million / 4)],
  ['groups', 'g:;'.repeat(million / 3)],
  ['words', 'a '.repeat(million / 2)],
  ['dots', 'a.'.repeat(million / 2) + '@b'],
  ['domain literals', 'a@' + '['.repeat(million)],
  ['blanks', 'a' + ' '.repeat(million) + 'b'],
  ['folds', 'a\r\n '.repeat(million / 4)],
  ['parameters', 'a/b' + ';x=y'.repeat(million / 4)],
  ['pieces of one parameter', 'a/b' + Array.from({ length: 100_000 }, (_, index) => `;x*${index}*=a`).join('')],
  ['parameters of different names', 'a/b' + Array.from({ length: 100_000 }, (_, index) => `;x${index}*0=a`).join('')],
  ['semicolons', 'a/b' + ';'.repeat(million)],
  ['encoded words', '=?utf-8?q?a?= '.repeat(million / 14)],
  ['beginnings of encoded words', '=?'.repeat(million / 2)],
  ['unfinished encoded words', '=?utf-8?q?'.repeat(million / 10)],
  ['question marks', '=?a?q' + '?'.repeat(million)],
]

for (const [name, value] of fieldValues) {
  test(`a million octets of ${name} in every field`, limit, () => {
    const unfolded = asOctets(value.replaceAll('\r\n', ''))
    parseAddresses(unfolded)
    parseContentType(unfolded)
    decodeHeaderText(unfolded)
    const names = ['From', 'To', 'Subject', 'Date', 'References', 'Message-ID', 'Content-Type', 'Content-Disposition']
    const header = [...names, 'Content-Language', 'Content-Transfer-Encoding', 'Content-ID']
    const message = Buffer.from(header.map((field) => `${field}: ${value}\r\n`).join('') + '\r\nbody\r\n', 'latin1')
    const prepared = prepareMessage(message)
    assert.equal(prepared.sizeBytes, message.length)
    assert.ok(prepared.envelope.length < message.length * 20)
    assert.ok(prepared.tree.length < 600)
    searchText(message, decodeTree(prepared.tree))
  })
}

const messages: readonly (readonly [string, () => string])[] = [
  ['100,000 header fields', () => 'X-A: b\r\n'.repeat(100_000) + '\r\nbody'],
  ['100,000 Content-Type fields', () => 'Content-Type: multipart/mixed; boundary=a\r\n'.repeat(100_000) + '\r\n--a'],
  ['a header line of a million octets without a colon', () => 'a'.repeat(million) + '\r\n\r\n'],
  ['a million lines that fold', () => 'Subject:\r\n' + ' \r\n'.repeat(million)],
  ['a million delimiters', () => 'Content-Type: multipart/mixed; boundary=a\r\n\r\n' + '--a\r\n'.repeat(million)],
  ['a million closing delimiters', () => 'Content-Type: multipart/mixed; boundary=a\r\n\r\n' + '--a--\r\n'.repeat(million)],
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
    'a hundred open boundaries and a million lines that nearly match them',
    () =>
      Array.from({ length: 99 }, (_, level) => {
        const boundary = 'b'.repeat(level + 1) + '!'
        return `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n--${boundary}\r\n`
      }).join('') + `--${'b'.repeat(60)}\r\n`.repeat(million / 5),
  ],
  ['a boundary of a million octets', () => `Content-Type: multipart/mixed; boundary="${'b'.repeat(million)}"\r\n\r\n--${'b'.repeat(million)}\r\n\r\nx`],
  ['ten million empty lines', () => '\r\n'.repeat(10 * million)],
  ['ten million dashes', () => 'Content-Type: multipart/mixed; boundary=a\r\n\r\n' + '-'.repeat(10 * million)],
  [
    'a digest of 100,000 messages',
    () => 'Content-Type: multipart/digest; boundary=a\r\n\r\n' + '--a\r\n\r\nSubject: x\r\n\r\n'.repeat(100_000),
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

test('ten million lone line feeds are normalised', limit, () => {
  assert.equal(normaliseLineEnds(Buffer.alloc(10 * million, '\n')).length, 20 * million)
})

const pages: readonly (readonly [string, string])[] = [
  ['open tags', '<'.repeat(million)],
  ['tags', '<b>'.repeat(million / 3)],
  ['open comments', '<!--'.repeat(million / 4)],
  ['open scripts', '<script>'.repeat(million / 8)],
  ['open quotes', '<a x="'.repeat(million / 6)],
  ['ampersands', '&'.repeat(million)],
  ['entities', '&amp;'.repeat(million / 5)],
]
for (const [name, page] of pages) {
  test(`a page of a million octets of ${name}`, limit, () => {
    assert.ok(htmlText(page).length <= page.length)
  })
}
