// Rows of backup, restore and the site key.
import assert from 'node:assert/strict'
import { BackupRefused } from '../../src/backup/errors.ts'
import { alice, missing, type Row } from './command-rows.ts'
import { fakeSiteFindings } from './fake-accounts.ts'

const passphrase = 'a long passphrase'

export const backupRows: readonly Row[] = [
  {
    name: 'backup',
    argv: ['backup', '/mnt/b', '--incremental', '--json'],
    exitCode: 0,
    out: /"generation":3,"accounts":2,"unchanged":1,.*"problems":\[\],"siteKeyFile":null,"pruned":\[\]/,
    after: ({ backups }) => {
      assert.deepEqual([backups.taken[0]?.root, backups.taken[0]?.isIncremental], ['/mnt/b', true])
      assert.deepEqual(backups.keys, [])
    },
  },
  {
    name: 'backup in words says that the site key is not in it',
    argv: ['backup', '/mnt/b', '--user', alice, '--keep', '7'],
    exitCode: 0,
    err: /Copy 3: 2 accounts \(1 unchanged\)[\s\S]*Removed 1 older copy[\s\S]*site key is not in it/,
    after: ({ backups }) => {
      assert.equal(backups.taken[0]?.address, alice)
      assert.deepEqual(backups.pruned, [7])
    },
  },
  {
    name: 'backup --with-site-key takes a passphrase',
    argv: ['backup', '/mnt/b', '--with-site-key', '/root/k', '--password-file', '-', '--json'],
    options: { stdin: passphrase },
    exitCode: 0,
    out: /"siteKeyFile":"\/root\/k"/,
    after: ({ backups }) => assert.deepEqual(backups.keys, [`/root/k ${passphrase}`]),
  },
  {
    name: 'backup --recheck says what was damaged, and that it is right now',
    argv: ['backup', '/mnt/b', '--incremental', '--recheck'],
    before: ({ backups }) => (backups.replaced = [`${alice}: pack 00 was altered`]),
    exitCode: 0,
    err: /damaged, and copied again: alice@example\.org: pack 00 was altered/,
    after: ({ backups }) => assert.equal(backups.taken[0]?.rechecksAll, true),
  },
  {
    name: 'backup says which accounts it could not copy',
    argv: ['backup', '/mnt/b'],
    before: ({ backups }) =>
      (backups.problems = [{ address: alice, account: '00', text: 'Stored data is damaged' }]),
    exitCode: 65,
    err: /not copied: alice@example\.org: Stored data is damaged/,
  },
  {
    name: 'backup says 69 when the disk is full',
    argv: ['backup', '/mnt/b', '--json'],
    before: ({ backups }) => (backups.refusal = new BackupRefused('io', 'the disk is full')),
    exitCode: 69,
    err: /"code":"unavailable"/,
  },
  {
    name: 'backup says what to do where a unit of systemd keeps the server from writing',
    argv: ['backup', '/mnt/b'],
    before: ({ backups }) =>
      (backups.refusal = new BackupRefused('io', 'cannot be written (EROFS)', {
        cause: Object.assign(new Error('EROFS'), { code: 'EROFS' }),
      })),
    exitCode: 69,
    err: /systemd print --writable DIR/,
  },
  {
    name: 'backup says what to do where the directory is somebody else’s',
    argv: ['backup', '/mnt/b'],
    before: ({ backups }) =>
      (backups.refusal = new BackupRefused('io', 'cannot be written (EACCES)', {
        cause: Object.assign(new Error('EACCES'), { code: 'EACCES' }),
      })),
    exitCode: 69,
    err: /install -d -o letterlock/,
  },
  { name: 'backup refuses a relative path', argv: ['backup', 'here'], exitCode: 64, err: /absolute/ },
  { name: 'backup of nobody, dry', argv: ['backup', '/b', '--user', missing, '--dry-run'], exitCode: 67 },
  {
    name: 'restore must be confirmed',
    argv: ['restore', '/mnt/b'],
    exitCode: 64,
    err: /must be confirmed/,
    after: ({ backups }) => assert.deepEqual(backups.restored, []),
  },
  {
    name: 'restore',
    argv: ['restore', '/mnt/b', '--user', alice, '--replace', '--accept-rollback', '--yes', '--json'],
    exitCode: 0,
    out: /"at":"2026-01-01T00:00:00\.000Z",.*"accounts":\[\{"address":"alice@example\.org",.*"presentVersion":9/,
    after: ({ backups }) => {
      const [asked] = backups.restored
      assert.deepEqual(
        [asked?.mayReplace, asked?.acceptsRollback, asked?.mayBeForeign, asked?.isDryRun],
        [true, true, false, false],
      )
    },
  },
  {
    name: 'restore on a terminal says what is lost before it asks',
    argv: ['restore', '/mnt/b'],
    options: { typed: ['restore'] },
    exitCode: 0,
    err: /What 1 account has now is lost/,
    after: ({ backups }) =>
      assert.deepEqual(
        backups.restored.map(({ isDryRun }) => isDryRun),
        [true, false],
      ),
  },
  {
    name: 'restore --dry-run',
    argv: ['restore', '/mnt/b', '--dry-run', '--json'],
    exitCode: 0,
    out: /"isDone":false/,
    after: ({ backups }) => assert.equal(backups.restored[0]?.isDryRun, true),
  },
  {
    name: 'restore says 65 for an account that it did not restore',
    argv: ['restore', '/mnt/b', '--yes'],
    before: ({ backups }) =>
      (backups.account = { ...backups.account, state: 'refused', text: 'the account is there' }),
    exitCode: 65,
    err: /not restored: alice@example\.org: the account is there/,
  },
  {
    name: 'restore of something else says so',
    argv: ['restore', '/mnt/b', '--yes'],
    before: ({ backups }) =>
      (backups.refusal = new BackupRefused('no-backup', 'there is no backup in /mnt/b')),
    exitCode: 65,
    err: /there is no backup/,
  },
  {
    name: 'site-key save',
    argv: ['site-key', 'save', '/root/k', '--password-file', '-', '--json'],
    options: { stdin: passphrase },
    exitCode: 0,
    out: /"file":"\/root\/k"/,
  },
  {
    name: 'site-key load of no file',
    argv: ['site-key', 'load', '/nowhere', '--password-file', '-'],
    options: { stdin: 'x' },
    exitCode: 78,
  },
  { name: 'verify of no backup', argv: ['verify', '/nowhere/b', '--json'], exitCode: 65, err: /no backup/ },
]

const noticed = { seenVersion: 20, presentVersion: 10, seenAt: Date.UTC(2026, 0, 1) }

export const rollbackRows: readonly Row[] = [
  {
    name: 'atrest rollback status of a sound account',
    argv: ['atrest', 'rollback', 'status', alice, '--json'],
    exitCode: 0,
    out: /"isRolledBack":false/,
  },
  {
    name: 'atrest rollback status says 65 when it was put back',
    argv: ['atrest', 'rollback', 'status', alice],
    before: ({ accounts }) => (accounts.rollbacks.noticed = noticed),
    exitCode: 65,
    err: /at change 10, and was at change 20 on 2026-01-01/,
  },
  { name: 'atrest rollback status of nobody', argv: ['atrest', 'rollback', 'status', missing], exitCode: 67 },
  {
    name: 'atrest rollback accept must be confirmed',
    argv: ['atrest', 'rollback', 'accept', alice],
    before: ({ accounts }) => (accounts.rollbacks.noticed = noticed),
    exitCode: 64,
    after: ({ accounts }) => assert.deepEqual(accounts.rollbacks.accepted, []),
  },
  {
    name: 'atrest rollback accept',
    argv: ['atrest', 'rollback', 'accept', alice, '--yes', '--json'],
    before: ({ accounts }) => (accounts.rollbacks.noticed = noticed),
    exitCode: 0,
    out: /"isAccepted":true/,
    after: ({ accounts }) => assert.deepEqual(accounts.rollbacks.accepted, [`${alice} admin`]),
  },
  {
    name: 'atrest rollback accept --own takes the password',
    argv: ['atrest', 'rollback', 'accept', alice, '--own', '--yes', '--password-file', '-'],
    options: { stdin: 'old secret words' },
    before: ({ accounts }) => (accounts.rollbacks.noticed = noticed),
    exitCode: 0,
    after: ({ accounts }) => assert.deepEqual(accounts.rollbacks.accepted, [`${alice} password`]),
  },
  {
    name: 'atrest rollback accept --own says 65 for a wrong password',
    argv: ['atrest', 'rollback', 'accept', alice, '--own', '--yes', '--password-file', '-'],
    options: { stdin: 'guess' },
    before: ({ accounts }) => (accounts.rollbacks.noticed = noticed),
    exitCode: 65,
    err: /wrong password/,
  },
  {
    name: 'atrest rollback accept of what was not put back does nothing',
    argv: ['atrest', 'rollback', 'accept', alice, '--yes'],
    exitCode: 0,
    err: /nothing to accept/,
    after: ({ accounts }) => assert.deepEqual(accounts.rollbacks.accepted, []),
  },
]

export const repairRows: readonly Row[] = [
  {
    name: 'fsck of a sound site needs no key',
    argv: ['fsck', '--json'],
    exitCode: 0,
    out: /"findings":\[\]/,
  },
  {
    name: 'fsck says 65 for what it finds in the site',
    argv: ['fsck'],
    before: () =>
      fakeSiteFindings.push({ address: alice, account: '00', text: 'its delivery key is missing' }),
    exitCode: 65,
    out: /alice@example\.org: its delivery key is missing/,
    after: () => fakeSiteFindings.splice(0),
  },
  { name: 'fsck --repair wants an account', argv: ['fsck', '--repair'], exitCode: 64, err: /name it/ },
  {
    name: 'fsck --all looks over what the site’s key opens, and says which accounts it does not',
    argv: ['fsck', '--all', '--json'],
    before: ({ accounts }) => {
      accounts.add('sealed@example.org').atRest = 'on'
      accounts.repairs.report.repaired.push('the delivery key')
    },
    exitCode: 65,
    out: /"isRepaired":false,"findings":\[\],"repaired":\["alice@example\.org: the delivery key"\],"lost":\[\],"lostMessages":0,"closed":1/,
    after: ({ accounts }) => assert.deepEqual(accounts.repairs.asked, ['site dry']),
  },
  {
    name: 'fsck --all --repair repairs them',
    argv: ['fsck', '--all', '--repair'],
    exitCode: 0,
    after: ({ accounts }) => assert.deepEqual(accounts.repairs.asked, ['site wet']),
  },
  {
    name: 'fsck --all takes no account',
    argv: ['fsck', alice, '--all'],
    exitCode: 64,
    err: /name an account, or/,
  },
  {
    name: 'fsck of an account only looks',
    argv: ['fsck', alice, '--password-file', '-', '--json'],
    options: { stdin: 'old secret words' },
    exitCode: 0,
    out: /"isRepaired":false,"findings":\[\]/,
    after: ({ accounts }) => assert.deepEqual(accounts.repairs.asked, ['password dry']),
  },
  {
    name: 'fsck --repair says what was repaired',
    argv: ['fsck', alice, '--repair', '--site-key'],
    before: ({ accounts }) => accounts.repairs.report.repaired.push('the delivery key'),
    exitCode: 0,
    out: /repaired: the delivery key/,
    after: ({ accounts }) => assert.deepEqual(accounts.repairs.asked, ['site wet']),
  },
  {
    name: 'fsck --repair --dry-run takes the password: without it it could not look',
    argv: ['fsck', alice, '--repair', '--dry-run', '--password-file', '-'],
    options: { stdin: 'old secret words' },
    before: ({ accounts }) => accounts.repairs.report.repaired.push('the delivery key'),
    exitCode: 65,
    out: /to be repaired: the delivery key/,
    after: ({ accounts }) => assert.deepEqual(accounts.repairs.asked, ['password dry']),
  },
  {
    name: 'fsck --repair asks for the password on a terminal',
    argv: ['fsck', alice, '--repair'],
    options: { typed: ['old secret words'] },
    exitCode: 0,
    after: ({ accounts }) => assert.deepEqual(accounts.repairs.asked, ['password wet']),
  },
  {
    name: 'fsck --repair says 65 when something was lost',
    argv: ['fsck', alice, '--repair', '--site-key', '--json'],
    before: ({ accounts }) => accounts.repairs.report.lost.push('the body of a message'),
    exitCode: 65,
    out: /"lost":\["the body of a message"\]/,
  },
  {
    name: 'fsck --repair says how many messages were lost, and where they may still be',
    argv: ['fsck', alice, '--repair', '--site-key'],
    before({ accounts }) {
      accounts.repairs.report.lost.push('the manifest', 'INBOX: UID 3, 12 octets, subject \x1b[2J')
      accounts.repairs.report.lostMessages = 1
    },
    exitCode: 65,
    out: /^lost: the manifest\nlost: INBOX: UID 3, 12 octets, subject \ufffd\[2J\n$/,
    err: /0 things repaired, 2 lost, of it 1 message\.[\s\S]*letterlock restore DIR/,
  },
  {
    name: 'fsck says 65 for a wrong password',
    argv: ['fsck', alice, '--repair', '--password-file', '-'],
    options: { stdin: 'guess' },
    exitCode: 65,
    err: /wrong password/,
  },
  { name: 'fsck of nobody', argv: ['fsck', missing, '--site-key'], exitCode: 67 },
  {
    name: 'quota recalc',
    argv: ['quota', 'recalc', alice, '--site-key', '--json'],
    exitCode: 0,
    out: /"before":2048,"usedBytes":1024/,
  },
  {
    name: 'uidvalidity bump of one mailbox',
    argv: ['uidvalidity', 'bump', alice, 'INBOX', '--site-key', '--json'],
    exitCode: 0,
    out: /"mailboxes":1/,
  },
  {
    name: 'uidvalidity bump of all',
    argv: ['uidvalidity', 'bump', alice, '--site-key'],
    exitCode: 0,
    err: /6 mailboxes have/,
  },
  {
    name: 'uidvalidity bump --dry-run',
    argv: ['uidvalidity', 'bump', alice, '--dry-run', '--json'],
    exitCode: 0,
    out: /"mailboxes":0/,
  },
  {
    name: 'quota recalc --dry-run',
    argv: ['quota', 'recalc', alice, '--dry-run'],
    exitCode: 0,
    err: /quota recalc could be done/,
  },
  { name: 'uidvalidity bump of nobody', argv: ['uidvalidity', 'bump', missing, '--site-key'], exitCode: 67 },
]
