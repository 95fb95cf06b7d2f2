// Secrets: which are taken, what they open, and what becomes of sessions when they change.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isRefusal } from '../../src/account/errors.ts'
import { OpenSession } from '../../src/account/open-account.ts'
import { makeSite, password, session, type TestSite } from './support.ts'

const address = 'alice@example.org'
const refuses = (code: Parameters<typeof isRefusal>[1]) => (error: unknown) => isRefusal(error, code)

async function siteOfAlice(): Promise<TestSite> {
  const site = await makeSite()
  await site.accounts.create(address, password())
  return site
}

describe('passwords and recovery codes', () => {
  it('ends all sessions at a recovery, and opens with neither the old password nor the old code', async () => {
    const site = await siteOfAlice()
    const { recoveryCode, finished } = await site.accounts.enableAtRest(address, password())
    await finished
    const reasons: string[] = []
    const end = (reason: string): void => void reasons.push(reason)
    const open = await site.accounts.login(address, password(), { ...session, end })
    await site.accounts.login(address, password(), { ...session, end })
    await site.accounts.recover(address, recoveryCode, password('second'))
    assert.equal(reasons.length, 2)
    assert.ok(open instanceof OpenSession && open.account.vault.isWiped)
    await assert.rejects(site.accounts.login(address, password(), session), refuses('authentication-failed'))
    await assert.rejects(
      site.accounts.recover(address, recoveryCode, password('third')),
      refuses('wrong-recovery-code'),
    )
    await site.accounts.login(address, password('second'), session)
  })

  it('turns encryption on once when asked twice at once', async () => {
    const site = await siteOfAlice()
    const outcomes = await Promise.allSettled(
      [1, 2].map(() => site.accounts.enableAtRest(address, password())),
    )
    const enabled = outcomes.filter((outcome) => outcome.status === 'fulfilled')
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    assert.equal(enabled.length, 1)
    assert.ok(refused.every(({ reason }) => isRefusal(reason, 'already-enabled')))
    await enabled[0]?.value.finished
    const info = await site.accounts.info(address)
    assert.equal(info.atRest, 'on')
    assert.equal(info.isUnlocked, false)
    assert.equal(info.slots.filter(({ kind }) => kind === 'recovery').length, 1)
    await site.accounts.recover(address, enabled[0]?.value.recoveryCode ?? Buffer.of(), password('second'))
  })

  it('does not let wrong passwords in, nor keep the right one out, while the account is open', async () => {
    const site = await siteOfAlice()
    const open = await site.accounts.login(address, password(), session)
    const wrong = Array.from({ length: 20 }, (_, index) =>
      site.accounts.login(address, password(`wrong ${index}`), session),
    )
    const outcomes = Promise.allSettled(wrong)
    const others = await Promise.all(
      Array.from({ length: 10 }, () => site.accounts.login(address, password(), session)),
    )
    assert.ok((await outcomes).every(({ status }) => status === 'rejected'))
    assert.equal(site.accounts.sessions().length, 11)
    await Promise.all([open, ...others].map((each) => each.close()))
    assert.equal((await site.accounts.info(address)).isUnlocked, false)
  })

  const secrets: readonly [name: string, set: Buffer, typed: Buffer][] = [
    ['1,024 bytes', Buffer.alloc(1024, 'x'), Buffer.alloc(1024, 'x')],
    [
      'eight-bit bytes that are no UTF-8',
      Buffer.from([0x80, 0xff, 0xfe, 0x00, 0x41]),
      Buffer.from([0x80, 0xff, 0xfe, 0x00, 0x41]),
    ],
    ['UTF-8 in another normal form', Buffer.from('cafe\u0301'), Buffer.from('caf\u00e9')],
    ['one byte', Buffer.from('x'), Buffer.from('x')],
  ]
  for (const [name, set, typed] of secrets) {
    it(`takes a password of ${name}, locked and unlocked`, async () => {
      const site = await makeSite()
      await site.accounts.create(address, Buffer.from(set))
      const open = await site.accounts.login(address, Buffer.from(typed), session)
      await site.accounts.login(address, Buffer.from(set), session)
      const other = Buffer.concat([typed, Buffer.from('x')])
      await assert.rejects(site.accounts.login(address, other, session), refuses('authentication-failed'))
      await open.close()
    })
  }

  it('refuses to set a password that is empty or longer than 1,024 bytes', async () => {
    const site = await siteOfAlice()
    for (const length of [0, 1025]) {
      const bad = Buffer.alloc(length, 'x')
      await assert.rejects(site.accounts.create('bob@example.org', bad), refuses('limit'))
      await assert.rejects(site.accounts.setPassword(address, bad), refuses('limit'))
      await assert.rejects(site.accounts.changePassword(address, password(), bad), refuses('limit'))
    }
  })
})
