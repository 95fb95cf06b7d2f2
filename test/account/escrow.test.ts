// Admin recovery: who gets a slot for the site's key, what admins can do with it, and what the owner is shown of that.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OwnerSecret, TrailKind } from '../../src/account/api-lifecycle.ts'
import type { AuditEntry, AuditLog } from '../../src/account/audit.ts'
import { isRefusal, Refusal } from '../../src/account/errors.ts'
import { encodeEscrow, makeEscrowSeed, sealEscrowKey } from '../../src/crypto/escrow.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { FailingStore } from './failing-store.ts'
import { alice, cheapKdf, chunks, mail, makeSite, password, session, type TestSite } from './support.ts'

const address = 'alice@example.org'
/** No mail about recovery codes. */
const quiet = { recovery: { delayMs: 0, mail: 'off', intoMailbox: false } } as const
const refuses = (code: Parameters<typeof isRefusal>[1]) => (error: unknown) => isRefusal(error, code)
const admin = (text = 'admin words'): Buffer => Buffer.from(text)
const owner = (text?: string): OwnerSecret => ({ kind: 'password', password: password(text) })
const gate = new KdfGate({ parallel: 2, queue: 64, minimumMemoryKiB: 8 })

class KeptAudit implements AuditLog {
  readonly entries: AuditEntry[] = []
  isBroken = false
  async write(entry: AuditEntry): Promise<void> {
    if (this.isBroken) throw new Refusal('unavailable', 'the disk is full')
    this.entries.push(entry)
  }
  get events(): string[] {
    return this.entries.map(({ event }) => event)
  }
}

async function enabled(site: TestSite): Promise<Buffer> {
  const open = await alice(site)
  await open.append('INBOX', chunks(mail('precious')), { flags: [] })
  await open.close()
  const { recoveryCode, finished } = await site.accounts.enableAtRest(address, password())
  await finished
  return recoveryCode
}

/** A login that stays until what it set going is done. */
async function visit(site: TestSite, text?: string): Promise<void> {
  const open = await site.accounts.login(address, password(text), session)
  await open.close()
}

/** What the owner of these tests does, and is not looked at here. */
const ownDoing: ReadonlySet<TrailKind> = new Set(['enabled', 'password-changed', 'recovered'])

const kindsOf = async (site: TestSite): Promise<string[]> =>
  (await site.accounts.info(address)).slots.map(({ kind }) => kind).sort()

async function trailOf(site: TestSite, secret: OwnerSecret = owner()): Promise<TrailKind[]> {
  return (await site.accounts.trail.trail(address, secret))
    .map(({ kind }) => kind)
    .filter((kind) => !ownDoing.has(kind))
}

async function subjects(site: TestSite, text?: string): Promise<string[]> {
  const open = await site.accounts.login(address, password(text), session)
  const inbox = await open.select('INBOX', { isReadOnly: true })
  const found: string[] = []
  for await (const { header } of inbox.contents(inbox.uids()))
    found.push(/^Subject: (.*)\r$/m.exec(header?.toString() ?? '')?.[1] ?? '')
  await open.close()
  return found
}

