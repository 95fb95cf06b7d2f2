import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { formatAppPassword, readAppPassword, slotHint } from '../../src/crypto/app-password.ts'
import { makeRecoveryCode, readRecoveryCode, MistypedCode } from '../../src/crypto/recovery-code.ts'
import { decodeSlotLabel, encodeSlotLabel, slotNameBytes } from '../../src/crypto/slot-label.ts'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

describe('an app password', () => {
  it('comes back from its text, with the first bits of the slot it opens', () => {
    for (let round = 0; round < 300; round += 1) {
      const [slot, secret] = [randomBytes(16), randomBytes(16)]
      const text = formatAppPassword(slot, secret)
      assert.match(String(text), /^A[0-9A-Z]{3}(-[0-9A-Z]{4}){7}$/)
      assert.deepEqual(readAppPassword(text), { hint: slot.readUIntBE(0, 3) >> 7, secret })
      assert.equal(slotHint(slot), slot.readUIntBE(0, 3) >> 7)
    }
  })

  it('is no recovery code, and no recovery code is one', () => {
    const text = formatAppPassword(randomBytes(16), randomBytes(16))
    assert.throws(() => readRecoveryCode(text), MistypedCode)
    assert.equal(readAppPassword(makeRecoveryCode().text), undefined)
  })

  it('is not read with any one symbol wrong, nor with neighbours exchanged', () => {
    const plain = String(formatAppPassword(randomBytes(16), randomBytes(16))).replaceAll('-', '')
    for (let index = 0; index < 32; index += 1) {
      for (const symbol of `${alphabet}U*`) {
        if (symbol === plain.charAt(index)) continue
        const typed = plain.slice(0, index) + symbol + plain.slice(index + 1)
        assert.equal(readAppPassword(Buffer.from(typed)), undefined, `${index} ${symbol}`)
      }
      const [left, right] = [plain.charAt(index), plain.charAt(index + 1)]
      if (index > 0 && index < 31 && left !== right) {
        const typed = plain.slice(0, index) + right + left + plain.slice(index + 2)
        assert.equal(readAppPassword(Buffer.from(typed)), undefined, `exchanged at ${index}`)
      }
    }
  })

  for (const [name, text] of [
    ['nothing', ''],
    ['an ordinary password', 'correct horse battery staple'],
    ['a long one', 'A'.repeat(1024)],
    ['bytes that are no text', '\xff\xfe'],
  ] as const) {
    it(`is not ${name}`, () => assert.equal(readAppPassword(Buffer.from(text, 'latin1')), undefined))
  }

  it('has 16 bytes', () => {
    assert.throws(() => formatAppPassword(randomBytes(16), randomBytes(15)), RangeError)
  })
})

describe('the label of a slot', () => {
  it('takes a name of 50 bytes and not one more', () => {
    const label = { name: 'ü'.repeat(slotNameBytes / 2), protocols: ['imap'], expiresAt: 5 } as const
    const bytes = encodeSlotLabel(label)
    assert.equal(bytes.length, 60)
    assert.deepEqual(decodeSlotLabel(bytes), label)
    assert.throws(() => encodeSlotLabel({ ...label, name: `${label.name}x` }), RangeError)
  })
})
