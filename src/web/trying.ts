// A secret typed into a form is tried: through the guard that slows guessing, and what went wrong is said in words.
import { setTimeout as pause } from 'node:timers/promises'
import { isRefusal, type Refusal } from '../account/errors.ts'
import { Damage } from '../account/errors.ts'
import { passwordBytes } from '../base/limits.ts'
import { MistypedCode, readRecoveryCode } from '../crypto/recovery-code.ts'
import type { Form } from './form.ts'
import type { Problem, Visit } from './page.ts'
import type { TextKey } from './texts/catalogue.ts'

/** Runs `task`, which checks a secret of `address`, as one attempt of this network. Throws what `task` throws, and Refusal 'busy'. */
export async function attempting<T>(visit: Visit, address: string, task: () => Promise<T>): Promise<T> {
  const attempt = await visit.site.guard.begin(visit.peer.remoteAddress, address)
  let isFoundOut = false
  try {
    const result = await task()
    isFoundOut = true
    await attempt.succeeded()
    return result
  } catch (error) {
    const isWrong = ['authentication-failed', 'wrong-recovery-code', 'no-such-account'] as const
    if (!isFoundOut && isWrong.some((code) => isRefusal(error, code))) {
      isFoundOut = true
      await attempt.failed()
    }
    throw error
  } finally {
    if (!isFoundOut) attempt.dropped()
  }
}

/** Settles no earlier than `ms` after its call, so that its time tells nothing about why it failed. */
export async function evenly<T>(ms: number, task: () => Promise<T>): Promise<T> {
  const [result] = await Promise.allSettled([task(), pause(ms)])
  if (result.status === 'rejected') throw result.reason
  return result.value
}

const texts: Partial<Record<string, TextKey>> = {
  'authentication-failed': 'refusal.password',
  'account-disabled': 'refusal.disabled',
  busy: 'refusal.busy',
  'over-quota': 'refusal.quota',
  limit: 'refusal.limit',
  damaged: 'refusal.damaged',
  unavailable: 'refusal.unavailable',
  'already-enabled': 'refusal.alreadyEnabled',
  'not-enabled': 'refusal.notEnabled',
  'nothing-to-do': 'refusal.nothingToDo',
  'no-own-key': 'refusal.noOwnKey',
  'wrong-recovery-code': 'refusal.code',
  'no-such-account': 'refusal.code',
  'mail-would-be-lost': 'refusal.locked',
  'not-permitted': 'refusal.notPermitted',
  'offer-expired': 'refusal.offerExpired',
  'bad-key': 'refusal.badKey',
}

/** What the person can do about a refusal. Throws again what is none: a fault of ours. */
export function problemOf(
  visit: Visit,
  error: unknown,
  fields: Partial<Record<string, string>> = {},
): Problem {
  if (error instanceof Damage) return { text: visit.t('refusal.damaged') }
  if (!isRefusal(error)) throw error
  const field =
    fields[error.code] ?? (error.code === 'authentication-failed' ? fields['password'] : undefined)
  return { text: wordsOf(visit, error), ...(field === undefined ? {} : { field }) }
}

function wordsOf({ t }: Visit, { code, message }: Refusal): string {
  const key = texts[code]
  if (key === undefined) return `${t('refusal.other')} ${message}`
  // Only what read the key knows what is wrong with it.
  return key === 'refusal.badKey' ? `${t(key)} ${message}` : t(key)
}

/** What is wrong with a new password that was typed twice; undefined: nothing. */
export function newPasswordProblem(visit: Visit, form: Form): Problem | undefined {
  const password = form.secret('newPassword')
  if (password.length < 10) return { field: 'newPassword', text: visit.t('password.short') }
  if (password.length > passwordBytes) return { field: 'newPassword', text: visit.t('password.long') }
  if (!password.equals(form.secret('repeat'))) return { field: 'repeat', text: visit.t('password.differs') }
  return undefined
}

function isCodeOctet(octet: number): boolean {
  return (
    (octet >= 0x30 && octet <= 0x39) || (octet >= 0x41 && octet <= 0x5a) || (octet >= 0x61 && octet <= 0x7a)
  )
}

/** In the whole text of a recovery sheet: the one line that has 28 letters and digits in groups; else all of it. A view. */
export function codeIn(text: Buffer): Buffer {
  let start = 0
  while (start < text.length) {
    const found = text.indexOf(0x0a, start)
    const end = found < 0 ? text.length : found
    const line = text.subarray(start, end)
    // Counted, not filtered: a small array of the engine's own would be a copy that nobody can wipe.
    const symbols = line.reduce((count, octet) => count + Number(isCodeOctet(octet)), 0)
    const isPlain = line.every(
      (octet) => isCodeOctet(octet) || octet === 0x2d || octet === 0x20 || octet === 0x0d,
    )
    if (symbols === 28 && isPlain && line.includes(0x2d)) return line
    start = end + 1
  }
  return text
}

/** What its own check symbols say against a recovery code, in words; undefined: it may be one. Nothing of the server is asked. */
export function typoIn(visit: Visit, code: Buffer): string | undefined {
  if (code.length === 0) return visit.t('code.missing')
  try {
    readRecoveryCode(code).secret.fill(0)
    return undefined
  } catch (error) {
    if (!(error instanceof MistypedCode)) throw error
    const { typo } = error
    return typo
      ? visit.t('code.typo', { group: typo.group, symbol: typo.symbol, expected: typo.expected })
      : visit.t(error.isWords ? 'code.mistypedWords' : 'code.mistyped')
  }
}
