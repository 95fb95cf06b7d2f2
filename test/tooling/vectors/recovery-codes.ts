// Vectors of recovery codes (FORMAT.md §6): reading forgives writing habits and nothing else.
import { makeRecoveryCode } from '../../../src/crypto/recovery-code.ts'
import type { Vector } from '../../crypto/vector.ts'
import { gives, scenario } from './scenario.ts'

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

function replaceAt(text: string, at: number, symbol: string): string {
  return text.slice(0, at) + symbol + text.slice(at + 1)
}

/** Another symbol of the alphabet than the one there. */
function otherAt(text: string, at: number, step = 1): string {
  const index = alphabet.indexOf(text.charAt(at))
  return replaceAt(text, at, alphabet.charAt((index + step) % 32))
}

/** A code with both 0 and 1 in it, so that their look-alikes can be shown. */
function makeCode(): { readonly secret: Buffer; readonly text: string } {
  const made = makeRecoveryCode()
  const text = String(made.text)
  return text.includes('0') && text.includes('1') ? { secret: made.secret, text } : makeCode()
}

export function recoveryCodeVectors(): readonly Vector[] {
  const { secret, text } = makeCode()
  const none = Buffer.alloc(0)
  const read = (name: string, typed: string): Vector =>
    scenario(name, 'success', { open: 'recovery code', text: typed, ...gives(secret) }, none)
  const refused = (name: string, typed: string): Vector =>
    scenario(name, 'damaged', { open: 'recovery code', text: typed }, none)
  return [
    read('recovery-code', text),
    read('recovery-code-lower-case', text.toLowerCase()),
    read('recovery-code-without-dashes', text.replaceAll('-', '')),
    read('recovery-code-with-spaces', text.replaceAll('-', '   ')),
    read('recovery-code-with-look-alikes', text.replaceAll('0', 'O').replaceAll('1', 'l')),
    read('recovery-code-with-other-look-alikes', text.replaceAll('0', 'o').replaceAll('1', 'I')),
    scenario(
      'recovery-code-of-zeros',
      'success',
      { open: 'recovery code', text: '0000-0000-0000-0000-0000-0000-0000', ...gives(Buffer.alloc(16)) },
      none,
    ),
    refused('recovery-code-one-wrong', otherAt(text, 11)),
    refused('recovery-code-two-wrong', otherAt(otherAt(text, 2), 27, 5)),
    refused('recovery-code-check-wrong', otherAt(text, 33)),
    refused('recovery-code-unreadable-symbol', replaceAt(text, 6, 'U')),
    refused('recovery-code-too-short', text.slice(0, -1)),
    refused('recovery-code-too-long', `${text}0`),
    refused('recovery-code-empty', ''),
  ]
}
