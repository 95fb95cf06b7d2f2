// Rows of the commands on app passwords and slots.
import assert from 'node:assert/strict'
import { alice, missing, type Row } from './command-rows.ts'

const stdin = { stdin: 'old secret words\n' }
const byPassword = ['--password-file', '-']
const add = ['app-password', 'add', alice, '--name', 'iPhone']

export const slotRows: readonly Row[] = [
  {
    name: 'app-password add prints the app password alone on standard output',
    argv: [...add, ...byPassword],
    options: stdin,
    exitCode: 0,
    out: /^A000(-\d{4}){7}\n$/,
    err: /shown this once[\s\S]*app password "iPhone", 0a1b2c3d/,
  },
  {
    name: 'app-password add --json has it in the object, with its limits',
    argv: [...add, '--proto', 'imap', '--expires', '90d', '--json', ...byPassword],
    options: stdin,
    exitCode: 0,
    out: /"made":\{"id":"0a1b2c3d",.*"protocols":\["imap"\],.*"appPassword":"A000-/,
    after: ({ accounts }) =>
      assert.ok((accounts.slots.apps.get('0a1b2c3d')?.expiresAt ?? 0) > Date.now() + 89 * 86_400_000),
  },
  {
    name: 'app-password add --dry-run asks nothing and makes none',
    argv: [...add, '--dry-run'],
    exitCode: 0,
    after: ({ accounts }) => assert.equal(accounts.slots.apps.size, 0),
  },
  {
    name: 'app-password add says 65 for a wrong password',
    argv: [...add, ...byPassword],
    options: { stdin: 'guess\n' },
    exitCode: 65,
    out: /^$/,
  },
  {
    name: 'app-password add with the site key says 65 where that opens nothing',
    argv: [...add, '--site-key'],
    before: ({ accounts }) => (accounts.add(alice).atRest = 'on'),
    exitCode: 65,
  },
  { name: 'app-password add needs a name', argv: add.slice(0, 3), exitCode: 64, err: /--name/ },
  { name: 'app-password add refuses other protocols', argv: [...add, '--proto', 'pop3'], exitCode: 64 },
  { name: 'app-password add refuses nonsense as time', argv: [...add, '--expires', 'soon'], exitCode: 64 },
  {
    name: 'app-password add for nobody',
    argv: ['app-password', 'add', missing, '--name', 'x', '--site-key'],
    exitCode: 67,
  },
  {
    name: 'app-password list',
    argv: ['app-password', 'list', alice, '--site-key'],
    exitCode: 0,
    err: /0 app passwords/,
  },
  {
    name: 'app-password revoke needs no secret',
    argv: ['app-password', 'revoke', alice, '0a1b2c3d', '--yes'],
    before: ({ accounts }) => void accounts.slots.addAppPassword(alice, { kind: 'site' }, { name: 'iPhone' }),
    exitCode: 0,
    err: /opens nothing any more/,
    after: ({ accounts }) => assert.equal(accounts.slots.apps.size, 0),
  },
  {
    name: 'app-password revoke says 68 for one that is not there',
    argv: ['app-password', 'revoke', alice, 'ffffffff', '--yes'],
    exitCode: 68,
    err: /app-password list/,
  },
  {
    name: 'app-password revoke wants a confirmation',
    argv: ['app-password', 'revoke', alice, '0a1b2c3d'],
    before: ({ accounts }) => void accounts.slots.addAppPassword(alice, { kind: 'site' }, { name: 'iPhone' }),
    exitCode: 64,
    err: /--yes/,
    after: ({ accounts }) => assert.equal(accounts.slots.apps.size, 1),
  },
  {
    name: 'app-password revoke refuses what is no identifier',
    argv: ['app-password', 'revoke', alice, 'x'],
    exitCode: 64,
  },
  {
    name: 'atrest slots list',
    argv: ['atrest', 'slots', 'list', alice, ...byPassword],
    options: stdin,
    exitCode: 0,
    out: /11111111 +password +- +2026-01-01 00:00 +- +65536 KiB, 3, 4\n0a1b2c3d +app +iPhone/,
  },
  {
    name: 'atrest slots list --json',
    argv: ['atrest', 'slots', 'list', alice, '--json', '--site-key'],
    exitCode: 0,
    out: /^\{"slots":\[\{"id":"11111111","kind":"password","name":null/,
  },
  {
    name: 'atrest slots remove',
    argv: ['atrest', 'slots', 'remove', alice, '0a1b2c3d', '--yes', '--site-key'],
    exitCode: 0,
    after: ({ accounts }) => assert.deepEqual(accounts.slots.removed, ['0a1b2c3d']),
  },
  {
    name: 'atrest slots remove --dry-run',
    argv: ['atrest', 'slots', 'remove', alice, '0a1b2c3d', '--dry-run'],
    exitCode: 0,
    after: ({ accounts }) => assert.deepEqual(accounts.slots.removed, []),
  },
  {
    name: 'atrest slots remove says 77 for the only password',
    argv: ['atrest', 'slots', 'remove', alice, '11111111', '--yes', '--site-key'],
    exitCode: 77,
    err: /only password/,
  },
  {
    name: 'atrest slots remove wants a confirmation',
    argv: ['atrest', 'slots', 'remove', alice, '0a1b2c3d', '--site-key'],
    exitCode: 64,
    err: /--yes/,
  },
  {
    name: 'user main-password web-only',
    argv: ['user', 'main-password', alice, 'web-only', '--json', ...byPassword],
    options: stdin,
    exitCode: 0,
    out: /"mainPassword":"web-only"/,
    after: ({ accounts }) => assert.equal(accounts.slots.uses.get(alice), 'web-only'),
  },
  {
    name: 'user main-password --dry-run',
    argv: ['user', 'main-password', alice, 'web-only', '--dry-run'],
    exitCode: 0,
    after: ({ accounts }) => assert.equal(accounts.slots.uses.size, 0),
  },
  { name: 'user main-password elsewhere', argv: ['user', 'main-password', alice, 'imap'], exitCode: 64 },
]
