// What the log says of logins by IMAP: one event for one fact, and nothing alarming of what an admin meant to be so.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { makeLoginGuard } from '../../src/server/rate-limit.ts'
import { address, KeptLog, makeHarness, passwordText, type Harness } from '../imap/harness.ts'

const auth = loadConfig({ text: '[auth]\naccount_failures = 3' }).auth

/** With the guard that the server has, writing into the same log. */
async function withGuard(task: (harness: Harness, log: KeptLog) => Promise<void>): Promise<void> {
  const log = new KeptLog()
  const harness = await makeHarness({ log, site: { guard: makeLoginGuard(auth, log) } })
  try {
    log.lines.length = 0
    await task(harness, log)
  } finally {
    await harness.close()
  }
}

const ofLogins = ({ lines }: KeptLog): string[] =>
  lines.flatMap(({ event, fields }) => {
    if (!event.startsWith('auth.') && event !== 'imap.refused') return []
    return [[event, fields['user'], fields['code'], fields['mail']].filter(Boolean).join(' ')]
  })

test('a login that was right is one event', () =>
  withGuard(async ({ login }, log) => {
    await login()
    assert.deepEqual(ofLogins(log), [`auth.ok ${address}`])
  }))

test('a wrong password is one event, and so is each try that is not even looked at', () =>
  withGuard(async ({ connect }, log) => {
    const tries = async (): Promise<void> => {
      const client = await connect()
      assert.match((await client.run(`LOGIN ${address} wrong`)).join(), /^NO /)
    }
    for (let count = 0; count < 4; count += 1) await tries()
    const wrong = `auth.failed ${address}`
    assert.deepEqual(ofLogins(log), [wrong, wrong, wrong, `auth.blocked ${address}`])
  }))

test('a disabled account is refused, in one event without a name', () =>
  withGuard(async ({ connect, accounts }, log) => {
    await accounts.setDisabled(address, true)
    const client = await connect()
    await client.run(`LOGIN ${address} "${passwordText}"`)
    assert.deepEqual(ofLogins(log), ['auth.refused account-disabled'])
  }))

test('mail that an admin locked is told once, at the login, however often a program asks for it', () =>
  withGuard(async ({ lock, connect, accounts, site }, log) => {
    await lock()
    const { finished } = await accounts.enableAtRest(address, Buffer.from(passwordText))
    await finished
    await site.accounts.lockedMail.lockMail(address, Buffer.from('another'))
    log.lines.length = 0
    const client = await connect()
    await client.ok(`LOGIN ${address} another`)
    for (const command of ['SELECT INBOX', 'STATUS INBOX (MESSAGES)', 'SELECT INBOX', 'CREATE Archive'])
      assert.match((await client.run(command)).at(-1) ?? '', /^NO \[UNAVAILABLE\] Your mail is locked/)
    assert.deepEqual(ofLogins(log), [`auth.ok ${address} locked`])
  }))
