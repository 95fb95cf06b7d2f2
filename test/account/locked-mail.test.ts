// Mail that the login password does not open: what its owner sees, what keeps arriving, and every way back.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OwnerSecret } from '../../src/account/api-lifecycle.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { lockedMailboxName } from '../../src/account/locked-session.ts'
import { alice, chunks, deliverTo, mail, makeSite, password, session, type TestSite } from './support.ts'

const address = 'alice@example.org'
/** No mail about recovery codes. */
const quiet = { recovery: { delayMs: 0, mail: 'off', intoMailbox: false } } as const
const refuses = (code: Parameters<typeof isRefusal>[1]) => (error: unknown) => isRefusal(error, code)

async function locked(): Promise<{ site: TestSite; code: Buffer }> {
  const site = await makeSite(quiet)
  const open = await alice(site)
  await open.append('INBOX', chunks(mail('precious')), { flags: [] })
  await open.close()
  const { recoveryCode, finished } = await site.accounts.enableAtRest(address, password())
  await finished
  await site.accounts.lockedMail.lockMail(address, password('given'))
  return { site, code: recoveryCode }
}

async function subjects(site: TestSite, text: string, name = 'INBOX'): Promise<string[]> {
  const open = await site.accounts.login(address, password(text), session)
  try {
    const mailbox = await open.select(name, { isReadOnly: true })
    const found: string[] = []
    for await (const { header } of mailbox.contents(mailbox.uids()))
      found.push(/^Subject: (.*)\r$/m.exec(header?.toString() ?? '')?.[1] ?? '')
    return found
  } finally {
    await open.close()
  }
}