describe('an account’s slot for the recovery key', () => {
  it('comes when encryption is turned on', async () => {
    const site = await makeSite(quiet)
    await site.accounts.escrow.setEscrow([admin()])
    await enabled(site)
    assert.deepEqual(await kindsOf(site), ['escrow', 'password', 'recovery'])
    assert.deepEqual(await trailOf(site), ['admin-recovery-added'])
    const entry = (await site.accounts.trail.trail(address, owner())).find(
      ({ kind }) => kind === 'admin-recovery-added',
    )
    assert.match(entry?.detail ?? '', /^key [0-9a-f]{16}$/)
    const { fingerprint, accounts } = await site.accounts.escrow.escrowStatus()
    assert.equal(entry?.detail, `key ${fingerprint}`)
    assert.equal(accounts, 1)
  })

  it('comes at the next unlock of an account that is encrypted already, once', async () => {
    const site = await makeSite(quiet)
    await enabled(site)
    await site.accounts.escrow.setEscrow([admin()])
    assert.deepEqual(await kindsOf(site), ['password', 'recovery'])
    await visit(site)
    assert.deepEqual(await kindsOf(site), ['escrow', 'password', 'recovery'])
    await visit(site)
    await site.restart()
    await visit(site)
    assert.deepEqual(await trailOf(site), ['admin-recovery-added'])
  })

  it('is never there while the site’s own key opens the account', async () => {
    const site = await makeSite(quiet)
    await site.accounts.escrow.setEscrow([admin()])
    await (await alice(site)).close()
    assert.deepEqual(await kindsOf(site), ['password', 'server'])
  })

  it('is never there where the site forbids it, and goes where it comes to forbid it', async () => {
    const forbidden = await makeSite({ rules: () => ({ policy: 'offered', adminRecovery: false }) })
    await forbidden.accounts.escrow.setEscrow([admin()])
    await enabled(forbidden)
    await visit(forbidden)
    assert.deepEqual(await kindsOf(forbidden), ['password', 'recovery'])
    let isAllowed = true
    const site = await makeSite({
      rules: (domain) => ({ policy: 'offered', adminRecovery: isAllowed && domain === 'example.org' }),
    })
    await site.accounts.escrow.setEscrow([admin()])
    await enabled(site)
    isAllowed = false
    await visit(site)
    assert.deepEqual(await kindsOf(site), ['password', 'recovery'])
    assert.deepEqual(await trailOf(site), ['admin-recovery-added', 'admin-recovery-removed'])
    await assert.rejects(
      site.accounts.openFor(address, { kind: 'admin', passwords: [admin()] }, session),
      refuses('mail-would-be-lost'),
    )
  })

  it('goes when the key is removed; until then it opens nothing', async () => {
    const site = await makeSite(quiet)
    await site.accounts.escrow.setEscrow([admin()])
    await enabled(site)
    await site.accounts.escrow.removeEscrow([admin()])
    const secret: OwnerSecret = { kind: 'admin', passwords: [admin()] }
    await assert.rejects(site.accounts.openFor(address, secret, session), refuses('mail-would-be-lost'))
    assert.deepEqual(await kindsOf(site), ['escrow', 'password', 'recovery'])
    await visit(site)
    assert.deepEqual(await kindsOf(site), ['password', 'recovery'])
    assert.deepEqual(await trailOf(site), ['admin-recovery-added', 'admin-recovery-removed'])
  })

  it('becomes another one for another key, and the owner is told', async () => {
    const site = await makeSite(quiet)
    await site.accounts.escrow.setEscrow([admin()])
    await enabled(site)
    await site.accounts.escrow.removeEscrow(undefined)
    await site.accounts.escrow.setEscrow([admin('second')])
    await visit(site)
    assert.deepEqual(await trailOf(site), ['admin-recovery-added', 'admin-recovery-changed'])
    const open = await site.accounts.openFor(
      address,
      { kind: 'admin', passwords: [admin('second')] },
      session,
    )
    await open.close()
  })

  it('survives whatever else is done to the slots', async () => {
    const site = await makeSite(quiet)
    await site.accounts.escrow.setEscrow([admin()])
    const code = await enabled(site)
    await site.accounts.changePassword(address, password(), password('next'))
    await site.accounts.recover(address, code, password('after'))
    assert.deepEqual(await kindsOf(site), ['escrow', 'password', 'recovery'])
    const open = await site.accounts.openFor(address, { kind: 'admin', passwords: [admin()] }, session)
    await open.close()
  })

  it('comes whole or not at all, killed anywhere', async () => {
    for (let after = 1; after <= 4; after += 1) {
      const inner = openMemoryStore()
      const disk = new FailingStore(inner)
      const site = await makeSite({}, disk.store)
      await enabled(site)
      await site.accounts.escrow.setEscrow([admin()])
      disk.killAfter(after)
      await visit(site).catch(() => undefined)
      const accounts = await site.reopen(inner)
      await visit({ ...site, accounts })
      const again = { ...site, accounts }
      assert.deepEqual(await kindsOf(again), ['escrow', 'password', 'recovery'])
      assert.deepEqual(await trailOf(again), ['admin-recovery-added'])
    }
  })
})

