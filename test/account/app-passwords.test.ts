// App passwords: what they open, what they do not, and how they end.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Accounts, SessionInfo } from '../../src/account/api.ts'
import type { OwnerSecret } from '../../src/account/api-lifecycle.ts'
import { isRefusal, type RefusalCode } from '../../src/account/errors.ts'
import { OpenSession } from '../../src/account/open-account.ts'
import { appPasswordsAtMost } from '../../src/account/slot-keeper.ts'
import { formatAppPassword } from '../../src/crypto/app-password.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import { cheapKdf, makeSite, overriding, password, session, type TestSite } from './support.ts'

const address = 'alice@example.org'
const own: OwnerSecret = { kind: 'password', password: password() }
const refuses =
  (code: RefusalCode, text = /./) =>
  (error: unknown) =>
    isRefusal(error, code) && text.test(error.message)
const submission = { protocol: 'submission', remoteAddress: '192.0.2.7', isTls: true } as const
const day = 24 * 3_600_000

/** Counts derivations, which an app password needs none of. */
class CountingGate extends KdfGate {
  derived = 0
  override async derive(...args: Parameters<KdfGate['derive']>): ReturnType<KdfGate['derive']> {
    this.derived += 1
    return super.derive(...args)
  }
}

async function siteOfAlice(
  options: { readonly isSealed?: boolean } & Parameters<typeof makeSite>[0] = {},
): Promise<TestSite & { readonly gate: CountingGate }> {
  const gate = new CountingGate({ minimumMemoryKiB: 8 })
  const { isSealed = true, ...others } = options
  const site = await makeSite({ gate, ...others })
  await site.accounts.create(address, password())
  if (isSealed) await (await site.accounts.enableAtRest(address, password())).finished
  return Object.assign(site, { gate })
}

async function appOf(
  { accounts }: { readonly accounts: Accounts },
  wanted: Partial<Parameters<Accounts['slots']['addAppPassword']>[2]> = {},
): Promise<{ readonly id: string; readonly text: Buffer }> {
  const { appPassword, text } = await accounts.slots.addAppPassword(address, own, {
    name: 'iPhone',
    ...wanted,
  })
  return { id: appPassword.id, text }
}

