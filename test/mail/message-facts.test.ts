// Message facts: base subjects, collation, identifiers, dates and addresses, and that hostile headers stay cheap.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { baseSubject } from '../../src/mail/base-subject.ts'
import { collationKey, compareKeys } from '../../src/mail/collation.ts'
import { decodeFacts, encodeFacts, maxFactsBytes } from '../../src/mail/facts-codec.ts'
import { messageFacts, type MessageFacts } from '../../src/mail/message-facts.ts'
import { messageIds } from '../../src/mail/message-ids.ts'
import { asOctets } from '../../src/mail/octets.ts'

const facts = (...lines: string[]): MessageFacts =>
  messageFacts(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'utf8'))

describe('the base subject', () => {
  const rows: readonly [subject: string, base: string, isReplyOrForward: boolean][] = [
    ['', '', false],
    ['plain', 'plain', false],
    ['Re: plain', 'plain', true],
    ['RE : \t plain  text', 'plain text', true],
    ['fw: fwd: Re: x', 'x', true],
    ['Fwd[2]: x', 'x', true],
    ['re [list] : x', 'x', true],
    ['[list] x', 'x', false],
    ['[a] [b] x', 'x', false],
    ['[a] Re: [b] Fw: x', 'x', true],
    ['[a] [b]', '[b]', false],
    ['[only]', '[only]', false],
    ['Re: [only]', '[only]', true],
    ['x (fwd)', 'x', true],
    ['x (FWD) (fwd) ', 'x', true],
    ['(fwd)', '', true],
    ['[Fwd: x]', 'x', true],
    ['[fwd: [list] Re: x (fwd)]', 'x', true],
    ['[a] [fwd: x]', 'x', true],
    ['Re:', '', true],
    ['Re', 'Re', false],
    ['Regarding: x', 'Regarding: x', false],
    ['Re[x[y]]: z', 'Re[x[y]]: z', false],
    ['[unclosed x', '[unclosed x', false],
    ['[fwd: x', '[fwd: x', false],
    ['fwdd: x', 'fwdd: x', false],
  ]
  for (const [subject, base, isReplyOrForward] of rows) {
    it(`of ${JSON.stringify(subject)} is ${JSON.stringify(base)}`, () => {
      assert.deepEqual(baseSubject(subject), { text: base, isReplyOrForward })
    })
  }

  it('is its own base subject', () => {
    const piece = fc.constantFrom('Re:', 'fw', 'fwd:', ' ', '[a]', '[fwd:', ']', '[', '(fwd)', 'x', ':')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const { text } = baseSubject(pieces.join(''))
        assert.equal(baseSubject(text).text, text)
      }),
    )
  })
})

describe('collation keys', () => {
  it('are the same for texts that differ in case or in form alone', () => {
    const same = [
      ['abc', 'ABC'],
      ['äö', 'A\u0308O\u0308'],
      ['ﬁn', 'FIN'],
      ['Ǆ', 'ǆ'],
      ['ΣΑΣ', 'σας'.replace('ς', 'σ')],
    ]
    for (const [a = '', b = ''] of same) assert.equal(collationKey(a), collationKey(b), `${a} ${b}`)
  })

  it('are ordered as their UTF-8 octets are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        const [x, y] = [collationKey(a), collationKey(b)]
        assert.equal(Math.sign(compareKeys(x, y)), Math.sign(Buffer.compare(Buffer.from(x), Buffer.from(y))))
      }),
    )
  })

  it('are keys of themselves', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(collationKey(collationKey(text)), collationKey(text))
      }),
    )
  })
})

describe('message identifiers', () => {
  const rows: readonly [value: string, ids: readonly string[]][] = [
    ['', []],
    ['<a@b>', ['a@b']],
    ['<a@b> <c@d>', ['a@b', 'c@d']],
    ['<a@b><c@d>', ['a@b', 'c@d']],
    ['text <a@b> (comment) more', ['a@b']],
    ['<"a"@b> <a@b>', ['a@b', 'a@b']],
    ['<"a\\"<>b"@c>', ['a"<>b@c']],
    ['<A@b>', ['A@b']],
    ['<a @b>', ['a@b']],
    ['<no-at-sign> <a@b>', ['a@b']],
    ['<unclosed <a@b>', ['a@b']],
    ['a@b', []],
    [`<${'x'.repeat(600)}@y> <a@b>`, ['a@b']],
  ]
  for (const [value, ids] of rows) {
    it(`are read from ${value.slice(0, 40)}`, () => {
      assert.deepEqual(messageIds(asOctets(value)), ids)
    })
  }
})

