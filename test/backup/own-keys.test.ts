// Backups of accounts whose owner has keys of their own: mail is sealed to those that were restored, at once, and never to none.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isRefusal } from '../../src/account/errors.ts'
import { openInBackup } from '../../src/backup/check.ts'
import { cheapKdf, deliverTo, mail, password } from '../account/support.ts'
import { KeyRing } from '../pubkey/keys.ts'
import { skipWithout } from '../support/programs.ts'
import { alice, contents, gate, live, openSite, remove, restore, take, type BackupSite } from './support.ts'

const owner = {
  kind: 'password',
  get password() {
    return password()
  },
} as const

describe('a backup of an account with keys of its own', { skip: skipWithout('openssl') }, () => {
  const ring = new KeyRing()
  let first: Buffer
  let second: Buffer
  before(() => {
    first = ring.makeCertificate('p256-cert', 'first')
    second = ring.makeCertificate('p256-cert', 'second')
  })
  after(() => ring.close())

  const newest = async ({ accounts }: BackupSite): Promise<Buffer> => {
    const row = (await contents(accounts, alice)).get('INBOX')?.at(-1) ?? ''
    return Buffer.from(row.slice(row.indexOf(' ', row.indexOf(' ') + 1) + 1), 'latin1')
  }

  it('restored has mail sealed to the keys of then, before anybody logs in', async () => {
    const site = await openSite()
    site.clock.time = Date.now()
    await live(site)
    const { publicKeys } = site.accounts
    await publicKeys.addPublicKeys(alice, owner, first)
    await site.backups.take(site.backup, take)
    const [old] = (await publicKeys.publicKeys(alice)).keys
    await publicKeys.addPublicKeys(alice, owner, second)
    await publicKeys.removePublicKey(alice, owner, old?.fingerprint ?? '')
    await site.backups.restore(site.backup, { ...restore, address: alice, mayReplace: true })
    await deliverTo(site.accounts, alice, mail('after the restore'))
    assert.deepEqual(
      (await publicKeys.publicKeys(alice)).keys.map(({ fingerprint }) => fingerprint),
      [old?.fingerprint],
    )
    assert.deepEqual(ring.openByOpenssl(await newest(site), 'first'), mail('after the restore'))
    await site.accounts.delete(alice)
    await site.backups.restore(site.backup, { ...restore, address: alice })
    await deliverTo(site.accounts, alice, mail('after the deletion'))
    assert.deepEqual(ring.openByOpenssl(await newest(site), 'first'), mail('after the deletion'))
    await site.close()
    await remove(site)
  })

  it('opens, and is restored, without the site key; mail waits for the first login', async () => {
    const site = await openSite()
    site.clock.time = Date.now()
    await live(site)
    await site.accounts.publicKeys.addPublicKeys(alice, owner, first)
    await site.backups.take(site.backup, take)
    const { clock } = site
    const report = await openInBackup(site.backup, {
      ...{ address: alice, password: password(), gate, kdf: cheapKdf, clock },
    })
    assert.deepEqual(report.findings, [])
    const fresh = await openSite()
    fresh.clock.time = clock.time
    await fresh.backups.restore(site.backup, { ...restore, mayBeForeign: true })
    await assert.rejects(deliverTo(fresh.accounts, alice, mail('too early')), (error) =>
      isRefusal(error, 'damaged'),
    )
    await contents(fresh.accounts, alice)
    await deliverTo(fresh.accounts, alice, mail('now'))
    assert.deepEqual(ring.openByOpenssl(await newest(fresh), 'first'), mail('now'))
    for (const each of [site, fresh]) await each.close()
    await remove(site, fresh)
  })
})
