// Logins that do not show the password: what they open, for whom there is a slot for them, and that it goes with its password.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Accounts, ScramChallenge } from '../../src/account/api.ts'
import type { OwnerSecret } from '../../src/account/api-lifecycle.ts'
import { isRefusal, type RefusalCode } from '../../src/account/errors.ts'
import { slotsKey } from '../../src/account/keys.ts'
import type { LoginGuard } from '../../src/account/login-guard.ts'
import { usableScram } from '../../src/account/scram-slots.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import { makeSlot } from '../../src/crypto/slot.ts'
import { slotCheck } from '../../src/crypto/slot-codec.ts'
import { decodeSlotList, encodeSlotList } from '../../src/crypto/slot-list.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { iterations, scramLogin, scramSlots, until } from './scram-logins.ts'
import { chunks, cheapKdf, mail, makeSite, password, readAll, session, type TestSite } from './support.ts'

const address = 'alice@example.org'
const own: OwnerSecret = { kind: 'password', password: password() }
const refuses = (code: RefusalCode) => (error: unknown) => isRefusal(error, code)
const wrong = refuses('authentication-failed')

async function siteOfAlice(
  options: Parameters<typeof makeSite>[0] = {},
  isSealed = false,
): Promise<TestSite> {
  const site = await makeSite({ scramIterations: iterations, ...options })
  await site.accounts.create(address, password())
  if (isSealed) await (await site.accounts.enableAtRest(address, password())).finished
  return site
}

const idsOf = async (accounts: Accounts, text?: string): Promise<string[]> =>
  (await scramSlots(accounts, address, text)).map(({ id }) => id)

async function plain(accounts: Accounts, text = password()): Promise<void> {
  await (await accounts.login(address, text, session)).close()
}

async function slotBytes({ store, accounts }: TestSite): Promise<{ account: Buffer; bytes: Buffer }> {
  const account = Buffer.from((await accounts.info(address)).accountId, 'hex')
  const bytes = await store.read(account, (snapshot) => snapshot.get(slotsKey))
  assert.ok(bytes)
  return { account, bytes: Buffer.from(bytes) }
}