describe('an app password', () => {
  it('logs in by IMAP and by submission without Argon2id, locked and unlocked, however it is typed', async () => {
    const site = await siteOfAlice()
    const { text } = await appOf(site)
    site.gate.derived = 0
    for (const typed of [text, Buffer.from(String(text).toLowerCase().replaceAll('-', ' '))]) {
      const open = await site.accounts.login(address, typed, session)
      const again = await site.accounts.login(address, typed, session)
      assert.equal(open.mailboxes()[0]?.name, 'INBOX')
      const [row] = site.accounts.sessions()
      assert.deepEqual([row?.slotKind, row?.slotName], ['app', 'iPhone'])
      await Promise.all([open.close(), again.close()])
      assert.equal(await site.accounts.authenticate(address, typed, submission), address)
    }
    assert.equal(site.gate.derived, 0)
    assert.equal((await site.accounts.info(address)).isUnlocked, false)
  })

  it('leaves the account locked when it only authenticates', async () => {
    const site = await siteOfAlice()
    const { text } = await appOf(site)
    for (const secret of [text, password()]) {
      assert.equal(await site.accounts.authenticate(' ALICE@example.org', secret, submission), address)
      assert.equal((await site.accounts.info(address)).isUnlocked, false)
    }
  })

  it('survives a change of the main password, a rotation, a restart and renewed labels', async () => {
    const site = await siteOfAlice({ isSealed: false })
    const first = await appOf(site, { name: 'Büro', protocols: ['imap'], expiresAt: site.clock.time + day })
    await (
      await site.accounts.enableAtRest(address, password())
    ).finished
    await site.accounts.changePassword(address, password(), password('second'))
    const accounts = await site.restart()
    const owner: OwnerSecret = { kind: 'password', password: password('second') }
    const [app] = await accounts.slots.appPasswords(address, owner)
    assert.deepEqual(app, {
      ...{ id: first.id, name: 'Büro', protocols: ['imap'], createdAt: site.clock.time },
      ...{ expiresAt: site.clock.time + day, lastUsedAt: undefined, lastUsedFrom: undefined },
    })
    await (await accounts.login(address, first.text, session)).close()
  })

  it('is not taken by the web page or an administrator, nor as an owner’s secret', async () => {
    const site = await siteOfAlice()
    const { text } = await appOf(site)
    for (const protocol of ['web', 'admin', 'demo'] as const)
      await assert.rejects(
        site.accounts.login(address, text, { ...session, protocol }),
        refuses('authentication-failed'),
      )
    const asOwner: OwnerSecret = { kind: 'password', password: text }
    await assert.rejects(site.accounts.slots.slots(address, asOwner), refuses('authentication-failed'))
    await assert.rejects(
      site.accounts.changePassword(address, text, password('mine now')),
      refuses('authentication-failed'),
    )
  })

  it('is refused in words for a protocol it is not for', async () => {
    const site = await siteOfAlice()
    const reading = await appOf(site, { protocols: ['imap'] })
    const sending = await appOf(site, { protocols: ['submission'] })
    await assert.rejects(
      site.accounts.authenticate(address, reading.text, submission),
      refuses('not-accepted-here', /sending/),
    )
    await assert.rejects(
      site.accounts.login(address, sending.text, session),
      refuses('not-accepted-here', /reading/),
    )
    assert.equal((await site.accounts.info(address)).isUnlocked, false)
    await (await site.accounts.login(address, reading.text, session)).close()
  })

  it('is refused when it has expired, and goes at the next unlock', async () => {
    const site = await siteOfAlice()
    const { text } = await appOf(site, { expiresAt: site.clock.time + day })
    const open = await site.accounts.login(address, text, session)
    site.clock.time += day
    await assert.rejects(site.accounts.login(address, text, session), refuses('not-accepted-here', /expired/))
    await open.close()
    const owner = await site.accounts.login(address, password(), session)
    await until(async () => (await site.accounts.info(address)).slots.every(({ kind }) => kind !== 'app'))
    await owner.close()
    await assert.rejects(site.accounts.login(address, text, session), refuses('authentication-failed'))
  })

  it('costs as much as a wrong password when it is wrong, and is counted once', async () => {
    const heard: string[] = []
    const guard = {
      begin: async () => ({
        failed: async () => void heard.push('failed'),
        succeeded: async () => void heard.push('succeeded'),
        dropped: () => void heard.push('dropped'),
      }),
    }
    const site = await siteOfAlice({ guard })
    const { text } = await appOf(site)
    const { slots } = await site.accounts.info(address)
    const id = Buffer.from(slots.find(({ kind }) => kind === 'app')?.id ?? '', 'hex')
    const wrong: readonly (readonly [login: string, text: Buffer])[] = [
      [address, formatAppPassword(Buffer.alloc(16, 0x55), Buffer.alloc(16))], // hints at no slot
      [address, formatAppPassword(id, Buffer.alloc(16))], // hints at the right one
      [address, Buffer.from(`${String(text).slice(0, -1)}${String(text).endsWith('0') ? '1' : '0'}`)],
      ['nobody@example.org', text],
    ]
    for (const [login, given] of wrong) {
      site.gate.derived = 0
      heard.length = 0
      for (const tried of [
        () => site.accounts.login(login, given, session),
        () => site.accounts.authenticate(login, given, submission),
      ])
        await assert.rejects(tried(), refuses('authentication-failed', /^Wrong address or password$/))
      assert.equal(site.gate.derived, 2)
      assert.deepEqual(heard, ['failed', 'failed'])
    }
    heard.length = 0
    await site.accounts.authenticate(address, text, submission)
    assert.deepEqual(heard, ['succeeded'])
  })

  it('may be what a person chose as a password', async () => {
    const site = await siteOfAlice()
    const chosen = formatAppPassword(Buffer.alloc(16, 7), Buffer.alloc(16, 9))
    await site.accounts.changePassword(address, password(), chosen)
    await (await site.accounts.login(address, chosen, session)).close()
    await (await site.accounts.login(address, chosen, { ...session, protocol: 'web' })).close()
  })

  it('is one of a bounded number, with a name in one line', async () => {
    const site = await siteOfAlice()
    for (let count = 0; count < appPasswordsAtMost; count += 1) await appOf(site, { name: `no. ${count}` })
    await assert.rejects(appOf(site), refuses('limit', /room for/))
    for (const name of ['', '  ', 'two\nlines', 'x'.repeat(51)])
      await assert.rejects(appOf(site, { name }), refuses('limit'))
    await assert.rejects(appOf(site, { protocols: [] }), refuses('limit'))
    await assert.rejects(appOf(site, { expiresAt: site.clock.time }), refuses('limit'))
  })

  it('is made and listed with the site’s key only where that opens the account', async () => {
    const siteSecret: OwnerSecret = { kind: 'site' }
    const open = await siteOfAlice({ isSealed: false })
    await open.accounts.slots.addAppPassword(address, siteSecret, { name: 'a' })
    assert.equal((await open.accounts.slots.appPasswords(address, siteSecret)).length, 1)
    const sealed = await siteOfAlice()
    await assert.rejects(
      sealed.accounts.slots.addAppPassword(address, siteSecret, { name: 'a' }),
      refuses('mail-would-be-lost'),
    )
  })
})

