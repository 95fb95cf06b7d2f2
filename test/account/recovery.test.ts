// Recovery with a waiting time, and the mails about recovery codes: who is told, who can cancel, and what a restart changes.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OutgoingMail } from '../../src/account/notices.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { Unavailable } from '../../src/store/errors.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Store } from '../../src/store/store.ts'
import { alice, makeSite, overriding, password, session, type TestSite } from './support.ts'

const address = 'alice@example.org'
const elsewhere = 'alice@elsewhere.example'
const day = 24 * 60 * 60_000
const refuses = (code: Parameters<typeof isRefusal>[1]) => (error: unknown) => isRefusal(error, code)

class KeptMail implements OutgoingMail {
  readonly sent: { readonly to: string; readonly text: string }[] = []
  fails = false
  async send(to: string, message: Buffer): Promise<void> {
    if (this.fails) throw new Error('the relay is down')
    this.sent.push({ to, text: message.toString() })
  }
}

async function enabled(
  options: Parameters<typeof makeSite>[0],
  store?: Store,
): Promise<{ site: TestSite; code: Buffer; outgoing: KeptMail }> {
  const outgoing = new KeptMail()
  const site = await makeSite(
    {
      outgoing,
      recovery: { delayMs: 0, mail: 'notice', intoMailbox: false },
      ...options,
    },
    store,
  )
  await (await alice(site)).close()
  await site.accounts.setAlternateAddress(address, elsewhere)
  // What is said about that is for another test.
  outgoing.sent.length = 0
  const { recoveryCode, finished } = await site.accounts.enableAtRest(address, password())
  await finished
  return { site, code: recoveryCode, outgoing }
}

async function inbox(site: TestSite, text?: string): Promise<string> {
  const open = await site.accounts.login(address, password(text), session)
  const selected = await open.select('INBOX', { isReadOnly: true })
  const all: Buffer[] = []
  for await (const content of selected.contents(selected.uids()))
    for await (const piece of content.read(0, content.sizeBytes)) all.push(piece)
  await open.close()
  return Buffer.concat(all).toString()
}

const waits = {
  recovery: { delayMs: 2 * day, mail: 'off', intoMailbox: false, baseUrl: 'https://mail.example.org' },
} as const

describe('a recovery', () => {
  it('shows the new code whatever fails once the old one is used up', async () => {
    const inner = openMemoryStore()
    const fate = { isBroken: false }
    const directory = overriding(inner.directory, {
      async put(...given) {
        if (fate.isBroken) throw new Unavailable('io', 'injected')
        await inner.directory.put(...given)
      },
    })
    const { site, code } = await enabled({}, overriding(inner, { directory }))
    await site.accounts.lockedMail.lockMail(address, password('given'))
    fate.isBroken = true
    const { recoveryCode } = await site.accounts.recover(address, code, password('next'))
    fate.isBroken = false
    await site.accounts.recover(address, recoveryCode, password('later'))
    await inbox(site, 'later')
  })
})