describe('a login by SCRAM', () => {
  for (const isSealed of [false, true])
    it(`opens the mail of a locked account with at-rest encryption ${isSealed ? 'on' : 'off'}`, async () => {
      const site = await siteOfAlice({}, isSealed)
      const before = await site.accounts.login(address, password(), session)
      await before.append('INBOX', chunks(mail('kept')), { flags: [] })
      await before.close()
      const accounts = await site.restart()
      assert.equal((await accounts.info(address)).isUnlocked, false)
      const open = await scramLogin(accounts, address)
      assert.equal(accounts.sessions()[0]?.slotKind, 'scram')
      const inbox = await open.select('INBOX', { isReadOnly: true })
      const [uid] = inbox.uids()
      assert.ok(uid)
      assert.match((await readAll(inbox, uid)).toString(), /Subject: kept/)
      await open.close()
      assert.equal((await accounts.info(address)).isUnlocked, false)
    })

  it('takes an alias, and any case of the address', async () => {
    const { accounts } = await siteOfAlice()
    await accounts.names.addAlias('info@example.org', [address])
    for (const name of ['info@example.org', 'ALICE@example.org'])
      await (await scramLogin(accounts, name)).close()
  })

  it('needs no Argon2id', async () => {
    const gate = new KdfGate({ minimumMemoryKiB: 8 })
    const { accounts } = await siteOfAlice({ gate })
    gate.derive = () => Promise.reject(new Error('no derivation'))
    await (await scramLogin(accounts, address)).close()
    await assert.rejects(scramLogin(accounts, address, 'wrong'), wrong)
    await assert.rejects(scramLogin(accounts, 'nobody@example.org'), wrong)
  })

  it('tells whoever asks the same of names with and without an account', async () => {
    const site = await siteOfAlice()
    const { scram } = site.accounts
    assert.ok(scram)
    for (const name of [address, 'nobody@example.org', 'not an address', '', '@', 'x'.repeat(320)]) {
      const first: ScramChallenge = await scram.challenge(name)
      const second: ScramChallenge = await scram.challenge(name)
      assert.deepEqual([first.salt, first.iterations], [second.salt, second.iterations], name)
      assert.deepEqual([first.salt.length, first.iterations], [16, iterations], name)
      assert.notEqual(first.nonce, second.nonce)
      assert.match(first.nonce, /^[A-Za-z0-9_-]{32}$/)
    }
    const told = await scram.challenge('nobody@example.org')
    const again = (await site.restart()).scram
    assert.deepEqual((await again?.challenge('Nobody@example.org'))?.salt, told.salt)
  })

  it('is counted by the guard like any other', async () => {
    const heard: string[] = []
    const guard: LoginGuard = {
      begin: async (_address, login) => ({
        failed: async () => void heard.push(`failed ${login}`),
        succeeded: async () => void heard.push(`succeeded ${login}`),
        dropped: () => void heard.push(`dropped ${login}`),
      }),
    }
    const { accounts } = await siteOfAlice({ guard })
    await assert.rejects(scramLogin(accounts, address, 'wrong'), wrong)
    await assert.rejects(scramLogin(accounts, 'nobody@example.org'), wrong)
    await (await scramLogin(accounts, address)).close()
    const nobody = 'nobody@example.org'
    assert.deepEqual(heard, [`failed ${address}`, `failed ${nobody}`, `succeeded ${address}`])
  })

  it('waits where the guard says so', async () => {
    const site = await siteOfAlice()
    const { Refusal } = await import('../../src/account/errors.ts')
    const guard: LoginGuard = { begin: () => Promise.reject(new Refusal('busy', 'wait')) }
    await site.accounts.close()
    const other = await makeSite({ scramIterations: iterations, guard }, site.store)
    await assert.rejects(scramLogin(other.accounts, address), refuses('busy'))
  })

  it('refuses an account that is disabled, and one that is deleted', async () => {
    const { accounts } = await siteOfAlice()
    await accounts.setDisabled(address, true)
    await assert.rejects(scramLogin(accounts, address), refuses('account-disabled'))
    await assert.rejects(scramLogin(accounts, address, 'wrong'), wrong)
    await accounts.delete(address)
    await assert.rejects(scramLogin(accounts, address), wrong)
  })

  it('is not there unless the site wants it', async () => {
    const { accounts } = await siteOfAlice({ scramIterations: undefined })
    assert.equal(accounts.scram, undefined)
    assert.deepEqual(await idsOf(accounts), [])
  })

  it('takes no app password, which PLAIN does', async () => {
    const { accounts } = await siteOfAlice()
    const { text } = await accounts.slots.addAppPassword(address, own, { name: 'phone' })
    await assert.rejects(scramLogin(accounts, address, text.toString()), wrong)
    await plain(accounts, text)
    await (await scramLogin(accounts, address)).close()
  })

  it('opens nothing where somebody has put a verifier of their own, even with the site’s key', async () => {
    const site = await siteOfAlice({}, true)
    const { account, bytes } = await slotBytes(site)
    const { vkVersion, slots } = decodeSlotList(bytes)
    const gate = new KdfGate()
    const theirs = await makeSlot(
      {
        ...{ account, volumeKey: Buffer.alloc(32, 1), vkVersion, createdAt: 0 },
        secret: { kind: 'scram', password: Buffer.from('theirs'), siteKey: site.siteKey, iterations },
      },
      gate,
    )
    // All that is told and compared is theirs; what the volume key is sealed to is not.
    const planted = slots.map((slot) => {
      if (slot.kind !== 'scram' || !theirs.scram) return slot
      const parts = { ...slot, id: theirs.id, salt: theirs.salt, scram: theirs.scram }
      return { ...parts, check: slotCheck(parts) }
    })
    const list = encodeSlotList(account, { vkVersion, slots: planted }, Buffer.alloc(32, 1))
    const put = (value: Buffer): Promise<unknown> =>
      site.store.transact(account, async (tx) => tx.put(slotsKey, value))
    await put(list)
    await assert.rejects(scramLogin(site.accounts, address, 'theirs'), wrong)
    // A whole slot of theirs opens to a volume key of theirs, which is not the account's.
    await put(encodeSlotList(account, { vkVersion, slots: [theirs] }, Buffer.alloc(32, 1)))
    await assert.rejects(scramLogin(site.accounts, address, 'theirs'), refuses('damaged'))
    await put(bytes)
    // What was meddled with raised the version behind the account's back: only the slots are looked at here.
    assert.ok(usableScram(site.siteKey, account, slots))
    assert.equal(usableScram(SiteKey.make().siteKey, account, slots), undefined)
  })
})

