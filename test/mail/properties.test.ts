import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseParts } from '../../src/mail/parse-parts.ts'
import type { Part, PartNode } from '../../src/mail/part.ts'
import { prepareMessage } from '../../src/mail/prepare.ts'
import { sectionBytes } from '../../src/mail/section.ts'
import { searchText } from '../../src/mail/text.ts'
import { decodeTree, encodeTree } from '../../src/mail/tree-codec.ts'
import { allParts } from './messages.ts'
import { readWire, type Wire } from './wire-reader.ts'

// Lines that mean something to the parser, in any order, with any end; now and then arbitrary octets.
const line = fc.constantFrom(
  'Content-Type: multipart/mixed; boundary=a',
  'Content-Type: multipart/digest; boundary="ab"',
  'Content-Type: multipart/alternative',
  'Content-Type: message/rfc822',
  'Content-Type: text/html; charset=utf-8',
  'Content-Type: text',
  'Content-Type: x/y; n*0=1; n*1*=%41',
  'Content-Transfer-Encoding: base64',
  'Content-Disposition: attachment; filename="a\\"\u00e4"',
  'Content-Language: en, de',
  'Content-ID: <\0>',
  'Subject: =?utf-8?q?x?=',
  'From: "\u00fc" <a@b>, g: c;',
  'To: (',
  'Date: Mon, 7 Feb 1994 21:52:25 -0800',
  '--a',
  '--ab',
  '--a--',
  '--ab--',
  '--',
  ' folded',
  'text',
  '',
  '',
  '',
)
const lineEnd = fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '')
const wellAimed = fc
  .array(fc.tuple(line, lineEnd), { maxLength: 40 })
  .map((lines) => Buffer.from(lines.map(([text, end]) => text + end).join(''), 'latin1'))
const anything = fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets))
const message = fc.oneof({ weight: 9, arbitrary: wellAimed }, { weight: 1, arbitrary: anything })
const runs = { numRuns: 3000 }

function countLfs(bytes: Uint8Array): number {
  return bytes.reduce((count, octet) => count + (octet === 10 ? 1 : 0), 0)
}

test('offsets are in order, within the part above, and lines are counted', () => {
  fc.assert(
    fc.property(message, (bytes) => {
      const root = parseParts(bytes)
      assert.deepEqual([root.headerStart, root.bodyEnd], [0, bytes.length])
      for (const part of allParts(root)) {
        assert.ok(part.headerStart <= part.bodyStart && part.bodyStart <= part.bodyEnd)
        assert.equal(part.bodyLines, countLfs(bytes.subarray(part.bodyStart, part.bodyEnd)))
        let at = part.bodyStart
        for (const child of part.children) {
          assert.ok(child.headerStart >= at)
          at = child.bodyEnd
        }
        assert.ok(at <= part.bodyEnd)
      }
    }),
    {
      ...runs,
      // Its second delimiter ends the header of a part that has the same boundary, and is then the first one of that part.
      examples: [
        [
          Buffer.from(
            'Content-Type: multipart/mixed; boundary=a\r\n\r\n--ab\r\nContent-Type: multipart/mixed; boundary=a\r\n--ab\r\n',
          ),
        ],
      ],
    },
  )
})

test('multiparts have parts, embedded messages have one, others have none', () => {
  fc.assert(
    fc.property(message, (bytes) => {
      for (const part of allParts(parseParts(bytes))) {
        if (part.type === 'multipart') assert.ok(part.children.length > 0)
        else assert.equal(part.children.length, `${part.type}/${part.subtype}` === 'message/rfc822' ? 1 : 0)
      }
    }),
    runs,
  )
})

test('HEADER and TEXT together are the whole message', () => {
  fc.assert(
    fc.property(message, (bytes) => {
      const root = parseParts(bytes)
      const header = sectionBytes(bytes, root, { path: [], text: 'HEADER' })
      const text = sectionBytes(bytes, root, { path: [], text: 'TEXT' })
      assert.ok(header && text)
      assert.deepEqual(Buffer.concat([header, text]), sectionBytes(bytes, root, { path: [] }))
    }),
    runs,
  )
})