describe('revoking an app password', () => {
  it('ends its sessions and no others, and takes it out of the slots at once while the account is open', async () => {
    const site = await siteOfAlice()
    const [phone, laptop] = [await appOf(site), await appOf(site, { name: 'laptop' })]
    const ended: string[] = []
    const info = (name: string): SessionInfo => ({ ...session, end: () => void ended.push(name) })
    await site.accounts.login(address, phone.text, info('phone'))
    await site.accounts.login(address, phone.text, info('phone'))
    const other = await site.accounts.login(address, laptop.text, info('laptop'))
    await site.accounts.slots.revokeAppPassword(address, phone.id)
    assert.deepEqual(ended, ['phone', 'phone'])
    assert.equal(site.accounts.sessions().length, 1)
    assert.equal((await site.accounts.info(address)).slots.filter(({ kind }) => kind === 'app').length, 1)
    await assert.rejects(site.accounts.login(address, phone.text, session), refuses('authentication-failed'))
    await (await site.accounts.login(address, laptop.text, session)).close()
    await other.close()
    await assert.rejects(site.accounts.slots.revokeAppPassword(address, phone.id), refuses('no-such-slot'))
  })

  it('needs no secret of a locked account, is in force from then on, and is finished at the next unlock', async () => {
    const site = await siteOfAlice()
    const [phone, laptop] = [await appOf(site), await appOf(site, { name: 'laptop' })]
    await site.accounts.slots.revokeAppPassword(address, phone.id)
    const before = (await site.accounts.info(address)).slots
    assert.equal(before.filter(({ kind }) => kind === 'app').length, 2)
    const accounts = await site.restart()
    await assert.rejects(accounts.login(address, phone.text, session), refuses('authentication-failed'))
    await assert.rejects(
      accounts.authenticate(address, phone.text, submission),
      refuses('authentication-failed'),
    )
    const open = await accounts.login(address, laptop.text, session)
    await until(async () => (await accounts.info(address)).slots.length === before.length - 1)
    await open.close()
    assert.deepEqual(
      (await accounts.slots.appPasswords(address, own)).map(({ name }) => name),
      ['laptop'],
    )
    await assert.rejects(accounts.login(address, phone.text, session), refuses('authentication-failed'))
  })

  it('closes the account when nobody else has it open, and its keys are wiped', async () => {
    const site = await siteOfAlice()
    const { id, text } = await appOf(site)
    const open = await site.accounts.login(address, text, session)
    await site.accounts.slots.revokeAppPassword(address, id)
    assert.ok(open instanceof OpenSession && open.account.vault.isWiped)
    assert.equal((await site.accounts.info(address)).isUnlocked, false)
  })

  it('stays in force when the slots cannot be changed', async () => {
    const site = await siteOfAlice()
    const { id, text } = await appOf(site)
    const open = await site.accounts.login(address, password(), session)
    let isBroken = false
    const { store } = site
    const failing = overriding(store, {
      transact: (account, run) =>
        isBroken ? Promise.reject(new Error('no disk')) : store.transact(account, run),
    })
    await open.close()
    const accounts = await site.restart(failing)
    const again = await accounts.login(address, password(), session)
    isBroken = true
    await assert.rejects(accounts.slots.revokeAppPassword(address, id))
    isBroken = false
    await assert.rejects(accounts.login(address, text, session), refuses('authentication-failed'))
    await again.close()
  })

  for (const id of ['', '0', 'zzzzzzzz', '00000000'])
    it(`refuses "${id}", which is no slot`, async () => {
      const site = await siteOfAlice()
      await appOf(site)
      await assert.rejects(site.accounts.slots.revokeAppPassword(address, id), refuses('no-such-slot'))
    })
})