describe('locked mail', () => {
  it('shows one message that says so, and nothing else, to the new password', async () => {
    const { site } = await locked()
    assert.equal((await site.accounts.info(address)).atRest, 'locked')
    const open = await site.accounts.login(address, password('given'), session)
    assert.deepEqual(
      open.mailboxes().map(({ name }) => name),
      [lockedMailboxName],
    )
    assert.equal(open.isIncomplete, true)
    for (const name of ['INBOX', 'inbox', 'Sent', 'never was']) {
      await assert.rejects(open.select(name, { isReadOnly: false }), refuses('unavailable'))
      await assert.rejects(open.status(name), refuses('unavailable'))
      await assert.rejects(open.append(name, chunks(mail('x')), { flags: [] }), refuses('unavailable'))
    }
    const notice = await open.select(lockedMailboxName, { isReadOnly: false })
    assert.equal(notice.isReadOnly, true)
    const [uid] = notice.uids()
    const content = await notice.content(uid ?? assert.fail())
    const octets: Buffer[] = []
    for await (const piece of content?.read(0, content.sizeBytes) ?? []) octets.push(piece)
    assert.match(Buffer.concat(octets).toString(), /NOTHING IS LOST[\s\S]*unlock-mail alice@example\.org/)
    assert.equal(Buffer.concat(octets).length, content?.sizeBytes)
    assert.deepEqual(await notice.expunge(), [])
    await assert.rejects(notice.storeFlags([], 'add', []), refuses('read-only'))
    assert.deepEqual(
      site.accounts.sessions().map(({ slotKind }) => slotKind),
      ['locked'],
    )
    await open.close()
    assert.deepEqual(site.accounts.sessions(), [])
  })

  it('ends with encryption: its password opens nothing from then on, also when encryption is turned on again', async () => {
    const { site } = await locked()
    const { accounts } = site
    const secret: OwnerSecret = { kind: 'password', password: password() }
    await accounts.atRest.disableAtRest(address, secret)
    const given = (): Promise<unknown> => accounts.login(address, password('given'), session)
    await assert.rejects(given(), refuses('authentication-failed'))
    await accounts.setPassword(address, password('third'))
    await assert.rejects(given(), refuses('authentication-failed'))
    await (
      await accounts.enableAtRest(address, password('third'))
    ).finished
    assert.equal((await accounts.info(address)).atRest, 'on')
    await assert.rejects(given(), refuses('authentication-failed'))
    assert.ok((await subjects(site, 'third')).includes('precious'))
  })

  it('is refused where the password could simply be set', async () => {
    const site = await makeSite(quiet)
    await (await alice(site)).close()
    await assert.rejects(site.accounts.lockedMail.lockMail(address, password('x')), refuses('nothing-to-do'))
    const secret: OwnerSecret = { kind: 'password', password: password() }
    await assert.rejects(
      site.accounts.lockedMail.unlockMail(address, secret, password('x')),
      refuses('nothing-to-do'),
    )
  })

  it('keeps arriving, and opens directly with the old password', async () => {
    const { site } = await locked()
    await deliverTo(site.accounts, address, mail('came while locked'))
    assert.deepEqual(await subjects(site, 'correct horse'), [
      'precious',
      'A password was set that does not open your mail',
      'came while locked',
    ])
    // The new password is one still, after a restart too.
    await site.restart()
    assert.equal((await subjects(site, 'given', lockedMailboxName)).length, 1)
    await assert.rejects(
      site.accounts.login(address, password('guess'), session),
      refuses('authentication-failed'),
    )
  })

  it('opens again with the old password or the recovery code, under the password typed then', async () => {
    for (const by of ['password', 'recovery'] as const) {
      const { site, code } = await locked()
      const secret: OwnerSecret =
        by === 'password' ? { kind: 'password', password: password() } : { kind: 'recovery', code }
      await assert.rejects(
        site.accounts.lockedMail.unlockMail(
          address,
          { kind: 'password', password: password('given') },
          password('x'),
        ),
        refuses('authentication-failed'),
      )
      await site.accounts.lockedMail.unlockMail(address, secret, password('from now on'))
      assert.ok((await subjects(site, 'from now on')).includes('precious'))
      for (const old of ['given', 'correct horse'])
        await assert.rejects(
          site.accounts.login(address, password(old), session),
          refuses('authentication-failed'),
        )
      const trail = await site.accounts.trail.trail(address, {
        kind: 'password',
        password: password('from now on'),
      })
      assert.deepEqual(
        trail.slice(-2).map(({ kind, by: who }) => [kind, who]),
        [
          ['mail-locked', 'admin'],
          ['mail-unlocked', 'owner'],
        ],
      )
      assert.equal((await site.accounts.info(address)).atRest, 'on')
    }
  })

  it('ends with any password that opens the mail', async () => {
    const ways: readonly ((site: TestSite, code: Buffer) => Promise<unknown>)[] = [
      (site) => site.accounts.changePassword(address, password(), password('next')),
      (site, code) => site.accounts.recover(address, code, password('next')),
    ]
    for (const way of ways) {
      const { site, code } = await locked()
      await way(site, code)
      assert.ok((await subjects(site, 'next')).includes('precious'))
      await assert.rejects(
        site.accounts.login(address, password('given'), session),
        refuses('authentication-failed'),
      )
    }
  })

  it('opens with the admin’s key, and its sessions can be ended', async () => {
    const site = await makeSite(quiet)
    await site.accounts.escrow.setEscrow([Buffer.from('admin')])
    const open = await alice(site)
    await open.append('INBOX', chunks(mail('precious')), { flags: [] })
    await open.close()
    await (
      await site.accounts.enableAtRest(address, password())
    ).finished
    await site.accounts.lockedMail.lockMail(address, password('given'))
    let ended = ''
    await site.accounts.login(address, password('given'), { ...session, end: (reason) => (ended = reason) })
    await site.accounts.escrow.escrowResetPassword(address, [Buffer.from('admin')], password('reset'))
    assert.match(ended, /reset/)
    assert.ok((await subjects(site, 'reset')).includes('precious'))
    await assert.rejects(
      site.accounts.login(address, password('given'), session),
      refuses('authentication-failed'),
    )
  })
})