describe('a recovery that has to wait', () => {
  it('is begun once by two at once, and the link of that one cancels it', async () => {
    const { site, code, outgoing } = await enabled(waits)
    const { recovery } = site.accounts
    const begun = await Promise.all([
      recovery.beginRecovery(address, code),
      recovery.beginRecovery(address, code),
    ])
    const tokens = begun.flatMap(({ cancelToken }) => cancelToken ?? [])
    assert.equal(tokens.length, 1)
    assert.equal(outgoing.sent.length, 1)
    await recovery.cancelRecovery(address, { token: tokens[0] ?? '' })
    assert.equal(await recovery.waitingRecovery(address), undefined)
  })

  it('is told to the owner, and sets the password when its time has come, also after a restart', async () => {
    const { site, code, outgoing } = await enabled(waits)
    await assert.rejects(site.accounts.recover(address, code, password('next')), refuses('not-permitted'))
    assert.equal(outgoing.sent.length, 1)
    assert.equal(outgoing.sent[0]?.to, elsewhere)
    assert.match(outgoing.sent[0].text, /https:\/\/mail\.example\.org\/recovery\/cancel\?address=alice/)
    assert.match(await inbox(site), /Somebody gave the recovery code/)
    site.clock.time += day
    await assert.rejects(site.accounts.recover(address, code, password('next')), refuses('not-permitted'))
    await site.restart()
    site.clock.time += day
    await site.accounts.recover(address, code, password('next'))
    assert.equal(outgoing.sent.length, 1)
    await inbox(site, 'next')
    const trail = await site.accounts.trail.trail(address, { kind: 'password', password: password('next') })
    assert.deepEqual(
      trail.map(({ kind }) => kind),
      ['alternate-address', 'enabled', 'recovery-begun', 'recovered'],
    )
  })

  it('begins with the right code only', async () => {
    const { site, outgoing } = await enabled(waits)
    const wrong = Buffer.from('0000-0000-0000-0000-0000-0000-0000')
    await assert.rejects(site.accounts.recover(address, wrong, password('x')), refuses('wrong-recovery-code'))
    await assert.rejects(
      site.accounts.recovery.beginRecovery(address, Buffer.from('AB')),
      refuses('wrong-recovery-code'),
    )
    assert.equal(outgoing.sent.length, 0)
  })

  it('is cancelled by the token or by the password, and then has to wait anew', async () => {
    for (const by of ['token', 'password'] as const) {
      const { site, code } = await enabled(waits)
      const { recovery } = site.accounts
      const { readyAt, cancelToken } = await recovery.beginRecovery(address, code)
      assert.equal(readyAt, site.clock.time + 2 * day)
      assert.deepEqual(await recovery.beginRecovery(address, code), { readyAt, cancelToken: undefined })
      await assert.rejects(
        recovery.cancelRecovery(address, { token: 'guess' }),
        refuses('authentication-failed'),
      )
      await assert.rejects(
        recovery.cancelRecovery('nobody@example.org', { token: 'guess' }),
        refuses('authentication-failed'),
      )
      await recovery.cancelRecovery(
        address,
        by === 'token' ? { token: cancelToken ?? assert.fail() } : { password: password() },
      )
      site.clock.time += 3 * day
      await assert.rejects(site.accounts.recover(address, code, password('x')), refuses('not-permitted'))
      const trail = await site.accounts.trail.trail(address, { kind: 'password', password: password() })
      assert.ok(trail.some(({ kind }) => kind === 'recovery-cancelled'))
    }
  })

  it('does not stay open for ever', async () => {
    const { site, code } = await enabled(waits)
    await site.accounts.recovery.beginRecovery(address, code)
    site.clock.time += 30 * day
    await assert.rejects(site.accounts.recover(address, code, password('x')), refuses('not-permitted'))
  })

  it('does not wait where the site does not want it', async () => {
    const { site, code } = await enabled({})
    assert.equal((await site.accounts.recovery.beginRecovery(address, code)).readyAt, site.clock.time)
    await site.accounts.recover(address, code, password('next'))
  })
})

describe('the mail about a recovery code', () => {
  it('says that there is one, without it', async () => {
    const { code, outgoing, site } = await enabled({})
    assert.match(outgoing.sent[0]?.text ?? '', /Subject: Your recovery code is new/)
    assert.ok(!outgoing.sent.some(({ text }) => text.includes(code.toString())))
    assert.ok(!(await inbox(site)).includes(code.toString()))
  })

  it('is the code itself where the site wants that, to the alternate address and nowhere else', async () => {
    for (const intoMailbox of [false, true]) {
      const { code, outgoing, site } = await enabled({ recovery: { delayMs: 0, mail: 'code', intoMailbox } })
      assert.match(
        outgoing.sent[0]?.text ?? '',
        new RegExp(`\\r\\n    ${code.toString()}\\r\\n\\r\\nPrint it`),
      )
      assert.equal((await inbox(site)).includes(code.toString()), intoMailbox)
      const { recoveryCode } = await site.accounts.recover(address, code, password('next'))
      assert.ok(outgoing.sent.some(({ text }) => text.includes(recoveryCode.toString())))
    }
  })

  it('undoes nothing when it cannot be sent', async () => {
    const outgoing = new KeptMail()
    outgoing.fails = true
    const { site, code } = await enabled({ outgoing })
    await site.accounts.recover(address, code, password('next'))
    await inbox(site, 'next')
  })
})