describe('message facts', () => {
  it('hold what a common message says', () => {
    assert.deepEqual(
      facts(
        'From: =?utf-8?q?J=C3=B6rg?= <jo@example.org>, b@example.org',
        'To: a@example.org',
        'Cc: Group: x@example.org;',
        'Subject: Re: =?utf-8?q?gr=C3=BC=C3=9Fe?=',
        'Date: Sun, 31 Dec 2000 16:01:33 -0800',
        'Message-ID: <3@x>',
        'References: <1@x> <2@x>',
        'In-Reply-To: <9@x>',
      ),
      {
        sentDate: Date.UTC(2001, 0, 1, 0, 1, 33),
        subject: collationKey('grüße'),
        isReplyOrForward: true,
        from: 'JO',
        to: 'A',
        cc: 'GROUP',
        displayFrom: collationKey('Jörg'),
        displayTo: 'A@EXAMPLE.ORG',
        messageId: '3@x',
        references: ['1@x', '2@x'],
      },
    )
  })

  it('take the first identifier of In-Reply-To when References has none', () => {
    assert.deepEqual(facts('References: none', 'In-Reply-To: your mail <1@x> <2@x>').references, ['1@x'])
  })

  it('are empty for an empty header', () => {
    assert.deepEqual(facts(''), {
      sentDate: undefined,
      subject: '',
      isReplyOrForward: false,
      from: '',
      to: '',
      cc: '',
      displayFrom: '',
      displayTo: '',
      messageId: undefined,
      references: [],
    })
  })

  const dates: readonly [date: string, sent: number | undefined][] = [
    ['1 Jan 2001 00:00:00 +0100', Date.UTC(2000, 11, 31, 23)],
    ['1 Jan 2001 10:00:00 +9999', Date.UTC(2001, 0, 1, 10)],
    ['1 Jan 2001 10:00:00 XYZ', Date.UTC(2001, 0, 1, 10)],
    ['Mon, 1 Jan 2001 25:61:00 +0100', Date.UTC(2001, 0, 1)],
    ['1 Jan 2001', Date.UTC(2001, 0, 1)],
    ['32 Jan 2001 10:00:00 +0000', undefined],
    ['yesterday', undefined],
  ]
  for (const [date, sent] of dates) {
    it(`read the date ${date}`, () => {
      assert.equal(facts(`Date: ${date}`).sentDate, sent)
    })
  }

  it('are bounded and quickly made whatever the header says', () => {
    const long = 200_000
    for (const value of [
      '<a@b> '.repeat(long),
      '<"'.repeat(long),
      '<('.repeat(long),
      '['.repeat(long),
      '[a]'.repeat(long),
      '[fwd:'.repeat(long),
      're'.repeat(long),
      '\u00e4'.repeat(long),
      '=?utf-8?q?=F0=9F=98=80?='.repeat(long),
      '('.repeat(long),
      '<' + '\\'.repeat(long) + '@>',
    ]) {
      const names = ['From', 'To', 'Cc', 'Subject', 'Date', 'Message-ID', 'References', 'In-Reply-To']
      const made = facts(...names.map((name) => `${name}: ${value}`))
      const encoded = encodeFacts(made)
      assert.ok(encoded.length <= maxFactsBytes)
      assert.deepEqual(decodeFacts(encoded), made)
    }
  })

  it('keep the oldest and the nearest of too many references', () => {
    const ids = Array.from({ length: 500 }, (_, index) => `<${index}@x>`)
    const { references } = facts(`References: ${ids.join('\r\n ')}`)
    assert.equal(references.length, 100)
    assert.equal(references[0], '0@x')
    assert.equal(references[1], '401@x')
    assert.equal(references.at(-1), '499@x')
  })

  it('are the same after they were stored', () => {
    const value = fc.string({ unit: 'binary', maxLength: 60 })
    const names = fc.constantFrom('From', 'To', 'Cc', 'Subject', 'Date', 'Message-ID', 'References')
    fc.assert(
      fc.property(fc.array(fc.tuple(names, value), { maxLength: 10 }), (fields) => {
        const made = facts(...fields.map(([name, text]) => `${name}: ${text.replace(/[\r\n]/g, ' ')}`))
        assert.deepEqual(decodeFacts(encodeFacts(made)), made)
      }),
    )
  })

  it('are refused when they were cut, lengthened or changed in kind', () => {
    const encoded = encodeFacts(facts('Subject: x', 'Message-ID: <a@b>', 'References: <c@d>'))
    for (let length = 0; length < encoded.length; length += 1) {
      assert.throws(() => decodeFacts(encoded.subarray(0, length)), { name: 'MalformedRecord' })
    }
    assert.throws(() => decodeFacts(Buffer.concat([encoded, Buffer.alloc(1)])), { name: 'MalformedRecord' })
    const other = Buffer.from(encoded)
    other[0] = 2
    assert.throws(() => decodeFacts(other), { name: 'MalformedRecord' })
    other[0] = 1
    other[1] = 0xff
    assert.throws(() => decodeFacts(other), { name: 'MalformedRecord' })
  })
})
