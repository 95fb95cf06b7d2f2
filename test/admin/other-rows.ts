// Rows of quota, atrest, the local commands and the command line itself.
import assert from 'node:assert/strict'
import { alice, missing, type Row } from './command-rows.ts'

export const otherRows: readonly Row[] = [
  {
    name: 'quota set',
    argv: ['quota', 'set', alice, '1K'],
    exitCode: 0,
    err: /over its quota/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.quotaBytes, 1024),
  },
  {
    name: 'quota set none',
    argv: ['quota', 'set', alice, 'none', '--json'],
    exitCode: 0,
    out: /"quotaBytes":null/,
  },
  { name: 'quota set refuses nonsense', argv: ['quota', 'set', alice, '-5'], exitCode: 64 },
  {
    name: 'quota get of all',
    argv: ['quota', 'get'],
    exitCode: 0,
    out: /alice@example\.org +2 KiB +none +-/,
  },
  {
    name: 'quota get of a domain has the sum',
    argv: ['quota', 'get', '*@example.org'],
    before: ({ accounts }) => {
      accounts.add('bob@example.org')
      accounts.add('eve@example.net')
    },
    exitCode: 0,
    out: /^ADDRESS.*\nalice@example\.org.*\nbob@example\.org.*\n$/,
    err: /2 accounts, 4 KiB in all/,
  },
  { name: 'quota get of nobody', argv: ['quota', 'get', missing], exitCode: 67 },
  {
    name: 'atrest enable prints the recovery code alone on standard output, and waits for older mail',
    argv: ['atrest', 'enable', alice, '--password-file', '-'],
    options: { stdin: 'old secret words' },
    exitCode: 0,
    out: /^AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG\n$/,
    err: /shown this once[\s\S]*is encrypted at rest/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.atRest, 'on'),
  },
  {
    name: 'atrest enable --json has the code in the object',
    argv: ['atrest', 'enable', alice, '--password-file', '-', '--json'],
    options: { stdin: 'old secret words' },
    exitCode: 0,
    out: /^\{"address":"alice@example.org","atRest":"on","marked":0,"usedBytes":2048,"estimatedSeconds":1,"recoveryCode":"AAAA-[A-Z-]+"\}\n$/,
  },
  {
    name: 'atrest enable says 65 for a wrong password and prints no code',
    argv: ['atrest', 'enable', alice, '--password-file', '-'],
    options: { stdin: 'guess' },
    exitCode: 65,
    out: /^$/,
    err: /wrong password/,
  },
  {
    name: 'atrest enable --dry-run notices that it is on',
    argv: ['atrest', 'enable', alice, '--dry-run'],
    before: ({ accounts }) => (accounts.add(alice).atRest = 'on'),
    exitCode: 65,
  },
  {
    name: 'atrest enable prints the code even when older mail cannot be sealed',
    argv: ['atrest', 'enable', alice, '--password-file', '-', '--json'],
    options: { stdin: 'old secret words' },
    before: ({ accounts }) => {
      accounts.conversion = Promise.reject(new Error('disk on fire'))
      accounts.conversion.catch(() => undefined)
    },
    exitCode: 70,
    out: /"recoveryCode":"AAAA-[A-Z-]+"/,
    err: /internal/,
  },
  {
    name: 'atrest status of all',
    argv: ['atrest', 'status'],
    exitCode: 0,
    out: /alice@example\.org +off +locked +0 +password/,
  },
  {
    name: 'atrest status of one as JSON',
    argv: ['atrest', 'status', alice, '--json'],
    exitCode: 0,
    out: /"atRest":"off"/,
  },
  {
    name: 'atrest recover takes code and password from one pipe',
    argv: ['atrest', 'recover', alice, '--code-file', '-', '--password-file', '-'],
    options: { stdin: 'AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG\nnew secret words\n' },
    before: ({ accounts }) => (accounts.add(alice).atRest = 'on'),
    exitCode: 0,
    out: /^HHHH-JJJJ-[A-Z-]+\n$/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.password, 'new secret words'),
  },
  {
    name: 'atrest recover --generate --json prints both',
    argv: ['atrest', 'recover', alice, '--code-file', '-', '--generate', '--json'],
    options: { stdin: 'AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG' },
    before: ({ accounts }) => (accounts.add(alice).atRest = 'on'),
    exitCode: 0,
    out: /"recovered":true,"recoveryCode":"HHHH[A-Z-]+","password":"/,
  },
  {
    name: 'atrest recover says 65 for a wrong code, without repeating it',
    argv: ['atrest', 'recover', alice, '--code-file', '-', '--generate'],
    options: { stdin: 'ZZZZ-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG' },
    before: ({ accounts }) => (accounts.add(alice).atRest = 'on'),
    exitCode: 65,
    out: /^$/,
    err: /^(?![\s\S]*ZZZZ)[\s\S]*looks mistyped in group 3/,
  },
  {
    name: 'unknown commands get a suggestion',
    argv: ['user', 'lst'],
    exitCode: 64,
    err: /Did you mean list/,
  },
  {
    name: 'unknown options get a suggestion',
    argv: ['user', 'list', '--jsn'],
    exitCode: 64,
    err: /Did you mean --json/,
  },
  {
    name: 'no command at all shows help and says 64',
    argv: [],
    exitCode: 64,
    err: /Usage: letterlock COMMAND/,
  },
  { name: '--help says 0 on standard output', argv: ['--help'], exitCode: 0, out: /Accounts:\n +user/ },
  { name: 'version', argv: ['version', '--json'], exitCode: 0, out: /"version":"\d+\.\d+\.\d+"/ },
  {
    name: 'config check without a file',
    argv: ['config', 'check'],
    exitCode: 0,
    err: /defaults are in force/,
  },
  {
    name: 'config show --changed shows what a flag changed',
    argv: ['--set', 'hostname=mail.example.org', 'config', 'show', '--changed', '--json'],
    exitCode: 0,
    out: /"hostname":"mail\.example\.org"/,
  },
  {
    name: 'a wrong setting is 78 and names it',
    argv: ['--set', 'hostnam=x', 'user', 'list'],
    exitCode: 78,
    err: /--set hostnam: no such setting \(did you mean hostname\?\)/,
  },
  {
    name: 'config describe of one setting',
    argv: ['config', 'describe', 'listen.imaps'],
    exitCode: 0,
    out: /TLS from the first byte/,
  },
  {
    name: 'config describe of an unknown setting',
    argv: ['config', 'describe', 'listen.imap5'],
    exitCode: 64,
    err: /did you mean listen\.imaps?/,
  },
  {
    name: 'client-config puts TLS from the first byte first',
    argv: ['client-config', alice, '--json'],
    exitCode: 0,
    out: /"incoming":\[\{"protocol":"imap","host":"localhost","port":993,"security":"tls"/,
  },
  {
    name: '--quiet leaves data and hides talk',
    argv: ['--quiet', 'user', 'list'],
    exitCode: 0,
    out: /alice/,
    err: /^$/,
  },
  {
    name: 'failures as JSON go to standard error',
    argv: ['user', 'show', missing, '--json'],
    exitCode: 67,
    out: /^$/,
    err: /^\{"error":\{"code":"no-such-account","exitCode":67/,
  },
]
