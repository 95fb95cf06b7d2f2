import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { PasswordMemo } from '../../src/crypto/password-memo.ts'
import { preparePassword } from '../../src/crypto/password.ts'

describe('a prepared password', () => {
  for (const [name, given, prepared] of [
    ['keeps ASCII', Buffer.from(' a B%{x}\0 '), Buffer.from(' a B%{x}\0 ')],
    ['keeps normal form C', Buffer.from('caf\u00e9'), Buffer.from('caf\u00e9')],
    ['composes', Buffer.from('cafe\u0301'), Buffer.from('caf\u00e9')],
    ['keeps compatibility characters', Buffer.from('\ufb01\uff21'), Buffer.from('\ufb01\uff21')],
    ['keeps what is not UTF-8', Buffer.from('caf\u00e9', 'latin1'), Buffer.from('caf\u00e9', 'latin1')],
    ['keeps a lone surrogate in UTF-8', Buffer.from('eda080', 'hex'), Buffer.from('eda080', 'hex')],
    ['keeps all of 1,024 bytes', Buffer.alloc(1024, 'x'), Buffer.alloc(1024, 'x')],
  ] as const) {
    it(name, () => assert.deepEqual(preparePassword(given), prepared))
  }

  it('may grow beyond 1,024 bytes by composing, and is not cut', () => {
    // U+0958 is excluded from composition: three bytes become six.
    const given = Buffer.from('\u0958'.repeat(341))
    assert.equal(preparePassword(given).length, 2046)
  })

  it('is a copy', () => {
    const given = Buffer.from('abc')
    preparePassword(given).fill(0)
    assert.equal(given.toString(), 'abc')
  })

  for (const length of [0, 1025]) {
    it(`has not ${length} bytes`, () =>
      assert.throws(() => preparePassword(Buffer.alloc(length)), RangeError))
  }
})

describe('a remembered password', () => {
  it('is known again, in either normal form, and no other is', () => {
    const memo = new PasswordMemo(Buffer.from('caf\u00e9'))
    assert.ok(memo.matches(Buffer.from('caf\u00e9')))
    assert.ok(memo.matches(Buffer.from('cafe\u0301')))
    for (const other of ['cafe', 'caf\u00e9 ', 'Caf\u00e9', '', 'x'.repeat(1025)]) {
      assert.ok(!memo.matches(Buffer.from(other)), other)
    }
  })

  it('is forgotten when wiped', () => {
    const memo = new PasswordMemo(Buffer.from('secret'))
    memo.wipe()
    assert.ok(!memo.matches(Buffer.from('secret')))
  })

  it('does not print', () => {
    assert.doesNotMatch(
      inspect(new PasswordMemo(Buffer.from('secret')), { showHidden: true }),
      /secret|Buffer/,
    )
  })
})
