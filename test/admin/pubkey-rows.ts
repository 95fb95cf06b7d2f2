// Rows of the commands on owners' own keys.
import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alice, missing, type Row } from './command-rows.ts'
import { fakeKey } from './fake-public-keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'll-rows-'))
const good = join(folder, 'good.asc')
writeFileSync(good, 'key alice')
const bad = join(folder, 'bad.asc')
writeFileSync(bad, 'nonsense')

const pubkey = ['atrest', 'pubkey'] as const
const asking = { stdin: 'old secret words\n' }
const withPassword = ['--password-file', '-'] as const

export const pubkeyRows: readonly Row[] = [
  {
    name: 'atrest pubkey add keeps a key and says which',
    argv: [...pubkey, 'add', alice, good, ...withPassword],
    options: asking,
    exitCode: 0,
    out: /^[0-9a-f]{40} {2}OpenPGP Curve25519, does not expire\n {4}alice <alice@example\.org>\n$/,
    after: ({ accounts }) => assert.equal(accounts.publicKeys.keys.length, 1),
  },
  {
    name: 'atrest pubkey add --dry-run only says what a file holds',
    argv: [...pubkey, 'add', alice, good, '--dry-run', '--json'],
    exitCode: 0,
    out: /"algorithm":"Curve25519"/,
    after: ({ accounts }) => assert.equal(accounts.publicKeys.keys.length, 0),
  },
  {
    name: 'atrest pubkey add says what is wrong with a file',
    argv: [...pubkey, 'add', alice, bad, ...withPassword],
    options: asking,
    exitCode: 65,
    err: /neither an OpenPGP key nor a certificate/,
  },
  {
    name: 'atrest pubkey add says when a file is not there',
    argv: [...pubkey, 'add', alice, join(folder, 'missing'), ...withPassword],
    options: asking,
    exitCode: 65,
    err: /cannot read .*ENOENT/,
  },
  {
    name: 'atrest pubkey add wants an absolute path',
    argv: [...pubkey, 'add', alice, 'good.asc', ...withPassword],
    options: asking,
    exitCode: 64,
    err: /absolute path/,
  },
  {
    name: 'atrest pubkey list shows keys and settings',
    argv: [...pubkey, 'list', alice],
    before: ({ accounts }) => accounts.publicKeys.keys.push(fakeKey('alice')),
    exitCode: 0,
    out: /OpenPGP Curve25519[\s\S]*onTrouble: defer/,
  },
  { name: 'atrest pubkey list of nobody', argv: [...pubkey, 'list', missing], exitCode: 67 },
  {
    name: 'atrest pubkey remove takes one away',
    argv: [...pubkey, 'remove', alice, fakeKey('alice').fingerprint, '--yes', ...withPassword],
    options: asking,
    before: ({ accounts }) => accounts.publicKeys.keys.push(fakeKey('alice')),
    exitCode: 0,
    after: ({ accounts }) => assert.equal(accounts.publicKeys.keys.length, 0),
  },
  {
    name: 'atrest pubkey remove of a key that is not there',
    argv: [...pubkey, 'remove', alice, '0123456789abcdef', '--yes', ...withPassword],
    options: asking,
    exitCode: 65,
    err: /no key of this fingerprint/,
  },
  {
    name: 'atrest pubkey test without a key',
    argv: [...pubkey, 'test', alice],
    exitCode: 65,
    err: /no key of its own\n.*atrest pubkey add/,
  },
  {
    name: 'atrest pubkey settings changes what is given',
    argv: [...pubkey, 'settings', alice, '--append', 'yes', '--on-trouble', 'store-marked', ...withPassword],
    options: asking,
    exitCode: 0,
    out: /append: true\nexceptDrafts: false\nprotectHeaders: false\nonTrouble: store-marked/,
  },
  {
    name: 'atrest pubkey seal-existing must be confirmed',
    argv: [...pubkey, 'seal-existing', alice, ...withPassword],
    options: asking,
    exitCode: 64,
    err: /must be confirmed/,
    after: ({ accounts }) => assert.equal(accounts.publicKeys.sealed, 0),
  },
  {
    name: 'atrest pubkey seal-existing --cancel needs no confirmation',
    argv: [...pubkey, 'seal-existing', alice, '--cancel', '--json', ...withPassword],
    options: asking,
    before: ({ accounts }) => void (accounts.publicKeys.sealed = 1),
    exitCode: 0,
    out: /"cancelled":true/,
    after: ({ accounts }) => assert.equal(accounts.publicKeys.sealed, 0),
  },
  {
    name: 'atrest pubkey seal-existing --cancel where nothing is under way',
    argv: [...pubkey, 'seal-existing', alice, '--cancel', ...withPassword],
    options: asking,
    exitCode: 65,
    err: /No older mail/,
  },
  {
    name: 'atrest pubkey seal-existing --yes does it',
    argv: [...pubkey, 'seal-existing', alice, '--yes', ...withPassword],
    options: asking,
    exitCode: 0,
    after: ({ accounts }) => assert.equal(accounts.publicKeys.sealed, 1),
  },
]
