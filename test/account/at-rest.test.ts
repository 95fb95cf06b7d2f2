// The life of an account's keys: offers and acceptance, the recovery code, disabling, rotation, marks and policies.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AtRestPolicy } from '../../src/account/api-lifecycle.ts'
import { isRefusal, type RefusalCode } from '../../src/account/errors.ts'
import { offerLifeMs } from '../../src/account/offers.ts'
import {
  alice,
  chunks,
  deliverTo,
  mail,
  makeSite,
  password,
  readAll,
  session,
  type TestSite,
} from './support.ts'

const address = 'alice@example.org'
const refuses = (code: RefusalCode) => (error: unknown) => isRefusal(error, code)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const tail = (code: Buffer): Buffer => Buffer.from(code.subarray(-9))
/** The code with its third symbol exchanged. */
function mistyped(code: Buffer): Buffer {
  const typed = Buffer.from(code)
  typed.write(typed[2] === 0x41 ? 'B' : 'A', 2)
  return typed
}

async function withMail(policy: AtRestPolicy = 'offered'): Promise<TestSite> {
  const site = await makeSite({ rules: () => ({ policy, adminRecovery: true }) })
  const open = await alice(site)
  for (let index = 0; index < 3; index += 1)
    await open.append('INBOX', chunks(mail(`before ${index}`)), { flags: [] })
  await open.close()
  return site
}

async function subjects(site: TestSite): Promise<string[]> {
  const open = await site.accounts.login(address, password(), session)
  const inbox = await open.select('INBOX', { isReadOnly: true })
  const found: string[] = []
  for (const uid of inbox.uids())
    found.push(/^Subject: (.*)$/m.exec((await readAll(inbox, uid)).toString())?.[1]?.trim() ?? '')
  await open.close()
  return found
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let turns = 0; turns < 100_000; turns += 1) {
    if (await isSo()) return
    await turn()
  }
  assert.fail('it does not come')
}

async function enabled(): Promise<{ site: TestSite; code: Buffer }> {
  const site = await withMail()
  const { atRest } = site.accounts
  const { offerId, recoveryCode } = await atRest.offerEnable(address, password())
  await (
    await atRest.acceptEnable(offerId, recoveryCode)
  ).finished
  return { site, code: recoveryCode }
}

describe('an offered recovery code', () => {
  it('changes nothing until it is typed back, whole or its last two groups', async () => {
    for (const typed of [
      tail,
      (code: Buffer) => Buffer.from(code.toString().toLowerCase().replaceAll('-', ' ')),
    ]) {
      const site = await withMail()
      const { atRest } = site.accounts
      const before = await site.store.info(Buffer.from((await site.accounts.info(address)).accountId, 'hex'))
      const { offerId, recoveryCode, expiresAt } = await atRest.offerEnable(address, password())
      assert.equal(expiresAt, site.clock.now() + offerLifeMs)
      const { accountId } = await site.accounts.info(address)
      assert.deepEqual(await site.store.info(Buffer.from(accountId, 'hex')), before)
      const steps: [number, number][] = []
      const progress = (done: number, total: number): void => void steps.push([done, total])
      const { finished } = await atRest.acceptEnable(offerId, typed(recoveryCode), progress)
      await finished
      assert.deepEqual(steps.at(-1), [3, 3])
      const status = await atRest.atRestStatus(address)
      assert.deepEqual(
        [status.state, status.hasRecoveryCode, status.enabledAt, status.recoveryCodeCheckedAt, status.job],
        ['on', true, site.clock.now(), site.clock.now(), undefined],
      )
      await atRest.testRecoveryCode(address, recoveryCode)
      assert.equal((await subjects(site)).length, 3)
    }
  })

  it('may be mistyped a few times, and says where', async () => {
    const site = await withMail()
    const { atRest } = site.accounts
    const { offerId, recoveryCode } = await atRest.offerEnable(address, password())
    await assert.rejects(atRest.acceptEnable(offerId, mistyped(recoveryCode)), (error) => {
      assert.ok(isRefusal(error, 'wrong-recovery-code'))
      assert.match(error.message, /symbol 3 of group 1/)
      return true
    })
    for (const wrong of ['', 'nonsense', recoveryCode.subarray(0, 9).toString()])
      await assert.rejects(atRest.acceptEnable(offerId, Buffer.from(wrong)), refuses('wrong-recovery-code'))
    await assert.rejects(atRest.acceptEnable(offerId, Buffer.from('x')), refuses('offer-expired'))
    await assert.rejects(atRest.acceptEnable(offerId, recoveryCode), refuses('offer-expired'))
    assert.equal((await atRest.atRestStatus(address)).state, 'off')
  })

  const ends: readonly [name: string, end: (site: TestSite, offerId: string) => Promise<void> | void][] = [
    [
      'when its time is over',
      (site) => {
        site.clock.time += offerLifeMs
      },
    ],
    ['when it is withdrawn', (site, offerId) => site.accounts.atRest.withdrawOffer(offerId)],
    [
      'when another is made',
      (site) => site.accounts.atRest.offerEnable(address, password()).then(() => undefined),
    ],
    [
      'when the password is changed',
      (site) => site.accounts.changePassword(address, password(), password('another one')),
    ],
    ['when the server is restarted', (site) => site.restart().then(() => undefined)],
  ]
  for (const [name, end] of ends)
    it(`ends ${name}`, async () => {
      const site = await withMail()
      const { offerId, recoveryCode } = await site.accounts.atRest.offerEnable(address, password())
      await end(site, offerId)
      await assert.rejects(site.accounts.atRest.acceptEnable(offerId, recoveryCode), refuses('offer-expired'))
      assert.equal((await site.accounts.atRest.atRestStatus(address)).state, 'off')
    })

  it('is for one thing only, and never taken twice', async () => {
    const { site, code } = await enabled()
    const { atRest } = site.accounts
    await assert.rejects(atRest.offerEnable(address, password()), refuses('already-enabled'))
    const fresh = await atRest.offerRecoveryCode(address, password())
    await assert.rejects(atRest.acceptEnable(fresh.offerId, fresh.recoveryCode), refuses('offer-expired'))
    await atRest.testRecoveryCode(address, code)
    await atRest.acceptRecoveryCode(fresh.offerId, tail(fresh.recoveryCode), password())
    await assert.rejects(
      atRest.acceptRecoveryCode(fresh.offerId, fresh.recoveryCode, password()),
      refuses('offer-expired'),
    )
    await assert.rejects(atRest.testRecoveryCode(address, code), refuses('wrong-recovery-code'))
    await atRest.testRecoveryCode(address, fresh.recoveryCode)
    assert.deepEqual(await subjects(site), ['before 0', 'before 1', 'before 2'])
  })

  it('is made for nobody without the password, nor where there is nothing to recover', async () => {
    const site = await withMail()
    const { atRest } = site.accounts
    await assert.rejects(atRest.offerEnable(address, password('wrong')), refuses('authentication-failed'))
    await assert.rejects(atRest.offerRecoveryCode(address, password()), refuses('not-enabled'))
    await assert.rejects(atRest.offerEnable('nobody@example.org', password()), refuses('no-such-account'))
  })
})

