// What a client sees of alice's mail, and whether that is all of it and true, while a test tampers with the store.
import assert from 'node:assert/strict'
import type { Accounts } from '../../src/account/api.ts'
import { isRefusal, Refusal } from '../../src/account/errors.ts'
import { password, readAll, session } from './support.ts'

/** What a client saw. */
export type Shown = Map<string, string>

/** Everything that a client can see of alice's mail. */
export async function look(accounts: Accounts): Promise<Shown> {
  const shown: Shown = new Map()
  const open = await accounts.login('alice@example.org', password(), session)
  try {
    for (const { name } of open.mailboxes()) {
      const mailbox = await open.select(name, { isReadOnly: true })
      shown.set(`${name} uids`, mailbox.uids().join(' '))
      for (const uid of mailbox.uids()) {
        const state = mailbox.state(uid)
        shown.set(
          `${name} ${uid} flags`,
          `${state?.flags.join(' ')} ${state?.internalDate} ${state?.sizeBytes}`,
        )
        shown.set(`${name} ${uid} body`, (await readAll(mailbox, uid)).toString())
      }
    }
  } finally {
    await open.close()
  }
  return shown
}

/** Looks at the mail; true when it was refused in words, false when all was shown as it is. Anything else fails. */
export async function refusedOrTrue(accounts: Accounts, truth: Shown, what: string): Promise<boolean> {
  try {
    const shown = await look(accounts)
    // Compared by hand: a difference would print all mail.
    assert.ok(
      shown.size === truth.size && [...shown].every(([key, value]) => truth.get(key) === value),
      `shown wrong: ${what}`,
    )
    return false
  } catch (error) {
    if (error instanceof Refusal && error.code !== 'authentication-failed') return true
    if (isRefusal(error, 'authentication-failed')) return true
    throw error
  }
}
