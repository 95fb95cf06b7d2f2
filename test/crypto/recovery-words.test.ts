import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { entropyToMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import fc from 'fast-check'
import {
  formatRecoveryCode,
  isTypedBack,
  MistypedCode,
  readRecoveryCode,
  recoveryWordsOf,
} from '../../src/crypto/recovery-code.ts'
import { formatRecoveryWords, readRecoveryWords } from '../../src/crypto/recovery-words.ts'

const secrets = fc.uint8Array({ minLength: 16, maxLength: 16 })
const wordsOf = (secret: Uint8Array): string[] => formatRecoveryWords(secret).toString().split(' ')

describe('a recovery code in words', () => {
  it('is what BIP39 makes of its 16 bytes, and is read back', () => {
    // Vectors of BIP39.
    for (const [byte, words] of [
      [0x00, `${'abandon '.repeat(11)}about`],
      [0x7f, `legal winner thank year wave sausage worth useful legal winner thank yellow`],
      [0xff, `${'zoo '.repeat(11)}wrong`],
    ] as const)
      assert.equal(formatRecoveryWords(Buffer.alloc(16, byte)).toString(), words)
    fc.assert(
      fc.property(secrets, (secret) => {
        const words = formatRecoveryWords(secret).toString()
        assert.equal(words, entropyToMnemonic(secret, wordlist))
        assert.deepEqual(readRecoveryCode(words).secret, Buffer.from(secret))
        assert.equal(recoveryWordsOf(formatRecoveryCode(secret)).toString(), words)
      }),
    )
  })

  it('is read in any case, with other separators, and by the first four letters', () => {
    fc.assert(
      fc.property(secrets, fc.constantFrom(' ', '\n', ', ', '-', ' \t '), (secret, between) => {
        const words = wordsOf(secret)
        for (const typed of [
          words.join(between).toUpperCase(),
          ` ${words.map((word) => word.slice(0, 4)).join(between)} `,
        ])
          assert.deepEqual(readRecoveryCode(typed).secret, Buffer.from(secret))
      }),
    )
  })

  it('says which word is none, how many there are, and that one is wrong', () => {
    const words = wordsOf(Buffer.alloc(16, 0x7f))
    const rows: readonly (readonly [string, RegExp])[] = [
      [words.with(2, 'thankz').join(' '), /^word 3 of the recovery code is not one of the list/],
      [words.with(11, 'lega1').join(' '), /symbols|letters/],
      [words.slice(0, 11).join(' '), /12 words, not 11/],
      [[...words, 'zoo'].join(' '), /12 words, not 13/],
      [words.with(0, 'zoo').join(' '), /wrong, or stands in the wrong place/],
      [words.with(0, 'internationalisation').join(' '), /^word 1 /],
      [words.with(4, 'aban').with(5, 'aba').join(' '), /^word 6 /],
    ]
    for (const [typed, expected] of rows)
      assert.throws(
        () => readRecoveryCode(typed),
        (error) => error instanceof MistypedCode && expected.test(error.message),
        typed,
      )
  })

  it('is not seen in the other spelling, however that is grouped, nor in a password', () => {
    fc.assert(
      fc.property(secrets, fc.integer({ min: 1, max: 7 }), (secret, size) => {
        const symbols = formatRecoveryCode(secret).toString().replaceAll('-', '')
        const grouped = symbols.replace(new RegExp(`.{${size}}`, 'g'), '$& ')
        assert.deepEqual(readRecoveryCode(grouped).secret, Buffer.from(secret))
      }),
    )
    for (const text of ['', 'correct horse battery staple', '1 '.repeat(12), 'a b c d e f g h i j k l'])
      assert.equal(readRecoveryWords(Buffer.from(text)), undefined)
  })

  it('never throws anything else, whatever the octets', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...wordlist), fc.string()), { maxLength: 15 }),
        (parts) => {
          try {
            readRecoveryCode(parts.join(' '))
          } catch (error) {
            assert.ok(error instanceof MistypedCode)
          }
        },
      ),
    )
  })

  it('is typed back in words as well, and only the right one', () => {
    fc.assert(
      fc.property(secrets, secrets, (secret, other) => {
        const code = formatRecoveryCode(secret)
        assert.equal(isTypedBack(code, formatRecoveryWords(secret)), true)
        assert.equal(isTypedBack(code, formatRecoveryWords(other)), Buffer.from(secret).equals(other))
        assert.equal(isTypedBack(code, Buffer.from(wordsOf(secret).slice(0, 11).join(' '))), false)
      }),
    )
  })
})
