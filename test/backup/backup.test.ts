// Backups: taken while the site runs, incremental, verified without keys and with them, restored on a machine that lost everything else.
import assert from 'node:assert/strict'
import { cp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { decodeEntry, encodeEntry } from '../../src/account/directory.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { checkBackup, openInBackup } from '../../src/backup/check.ts'
import { backupMac } from '../../src/crypto/backup-mac.ts'
import { sha256 } from '../../src/crypto/digest.ts'
import { BackupRefused } from '../../src/backup/errors.ts'
import { chunks, cheapKdf, deliverTo, mail, password, session } from '../account/support.ts'
import {
  alice,
  bob,
  contents,
  filesOf,
  gate,
  incremental,
  live,
  marked,
  openSite,
  remove,
  restore,
  take,
} from './support.ts'
import type { BackupSite } from './support.ts'

/** A manifest as the first version wrote it (LAYOUT.md): without the accounts' heads. */
function asVersion1(bytes: Buffer, { siteKey }: BackupSite): Buffer {
  const pieces: Buffer[] = []
  let at = 0
  const take = (length: number): Buffer => {
    const piece = Buffer.from(bytes.subarray(at, (at += length)))
    pieces.push(piece)
    return piece
  }
  take(8)
  take(1)[0] = 1
  take(16 + 4 + 32 + 8 + 1 + 40)
  for (let accounts = take(4).readUInt32BE(); accounts > 0; accounts -= 1) {
    take(16)
    take(take(2).readUInt16BE())
    take(8)
    at += 32
    take(8 + 1 + 8 + 4 + 40)
    for (let packs = take(4).readUInt32BE(); packs > 0; packs -= 1) take(8 + 40)
    take(4 + 8)
  }
  const before = Buffer.concat(pieces)
  const body = Buffer.concat([before, backupMac(siteKey, before)])
  return Buffer.concat([body, sha256(body)])
}

const check = (site: BackupSite) => checkBackup(site.backup, { siteKey: site.siteKey })

describe('backup and restore', () => {
  it('brings everything back on a machine that lost everything but the backup and the site key', async () => {
    const site = await openSite()
    await live(site)
    const taken = await site.backups.take(site.backup, take)
    assert.deepEqual([taken.accounts, taken.unchanged, taken.problems], [2, 0, []])
    // What comes after the backup is what a restore loses.
    const before = new Map([
      [alice, await contents(site.accounts, alice)],
      [bob, await contents(site.accounts, bob)],
    ])
    const checked = await check(site)
    assert.deepEqual([checked.problems, checked.isOurs, checked.accounts], [[], true, 2])
    await site.close()
    await rm(join(site.root, 'store'), { recursive: true })

    const fresh = await openSite({ keyBytes: site.keyBytes })
    const report = await fresh.backups.restore(site.backup, restore)
    assert.deepEqual(report.accounts.map(({ address, state, lost }) => [address, state, lost]).sort(), [
      [alice, 'restored', 0],
      [bob, 'restored', 0],
    ])
    for (const address of [alice, bob]) {
      assert.deepEqual(await contents(fresh.accounts, address), before.get(address))
      assert.deepEqual((await fresh.accounts.verify(address, password())).findings, [])
      await deliverTo(fresh.accounts, address, mail('after'))
    }
    assert.equal((await fresh.accounts.info(alice)).atRest, 'on')
    assert.equal((await fresh.accounts.info(bob)).atRest, 'off')
    assert.deepEqual((await fresh.accounts.verify(bob, undefined)).findings, [])
    await fresh.close()
    await remove(site, fresh)
  })

  it('gives restored mailboxes new UIDVALIDITYs, greater than all before, once', async () => {
    const site = await openSite()
    await live(site)
    const validities = async (): Promise<number[]> => {
      const open = await site.accounts.login(bob, password(), session)
      const found = open.mailboxes().map(({ id }) => Number(open.statusNow(id)?.uidValidity))
      await open.close()
      return found
    }
    const old = await validities()
    await site.backups.take(site.backup, take)
    const open = await site.accounts.login(bob, password(), session)
    await open.createMailbox('later')
    const later = Number((await open.status('later')).uidValidity)
    await open.close()
    site.clock.time += 1000
    const report = await site.backups.restore(site.backup, { ...restore, address: bob, mayReplace: true })
    assert.equal(report.accounts[0]?.state, 'restored')
    const fresh = await validities()
    assert.ok(Math.min(...fresh) > Math.max(...old), 'greater than before')
    assert.equal(new Set(fresh).size, fresh.length)
    assert.ok(fresh.every((value) => value !== later))
    assert.deepEqual(await validities(), fresh)
    assert.deepEqual((await site.accounts.verify(bob, password())).findings, [])
    await site.close()
    await remove(site)
  })

  it('copies bodies once, and skips accounts that have not changed', async () => {
    const site = await openSite()
    await live(site)
    await site.backups.take(site.backup, take)
    const first = await filesOf(site.backup)
    const nothing = await site.backups.take(site.backup, incremental)
    assert.deepEqual([nothing.unchanged, nothing.copiedBytes], [2, 0])
    const second = await filesOf(site.backup)
    assert.equal(second.length, first.length + 2, 'a manifest and the site’s file')
    await deliverTo(site.accounts, bob, mail('one more'))
    const more = await site.backups.take(site.backup, incremental)
    assert.equal(more.unchanged, 1)
    assert.ok(more.copiedBytes > 0 && more.copiedBytes < 2000, String(more.copiedBytes))
    assert.deepEqual((await check(site)).problems, [])
    // The same as a full one of the same moment.
    const full = join(site.root, 'full')
    await site.backups.take(full, take)
    const [left, right] = [
      await openSite({ keyBytes: site.keyBytes }),
      await openSite({ keyBytes: site.keyBytes }),
    ]
    await left.backups.restore(site.backup, restore)
    await right.backups.restore(full, restore)
    for (const address of [alice, bob])
      assert.deepEqual(await contents(left.accounts, address), await contents(right.accounts, address))
    for (const each of [site, left, right]) await each.close()
    await remove(site, left, right)
  })

  it('does not take another history of the same length for no change', async () => {
    const site = await openSite()
    const { accountId } = await site.accounts.create(bob, password())
    const id = Buffer.from(accountId, 'hex')
    const version = async (): Promise<number> => (await site.store.info(id))?.version ?? 0
    const names = async (): Promise<string[]> => [...(await contents(site.accounts, bob)).keys()]
    await site.backups.take(site.backup, take)
    const open = await site.accounts.login(bob, password(), session)
    for (let index = 0; index < 12; index += 1) await open.createMailbox(`lost ${index}`)
    await open.close()
    await site.backups.take(site.backup, incremental)
    const reached = await version()
    const generation = 1
    await site.backups.restore(site.backup, { ...restore, address: bob, mayReplace: true, generation })
    const again = await site.accounts.login(bob, password(), session)
    for (let index = 0; (await version()) < reached; index += 1) await again.createMailbox(`kept ${index}`)
    await again.close()
    assert.equal(await version(), reached)
    const present = await names()
    assert.ok(present.includes('kept 0') && !present.includes('lost 0'))
    const taken = await site.backups.take(site.backup, incremental)
    assert.equal(taken.unchanged, 0)
    assert.equal((await site.backups.take(site.backup, incremental)).unchanged, 1)
    assert.deepEqual((await check(site)).problems, [])
    await site.accounts.delete(bob)
    await site.backups.restore(site.backup, { ...restore, address: bob })
    assert.deepEqual(await names(), present)
    await site.close()
    await remove(site)
  })

  it('reads manifests of the first version, which name no chain heads', async () => {
    const site = await openSite()
    await live(site)
    await site.backups.take(site.backup, take)
    const [path = ''] = await filesOf(join(site.backup, 'generations'))
    await writeFile(path, asVersion1(await readFile(path), site))
    assert.deepEqual((await check(site)).problems, [])
    const taken = await site.backups.take(site.backup, incremental)
    assert.deepEqual([taken.unchanged, taken.copiedBytes], [0, 0])
    const fresh = await openSite({ keyBytes: site.keyBytes })
    const report = await fresh.backups.restore(site.backup, { ...restore, generation: 1 })
    assert.deepEqual(
      report.accounts.map(({ state, lost }) => [state, lost]),
      [
        ['restored', 0],
        ['restored', 0],
      ],
    )
    for (const each of [site, fresh]) await each.close()
    await remove(site, fresh)
  })

  it('gives the address to an account whose restore ended just before that', async () => {
    const site = await openSite()
    await live(site)
    await site.backups.take(site.backup, take)
    const before = await contents(site.accounts, bob)
    await site.close()
    await rm(join(site.root, 'store'), { recursive: true })
    const fresh = await openSite({ keyBytes: site.keyBytes })
    await fresh.backups.restore(site.backup, restore)
    const entry = await fresh.store.directory.get(bob)
    await fresh.store.directory.delete(bob, entry ?? Buffer.alloc(0))
    const again = await fresh.backups.restore(site.backup, restore)
    assert.deepEqual(again.accounts.map(({ address, state, text }) => [address, state, text]).sort(), [
      [alice, 'same', undefined],
      [bob, 'restored', undefined],
    ])
    assert.deepEqual(await contents(fresh.accounts, bob), before)
    await fresh.close()
    await remove(site, fresh)
  })

  it('refuses an account that came to the version of the backup by another way', async () => {
    const site = await openSite()
    await live(site)
    await site.backups.take(site.backup, take)
    await deliverTo(site.accounts, bob, mail('this'))
    await site.backups.take(site.backup, incremental)
    await site.backups.restore(site.backup, { ...restore, address: bob, generation: 1, mayReplace: true })
    await deliverTo(site.accounts, bob, mail('that'))
    const report = await site.backups.restore(site.backup, { ...restore, address: bob })
    assert.match(report.accounts[0]?.text ?? '', /in another state/)
    await site.close()
    await remove(site)
  })

  it('holds nothing that can be read', async () => {
    const site = await openSite()
    await live(site)
    await site.backups.take(site.backup, take)
    for (const path of await filesOf(site.backup)) {
      const bytes = await readFile(path)
      for (const word of [marked, 'Zanzibar', 'correct horse', 'Subject:', 'Archive', '\\Seen', 'work'])
        assert.equal(bytes.indexOf(word), -1, `${word} in ${path}`)
      assert.equal(bytes.indexOf(site.keyBytes), -1)
      assert.equal((await stat(path)).mode & 0o077, 0, path)
    }
    await site.close()
    await remove(site)
  })

  it('opens an account in a backup with its password alone', async () => {
    const site = await openSite()
    await live(site)
    await site.backups.take(site.backup, take)
    const options = { address: alice, gate, kdf: cheapKdf, clock: site.clock }
    const report = await openInBackup(site.backup, {
      ...options,
      password: password(),
      siteKey: site.siteKey,
    })
    assert.deepEqual([report.findings, report.messages], [[], 5 + 70 - 5 + 3 + 1 + 1])
    await assert.rejects(openInBackup(site.backup, { ...options, password: password('guess') }), (error) =>
      isRefusal(error, 'authentication-failed'),
    )
    await site.close()
    await remove(site)
  })

  it('does not replace an account that is there unless told; ends its sessions when it does', async () => {
    const site = await openSite()
    await live(site)
    await site.backups.take(site.backup, take)
    assert.equal(
      (await site.backups.restore(site.backup, { ...restore, address: bob })).accounts[0]?.state,
      'same',
    )
    const before = await contents(site.accounts, alice)
    const ended: string[] = []
    const open = await site.accounts.login(alice, password(), {
      ...session,
      end: (reason) => ended.push(reason),
    })
    await open.append('INBOX', chunks(mail('newer')), { flags: [] })
    const refused = await site.backups.restore(site.backup, { ...restore, address: alice })
    assert.deepEqual([refused.accounts[0]?.state, ended], ['refused', []])
    assert.match(refused.accounts[0]?.text ?? '', /newer state/)
    const dry = await site.backups.restore(site.backup, {
      ...restore,
      address: alice,
      mayReplace: true,
      isDryRun: true,
    })
    assert.deepEqual([dry.accounts[0]?.state, ended], ['restored', []])
    await site.backups.restore(site.backup, { ...restore, address: alice, mayReplace: true })
    assert.equal(ended.length, 1)
    assert.deepEqual(await contents(site.accounts, alice), before)
    // One that was deleted since comes back under its own identifier.
    await site.accounts.delete(bob)
    await site.backups.restore(site.backup, { ...restore, address: bob })
    assert.ok((await contents(site.accounts, bob)).get('INBOX')?.length)
    await site.accounts.delete(bob)
    await site.accounts.create(bob, password())
    const taken = await site.backups.restore(site.backup, { ...restore, address: bob })
    assert.match(taken.accounts[0]?.text ?? '', /belongs to another account/)
    await site.close()
    await remove(site)
  })

  for (const moment of ['before', 'in', 'after'] as const)
    it(`follows an account that is renamed at that moment: ${moment} the time in which it is locked`, async () => {
      const now = 'alice.b@example.org'
      let rename: Promise<unknown> | undefined
      const site = await openSite({
        onLock(at, accounts) {
          if (at === moment) rename ??= accounts.names.rename(alice, now, { keepsAlias: true })
          return at === 'in' ? undefined : rename
        },
      })
      await live(site)
      await site.backups.take(site.backup, take)
      const before = await contents(site.accounts, alice)
      const { accounts } = await site.backups.restore(site.backup, {
        ...{ ...restore, address: alice, mayReplace: true, acceptsRollback: true },
      })
      await rename
      assert.deepEqual(
        accounts.map(({ state, text }) => [state, text]),
        [['restored', undefined]],
      )
      if (moment !== 'in') assert.equal(accounts[0]?.address, now)
      assert.deepEqual(await contents(site.accounts, now), before)
      await assert.rejects(site.accounts.info(alice), (error) => isRefusal(error, 'no-such-account'))
      assert.deepEqual(
        (await site.accounts.resolve(alice)).map(({ address }) => address),
        [now],
      )
      await site.close()
      await remove(site)
    })

  it('is refused over an account whose deletion has begun: the next start would end it', async () => {
    const site = await openSite()
    await live(site)
    await site.backups.take(site.backup, take)
    const bytes = Buffer.from((await site.store.directory.get(bob)) ?? assert.fail())
    const entry = decodeEntry(undefined, bob, bytes)
    const doomed = encodeEntry(site.siteKey, bob, entry.account, {
      ...entry,
      isDisabled: true,
      isDeleting: true,
    })
    await site.store.directory.put(bob, doomed, bytes)
    const { accounts } = await site.backups.restore(site.backup, {
      ...restore,
      address: bob,
      mayReplace: true,
    })
    assert.match(accounts[0]?.text ?? '', /its deletion has begun/)
    await site.accounts.delete(bob)
    const again = await site.backups.restore(site.backup, { ...restore, address: bob })
    assert.equal(again.accounts[0]?.state, 'restored')
    await site.close()
    await remove(site)
  })

  it('knows an account that was renamed since, and brings aliases and domains back', async () => {
    const site = await openSite()
    await live(site)
    await site.accounts.names.addDomain('example.org')
    await site.accounts.names.setDomainRule('example.org', { policy: 'all', adminRecovery: false })
    await site.accounts.names.addAlias('info@example.org', [alice, bob])
    await site.backups.take(site.backup, take)
    const before = await contents(site.accounts, alice)
    const now = 'alice.b@example.org'
    await site.accounts.names.rename(alice, now, { keepsAlias: true })
    await site.accounts.names.addAlias('info@example.org', [now])
    // Either name finds it, and it keeps the one that it has.
    for (const address of [now, alice]) {
      const one = await site.backups.restore(site.backup, {
        ...restore,
        address,
        mayReplace: true,
        acceptsRollback: true,
      })
      assert.deepEqual(
        one.accounts.map(({ address, state }) => [address, state]),
        [[now, 'restored']],
      )
    }
    assert.deepEqual(
      [...(await contents(site.accounts, now)).values()].flat().length,
      [...before.values()].flat().length,
    )
    assert.deepEqual(
      (await site.accounts.resolve(alice)).map(({ address }) => address),
      [now],
    )
    await site.close()

    for (const isForeign of [false, true]) {
      const fresh = await openSite(isForeign ? {} : { keyBytes: site.keyBytes })
      await fresh.backups.restore(site.backup, { ...restore, mayBeForeign: isForeign })
      assert.deepEqual((await fresh.accounts.names.alias('info@example.org'))?.reaches, [alice, bob])
      assert.equal(fresh.accounts.names.isOurs('example.org'), true)
      assert.equal((await fresh.accounts.atRest.atRestStatus(bob)).policy, 'all')
      await fresh.close()
      await remove(fresh)
    }
    await remove(site)
  })

  it('without the site key restores what opens by password, and says so', async () => {
    const site = await openSite()
    await live(site)
    await site.backups.take(site.backup, take)
    const fresh = await openSite()
    await assert.rejects(fresh.backups.restore(site.backup, restore), BackupRefused)
    const report = await fresh.backups.restore(site.backup, { ...restore, mayBeForeign: true })
    assert.equal(report.isOurs, false)
    assert.ok((await contents(fresh.accounts, alice)).get('INBOX')?.length)
    await deliverTo(fresh.accounts, alice, mail('new'))
    for (const each of [site, fresh]) await each.close()
    await remove(site, fresh)
  })

  it('keeps the newest generations, and all that they need', async () => {
    const site = await openSite()
    await live(site)
    await site.backups.take(site.backup, take)
    for (let round = 0; round < 3; round += 1) {
      await deliverTo(site.accounts, bob, mail(`round ${round}`))
      await site.backups.take(site.backup, round === 1 ? take : incremental)
    }
    const dry = await site.backups.prune(site.backup, 2, true)
    assert.deepEqual(dry.removed, [1, 2])
    assert.equal((await check(site)).generations, 4)
    const done = await site.backups.prune(site.backup, 2, false)
    assert.deepEqual(done, dry)
    const checked = await check(site)
    assert.deepEqual([checked.generations, checked.problems], [2, []])
    assert.ok(done.bytes > 0)
    await site.close()
    await remove(site)
  })
})

describe('a backup that was altered', () => {
  it('is found out, wherever it is flipped, cut or has a file missing; what is whole can be restored', async () => {
    const site = await openSite()
    await site.accounts.create(alice, password())
    await deliverTo(site.accounts, alice, mail('one'))
    await deliverTo(site.accounts, alice, mail('two'))
    await site.backups.take(site.backup, take)
    const copy = join(site.root, 'copy')
    for (const path of await filesOf(site.backup)) {
      const name = path.slice(site.backup.length)
      for (const [how, change] of Object.entries({
        flipped: (bytes: Buffer) =>
          Buffer.from(bytes).fill(
            (bytes[bytes.length >> 1] ?? 0) ^ 1,
            bytes.length >> 1,
            (bytes.length >> 1) + 1,
          ),
        cut: (bytes: Buffer) => bytes.subarray(0, bytes.length - 5),
        missing: () => undefined,
      })) {
        await rm(copy, { recursive: true, force: true })
        await cp(site.backup, copy, { recursive: true })
        const changed = change(await readFile(path))
        if (changed) await writeFile(copy + name, changed)
        else await rm(copy + name)
        let problems: readonly string[]
        try {
          problems = (await checkBackup(copy, { siteKey: site.siteKey })).problems
        } catch (error) {
          problems = [String(error)]
        }
        const isMarkerTail = name === '/letterlock-backup'
        assert.ok(problems.length > 0 || isMarkerTail, `${name} ${how}`)
      }
    }
    await site.close()
    await remove(site)
  })

  it('costs the body that was hit, and no other of its pack', async () => {
    const site = await openSite()
    await site.accounts.create(alice, password())
    for (let index = 0; index < 8; index += 1)
      await deliverTo(site.accounts, alice, mail(`number ${index}`, 'y'.repeat(index === 2 ? 400_000 : 4000)))
    const whole = await contents(site.accounts, alice)
    await site.backups.take(site.backup, take)
    const [pack = ''] = (await filesOf(join(site.backup, 'packs'))).filter((path) => !path.endsWith('.part'))
    const bytes = await readFile(pack)
    await site.accounts.delete(alice)
    for (const at of [2000, 60_000]) {
      const harmed = Buffer.from(bytes)
      harmed[at] = (harmed[at] ?? 0) ^ 1
      await writeFile(pack, harmed)
      const report = await site.backups.restore(site.backup, { ...restore, mayReplace: true })
      assert.deepEqual(
        report.accounts.map(({ state, lost }) => [state, lost]),
        [['restored', 1]],
      )
      const repaired = await site.accounts.repairs.repair(
        alice,
        { kind: 'password', password: password() },
        { isDryRun: false },
      )
      assert.equal(repaired.lost.length, 1, repaired.lost.join('; '))
      const inbox = (await contents(site.accounts, alice)).get('INBOX') ?? []
      assert.equal(inbox.length, 7)
      const texts = (rows: readonly string[] = []): string[] =>
        rows.map((row) => row.replace(/^\S+ \S* /, ''))
      for (const text of texts(inbox)) assert.ok(texts(whole.get('INBOX')).includes(text))
    }
    await site.close()
    await remove(site)
  })

  it('an interrupted one is never taken for one, and the next run goes on from it', async () => {
    let left = Infinity
    const site = await openSite({
      overStore: (store) =>
        new Proxy(store, {
          get(target, name) {
            const member: unknown = Reflect.get(target, name, target)
            if (name === 'blobs')
              return new Proxy(target.blobs, {
                get(blobs, inner) {
                  const method: unknown = Reflect.get(blobs, inner, blobs)
                  if (typeof method !== 'function') return method
                  return (...args: unknown[]): unknown => {
                    if (inner === 'open' && (left -= 1) < 0) throw new Error('killed')
                    return Reflect.apply(method, blobs, args)
                  }
                },
              })
            return typeof member === 'function' ? (member.bind(target) as unknown) : member
          },
        }),
    })
    await live(site)
    for (const stop of [0, 1, 30, 75]) {
      left = stop
      await assert.rejects(site.backups.take(site.backup, incremental), /killed/)
      left = Infinity
      const checked = await check(site)
      assert.match(checked.problems.join(), /no whole generation/)
    }
    const done = await site.backups.take(site.backup, incremental)
    assert.ok(done.copiedBytes < done.bodyBytes, 'what was copied before is used')
    assert.deepEqual((await check(site)).problems, [])
    await site.close()
    await remove(site)
  })
})
