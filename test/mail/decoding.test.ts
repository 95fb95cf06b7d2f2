import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { decodeCharset, isKnownCharset } from '../../src/mail/charset.ts'
import { decodeHeaderText, encodeHeaderText } from '../../src/mail/encoded-word.ts'
import { transferDecoder } from '../../src/mail/transfer-decoder.ts'
import { decodeTransfer } from '../../src/mail/transfer-encoding.ts'
import { octets } from './messages.ts'

describe('encoded words', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['plain text', 'plain text'],
    ['=?utf-8?Q?J=C3=B6rg_M=2E?=', 'Jörg M.'],
    ['=?UTF-8?b?SsO2cmc=?= Lee', 'Jörg Lee'],
    ['a =?iso-8859-1?q?=E4?= b', 'a ä b'],
    ['=?utf-8?q?a?= =?utf-8?q?b?=', 'ab'],
    ['=?utf-8?q?a?=\t =?iso-8859-1?q?=E4?=', 'aä'],
    ['=?utf-8?q?a?= x =?utf-8?q?b?=', 'a x b'],
    ['=?utf-8?q?=C3?= =?utf-8?q?=A4?=', 'ä'],
    ['=?utf-8?b?w6Q?=', 'ä'],
    ['=?utf-8*de?q?=C3=A4?=', 'ä'],
    ['=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=', '日本'],
    ['=?koi8-r?q?=D0=D2=C9?=', 'при'],
    ['=?no-such?q?=C3=A4?=', 'ä'],
    ['=?utf-8?q?a b?=', 'a b'],
    ['=?utf-8?x?a?=', '=?utf-8?x?a?='],
    ['=?utf-8?q?a', '=?utf-8?q?a'],
    ['=?utf-8?q?=ZZ=4?=', '=ZZ=4'],
    ['=?=?=?=', '=?=?=?='],
    ['ä raw', 'ä raw'],
  ]
  for (const [value, expected] of rows) {
    test(`${value} says ${expected}`, () => {
      assert.equal(decodeHeaderText(octets(value)), expected)
    })
  }

  test('octets that are not UTF-8 count as windows-1252', () => {
    assert.equal(decodeHeaderText(octets('x').replace('x', '\u0080\u00e4') as never), '€ä')
  })

  test('are written so that they are read again, and every line is short', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const value = encodeHeaderText(text)
        assert.match(value, /^[\r\n -~]*$/)
        if (value !== text) assert.ok(`Subject: ${value}`.split('\r\n').every((line) => line.length <= 76))
        assert.equal(decodeHeaderText(octets(value)), text)
      }),
    )
    assert.equal(encodeHeaderText('Plain words'), 'Plain words')
  })

  test('never throw', () => {
    const piece = fc.constantFrom(
      '=?',
      '?=',
      'utf-8',
      'utf-16',
      '?q?',
      '?B?',
      '=C3',
      ' ',
      'x',
      '\u00e4',
      '*',
      'iso-2022-jp',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        assert.equal(typeof decodeHeaderText(pieces.join('') as never), 'string')
      }),
    )
  })
})

describe('charsets', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['utf-8', 'c3a4', 'ä'],
    ['UTF8', 'c3a4', 'ä'],
    ['us-ascii', 'c3a4', 'ä'],
    ['us-ascii', 'e4', 'ä'],
    ['iso-8859-1', '80e4', '€ä'],
    ['ISO-8859-15', 'a4', '€'],
    ['windows-1251', 'ef', 'п'],
    ['gb2312', 'd6d0', '中'],
    ['big5', 'a4a4', '中'],
    ['shift_jis', '93fa', '日'],
    ['euc-kr', 'b0a1', '가'],
    ['iso-2022-jp', '1b2442467c1b2842', '日'],
    ['x-mac-roman', '8a', 'ä'],
    ['no-such-charset', 'e4', 'ä'],
    ['utf-8', 'ff', '\ufffd'],
  ]
  for (const [charset, hex, expected] of rows) {
    test(`${charset} ${hex} is ${expected}`, () => {
      assert.equal(decodeCharset(Buffer.from(hex, 'hex'), charset), expected)
    })
  }

  for (const name of [
    'us-ascii',
    'UTF-8',
    'iso-8859-1',
    'windows-1252',
    'koi8-r',
    'iso-2022-jp',
    'utf-16',
    'gb18030',
  ]) {
    test(`${name} is known`, () => {
      assert.equal(isKnownCharset(name), true)
    })
  }
  for (const name of [
    '',
    'x',
    'base64',
    'hex',
    'no-such',
    'constructor',
    '__proto__',
    'toString',
    'utf-8\0',
    'ä',
  ]) {
    test(`${JSON.stringify(name)} is not known, and is no reason to fail`, () => {
      assert.equal(isKnownCharset(name), false)
      assert.equal(decodeCharset(Buffer.from('61', 'hex'), name), 'a')
    })
  }
})