describe('the main password', () => {
  it('is for the web page only where its owner wants that, and says so at the cost of a wrong one', async () => {
    const site = await siteOfAlice()
    const { text } = await appOf(site)
    const ended: string[] = []
    await site.accounts.login(address, password(), { ...session, end: (why) => void ended.push(why) })
    const web = await site.accounts.login(address, password(), { ...session, protocol: 'web' })
    await site.accounts.slots.setMainPasswordUse(address, own, 'web-only')
    assert.equal(ended.length, 1)
    await web.close()
    site.gate.derived = 0
    const tries = [
      () => site.accounts.login(address, password(), session),
      () => site.accounts.authenticate(address, password(), submission),
    ]
    for (const attempt of tries) await assert.rejects(attempt(), refuses('not-accepted-here', /app password/))
    await assert.rejects(
      site.accounts.login(address, password('wrong'), session),
      refuses('authentication-failed'),
    )
    assert.equal(site.gate.derived, 3)
    assert.equal((await site.accounts.info(address)).isUnlocked, false)
    await (await site.accounts.login(address, text, session)).close()
    await (await site.accounts.login(address, password(), { ...session, protocol: 'web' })).close()
    // Also while it is open, and known without a derivation.
    const open = await site.accounts.login(address, password(), { ...session, protocol: 'web' })
    for (const attempt of tries) await assert.rejects(attempt(), refuses('not-accepted-here'))
    await open.close()
    await site.accounts.slots.setMainPasswordUse(address, own, 'everywhere')
    await (await site.accounts.login(address, password(), session)).close()
  })

  it('must be given to change that', async () => {
    const site = await siteOfAlice()
    const wrong: OwnerSecret = { kind: 'password', password: password('wrong') }
    await assert.rejects(
      site.accounts.slots.setMainPasswordUse(address, wrong, 'web-only'),
      refuses('authentication-failed'),
    )
    await (await site.accounts.login(address, password(), session)).close()
  })
})

describe('slots', () => {
  it('are listed with names and cost', async () => {
    const site = await siteOfAlice()
    await appOf(site)
    const slots = await site.accounts.slots.slots(address, own)
    assert.deepEqual(
      slots.map(({ kind, name, kdf }) => [kind, name, kdf?.memoryKiB]),
      [
        ['password', undefined, cheapKdf.memoryKiB],
        ['recovery', undefined, undefined],
        ['app', 'iPhone', undefined],
      ],
    )
  })

  it('are removed with the sessions that used them, but for the last password', async () => {
    const site = await siteOfAlice()
    const { id, text } = await appOf(site)
    const ended: string[] = []
    await site.accounts.login(address, text, { ...session, end: (why) => void ended.push(why) })
    const { slots } = await site.accounts.info(address)
    const { account } = await open(site)
    const vk = account.vault.vkVersion
    await site.accounts.slots.removeSlot(address, own, id)
    assert.equal(ended.length, 1)
    assert.equal(account.vault.vkVersion, vk + 1)
    const passwordSlot = slots.find(({ kind }) => kind === 'password')?.id.slice(0, 8) ?? ''
    await assert.rejects(site.accounts.slots.removeSlot(address, own, passwordSlot), refuses('not-permitted'))
    await assert.rejects(site.accounts.slots.removeSlot(address, own, id), refuses('no-such-slot'))
  })

  it('of the site are not removed so', async () => {
    const site = await siteOfAlice({ isSealed: false })
    const { slots } = await site.accounts.info(address)
    const server = slots.find(({ kind }) => kind === 'server')?.id.slice(0, 8) ?? ''
    await assert.rejects(site.accounts.slots.removeSlot(address, own, server), refuses('not-permitted'))
  })
})

