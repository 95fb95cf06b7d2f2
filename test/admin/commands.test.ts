// Every command, offline and over the control socket: exit code, standard output, standard error, effect.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { accountRows } from './account-rows.ts'
import { atRestRows } from './at-rest-rows.ts'
import { backupRows, repairRows, rollbackRows } from './backup-rows.ts'
import { alice, check, missing, type Row } from './command-rows.ts'
import { escrowRows } from './escrow-rows.ts'
import { makeBench } from './harness.ts'
import { logRows } from './log-rows.ts'
import { mailRows } from './mail-rows.ts'
import { nameRows } from './name-rows.ts'
import { otherRows } from './other-rows.ts'
import { pubkeyRows } from './pubkey-rows.ts'
import { slotRows } from './slot-rows.ts'
import { transferRows } from './transfer-rows.ts'

const rows: readonly Row[] = [
  ...accountRows,
  ...atRestRows,
  ...escrowRows,
  ...pubkeyRows,
  ...transferRows,
  ...mailRows,
  ...nameRows,
  ...otherRows,
  ...backupRows,
  ...rollbackRows,
  ...repairRows,
  ...slotRows,
]

describe('commands on the idle store', () => {
  for (const row of rows) {
    it(row.name, async (context) => check(await makeBench(context), row))
  }
})

describe('commands over the control socket', () => {
  for (const row of rows) {
    it(row.name, async (context) => {
      const bench = await makeBench(context)
      await bench.startServer()
      await check(bench, row)
      assert.equal(bench.opened, 0, 'the store was opened beside the server')
    })
  }
})