describe('somebody who can write to the disk', () => {
  it('cannot put a key of their own in, nor take the record away, nor put an older one back, unnoticed', async () => {
    const audit = new KeptAudit()
    const site = await makeSite({ ...quiet, audit })
    await site.accounts.escrow.setEscrow([admin()])
    const first = Buffer.from((await site.store.site.get('escrow')) ?? assert.fail())
    await enabled(site)
    await site.accounts.escrow.removeEscrow(undefined)
    await site.accounts.escrow.setEscrow([admin('second')])
    await visit(site)
    const { siteKey: theirs } = await makeSite(quiet)
    const { id, seed } = makeEscrowSeed()
    const key = await sealEscrowKey({ id, seed }, [admin('thief')], 1, cheapKdf, gate)
    const now = site.clock.time
    const forged = encodeEscrow(theirs, { generation: now + 9, createdAt: now, changedAt: now, key })
    const flipped = Buffer.from((await site.store.site.get('escrow')) ?? assert.fail())
    flipped[100] = (flipped[100] ?? 0) ^ 1
    for (const record of [forged, flipped, first, undefined]) {
      await site.store.site.put('escrow', record)
      const before = audit.events.filter((event) => event === 'escrow.record-refused').length
      await visit(site)
      assert.deepEqual(await kindsOf(site), ['escrow', 'password', 'recovery'])
      assert.deepEqual(await trailOf(site), ['admin-recovery-added', 'admin-recovery-changed'])
      assert.ok(audit.events.filter((event) => event === 'escrow.record-refused').length > before)
      // Nor does any other edit of slots seal to it.
      await site.accounts.changePassword(address, password(), password())
      assert.deepEqual(await trailOf(site), ['admin-recovery-added', 'admin-recovery-changed'])
    }
  })

  it('with the site’s key as well can; the owner is told of the other key', async () => {
    const site = await makeSite(quiet)
    await site.accounts.escrow.setEscrow([admin()])
    await enabled(site)
    const { id, seed } = makeEscrowSeed()
    const key = await sealEscrowKey({ id, seed }, [admin('thief')], 1, cheapKdf, gate)
    const now = site.clock.time + 1
    await site.store.site.put(
      'escrow',
      encodeEscrow(site.siteKey, { generation: now, createdAt: now, changedAt: now, key }),
    )
    await visit(site)
    assert.deepEqual(await trailOf(site), ['admin-recovery-added', 'admin-recovery-changed'])
  })
})

describe('the admin recovery password', () => {
  it('is set once, tested, and changed, also after accounts were sealed to the key', async () => {
    const audit = new KeptAudit()
    const site = await makeSite({ ...quiet, audit })
    const { escrow } = site.accounts
    await assert.rejects(escrow.testEscrow([admin()]), refuses('no-admin-key'))
    await escrow.setEscrow([admin()])
    await assert.rejects(escrow.setEscrow([admin()]), refuses('already-enabled'))
    await escrow.testEscrow([admin()])
    await assert.rejects(escrow.testEscrow([admin('guess')]), refuses('wrong-admin-password'))
    await enabled(site)
    await assert.rejects(
      escrow.changeEscrowPassword([admin('guess')], [admin('new')]),
      refuses('wrong-admin-password'),
    )
    await escrow.changeEscrowPassword([admin()], [admin('new')])
    await assert.rejects(escrow.testEscrow([admin()]), refuses('wrong-admin-password'))
    await escrow.escrowResetPassword(address, [admin('new')], password('fresh'))
    assert.ok((await subjects(site, 'fresh')).includes('precious'))
    const events = audit.events.filter((event) => !event.startsWith('slot.'))
    assert.deepEqual(events, [
      'escrow.set',
      'escrow.tested',
      'escrow.refused',
      'account.created',
      'atrest.enabled',
      'escrow.refused',
      'escrow.password-changed',
      'escrow.refused',
      'escrow.used',
      'password.set',
    ])
    const text = JSON.stringify(audit.entries)
    for (const word of ['admin words', 'guess', 'fresh', 'precious']) assert.ok(!text.includes(word))
  })

  it('may be shared by several admins', async () => {
    const site = await makeSite(quiet)
    const { escrow } = site.accounts
    const [a, b, c] = [admin('a'), admin('b'), admin('c')] as const
    await assert.rejects(escrow.setEscrow([a, b], 3), refuses('limit'))
    await assert.rejects(escrow.setEscrow([a, a], 2), refuses('limit'))
    await assert.rejects(escrow.setEscrow([Buffer.alloc(0)]), refuses('limit'))
    await escrow.setEscrow([a, b, c], 2)
    const { threshold, holders } = await escrow.escrowStatus()
    assert.deepEqual([threshold, holders], [2, 3])
    await enabled(site)
    await assert.rejects(
      escrow.escrowResetPassword(address, [a], password('x')),
      refuses('wrong-admin-password'),
    )
    await escrow.escrowResetPassword(address, [c, a], password('x'))
    await visit(site, 'x')
    await escrow.changeEscrowPassword([a, b], [admin('alone')])
    await escrow.testEscrow([admin('alone')])
  })
})