describe('turning at-rest encryption off', () => {
  it('lets the site open the account again, and can be undone', async () => {
    const { site, code } = await enabled()
    const { atRest } = site.accounts
    await assert.rejects(
      atRest.disableAtRest(address, { kind: 'password', password: password('wrong') }),
      refuses('authentication-failed'),
    )
    await assert.rejects(atRest.disableAtRest(address, { kind: 'site' }), refuses('mail-would-be-lost'))
    await (
      await atRest.disableAtRest(address, { kind: 'password', password: password() })
    ).finished
    const status = await atRest.atRestStatus(address)
    assert.deepEqual(
      [status.state, status.hasRecoveryCode, status.enabledAt, status.isPending],
      ['off', false, undefined, false],
    )
    assert.deepEqual((await site.accounts.verify(address, undefined)).findings, [])
    await assert.rejects(atRest.testRecoveryCode(address, code), refuses('wrong-recovery-code'))
    await assert.rejects(atRest.disableAtRest(address, { kind: 'site' }), refuses('nothing-to-do'))
    const again = await atRest.offerEnable(address, password())
    await (
      await atRest.acceptEnable(again.offerId, again.recoveryCode)
    ).finished
    assert.deepEqual(await subjects(site), ['before 0', 'before 1', 'before 2'])
  })

  it('can be done with the recovery code', async () => {
    const { site, code } = await enabled()
    await site.accounts.atRest.disableAtRest(address, { kind: 'recovery', code })
    assert.equal((await site.accounts.info(address)).atRest, 'off')
  })
})

describe('a rotation', () => {
  it('renews every key and keeps every slot', async () => {
    const { site, code } = await enabled()
    const { atRest } = site.accounts
    const before = await site.accounts.info(address)
    const secret = { kind: 'password', password: password() } as const
    await (
      await atRest.rotateKeys(address, secret, { reencrypt: false })
    ).finished
    const after = await site.accounts.info(address)
    assert.deepEqual(after.slots, before.slots)
    assert.equal((await atRest.atRestStatus(address)).job, undefined)
    await atRest.testRecoveryCode(address, code)
    await deliverTo(site.accounts, address, mail('after'))
    assert.deepEqual(await subjects(site), ['before 0', 'before 1', 'before 2', 'after'])
    assert.deepEqual((await site.accounts.verify(address, password())).findings, [])
  })

  it('is refused while another is under way', async () => {
    const { site } = await enabled()
    const { atRest } = site.accounts
    const secret = { kind: 'password', password: password() } as const
    const first = await atRest.rotateKeys(address, secret, { reencrypt: false })
    await assert.rejects(atRest.rotateKeys(address, secret, { reencrypt: false }), refuses('busy'))
    assert.equal((await atRest.atRestStatus(address)).job?.kind, 'rotate')
    await first.finished
  })
})

