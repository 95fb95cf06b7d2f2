// Rows of the commands on the life of an account's keys.
import assert from 'node:assert/strict'
import { alice, missing, type Row } from './command-rows.ts'

const sealed: NonNullable<Row['before']> = ({ accounts }) => {
  accounts.add(alice, 'old secret words', 'on')
}
const secret = { stdin: 'old secret words\n' }
const code = { stdin: 'AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG\n' }

export const atRestRows: readonly Row[] = [
  {
    name: 'atrest enable --at-login needs no password and marks the account',
    argv: ['atrest', 'enable', alice, '--at-login'],
    exitCode: 0,
    err: /sealed when its owner logs in next/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.isPending, true),
  },
  {
    name: 'atrest enable --all marks who is not sealed yet, and --dry-run nobody',
    argv: ['atrest', 'enable', '--all', '--dry-run', '--json'],
    before: ({ accounts }) => accounts.add('carol@example.org', 'x', 'on'),
    exitCode: 0,
    out: /"marked":1/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.isPending, undefined),
  },
  {
    name: 'atrest enable --domain marks the accounts of one domain',
    argv: ['atrest', 'enable', '--domain', 'example.NET', '--yes'],
    before: ({ accounts }) => accounts.add('dora@example.net'),
    exitCode: 0,
    err: /1 account will be sealed/,
    after: ({ accounts }) => {
      assert.equal(accounts.accounts.get('dora@example.net')?.isPending, true)
      assert.equal(accounts.accounts.get(alice)?.isPending, undefined)
    },
  },
  {
    name: 'atrest enable --all says first what a forgotten password costs, and must be confirmed',
    argv: ['atrest', 'enable', '--all'],
    options: { typed: ['all'] },
    exitCode: 0,
    err: /1 account will be sealed [\s\S]*a forgotten password loses all mail[\s\S]*--at-risk/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.isPending, true),
  },
  {
    name: 'atrest enable --all that is not confirmed marks nobody',
    argv: ['atrest', 'enable', '--all'],
    options: { typed: ['no'] },
    exitCode: 64,
    err: /not confirmed/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.isPending, undefined),
  },
  {
    name: 'atrest enable --all without a terminal wants --yes',
    argv: ['atrest', 'enable', '--all'],
    exitCode: 64,
    err: /must be confirmed/,
  },
  {
    name: 'atrest status says which sealed account has no recovery code, and what to do',
    argv: ['atrest', 'status'],
    before({ accounts }) {
      accounts.add('carol@example.org', 'x', 'on')
      accounts.add('nocode@example.org', 'x', 'on')
    },
    exitCode: 0,
    out: /RECOVERY[\s\S]*carol@example\.org .* code[\s\S]*nocode@example\.org .* NO CODE/,
    err: /^nocode@example\.org has no recovery code: a forgotten password loses the mail\. .*code regenerate nocode@example\.org\n$/,
  },
  {
    name: 'atrest status --at-risk lists those alone',
    argv: ['atrest', 'status', '--at-risk', '--json'],
    before({ accounts }) {
      accounts.add('carol@example.org', 'x', 'on')
      accounts.add('nocode@example.org', 'x', 'on')
    },
    exitCode: 0,
    out: /^\{"accounts":\[\{"address":"nocode@example\.org"[^}]*"needsCode":true[^}]*\}\]\}\n$/,
  },
  {
    name: 'atrest status --at-risk says so when there is none',
    argv: ['atrest', 'status', '--at-risk'],
    exitCode: 0,
    err: /Every sealed account has a recovery code/,
  },
  {
    name: 'atrest status --at-risk is of all accounts',
    argv: ['atrest', 'status', alice, '--at-risk'],
    exitCode: 64,
    err: /one address, or --at-risk/,
  },
  {
    name: 'atrest enable on a terminal has the code typed back, and says when it was not right',
    argv: ['atrest', 'enable', alice],
    options: { typed: ['old secret words', 'PPPP-QQQX', 'PPPP-QQQQ'] },
    exitCode: 0,
    out: /^HHHH-JJJJ-KKKK-MMMM-NNNN-PPPP-QQQQ\n$/,
    err: /shown this once[\s\S]*is encrypted at rest\./,
    after: ({ accounts, questions }) => {
      assert.equal(accounts.accounts.get(alice)?.atRest, 'on')
      assert.deepEqual(questions, [
        `Password of ${alice}`,
        'Type its last two groups, to show that you have it',
        'That is not the code that was shown. Its last two groups',
      ])
    },
  },
  {
    name: 'atrest enable changes nothing when the code is never typed back',
    argv: ['atrest', 'enable', alice],
    options: { typed: ['old secret words', 'no', 'no', 'no'] },
    exitCode: 65,
    err: /nothing was changed/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.atRest, 'off'),
  },
  {
    name: 'atrest enable --yes does not ask for the code',
    argv: ['atrest', 'enable', alice, '--yes'],
    options: { typed: ['old secret words'] },
    exitCode: 0,
    out: /^AAAA-BBBB/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.atRest, 'on'),
  },
  {
    name: 'atrest code regenerate on a terminal has the code typed back',
    argv: ['atrest', 'code', 'regenerate', alice],
    before: sealed,
    options: { typed: ['old secret words', 'PPPP-QQQQ'] },
    exitCode: 0,
    out: /^HHHH-JJJJ/,
    after: ({ accounts }) =>
      assert.equal(accounts.accounts.get(alice)?.code, 'HHHH-JJJJ-KKKK-MMMM-NNNN-PPPP-QQQQ'),
  },
  {
    name: 'atrest code regenerate leaves the old code where the new one is not typed back',
    argv: ['atrest', 'code', 'regenerate', alice],
    before: sealed,
    options: { typed: ['old secret words', 'a', 'b', 'c'] },
    exitCode: 65,
    after: ({ accounts }) =>
      assert.equal(accounts.accounts.get(alice)?.code, 'AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG'),
  },
  {
    name: 'atrest enable wants to know whom',
    argv: ['atrest', 'enable'],
    exitCode: 64,
    err: /one address, or --all, or --domain/,
  },
  {
    name: 'atrest disable takes the password and has to be confirmed',
    argv: ['atrest', 'disable', alice, '--password-file', '-', '--yes'],
    before: sealed,
    options: secret,
    exitCode: 0,
    err: /not encrypted at rest any more/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.atRest, 'off'),
  },
  {
    name: 'atrest disable --recovery takes the recovery code',
    argv: ['atrest', 'disable', alice, '--recovery', '--code-file', '-', '--yes', '--json'],
    before: sealed,
    options: code,
    exitCode: 0,
    out: /"atRest":"off"/,
  },
  {
    name: 'atrest disable is not done without a confirmation',
    argv: ['atrest', 'disable', alice, '--password-file', '-'],
    before: sealed,
    options: secret,
    exitCode: 64,
    err: /must be confirmed/,
    after: ({ accounts }) => assert.equal(accounts.accounts.get(alice)?.atRest, 'on'),
  },
  {
    name: 'atrest disable says 65 for a wrong password',
    argv: ['atrest', 'disable', alice, '--password-file', '-', '--yes'],
    before: sealed,
    options: { stdin: 'wrong\n' },
    exitCode: 65,
    err: /wrong password/,
  },
  {
    name: 'atrest disable --dry-run notices that it is off',
    argv: ['atrest', 'disable', alice, '--dry-run'],
    exitCode: 65,
    err: /not encrypted at rest/,
  },
  {
    name: 'atrest rotate says when it is done',
    argv: ['atrest', 'rotate', alice, '--password-file', '-'],
    before: sealed,
    options: secret,
    exitCode: 0,
    err: /has new keys/,
  },
  {
    name: 'atrest rotate --reencrypt --dry-run says how much there is to do',
    argv: ['atrest', 'rotate', alice, '--reencrypt', '--dry-run', '--json'],
    before: sealed,
    exitCode: 0,
    out: /"usedBytes":2048,"estimatedSeconds":1,"isDone":false/,
  },
  {
    name: 'atrest rotate says 67 for an account that is not there',
    argv: ['atrest', 'rotate', missing, '--dry-run'],
    exitCode: 67,
  },
  {
    name: 'atrest code regenerate prints the code alone on standard output',
    argv: ['atrest', 'code', 'regenerate', alice, '--password-file', '-'],
    before: sealed,
    options: secret,
    exitCode: 0,
    out: /^HHHH-JJJJ-KKKK-MMMM-NNNN-PPPP-QQQQ\n$/,
    after: ({ accounts }) =>
      assert.equal(accounts.accounts.get(alice)?.code, 'HHHH-JJJJ-KKKK-MMMM-NNNN-PPPP-QQQQ'),
  },
  {
    name: 'atrest code regenerate is for sealed accounts',
    argv: ['atrest', 'code', 'regenerate', alice, '--dry-run'],
    exitCode: 65,
    err: /atrest enable/,
  },
  {
    name: 'atrest code test says that a code works',
    argv: ['atrest', 'code', 'test', alice, '--code-file', '-'],
    before: sealed,
    options: code,
    exitCode: 0,
    err: /opens the mail of alice@example\.org\. It was not used up/,
  },
  {
    name: 'atrest code test says 65 for another one, and where it looks mistyped',
    argv: ['atrest', 'code', 'test', alice, '--code-file', '-'],
    before: sealed,
    options: { stdin: 'AAAA\n' },
    exitCode: 65,
    err: /mistyped in group 3/,
  },
  {
    name: 'atrest status shows work in progress and why it waits',
    argv: ['atrest', 'status', 'busy@example.org'],
    before: ({ accounts }) => accounts.add('busy@example.org', 'x', 'on'),
    exitCode: 0,
    out: /rotate ████░░░░░░ 40 of 100, waits for the next login/,
  },
  {
    name: 'atrest kdf lists costs',
    argv: ['atrest', 'kdf', '--json'],
    exitCode: 0,
    out: /"accounts":\[\{"address":"alice@example\.org","cost":null\}\]/,
  },
]