describe('the slot for it', () => {
  const changes: readonly [name: string, isSealed: boolean, run: (site: TestSite) => Promise<unknown>][] = [
    [
      'its owner changes it',
      true,
      ({ accounts }) => accounts.changePassword(address, password(), password('new')),
    ],
    ['the site sets it', false, ({ accounts }) => accounts.setPassword(address, password('new'))],
    [
      'the recovery code sets it',
      false,
      async ({ accounts }) => {
        const { recoveryCode, finished } = await accounts.enableAtRest(address, password())
        await finished
        return accounts.recover(address, recoveryCode, password('new'))
      },
    ],
    [
      'locked mail is unlocked',
      true,
      async ({ accounts }) => {
        await accounts.lockedMail.lockMail(address, password('given'))
        await assert.rejects(scramLogin(accounts, address, 'given'), wrong)
        await (await scramLogin(accounts, address)).close()
        return accounts.lockedMail.unlockMail(address, own, password('new'))
      },
    ],
    [
      'an administrator resets it by the recovery key',
      false,
      async ({ accounts }) => {
        await accounts.escrow.setEscrow([password('admins')])
        await (
          await accounts.enableAtRest(address, password())
        ).finished
        return accounts.escrow.escrowResetPassword(address, [password('admins')], password('new'))
      },
    ],
  ]
  for (const [name, isSealed, run] of changes)
    it(`is another when the password is: ${name}`, async () => {
      const site = await siteOfAlice({}, isSealed)
      const [before] = await idsOf(site.accounts)
      assert.ok(before)
      await run(site)
      const after = await idsOf(site.accounts, 'new')
      assert.equal(after.length, 1)
      assert.notEqual(after[0], before)
      await assert.rejects(scramLogin(site.accounts, address), wrong)
      await (await scramLogin(site.accounts, address, 'new')).close()
      await site.restart()
      await assert.rejects(scramLogin(site.accounts, address), wrong)
      await (await scramLogin(site.accounts, address, 'new')).close()
    })

  const kept: readonly [name: string, run: (site: TestSite) => Promise<unknown>][] = [
    [
      'a rotation',
      async ({ accounts }) => (await accounts.atRest.rotateKeys(address, own, { reencrypt: false })).finished,
    ],
    [
      'turning encryption off',
      async ({ accounts }) => (await accounts.atRest.disableAtRest(address, own)).finished,
    ],
    ['an app password', ({ accounts }) => accounts.slots.addAppPassword(address, own, { name: 'phone' })],
    [
      'another address',
      ({ accounts }) => accounts.names.rename(address, 'alice.b@example.org', { keepsAlias: true }),
    ],
  ]
  for (const [name, run] of kept)
    it(`stays through ${name}`, async () => {
      const site = await siteOfAlice({}, true)
      const before = await idsOf(site.accounts)
      await run(site)
      await (await scramLogin(site.accounts, address)).close()
      if (name !== 'another address') assert.deepEqual(await idsOf(site.accounts), before)
    })

  it('is made at the next login with the password, and made anew for another cost', async () => {
    const site = await siteOfAlice({ scramIterations: undefined }, true)
    const on = async (scramIterations: number): Promise<Accounts> =>
      (await makeSite({ scramIterations, siteKey: site.siteKey }, site.store)).accounts
    await site.accounts.close()
    const accounts = await on(iterations)
    await assert.rejects(scramLogin(accounts, address), wrong)
    await plain(accounts)
    await until(async () => (await idsOf(accounts)).length === 1)
    await (await scramLogin(accounts, address)).close()
    await accounts.close()
    const dearer = await on(5000)
    // The old one still works meanwhile.
    await (await scramLogin(dearer, address)).close()
    await plain(dearer)
    await until(async () => (await scramSlots(dearer, address))[0]?.iterations === 5000)
    await (await scramLogin(dearer, address)).close()
    assert.equal((await idsOf(dearer)).length, 1)
    // Its owner can see that there is another way to open the mail, and that nobody but the site asked for it.
    const trail = await dearer.trail.trail(address, { kind: 'password', password: password() })
    assert.deepEqual(
      trail.map(({ kind, by }) => `${kind} ${by}`),
      ['enabled owner', 'scram-added server', 'scram-added server'],
    )
    await dearer.close()
  })

  it('goes at the next login when the site does not want it any more', async () => {
    const site = await siteOfAlice({}, true)
    await site.accounts.close()
    const { accounts } = await makeSite({ siteKey: site.siteKey }, site.store)
    const { scram } = accounts
    assert.equal(scram, undefined)
    await plain(accounts)
    await until(async () => (await idsOf(accounts)).length === 0)
    const trail = await accounts.trail.trail(address, own)
    assert.ok(trail.some(({ kind, by }) => kind === 'slot-removed' && by === 'server'))
  })

  it('goes while the main password is for the page only, and comes back', async () => {
    const { accounts } = await siteOfAlice({}, true)
    let end = ''
    const open = await scramLogin(accounts, address, undefined, {
      ...session,
      end: (reason) => (end = reason),
    })
    await accounts.slots.setMainPasswordUse(address, own, 'web-only')
    assert.match(end, /main password/)
    await open.close()
    assert.deepEqual(await idsOf(accounts), [])
    await assert.rejects(scramLogin(accounts, address), wrong)
    // Nor is one made with a new password, or by a login at the page.
    await accounts.changePassword(address, password(), password('new'))
    await (await accounts.login(address, password('new'), { ...session, protocol: 'web' })).close()
    assert.deepEqual(await idsOf(accounts, 'new'), [])
    const now: OwnerSecret = { kind: 'password', password: password('new') }
    await accounts.slots.setMainPasswordUse(address, now, 'everywhere')
    await plain(accounts, password('new'))
    await until(async () => (await idsOf(accounts, 'new')).length === 1)
    await (await scramLogin(accounts, address, 'new')).close()
  })

  it('can be removed, with its sessions, and comes back with the next login by password', async () => {
    const { accounts } = await siteOfAlice({}, true)
    const [id = ''] = await idsOf(accounts)
    let end = ''
    const open = await scramLogin(accounts, address, undefined, {
      ...session,
      end: (reason) => (end = reason),
    })
    await accounts.slots.removeSlot(address, own, id)
    assert.match(end, /removed/)
    await open.close()
    await assert.rejects(scramLogin(accounts, address), wrong)
    await plain(accounts)
    await until(async () => (await idsOf(accounts)).length === 1)
  })

  for (const [name, secret] of [
    ['is not UTF-8', Buffer.from('caf\u00e9', 'latin1')],
    ['has control characters', Buffer.from('a\tb')],
    ['mixes directions', Buffer.from('\u0627 1')],
  ] as const)
    it(`is not made for a password that ${name}, which stays good for PLAIN`, async () => {
      const { accounts } = await siteOfAlice()
      await accounts.changePassword(address, password(), secret)
      await plain(accounts, secret)
      const all = await accounts.slots.slots(address, { kind: 'password', password: secret })
      assert.deepEqual(all.map(({ kind }) => kind).sort(), ['password', 'server'])
      await assert.rejects(scramLogin(accounts, address), wrong)
    })

  it('is of the password as SASLprep makes it', async () => {
    const { accounts } = await siteOfAlice()
    await accounts.changePassword(address, password(), Buffer.from('cafe\u0301\u00a0\u2168'))
    await (await scramLogin(accounts, address, 'caf\u00e9 IX')).close()
  })

  it('lets the site encrypt the account at a login by it', async () => {
    const { accounts } = await siteOfAlice()
    await accounts.atRest.setPending(address, true)
    await (await scramLogin(accounts, address)).close()
    await until(async () => (await accounts.atRest.atRestStatus(address)).state === 'on')
    await (await scramLogin(accounts, address)).close()
  })

  it('is never of a password that was changed while a login with it went on', async () => {
    const site = await siteOfAlice({ scramIterations: undefined }, true)
    await site.accounts.close()
    for (let round = 0; round < 8; round += 1) {
      const [from, to] = round % 2 === 0 ? [password(), password('new')] : [password('new'), password()]
      // Another cost each time: each login wants to make a slot.
      const options = {
        scramIterations: iterations + round,
        siteKey: site.siteKey,
        kdf: { ...cheapKdf, passes: 1 + round },
      }
      const { accounts } = await makeSite(options, site.store)
      const held = await accounts.login(address, from, session)
      await Promise.all([
        accounts.changePassword(address, from, to),
        plain(accounts, from).catch(() => undefined),
      ])
      await held.close()
      await accounts.close()
      const after = await makeSite(options, site.store)
      await assert.rejects(after.accounts.login(address, from, session), wrong)
      await assert.rejects(scramLogin(after.accounts, address, from.toString()), wrong)
      await (await scramLogin(after.accounts, address, to.toString())).close()
      await after.accounts.close()
    }
  })

  it('fits into a full list', async () => {
    const { accounts } = await siteOfAlice({}, true)
    await accounts.escrow.setEscrow([password('admins')])
    for (let index = 0; index < 20; index += 1)
      await accounts.slots.addAppPassword(address, own, { name: `${index} ${'x'.repeat(47)}` })
    const all = await accounts.slots.slots(address, own)
    assert.equal(all.length, 24)
    await (await scramLogin(accounts, address)).close()
    await accounts.changePassword(address, password(), password('new'))
    await (await scramLogin(accounts, address, 'new')).close()
  })
})
