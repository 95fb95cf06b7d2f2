// Vectors of app passwords and slot labels (FORMAT.md §6).
import { formatAppPassword, slotHint } from '../../../src/crypto/app-password.ts'
import { makeId, randomBytes } from '../../../src/crypto/random.ts'
import { encodeSlotLabel } from '../../../src/crypto/slot-label.ts'
import type { Vector } from '../../crypto/vector.ts'
import { gives, scenario } from './scenario.ts'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const none = Buffer.alloc(0)

function otherAt(text: string, at: number, step = 1): string {
  const index = alphabet.indexOf(text.charAt(at))
  return text.slice(0, at) + alphabet.charAt((index + step) % 32) + text.slice(at + 1)
}

function given(slot: Uint8Array, secret: Uint8Array): Readonly<Record<string, string | number | Uint8Array>> {
  const hint = Buffer.alloc(4)
  hint.writeUInt32BE(slotHint(slot))
  return gives(Buffer.concat([hint, secret]))
}

export function appPasswordVectors(): readonly Vector[] {
  const slot = makeId()
  const secret = randomBytes(16)
  const text = String(formatAppPassword(slot, secret))
  const read = (name: string, typed: string): Vector =>
    scenario(name, 'success', { open: 'app password', text: typed, ...given(slot, secret) }, none)
  const refused = (name: string, typed: string): Vector =>
    scenario(name, 'damaged', { open: 'app password', text: typed }, none)
  const ends = Buffer.alloc(16, 0xff)
  const endText = String(formatAppPassword(ends, ends))
  return [
    read('app-password', text),
    read('app-password-lower-case', text.toLowerCase()),
    read('app-password-without-dashes', text.replaceAll('-', '')),
    read('app-password-with-spaces', ` ${text.replaceAll('-', '  ')} `),
    read('app-password-with-look-alikes', text.replaceAll('0', 'O').replaceAll('1', 'l')),
    scenario(
      'app-password-of-ones',
      'success',
      { open: 'app password', text: endText, ...given(ends, ends) },
      none,
    ),
    scenario(
      'app-password-of-zeros',
      'success',
      {
        open: 'app password',
        text: 'A000-0000-0000-0000-0000-0000-0000-0000',
        ...given(Buffer.alloc(16), Buffer.alloc(16)),
      },
      none,
    ),
    refused('app-password-one-wrong', otherAt(text, 11)),
    refused('app-password-two-wrong', otherAt(otherAt(text, 2), 27, 5)),
    refused('app-password-without-its-mark', otherAt(text, 0)),
    refused('app-password-unreadable-symbol', `${text.slice(0, 6)}U${text.slice(7)}`),
    refused('app-password-too-short', text.slice(0, -1)),
    refused('app-password-too-long', `${text}0`),
    refused('app-password-that-is-a-recovery-code', '0000-0000-0000-0000-0000-0000-0000'),
  ]
}

export function slotLabelVectors(): readonly Vector[] {
  const expiresAt = Date.UTC(2027, 0, 1)
  const label = (name: string, bytes: Uint8Array, says: string): Vector =>
    scenario(name, 'success', { open: 'slot label', ...gives(Buffer.from(says)) }, bytes)
  const both = ['imap', 'submission'] as const
  const limited = encodeSlotLabel({ name: 'Büro', protocols: ['submission'], expiresAt })
  const refused = (name: string, expect: 'damaged' | 'unsupported', bytes: Uint8Array): Vector =>
    scenario(name, expect, { open: 'slot label' }, bytes)
  return [
    label('slot-label-name-alone', Buffer.from('Café phone'), 'Café phone 3 0'),
    label(
      'slot-label-for-all',
      encodeSlotLabel({ name: 'iPhone', protocols: both, expiresAt: undefined }),
      'iPhone 3 0',
    ),
    label('slot-label-that-expires', limited, `Büro 2 ${expiresAt}`),
    label(
      'slot-label-with-reserved-bits',
      Buffer.concat([Buffer.of(2, 0xfd), limited.subarray(2)]),
      `Büro 1 ${expiresAt}`,
    ),
    refused('slot-label-version-3', 'unsupported', Buffer.concat([Buffer.of(3), limited.subarray(1)])),
    refused('slot-label-cut-short', 'damaged', limited.subarray(0, 9)),
    refused('slot-label-not-utf8', 'damaged', Buffer.concat([limited, Buffer.of(0xff)])),
  ]
}
