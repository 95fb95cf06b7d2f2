import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { checkSymbols, checkWord } from '../../src/crypto/gf32.ts'
import {
  formatRecoveryCode,
  makeRecoveryCode,
  MistypedCode,
  readRecoveryCode,
} from '../../src/crypto/recovery-code.ts'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

function withSymbol(plain: string, index: number, symbol: string): string {
  return plain.slice(0, index) + symbol + plain.slice(index + 1)
}

function mistake(text: string): MistypedCode {
  try {
    readRecoveryCode(text)
  } catch (error) {
    if (error instanceof MistypedCode) return error
    throw error
  }
  throw new assert.AssertionError({ message: `${text} was taken for a recovery code` })
}

function randomWord(): number[] {
  const data = Array.from(randomBytes(26), (byte) => byte & 31)
  return [...data, ...checkSymbols(data)]
}

describe('a recovery code', () => {
  it('is seven groups of four and gives back its 16 bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (secret) => {
        const text = String(formatRecoveryCode(secret))
        assert.match(text, /^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/)
        assert.deepEqual(readRecoveryCode(text).secret, Buffer.from(secret))
      }),
    )
  })

  it('is another one each time', () => {
    const { secret, text } = makeRecoveryCode()
    assert.notDeepEqual(text, makeRecoveryCode().text)
    assert.deepEqual(readRecoveryCode(text).secret, secret)
    assert.throws(() => formatRecoveryCode(Buffer.alloc(15)), RangeError)
  })

  it('is read however it was written down', () => {
    const secret = Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex')
    const text = String(formatRecoveryCode(secret))
    assert.ok(text.includes('0') && text.includes('1'))
    for (const typed of [
      text.toLowerCase(),
      text.replaceAll('-', ''),
      text.replaceAll('-', ' '),
      text.replaceAll('-', '\u2013'),
      `\t ${text.split('').join(' ')}\r\n`,
      text.replaceAll('0', 'O').replaceAll('1', 'I'),
      text.replaceAll('0', 'o').replaceAll('1', 'l'),
    ]) {
      assert.deepEqual(readRecoveryCode(typed).secret, secret, typed)
    }
  })

  it('locates every single wrong symbol and says what belongs there', () => {
    const plain = String(makeRecoveryCode().text).replaceAll('-', '')
    for (let index = 0; index < 28; index++) {
      for (const symbol of alphabet) {
        const right = plain.charAt(index)
        if (symbol === right) continue
        assert.deepEqual(mistake(withSymbol(plain, index, symbol)).typo, {
          group: Math.floor(index / 4) + 1,
          symbol: (index % 4) + 1,
          expected: right,
        })
      }
    }
  })

  it('locates a symbol that is in no code', () => {
    const plain = String(makeRecoveryCode().text).replaceAll('-', '')
    for (let index = 0; index < 28; index++) {
      for (const symbol of ['U', '*', '\u00e9', '\u{1f511}']) {
        assert.deepEqual(mistake(withSymbol(plain, index, symbol)).typo, {
          group: Math.floor(index / 4) + 1,
          symbol: (index % 4) + 1,
          expected: plain.charAt(index),
        })
      }
    }
  })

  it('does not guess when a symbol is unreadable and another one wrong', () => {
    const plain = String(formatRecoveryCode(Buffer.alloc(16, 0x5a))).replaceAll('-', '')
    const wrong = withSymbol(withSymbol(plain, 3, 'U'), 20, plain.charAt(20) === 'Z' ? 'Y' : 'Z')
    assert.equal(mistake(wrong).typo, undefined)
    assert.equal(mistake(withSymbol(withSymbol(plain, 3, 'U'), 4, 'U')).typo, undefined)
  })

  it('notices every pair of wrong symbols', () => {
    const word = randomWord()
    for (let first = 0; first < 28; first++) {
      for (let second = first + 1; second < 28; second++) {
        for (let a = 1; a < 32; a++) {
          for (let b = 1; b < 32; b++) {
            const wrong = [...word]
            wrong[first] = (word[first] ?? 0) ^ a
            wrong[second] = (word[second] ?? 0) ^ b
            if (checkWord(wrong) === true) assert.fail(`${first} ${second} ${a} ${b} was not noticed`)
          }
        }
      }
    }
  })

  it('notices neighbours that changed places', () => {
    const plain = String(makeRecoveryCode().text).replaceAll('-', '')
    for (let index = 0; index < 27; index++) {
      const [left, right] = [plain.charAt(index), plain.charAt(index + 1)]
      if (left !== right) mistake(plain.slice(0, index) + right + left + plain.slice(index + 2))
    }
  })

  it('refuses a first symbol that no code of this version has', () => {
    const data = [8, ...Array.from({ length: 25 }, () => 0)]
    const text = [...data, ...checkSymbols(data)].map((symbol) => alphabet.charAt(symbol)).join('')
    assert.match(mistake(text).message, /version/)
  })

  for (const text of ['', '-', '0000', '0'.repeat(27), '0'.repeat(29), 'x'.repeat(10_000)]) {
    it(`refuses ${text.length} symbols`, () => assert.equal(mistake(text).typo, undefined))
  }

  it('never repeats in an error what was typed', () => {
    const plain = String(makeRecoveryCode().text).replaceAll('-', '')
    const wrong = withSymbol(plain, 5, plain.charAt(5) === '7' ? '8' : '7')
    assert.ok(!mistake(wrong).message.includes(plain.slice(8, 12)))
  })
})