describe('an account that is marked', () => {
  it('is encrypted at its next login, told so once, and has no code until it asks for one', async () => {
    const site = await withMail()
    const { atRest } = site.accounts
    await atRest.setPending(address, true)
    assert.equal((await atRest.atRestStatus(address)).isPending, true)
    await site.restart()
    await assert.rejects(site.accounts.login(address, password('wrong'), session))
    assert.equal((await site.accounts.info(address)).atRest, 'off')
    const open = await site.accounts.login(address, password(), session)
    await open.append('INBOX', chunks(mail('meanwhile')), { flags: [] })
    await until(async () => (await site.accounts.info(address)).atRest === 'on')
    await until(async () => (await open.status('INBOX')).messages === 5)
    await open.close()
    const status = await site.accounts.atRest.atRestStatus(address)
    assert.deepEqual([status.isPending, status.hasRecoveryCode], [false, false])
    assert.ok(!(await site.accounts.info(address)).slots.some(({ kind }) => kind === 'server'))
    for (let logins = 0; logins < 2; logins += 1) {
      const found = await subjects(site)
      assert.equal(found.filter((text) => text === 'Your mail is now encrypted on the server').length, 1)
      assert.equal(found.length, 5)
    }
    const { offerId, recoveryCode } = await site.accounts.atRest.offerRecoveryCode(address, password())
    await site.accounts.atRest.acceptRecoveryCode(offerId, recoveryCode, password())
    assert.equal((await site.accounts.atRest.atRestStatus(address)).hasRecoveryCode, true)
  })

  it('can be unmarked', async () => {
    const site = await withMail()
    await site.accounts.atRest.setPending(address, true)
    await site.accounts.atRest.setPending(address, false)
    assert.equal((await subjects(site)).length, 3)
    await turn()
    assert.equal((await site.accounts.info(address)).atRest, 'off')
  })

  const policies: readonly [site: AtRestPolicy, own: AtRestPolicy | undefined, expected: string][] = [
    ['off', undefined, 'refused'],
    ['offered', undefined, 'off'],
    ['new', undefined, 'on'],
    ['all', undefined, 'on'],
    ['offered', 'all', 'on'],
    ['all', 'off', 'refused'],
    ['off', 'offered', 'off'],
  ]
  for (const [policy, own, expected] of policies)
    it(`site ${policy}, account ${own ?? 'as the site'}: a new account is ${expected} after its first login`, async () => {
      const site = await makeSite({ rules: () => ({ policy, adminRecovery: true }) })
      const { accounts } = site
      await accounts.create(address, password())
      await accounts.atRest.setPolicy(address, own)
      assert.equal((await accounts.atRest.atRestStatus(address)).policy, own ?? policy)
      const open = await accounts.login(address, password(), session)
      if (expected === 'on') await until(async () => (await accounts.info(address)).atRest === 'on')
      else for (let turns = 0; turns < 50; turns += 1) await turn()
      await open.close()
      assert.equal((await accounts.info(address)).atRest, expected === 'on' ? 'on' : 'off')
      if (expected !== 'refused') return
      await assert.rejects(accounts.atRest.offerEnable(address, password()), refuses('not-permitted'))
      await assert.rejects(accounts.atRest.setPending(address, true), refuses('not-permitted'))
      await assert.rejects(accounts.enableAtRest(address, password()), refuses('not-permitted'))
    })
})

describe('the cost of a password', () => {
  it('is raised at a login when the site wants more, and never lowered', async () => {
    const dear = { memoryKiB: 128, passes: 2, parallelism: 1 }
    const site = await makeSite()
    await site.accounts.create(address, password())
    const costly = await makeSite({ kdf: dear, siteKey: site.siteKey }, site.store)
    const slotId = async (): Promise<string | undefined> =>
      (await costly.accounts.info(address)).slots.find(({ kind }) => kind === 'password')?.id
    const first = await slotId()
    const open = await costly.accounts.login(address, password(), session)
    await until(async () => (await slotId()) !== first)
    await open.close()
    const raised = await slotId()
    await costly.restart()
    for (const { accounts } of [costly, await makeSite({ siteKey: site.siteKey }, site.store)]) {
      const again = await accounts.login(address, password(), session)
      for (let turns = 0; turns < 50; turns += 1) await turn()
      await again.close()
      assert.equal(await slotId(), raised)
    }
  })
})
