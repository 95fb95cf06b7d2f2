// What speaks against a slot that was opened: where each kind of secret is good.
import type { SessionInfo } from './api.ts'
import type { DirectoryEntry } from './directory.ts'
import { fieldOf } from './directory-fields.ts'
import { Refusal } from './errors.ts'
import { mainPasswordUseField } from './slot-fields.ts'
import type { OpenedSlot } from './slots.ts'

/** Whether it was the main password that opened it, shown or not. */
export const isMainPassword = ({ kind }: Pick<OpenedSlot, 'kind'>): boolean =>
  kind === 'password' || kind === 'scram'

function notHere(text: string): Refusal {
  return new Refusal('not-accepted-here', text)
}

/** Throws the refusal. Whoever hears it knows the secret already. */
export function loginRules(
  entry: DirectoryEntry,
  { protocol }: Pick<SessionInfo, 'protocol'>,
  now: () => number,
): (slot: OpenedSlot) => void {
  return (slot) => {
    if (protocol !== 'imap' && protocol !== 'submission') return
    if (isMainPassword(slot) && fieldOf(entry.fields, mainPasswordUseField) === 'web-only')
      throw notHere('Your main password is for the web page only: make an app password there and use that')
    const { kind, label } = slot
    if (kind !== 'app' || !label) return
    if (label.expiresAt !== undefined && label.expiresAt <= now())
      throw notHere('This app password has expired: make a new one')
    if (!label.protocols.includes(protocol))
      throw notHere(`This app password is not for ${protocol === 'imap' ? 'reading' : 'sending'} mail`)
  }
}
