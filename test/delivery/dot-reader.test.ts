import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DotReader } from '../../src/delivery/dot-reader.ts'

/** Reads `data` cut at the given places; undefined rest when it never ended. */
function read(data: string, cuts: readonly number[]): { content: string; rest: string | undefined } {
  const reader = new DotReader()
  const bytes = Buffer.from(data, 'latin1')
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length]
  let content = ''
  for (let i = 0; i + 1 < places.length; i++) {
    const { content: piece, rest } = reader.read(bytes.subarray(places[i], places[i + 1]))
    content += piece.toString('latin1')
    if (rest) return { content, rest: rest.toString('latin1') + data.slice(places[i + 1]) }
  }
  return { content, rest: undefined }
}

/** RFC 5321 §4.5.2 line by line, lines ending in CRLF only. */
function model(data: string): { content: string; rest: string | undefined } {
  let content = ''
  let left = data
  for (;;) {
    const end = left.indexOf('\r\n')
    const line = end < 0 ? left : left.slice(0, end + 2)
    if (line === '.\r\n') return { content, rest: left.slice(3) }
    if (end < 0) {
      // Held back until it is known what it is.
      const text = line === '.' || line === '.\r' ? '' : line
      return { content: content + (text.startsWith('.') ? text.slice(1) : text), rest: undefined }
    }
    content += line.startsWith('.') ? line.slice(1) : line
    left = left.slice(line.length)
  }
}

const rows: readonly (readonly [name: string, data: string, content: string, rest: string | undefined])[] = [
  ['a message', 'a\r\nb\r\n.\r\nQUIT\r\n', 'a\r\nb\r\n', 'QUIT\r\n'],
  ['an empty message', '.\r\n', '', ''],
  ['a doubled dot', '..\r\n..a\r\n...\r\n.\r\n', '.\r\n.a\r\n..\r\n', ''],
  ['a single dot before text', '.a\r\n.\r\n', 'a\r\n', ''],
  ['a dot within a line', 'a.b\r\n.\r\n', 'a.b\r\n', ''],
  ['LF . LF', 'a\n.\nMAIL FROM:<x>\r\n.\r\n', 'a\n.\nMAIL FROM:<x>\r\n', ''],
  ['LF . CRLF', 'a\n.\r\nMAIL\r\n.\r\n', 'a\n.\r\nMAIL\r\n', ''],
  ['CRLF . LF', 'a\r\n.\nMAIL\r\n.\r\n', 'a\r\n\nMAIL\r\n', ''],
  ['CR . CR', 'a\r.\rMAIL\r\n.\r\n', 'a\r.\rMAIL\r\n', ''],
  ['CRLF . CR', 'a\r\n.\rMAIL\r\n.\r\n', 'a\r\n\rMAIL\r\n', ''],
  ['CR CRLF . CRLF', 'a\r\r\n.\r\n', 'a\r\r\n', ''],
  ['CRLF . CR CRLF', 'a\r\n.\r\r\n.\r\n', 'a\r\n\r\r\n', ''],
  ['NUL before the end', 'a\r\n\0.\r\n.\r\n', 'a\r\n\0.\r\n', ''],
  ['dots behind a lone LF', 'a\n..b\r\n.\r\n', 'a\n..b\r\n', ''],
  ['no end', 'a\r\n.', 'a\r\n', undefined],
]

for (const [name, data, content, rest] of rows) {
  test(`reads ${name}, cut anywhere`, () => {
    assert.deepEqual(model(data), { content, rest })
    for (let cut = 0; cut <= data.length; cut++) assert.deepEqual(read(data, [cut]), { content, rest })
    assert.deepEqual(
      read(
        data,
        Array.from({ length: data.length }, (_, i) => i),
      ),
      { content, rest },
    )
  })
}

test('agrees with reading line by line, whatever comes in whatever pieces', () => {
  const text = fc.array(fc.constantFrom('\r', '\n', '.', '\r\n', '\r\n.', '\r\n.\r\n', 'x', 'yz'), {
    maxLength: 40,
  })
  fc.assert(
    fc.property(text, fc.array(fc.nat(60), { maxLength: 8 }), (parts, cuts) => {
      const data = parts.join('')
      const inside = cuts.filter((cut) => cut <= data.length)
      assert.deepEqual(read(data, inside), model(data))
    }),
    { numRuns: 2000 },
  )
})

test('what was stuffed comes back the same', () => {
  const line = fc.string({ unit: fc.constantFrom('.', 'a', ' ', '\u00e9') })
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const message = lines.map((text) => `${text}\r\n`).join('')
      const stuffed = lines.map((text) => `${text.startsWith('.') ? '.' : ''}${text}\r\n`).join('')
      assert.deepEqual(read(`${stuffed}.\r\n`, []), { content: message, rest: '' })
    }),
  )
})
