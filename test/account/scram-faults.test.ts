// A write that makes, replaces or removes the slot for SCRAM fails, in every way and at every transaction: what opens by it is what opens by PLAIN.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Accounts } from '../../src/account/api.ts'
import type { OwnerSecret } from '../../src/account/api-lifecycle.ts'
import { isRefusal, Refusal } from '../../src/account/errors.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { FailingStore, failures, type Failure } from './failing-store.ts'
import { iterations, scramLogin, until } from './scram-logins.ts'
import { makeSite, password, session, type TestSite } from './support.ts'

const address = 'alice@example.org'
const own: OwnerSecret = { kind: 'password', password: password() }
const texts = [password().toString(), 'second']

interface Ground {
  readonly site: TestSite
  readonly disk: FailingStore
  readonly inner: ReturnType<typeof openMemoryStore>
  readonly code: Buffer
}

interface Change {
  readonly name: string
  /** Without a slot before: made by the change. */
  readonly isNew?: boolean
  run(accounts: Accounts, code: Buffer, disk: FailingStore): Promise<unknown>
}

const changes: readonly Change[] = [
  {
    name: 'a password change',
    run: (accounts) => accounts.changePassword(address, password(), password('second')),
  },
  { name: 'a recovery', run: (accounts, code) => accounts.recover(address, code, password('second')) },
  {
    name: 'a removal',
    async run(accounts) {
      const slots = await accounts.slots.slots(address, own)
      const slot = slots.find(({ kind }) => kind === 'scram')
      if (slot) await accounts.slots.removeSlot(address, own, slot.id)
    },
  },
  {
    name: 'the main password kept for the page',
    run: ({ slots }) => slots.setMainPasswordUse(address, own, 'web-only'),
  },
  {
    name: 'a login that makes it',
    isNew: true,
    async run(accounts, _code, disk) {
      const before = disk.transactions
      const open = await accounts.login(address, password(), session)
      // It is made behind the login; what was begun ends with the site.
      await until(async () => disk.transactions > before)
      await open.close()
      await accounts.close()
    },
  },
]

async function ground({ isNew = false }: Change): Promise<Ground> {
  const inner = openMemoryStore()
  const disk = new FailingStore(inner)
  const made = await makeSite(isNew ? {} : { scramIterations: iterations }, disk.store)
  await made.accounts.create(address, password())
  const { recoveryCode, finished } = await made.accounts.enableAtRest(address, password())
  await finished
  await made.accounts.close()
  const site = await makeSite({ scramIterations: iterations, siteKey: made.siteKey }, disk.store)
  return { site, disk, inner, code: recoveryCode }
}

async function opens(login: () => Promise<{ close(): Promise<void> }>): Promise<boolean> {
  try {
    await (await login()).close()
    return true
  } catch (error) {
    // A main password that is for the page only is right, and not taken here.
    if (isRefusal(error, 'not-accepted-here')) return true
    if (isRefusal(error, 'authentication-failed')) return false
    throw error
  }
}

async function check(accounts: Accounts): Promise<void> {
  const byScram: string[] = []
  for (const text of texts) if (await opens(() => scramLogin(accounts, address, text))) byScram.push(text)
  const byPlain: string[] = []
  for (const text of texts)
    if (await opens(() => accounts.login(address, password(text), session))) byPlain.push(text)
  assert.equal(byPlain.length, 1)
  assert.ok(
    byScram.every((text) => byPlain.includes(text)),
    'a password that is none any more opens by SCRAM',
  )
}

async function withFailure(change: Change, failure: Failure, after: number): Promise<void> {
  const { site, disk, inner, code } = await ground(change)
  disk.failNext(failure, after)
  try {
    await change.run(site.accounts, code, disk)
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error))
  }
  disk.disarm()
  await site.accounts.close()
  disk.killAfter(0)
  const accounts = await site.reopen(inner)
  await check(accounts)
  // And again with what the logins have made.
  await accounts.close()
  await check(await site.reopen(inner))
}

describe('a write of the slot for SCRAM that fails', () => {
  for (const change of changes)
    for (const failure of failures)
      it(`leaves one password, for both kinds of login: ${change.name}, ${failure}`, async () => {
        const { site, disk, code } = await ground(change)
        const before = disk.transactions
        await change.run(site.accounts, code, disk)
        await site.accounts.close()
        const count = disk.transactions - before
        assert.ok(count > 0)
        for (let after = 0; after < count; after += 1) await withFailure(change, failure, after)
      })
})
