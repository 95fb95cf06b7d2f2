// Rows of the commands about the running server's log and numbers, and of healthcheck.
import assert from 'node:assert/strict'
import { makeLog } from '../../src/server/log.ts'
import type { Row } from './command-rows.ts'
import type { Bench } from './harness.ts'

/** Lines as the server would have written them. */
function withLines({ logBook }: Bench): void {
  const log = makeLog({ level: 'info', format: 'json' }, { write: () => true }, logBook)
  const session = log.with({ sid: 'i1', proto: 'imap' })
  log.write('info', 'server.ready', { pid: 1 })
  session.write('info', 'auth.ok', { user: 'bob@example.org', tls: true })
  session.write('info', 'search.unindexed', { messages: 3 })
  log.write('debug', 'imap.command', { command: 'NOOP' })
  log.write('warn', 'auth.failed', { user: 'eve@example.org', rip: '203.0.113.9', password: 'hunter2' })
  log.write('error', 'store.write-failed', { reason: 'disk full\u001b[31m' })
}

export const logRows: readonly Row[] = [
  {
    name: 'log level shows what is in force',
    argv: ['log', 'level', '--json'],
    exitCode: 0,
    out: /^\{"level":"info","parts":\[\]\}/,
  },
  {
    name: 'log level of everything',
    argv: ['log', 'level', 'debug'],
    exitCode: 0,
    out: /everything +debug/,
    after: ({ logBook }) => assert.ok(logBook.takes('debug', 'imap.command')),
  },
  {
    name: 'log level of a part',
    argv: ['log', 'level', 'imap', 'debug', '--json'],
    exitCode: 0,
    out: /"level":"info","parts":\[\{"part":"imap","level":"debug"\}\]/,
    after: ({ logBook }) =>
      assert.deepEqual(
        [logBook.takes('debug', 'imap.command'), logBook.takes('debug', 'web.x')],
        [true, false],
      ),
  },
  {
    name: 'log level of a part as the rest again',
    argv: ['log', 'level', 'imap', 'default'],
    before: ({ logBook }) => logBook.setLevel('imap', 'error'),
    exitCode: 0,
    out: /^everything +info\n$/,
  },
  {
    name: 'log level that is none',
    argv: ['log', 'level', 'loud'],
    exitCode: 64,
    err: /must be debug, info/,
  },
  {
    name: 'log level of what is no part',
    argv: ['log', 'level', '*', 'debug'],
    exitCode: 64,
    err: /first word/,
  },
  {
    name: 'log tail shows lines in words, without what could drive the terminal and without secrets',
    argv: ['log', 'tail'],
    before: withLines,
    exitCode: 0,
    out: /^\d\d:\d\d:\d\d info {2}server\.ready pid=1\n(?![\s\S]*(imap\.command|hunter2|\u001b))[\s\S]*warn {2}auth\.failed user=eve@example\.org rip=203\.0\.113\.9[\s\S]*reason="disk full\\u001b\[31m"\n$/,
  },
  {
    name: 'log tail --user finds the lines of a session too',
    argv: ['log', 'tail', '--user', 'BOB@*', '--json'],
    before: withLines,
    exitCode: 0,
    out: /^\{"lines":\[\{[^}]*"event":"auth\.ok"[^}]*\},\{[^}]*"event":"search\.unindexed"[^}]*\}\]\}\n$/,
  },
  {
    name: 'log tail --lines',
    argv: ['log', 'tail', '--lines', '1', '--json'],
    before: withLines,
    exitCode: 0,
    out: /^\{"lines":\[\{"level":"error"[^}]*\}\]\}/,
  },
  {
    name: 'log tail of no lines',
    argv: ['log', 'tail', '--lines', '0', '--json'],
    before: withLines,
    exitCode: 0,
    out: /"lines":\[\]/,
  },
  {
    name: 'log tail of too many lines',
    argv: ['log', 'tail', '--lines', '9999'],
    exitCode: 64,
    err: /--lines/,
  },
  {
    name: 'log tail --follow ends when the server stops, and each line of its JSON stands alone',
    argv: ['log', 'tail', '--follow', '--json'],
    before(bench) {
      withLines(bench)
      bench.logBook.close()
    },
    exitCode: 0,
    out: /^(\{"level":[^\n]*\}\n){5}$/,
  },
  {
    name: 'log errors',
    argv: ['log', 'errors'],
    before: withLines,
    exitCode: 0,
    out: /^[^\n]*auth\.failed[^\n]*\n[^\n]*store\.write-failed[^\n]*\n$/,
    err: /1 warning, 1 error since the start/,
  },
  {
    name: 'stats',
    argv: ['stats'],
    before: withLines,
    exitCode: 0,
    out: /sessions +2 imap; keys of 1 accounts in memory\naccounts +1, 0 encrypted[\s\S]*log lines +1 debug, 3 info, 1 warn, 1 error\n\nCOUNT +EVENT\n1 +server\.ready/,
  },
  {
    name: 'stats --json',
    argv: ['stats', '--json'],
    before: withLines,
    exitCode: 0,
    out: /"certificateEndsAt":"2027-01-01.*"sessions":\[\{"name":"imap","count":2\}\].*\{"name":"auth\.failed","count":1\}/,
  },
  { name: 'healthcheck of a server that is well', argv: ['healthcheck'], exitCode: 0, err: /is well/ },
  {
    name: 'healthcheck --json',
    argv: ['healthcheck', '--json'],
    exitCode: 0,
    out: /^\{"healthy":true,"reason":null\}/,
  },
  {
    name: 'healthcheck --process nonsense',
    argv: ['healthcheck', '--process', 'x'],
    exitCode: 64,
    err: /number/,
  },
  { name: 'healthcheck --wait nonsense', argv: ['healthcheck', '--wait', 'long'], exitCode: 64, err: /30s/ },
]