describe('transfer encodings', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['7bit', 'a=20\r\n', 'a=20\r\n'],
    ['binary', '\0\r\n', '\0\r\n'],
    ['base64', 'YWJj', 'abc'],
    ['base64', 'YW\r\nJj\r\n', 'abc'],
    ['base64', 'YQ==YmM=\r\n', 'abc'],
    ['base64', 'YQ==\r\nYmM=', 'abc'],
    ['base64', 'Y*W\0J!j', 'abc'],
    ['base64', '', ''],
    ['quoted-printable', 'a=20b=C3=A4', 'a b\u00c3\u00a4'],
    ['quoted-printable', 'one=\r\ntwo', 'onetwo'],
    ['quoted-printable', 'one= \t\r\ntwo', 'onetwo'],
    ['quoted-printable', 'one=\ntwo=', 'onetwo'],
    ['quoted-printable', 'trailing \t\r\nblanks ', 'trailing\r\nblanks'],
    ['quoted-printable', 'kept=20\r\n', 'kept \r\n'],
    ['quoted-printable', 'lower =c3=a4 and bad =zz =4', 'lower \u00c3\u00a4 and bad =zz =4'],
    ['quoted-printable', '= x', '= x'],
    ['quoted-printable', '', ''],
  ]
  for (const [encoding, from, to] of rows) {
    test(`${encoding} of ${JSON.stringify(from)}`, () => {
      assert.equal(decodeTransfer(Buffer.from(from, 'latin1'), encoding)?.toString('latin1'), to)
    })
  }

  test('others are not known', () => {
    assert.equal(decodeTransfer(Buffer.from('x'), 'x-uuencode'), undefined)
  })

  test('base64 in lines is what was encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const lines = Buffer.from(bytes).toString('base64').replace(/.{76}/g, '$&\r\n')
        assert.deepEqual(decodeTransfer(Buffer.from(lines), 'base64'), Buffer.from(bytes))
      }),
    )
  })

  test('quoted-printable with every octet encoded is what was encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = [...bytes]
          .map((octet) => `=${octet.toString(16).padStart(2, '0').toUpperCase()}`)
          .join('=\r\n')
        assert.deepEqual(decodeTransfer(Buffer.from(text), 'quoted-printable'), Buffer.from(bytes))
      }),
    )
  })
})

describe('transfer decoding piece by piece', () => {
  const damaged = fc.array(
    fc.constantFrom(
      'QUJD',
      'QQ==',
      'QQ',
      'Q',
      '=',
      '=3D',
      '=3',
      '=\r\n',
      '= \t\r\n',
      ' ',
      '\t',
      '\r',
      '\n',
      '\r\n',
      '-_',
      'é',
      ' '.repeat(1200),
      'text',
    ),
    { maxLength: 40 },
  )
  for (const encoding of ['base64', 'quoted-printable', '8bit']) {
    test(`gives the same octets wherever ${encoding} is cut, and wherever it is taken up again`, () => {
      fc.assert(
        fc.property(
          damaged,
          fc.array(fc.nat(60), { maxLength: 40 }),
          fc.nat(40),
          (words, lengths, forkAt) => {
            const bytes = Buffer.from(words.join(''), 'latin1')
            let decoder = transferDecoder(encoding)
            assert.ok(decoder)
            const pieces: Buffer[] = []
            let at = 0
            for (const [index, length] of [...lengths, bytes.length].entries()) {
              pieces.push(Buffer.from(decoder.push(bytes.subarray(at, at + length))))
              at = Math.min(bytes.length, at + length)
              if (index === forkAt) decoder = decoder.fork() ?? decoder
            }
            pieces.push(decoder.end())
            assert.deepEqual(Buffer.concat(pieces), decodeTransfer(bytes, encoding))
          },
        ),
      )
    })
  }

  test('holds little back', () => {
    const decoder = transferDecoder('quoted-printable')
    const blanks = Buffer.alloc(100_000, ' ')
    assert.ok((decoder?.push(blanks).length ?? 0) >= 99_000)
  })
})
