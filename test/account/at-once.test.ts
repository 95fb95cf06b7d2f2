// Everything that can be done to an account, done at the same moment.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { Unavailable } from '../../src/store/errors.ts'
import { Crowd, longestTurns, round } from './crowd.ts'
import { makeSite, overriding, password, session, type TestSite } from './support.ts'

const address = 'alice@example.org'

/** A site with an account, on whose disk no entry of the directory can be changed while it `isFailing`. */
async function siteOnFailingDirectory(): Promise<{ site: TestSite; disk: { isFailing: boolean } }> {
  const inner = openMemoryStore()
  const disk = { isFailing: false }
  const directory = overriding(inner.directory, {
    async put(...args) {
      if (disk.isFailing) throw new Unavailable('io', 'made up')
      await inner.directory.put(...args)
    },
  })
  const site = await makeSite({}, overriding(inner, { directory }))
  await site.accounts.create(address, password())
  return { site, disk }
}

it('an account bears everything at once', async () => {
  const delays = fc.array(fc.nat(longestTurns), { minLength: 5, maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(delays, fc.array(round, { minLength: 1, maxLength: 5 }), async (slow, rounds) => {
      const crowd = await Crowd.begin(slow)
      for (const steps of rounds) await crowd.run(steps)
      await crowd.end()
    }),
    { numRuns: Number(process.env['LETTERLOCK_LIFE_RUNS'] ?? 12) },
  )
})

it('turning encryption on is not told as failed because the directory fails behind it', async () => {
  const { site, disk } = await siteOnFailingDirectory()
  const { atRest } = site.accounts
  const { offerId, recoveryCode } = await atRest.offerEnable(address, password())
  disk.isFailing = true
  await (
    await atRest.acceptEnable(offerId, recoveryCode)
  ).finished
  disk.isFailing = false
  await atRest.testRecoveryCode(address, recoveryCode)
})

it('turning encryption off is not done where a mark could turn it on again', async () => {
  const { site, disk } = await siteOnFailingDirectory()
  const { atRest } = site.accounts
  const { offerId, recoveryCode } = await atRest.offerEnable(address, password())
  await (
    await atRest.acceptEnable(offerId, recoveryCode)
  ).finished
  disk.isFailing = true
  await assert.rejects(atRest.disableAtRest(address, { kind: 'password', password: password() }))
  disk.isFailing = false
  await atRest.testRecoveryCode(address, recoveryCode)
})

it('an app password that was made is shown, although the account is locked at that moment', async () => {
  const inner = openMemoryStore()
  let lock: (() => void) | undefined
  let turns = 0
  const store = overriding(inner, {
    async transact(account, run) {
      const result = await inner.transact(account, run)
      lock?.()
      return result
    },
    async read(account, run) {
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      return inner.read(account, run)
    },
  })
  const site = await makeSite({}, store)
  await site.accounts.create(address, password())
  const secret = { kind: 'password', password: password() } as const
  lock = () => {
    lock = undefined
    turns = 20
    void site.accounts.lock(address, 'out')
  }
  const { text } = await site.accounts.slots.addAppPassword(address, secret, { name: 'x' })
  assert.equal(lock, undefined)
  assert.equal(await site.accounts.authenticate(address, text, session), address)
})