describe('commands that need the server', () => {
  for (const argv of [
    ['stats'],
    ['log', 'level'],
    ['log', 'tail'],
    ['log', 'errors'],
    ['status'],
    ['who'],
    ['kick', '*'],
    ['unblock', alice],
    ['lock', alice],
    ['stop'],
    ['reload'],
  ]) {
    it(`${argv.join(' ')} says 69 when no server runs`, async (context) => {
      const bench = await makeBench(context)
      const { exitCode, err } = await bench.run(argv)
      assert.equal(exitCode, 69)
      assert.match(err, /no server is running[\s\S]*letterlock serve/)
      assert.equal(bench.opened, 0)
    })
  }

  const served: readonly Row[] = [
    {
      name: 'status',
      argv: ['status', '--json'],
      exitCode: 0,
      out: /"version":"9\.9\.9","pid":\d+,.*"unlockedAccounts":1/,
    },
    {
      name: 'status --quick counts nothing',
      argv: ['status', '--quick', '--json'],
      exitCode: 0,
      out: /"accounts":null,"usedBytes":null/,
    },
    ...logRows,
    { name: 'status in words', argv: ['status'], exitCode: 0, out: /listens +imaps 127\.0\.0\.1:1993/ },
    {
      name: 'who',
      argv: ['who'],
      exitCode: 0,
      out: /alice@example\.org +imap +192\.0\.2\.1 +yes +\S.* +app "iPhone" +Mail 16\.0 +s1/,
    },
    { name: 'who with a mask', argv: ['who', 'bob@*', '--json'], exitCode: 0, out: /^\{"sessions":\[\]\}/ },
    {
      name: 'unblock',
      argv: ['unblock', alice, '--ip', '192.0.2.7', '--json'],
      exitCode: 0,
      out: /"address":"alice@example\.org","ip":"192\.0\.2\.7"/,
      after: ({ unblocked }) => assert.deepEqual(unblocked, [{ login: alice, remoteAddress: '192.0.2.7' }]),
    },
    {
      name: 'unblock in words',
      argv: ['unblock', '--ip', '2001:db8::7'],
      exitCode: 0,
      err: /May try again now: whoever comes from 2001:db8::7\./,
      after: ({ unblocked }) => assert.deepEqual(unblocked, [{ remoteAddress: '2001:db8::7' }]),
    },
    {
      name: 'unblock --dry-run',
      argv: ['unblock', alice, '--dry-run', '--json'],
      exitCode: 0,
      out: /"ip":null/,
      after: ({ unblocked }) => assert.deepEqual(unblocked, []),
    },
    { name: 'unblock without a word', argv: ['unblock'], exitCode: 64, err: /give an ADDRESS/ },
    {
      name: 'unblock with half an address',
      argv: ['unblock', '--ip', '192.0.2'],
      exitCode: 64,
      err: /must be an IP/,
    },
    {
      name: 'kick by mask',
      argv: ['kick', 'alice@*', '--json'],
      exitCode: 0,
      out: /"ended":2/,
      after: ({ accounts }) => assert.deepEqual(accounts.kicked, ['s1', 's2']),
    },
    {
      name: 'kick by session',
      argv: ['kick', '--session', 's2'],
      exitCode: 0,
      after: ({ accounts }) => assert.deepEqual(accounts.kicked, ['s2']),
    },
    {
      name: 'kick --dry-run',
      argv: ['kick', '*', '--dry-run', '--json'],
      exitCode: 0,
      out: /"ended":2/,
      after: ({ accounts }) => assert.deepEqual(accounts.kicked, []),
    },
    {
      name: 'who from a network',
      argv: ['who', '--ip', '192.0.2.0/24', '--json'],
      exitCode: 0,
      out: /"session":"s1".*"openedBy":"app \\"iPhone\\"","client":"Mail 16\.0"/,
    },
    {
      name: 'who from another network',
      argv: ['who', '*', '--ip', '2001:db8::/32', '--json'],
      exitCode: 0,
      out: /^\{"sessions":\[\]\}/,
    },
    {
      name: 'who from nonsense',
      argv: ['who', '--ip', '192.0.2.0/33'],
      exitCode: 64,
      err: /--ip must be an/,
    },
    {
      name: 'kick by network',
      argv: ['kick', '--ip', '192.0.2.1', '--json'],
      exitCode: 0,
      out: /"ended":2/,
      after: ({ accounts }) => assert.deepEqual(accounts.kicked, ['s1', 's2']),
    },
    {
      name: 'kick by mask and network',
      argv: ['kick', '*', '--ip', '198.51.100.0/24', '--json'],
      exitCode: 0,
      out: /"ended":0/,
    },
    { name: 'kick by session and mask', argv: ['kick', '*', '--session', 's1'], exitCode: 64, err: /alone/ },
    {
      name: 'lock',
      argv: ['lock', alice, '--json'],
      exitCode: 0,
      out: /"ended":2/,
      after: ({ accounts }) => assert.deepEqual(accounts.kicked, ['s1', 's2']),
    },
    {
      name: 'lock --dry-run',
      argv: ['lock', alice, '--dry-run', '--json'],
      exitCode: 0,
      out: /"ended":2/,
      after: ({ accounts }) => assert.deepEqual(accounts.kicked, []),
    },
    { name: 'lock of nobody', argv: ['lock', missing], exitCode: 67 },
    { name: 'kick of nothing in particular', argv: ['kick'], exitCode: 64, err: /mask.*--session/ },
    { name: 'reload', argv: ['reload'], exitCode: 0, err: /Read again: certificate/ },
    {
      name: 'stop',
      argv: ['stop', '--json'],
      exitCode: 0,
      out: /"pid":\d+/,
      after: ({ stops }) => assert.deepEqual(stops, ['stop']),
    },
    {
      name: 'stop --dry-run',
      argv: ['stop', '--dry-run'],
      exitCode: 0,
      after: ({ stops }) => assert.deepEqual(stops, []),
    },
  ]
  for (const row of served) {
    it(row.name, async (context) => {
      const bench = await makeBench(context)
      bench.accounts.addSession(alice, 's1')
      bench.accounts.addSession(alice, 's2')
      await bench.startServer()
      await check(bench, row)
    })
  }
})
