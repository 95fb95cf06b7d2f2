// Accounts.openFor: which secret lets a job in, and what it is told otherwise.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Accounts } from '../../src/account/api.ts'
import type { OwnerSecret } from '../../src/account/api-lifecycle.ts'
import { isRefusal, type RefusalCode } from '../../src/account/errors.ts'
import { makeSite, overriding, password, session } from './support.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'

const address = 'alice@example.org'
const right: OwnerSecret = { kind: 'password', password: password() }
const wrong: OwnerSecret = { kind: 'password', password: password('a guess') }
const site: OwnerSecret = { kind: 'site' }
const admin: OwnerSecret = { kind: 'admin', passwords: [password('an admin')] }

interface Row {
  readonly name: string
  readonly secret: (code: Buffer) => OwnerSecret
  /** What it is refused with where at-rest encryption is off, and where it is on; undefined: let in. */
  readonly off?: RefusalCode
  readonly on?: RefusalCode
}

const rows: readonly Row[] = [
  { name: 'the password', secret: () => right },
  {
    name: 'a wrong password',
    secret: () => wrong,
    off: 'authentication-failed',
    on: 'authentication-failed',
  },
  { name: 'the site’s key', secret: () => site, on: 'mail-would-be-lost' },
  { name: 'the recovery code', secret: (code) => ({ kind: 'recovery', code }), off: 'wrong-recovery-code' },
  {
    name: 'a mistyped code',
    secret: () => ({ kind: 'recovery', code: Buffer.from('AAAA') }),
    off: 'wrong-recovery-code',
    on: 'wrong-recovery-code',
  },
  {
    name: 'an admin’s key that the site does not have',
    secret: () => admin,
    off: 'mail-would-be-lost',
    on: 'mail-would-be-lost',
  },
]

async function check(
  accounts: Accounts,
  secret: OwnerSecret,
  refusal: RefusalCode | undefined,
): Promise<void> {
  if (refusal !== undefined) {
    await assert.rejects(accounts.openFor(address, secret, session), (error) => isRefusal(error, refusal))
    return
  }
  const open = await accounts.openFor(address, secret, session)
  assert.equal(open.mailbox('INBOX')?.name, 'INBOX')
  await open.close()
  assert.equal((await accounts.info(address)).isUnlocked, false)
}

describe('opening an account for a job', () => {
  for (const row of rows) {
    it(`${row.name}: ${row.off ?? 'in'} while encryption is off, ${row.on ?? 'in'} while it is on`, async () => {
      const { accounts } = await makeSite()
      await accounts.create(address, password())
      await check(accounts, row.secret(Buffer.from('0000-0000-0000-0000-0000-0000-0000')), row.off)
      const { recoveryCode, finished } = await accounts.enableAtRest(address, password())
      await finished
      await check(accounts, row.secret(recoveryCode), row.on)
      await check(accounts, right, undefined)
    })
  }

  it('opens a disabled account, and none that is not there', async () => {
    const { accounts } = await makeSite()
    await accounts.create(address, password())
    await accounts.setDisabled(address, true)
    await check(accounts, site, undefined)
    await assert.rejects(accounts.openFor('bob@example.org', site, session), (error) =>
      isRefusal(error, 'no-such-account'),
    )
  })

  it('lets nobody stay in an account that was deleted meanwhile', async () => {
    const store = openMemoryStore()
    const made = await makeSite({}, store)
    await made.accounts.create(address, password())
    let lookups = 0
    const directory = overriding(store.directory, {
      // The first look finds it, the one after the secret was checked does not.
      get: async (name) => ((lookups += 1) > 1 ? undefined : store.directory.get(name)),
    })
    const accounts = await made.reopen(overriding(store, { directory }))
    lookups = 0
    await assert.rejects(accounts.openFor(address, site, session), (error) =>
      isRefusal(error, 'no-such-account'),
    )
    assert.deepEqual(accounts.sessions(), [])
  })
})
