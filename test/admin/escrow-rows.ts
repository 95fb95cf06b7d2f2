// Rows of the commands of admin recovery and locked mail.
import assert from 'node:assert/strict'
import { alice, type Row } from './command-rows.ts'
import type { RunOptions } from './harness.ts'

const hasKey: NonNullable<Row['before']> = ({ accounts }) => {
  accounts.escrow.passwords = ['admin words']
  accounts.escrow.threshold = 1
  accounts.add(alice).atRest = 'on'
}
const isLocked: NonNullable<Row['before']> = ({ accounts }) => void (accounts.add(alice).atRest = 'locked')
const isOn: NonNullable<Row['before']> = ({ accounts }) => void (accounts.add(alice).atRest = 'on')
const stdin = (text: string): RunOptions => ({ stdin: text })

export const escrowRows: readonly Row[] = [
  {
    name: 'atrest admin set splits the key',
    argv: [
      'atrest',
      'admin',
      'set',
      '--admins',
      '2',
      '--needed',
      '1',
      '--new-admin-password-file',
      '-',
      '--new-admin-password-2-file',
      '-',
      '--json',
    ],
    options: stdin('one\ntwo\n'),
    exitCode: 0,
    out: /"isSet":true,.*"needed":1,"admins":2/,
    after: ({ accounts }) => assert.deepEqual(accounts.escrow.passwords, ['one', 'two']),
  },
  {
    name: 'atrest admin set refuses a second key',
    argv: ['atrest', 'admin', 'set', '--generate'],
    before: hasKey,
    exitCode: 65,
    err: /already[\s\S]*atrest admin passwd/,
  },
  {
    name: 'atrest admin set refuses more needed than there are',
    argv: ['atrest', 'admin', 'set', '--needed', '2', '--generate'],
    exitCode: 65,
  },
  {
    name: 'atrest admin test without a key says how to make one',
    argv: ['atrest', 'admin', 'test', '--admin-password-file', '-'],
    options: stdin('words\n'),
    exitCode: 65,
    err: /no admin recovery key\n.*atrest admin set/,
  },
  {
    name: 'atrest admin test with a wrong password says how many there must be',
    argv: ['atrest', 'admin', 'test', '--admin-password-file', '-'],
    before: hasKey,
    options: stdin('guess\n'),
    exitCode: 65,
    err: /atrest admin status.*--admins N/,
  },
  {
    name: 'atrest admin passwd',
    argv: ['atrest', 'admin', 'passwd', '--admin-password-file', '-', '--new-admin-password-file', '-'],
    options: stdin('admin words\nnext\n'),
    before: hasKey,
    exitCode: 0,
    after: ({ accounts }) => assert.deepEqual(accounts.escrow.passwords, ['next']),
  },
  {
    name: 'atrest admin test',
    argv: ['atrest', 'admin', 'test', '--admin-password-file', '-'],
    options: stdin('admin words\n'),
    before: hasKey,
    exitCode: 0,
    err: /That is the/,
  },
  {
    name: 'atrest admin test says 65 for a guess',
    argv: ['atrest', 'admin', 'test', '--admin-password-file', '-'],
    options: stdin('guess\n'),
    before: hasKey,
    exitCode: 65,
  },
  {
    name: 'atrest admin status',
    argv: ['atrest', 'admin', 'status', '--json'],
    exitCode: 0,
    out: /"isSet":false/,
  },
  {
    name: 'atrest admin remove --force',
    argv: ['atrest', 'admin', 'remove', '--force', '--yes'],
    before: hasKey,
    exitCode: 0,
    after: ({ accounts }) => assert.deepEqual(accounts.escrow.passwords, []),
  },
  {
    name: 'atrest admin remove must be confirmed',
    argv: ['atrest', 'admin', 'remove', '--force'],
    before: hasKey,
    exitCode: 64,
    err: /--yes/,
  },
  {
    name: 'atrest admin decrypt',
    argv: ['atrest', 'admin', 'decrypt', alice, '--yes', '--admin-password-file', '-'],
    options: stdin('admin words\n'),
    before: hasKey,
    exitCode: 0,
    after: ({ accounts }) => assert.deepEqual(accounts.escrow.done, [`decrypt ${alice}`]),
  },
  {
    name: 'atrest admin decrypt of one that is not encrypted',
    argv: ['atrest', 'admin', 'decrypt', alice, '--dry-run'],
    exitCode: 65,
  },
  {
    name: 'atrest admin reset-password',
    argv: ['atrest', 'admin', 'reset-password', alice, '--admin-password-file', '-', '--password-file', '-'],
    options: stdin('admin words\nfresh words\n'),
    before: hasKey,
    exitCode: 0,
    after: ({ accounts }) => assert.deepEqual(accounts.escrow.done, [`reset ${alice} fresh words`]),
  },
  {
    name: 'atrest trail',
    argv: ['atrest', 'trail', alice, '--password-file', '-', '--json'],
    options: stdin('old secret words\n'),
    exitCode: 0,
    out: /"entries":\[\]/,
  },
  {
    name: 'user passwd --lock-mail must be confirmed',
    argv: ['user', 'passwd', alice, '--lock-mail', '--generate'],
    before: isOn,
    exitCode: 64,
    err: /--yes/,
  },
  {
    name: 'user passwd --lock-mail',
    argv: ['user', 'passwd', alice, '--lock-mail', '--yes', '--password-file', '-'],
    options: stdin('given\n'),
    before: isOn,
    exitCode: 0,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.atRest, 'locked'),
  },
  {
    name: 'atrest unlock-mail',
    argv: ['atrest', 'unlock-mail', alice, '--old-password-file', '-', '--password-file', '-'],
    options: stdin('old secret words\nfrom now on\n'),
    before: isLocked,
    exitCode: 0,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.password, 'from now on'),
  },
  {
    name: 'user passwd --lock-mail of one that is not encrypted says no more than that',
    argv: ['user', 'passwd', alice, '--lock-mail', '--dry-run'],
    exitCode: 65,
    err: /its password can simply be set\n$/,
  },
  {
    name: 'atrest unlock-mail of one that is not locked says no more than that',
    argv: ['atrest', 'unlock-mail', alice, '--dry-run'],
    exitCode: 65,
    err: /is not locked\n$/,
  },
  {
    name: 'atrest cancel-recovery --dry-run',
    argv: ['atrest', 'cancel-recovery', alice, '--dry-run'],
    exitCode: 0,
  },
  {
    name: 'user alternate-address --to',
    argv: ['user', 'alternate-address', alice, '--to', 'a@elsewhere.example', '--json'],
    exitCode: 0,
    out: /"alternateAddress":"a@elsewhere\.example"/,
    after: ({ accounts }) =>
      assert.equal(accounts.accounts.get(alice)?.alternateAddress, 'a@elsewhere.example'),
  },
  {
    name: 'user language --to',
    argv: ['user', 'language', alice, '--to', 'de', '--json'],
    exitCode: 0,
    out: /"language":"de"/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.language, 'de'),
  },
  {
    name: 'user language of the site',
    argv: ['user', 'language', alice],
    exitCode: 0,
    err: /in the language of the site/,
  },
  {
    name: 'user language refuses what it does not have',
    argv: ['user', 'language', alice, '--to', 'fr'],
    exitCode: 64,
    err: /one of en, de/,
  },
  { name: 'audit show without a log', argv: ['audit', 'show'], exitCode: 69 },
  { name: 'audit verify without a log', argv: ['audit', 'verify'], exitCode: 69 },
]