describe('an admin', () => {
  it('sets a new password: the mail stays, and the owner finds an entry and a message', async () => {
    const site = await makeSite(quiet)
    await site.accounts.escrow.setEscrow([admin()])
    const code = await enabled(site)
    let ended = ''
    await site.accounts.login(address, password(), { ...session, end: (reason) => (ended = reason) })
    await site.accounts.escrow.escrowResetPassword(address, [admin()], password('fresh'))
    assert.match(ended, /reset/)
    await assert.rejects(site.accounts.login(address, password(), session), refuses('authentication-failed'))
    assert.deepEqual(await subjects(site, 'fresh'), [
      'precious',
      'Your password was reset by an administrator',
    ])
    assert.deepEqual(await trailOf(site, owner('fresh')), [
      'admin-recovery-added',
      'opened-by-admin',
      'password-reset-by-admin',
    ])
    // The recovery code is still good.
    await site.accounts.recover(address, code, password('third'))
  })

  it('turns encryption off: the site’s key opens the account, and the owner finds an entry and a message', async () => {
    const site = await makeSite(quiet)
    await site.accounts.escrow.setEscrow([admin()])
    const code = await enabled(site)
    await (
      await site.accounts.escrow.escrowDecrypt(address, [admin()])
    ).finished
    assert.equal((await site.accounts.info(address)).atRest, 'off')
    assert.deepEqual(await kindsOf(site), ['password', 'server'])
    assert.deepEqual(await subjects(site), ['precious', 'Your mail was decrypted by an administrator'])
    assert.deepEqual(await trailOf(site), ['admin-recovery-added', 'opened-by-admin', 'decrypted-by-admin'])
    await assert.rejects(site.accounts.recover(address, code, password('x')), refuses('wrong-recovery-code'))
    await site.accounts.setPassword(address, password('by the site'))
  })

  it('opens nothing where no line can be written about it', async () => {
    const audit = new KeptAudit()
    const site = await makeSite({ ...quiet, audit })
    await site.accounts.escrow.setEscrow([admin()])
    await enabled(site)
    audit.isBroken = true
    const { escrow } = site.accounts
    await assert.rejects(
      escrow.escrowResetPassword(address, [admin()], password('x')),
      refuses('unavailable'),
    )
    await assert.rejects(escrow.escrowDecrypt(address, [admin()]), refuses('unavailable'))
    await visit(site)
    assert.deepEqual(await trailOf(site), ['admin-recovery-added'])
  })

  it('verifies an account with the key, which the owner can see', async () => {
    const site = await makeSite(quiet)
    await site.accounts.escrow.setEscrow([admin()])
    await enabled(site)
    const secret: OwnerSecret = { kind: 'admin', passwords: [admin()] }
    assert.equal((await site.accounts.trail.trail(address, secret)).at(-1)?.kind, 'opened-by-admin')
    await assert.rejects(
      site.accounts.openFor(address, { kind: 'admin', passwords: [admin('no')] }, session),
      refuses('wrong-admin-password'),
    )
  })
})