test('the stored tree answers as the fresh one does', () => {
  fc.assert(
    fc.property(message, (bytes) => {
      const root = parseParts(bytes)
      const stored = decodeTree(encodeTree(root))
      assert.deepEqual(encodeTree(stored), encodeTree(root))
      for (const path of paths(root, [])) {
        for (const text of [undefined, 'MIME', 'HEADER', 'TEXT'] as const) {
          const section = text === undefined ? { path } : { path, text }
          assert.deepEqual(sectionBytes(bytes, stored, section), sectionBytes(bytes, root, section))
        }
      }
    }),
    { numRuns: 500 },
  )
})

/** Part numbers of the tree, by the rule of RFC 3501 §6.4.5, worked out from the other end than `findPart` does. */
function paths(node: PartNode, prefix: readonly number[]): (readonly number[])[] {
  if (node.type !== 'multipart') {
    const own = [...prefix, 1]
    const embedded = node.children[0]
    return [own, ...(embedded ? paths(embedded, own) : [])]
  }
  return node.children.flatMap((child, index) => {
    const own = [...prefix, index + 1]
    if (child.type === 'multipart') return [own, ...paths(child, own)]
    const embedded = child.children[0]
    return [own, ...(embedded ? paths(embedded, own) : [])]
  })
}

test('BODYSTRUCTURE can be read, and every part it names is there with the octets it says', () => {
  fc.assert(
    fc.property(message, (bytes) => {
      const root = parseParts(bytes)
      const { bodyStructure, body } = prepareMessage(bytes)
      checkBody(readWire(bodyStructure), root)
      checkBody(readWire(body), root)
      for (const path of paths(root, [])) assert.ok(sectionBytes(bytes, root, { path }))
    }),
    runs,
  )
})

function checkBody(wire: Wire, part: Part): void {
  assert.ok(Array.isArray(wire))
  if (part.type === 'multipart') {
    part.children.forEach((child, index) => {
      checkBody((wire as Wire[])[index] ?? null, child)
    })
    assert.equal(typeof wire[part.children.length], 'string')
    return
  }
  assert.equal(wire[6], part.bodyEnd - part.bodyStart)
  const [embedded] = part.children
  if (embedded) {
    assert.equal((wire[7] as Wire[]).length, 10)
    checkBody((wire as Wire[])[8] ?? null, embedded)
    assert.equal(wire[9], part.bodyLines)
  } else if (part.type === 'text') assert.equal(wire[7], part.bodyLines)
}

test('ENVELOPE has ten members that can be read', () => {
  const octet = fc.constantFrom(...Array.from('"\\<>@,;:()[]. \t=?ab\u00e4\0\r\n'))
  const value = fc.array(octet, { maxLength: 30 }).map((octets) => octets.join(''))
  fc.assert(
    fc.property(value, value, value, (from, to, subject) => {
      const header = `From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\nMessage-ID: ${subject}\r\n\r\n`
      const wire = readWire(prepareMessage(Buffer.from(header, 'latin1')).envelope)
      assert.ok(Array.isArray(wire))
      assert.equal(wire.length, 10)
      for (const list of wire.slice(2, 8) as Wire[]) {
        if (list === null) continue
        assert.ok(Array.isArray(list) && list.length > 0)
        for (const address of list) assert.ok(Array.isArray(address) && address.length === 4)
      }
    }),
    runs,
  )
})

test('searchable text can be made of anything', () => {
  fc.assert(
    fc.property(message, (bytes) => {
      const { fields, parts, body } = searchText(bytes, parseParts(bytes))
      assert.equal(typeof (fields.join('') + parts + body), 'string')
    }),
    { numRuns: 500 },
  )
})