describe('the last use of an app password', () => {
  const used = async (accounts: Accounts): Promise<readonly (string | number | undefined)[]> => {
    const [app] = await accounts.slots.appPasswords(address, own)
    return [app?.lastUsedAt, app?.lastUsedFrom]
  }

  it('is known at once, kept over a restart, and written at most once an hour from one place', async () => {
    const site = await siteOfAlice()
    const { text } = await appOf(site)
    const first = site.clock.time
    const login = async (remoteAddress: string): Promise<number> => {
      const opened = await site.accounts.login(address, text, { ...session, remoteAddress })
      opened.noteClient('Mail\u001b[31m 16')
      await opened.close()
      return (await site.store.info(await accountOf(site)))?.version ?? 0
    }
    const version = await login('192.0.2.1')
    assert.deepEqual(await used(site.accounts), [first, '192.0.2.1, Mail [31m 16'])
    site.clock.time += 60_000
    assert.equal(await login('192.0.2.1'), version)
    assert.deepEqual(await used(site.accounts), [first + 60_000, '192.0.2.1, Mail [31m 16'])
    assert.deepEqual(await used(await site.restart()), [first, '192.0.2.1, Mail [31m 16'])
    site.clock.time += 10 * 60_000
    assert.equal(await login('192.0.2.2'), version + 1)
    site.clock.time += 59 * 60_000
    assert.equal(await login('192.0.2.2'), version + 1)
    site.clock.time += 60_000
    assert.equal(await login('192.0.2.2'), version + 2)
    assert.deepEqual(await used(await site.restart()), [site.clock.time, '192.0.2.2, Mail [31m 16'])
  })

  it('of a submission is written at the next unlock', async () => {
    const site = await siteOfAlice()
    const { text } = await appOf(site)
    await site.accounts.authenticate(address, text, submission)
    assert.deepEqual(await used(site.accounts), [site.clock.time, '192.0.2.7'])
    assert.deepEqual(await used(await site.restart()), [site.clock.time, '192.0.2.7'])
  })

  it('keeps nobody out when its record is damaged, and survives a rotation', async () => {
    const site = await siteOfAlice({ isSealed: false })
    const { text } = await appOf(site)
    await (await site.accounts.login(address, text, session)).close()
    const { finished } = await site.accounts.enableAtRest(address, password())
    await finished
    assert.deepEqual((await used(await site.restart()))[0], site.clock.time)
    const key = Buffer.from('ku')
    const { store } = site
    const damaged = overriding(store, {
      read: (account, run) =>
        store.read(account, (snapshot) =>
          run(
            overriding(snapshot, {
              get: (name) =>
                key.equals(name) ? Promise.resolve(Buffer.from('rubbish')) : snapshot.get(name),
            }),
          ),
        ),
    })
    const accounts = await site.restart(damaged)
    await (await accounts.login(address, text, session)).close()
    assert.deepEqual(await used(await site.restart(store)), [site.clock.time, '127.0.0.1'])
  })
})

async function accountOf({ accounts }: TestSite): Promise<Buffer> {
  return Buffer.from((await accounts.info(address)).accountId, 'hex')
}

async function open(site: TestSite): Promise<OpenSession> {
  const opened = await site.accounts.login(address, password(), session)
  assert.ok(opened instanceof OpenSession)
  return opened
}

/** Waits for what nobody waits for. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 1))
}
