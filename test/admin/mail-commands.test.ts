// Commands about mailboxes and messages on real accounts: what they leave behind, who is let in, and the traces of that.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { AuditEntry } from '../../src/account/audit.ts'
import type { OpenAccount, Uid } from '../../src/account/api.ts'
import { namedUids, uidSet } from '../../src/admin/uid-set.ts'
import {
  alice as openAlice,
  chunks,
  mail,
  makeSite,
  password,
  session,
  type TestSite,
} from '../account/support.ts'
import { alice } from './command-rows.ts'
import { makeBench, type Bench, type Ran } from './harness.ts'

interface Stage {
  readonly site: TestSite
  readonly bench: Bench
  readonly audit: AuditEntry[]
  /** Runs a command about alice's account. */
  run(words: readonly string[], stdin?: string | Buffer): Promise<Ran>
  look<T>(task: (open: OpenAccount) => Promise<T>): Promise<T>
}

async function makeStage(context: TestContext, isServed: boolean): Promise<Stage> {
  const audit: AuditEntry[] = []
  const site = await makeSite({
    audit: { write: async (entry) => void audit.push(entry) },
    recovery: { delayMs: 0, mail: 'off', intoMailbox: false },
  })
  const bench = await makeBench(context)
  Object.defineProperty(bench, 'accounts', { value: site.accounts })
  bench.openSite = async () => ({
    ...{ accounts: site.accounts, backups: bench.backups, server: undefined, close: async () => undefined },
  })
  if (isServed) await bench.startServer()
  return {
    ...{ site, bench, audit },
    run: ([noun = '', verb = '', ...rest], stdin = 'correct horse') =>
      bench.run([noun, verb, alice, ...rest], { stdin }),
    async look(task) {
      const open = await site.accounts.login(alice, password(), session)
      try {
        return await task(open)
      } finally {
        await open.close()
      }
    },
  }
}

async function put(open: OpenAccount, subjects: readonly string[]): Promise<void> {
  for (const subject of subjects) await open.append('INBOX', chunks(mail(subject)), { flags: [] })
}

const byPassword = ['--password-file', '-']

for (const [where, isServed] of [
  ['on the idle store', false],
  ['over the control socket', true],
] as const) {
  describe(`mailboxes and messages ${where}`, () => {
    it('are made, flagged, renamed and removed as IMAP clients see it', async (context) => {
      const stage = await makeStage(context, isServed)
      const open = await openAlice(stage.site)
      await put(open, ['a', 'b', 'c', 'd'])
      await open.close()
      for (const words of [
        ['mailbox', 'delete', 'Archive', '--yes'],
        ['mailbox', 'create', 'Alt/Neu', '--special-use', 'Archive'],
        ['mailbox', 'rename', 'Alt/Neu', 'Lager'],
        ['message', 'flag', '2:3', '--add', '\\Seen $Done'],
        ['message', 'flag', '3', '--remove', '$done', '--add', '\\Flagged'],
        ['message', 'delete', '1,4:*', '--yes'],
        ['mailbox', 'unsubscribe', 'INBOX'],
      ]) {
        const { exitCode, err } = await stage.run([...words, ...byPassword])
        assert.equal(exitCode, 0, `${words.join(' ')}: ${err}`)
      }
      await stage.look(async (seen) => {
        assert.equal(seen.mailbox('Lager')?.specialUse, '\\Archive')
        assert.equal(seen.mailbox('INBOX')?.isSubscribed, false)
        const inbox = await seen.select('INBOX', { isReadOnly: true })
        assert.deepEqual(inbox.uids(), [2, 3])
        assert.deepEqual(inbox.state(2 as Uid)?.flags, ['\\Seen', '$Done'])
        assert.deepEqual(inbox.state(3 as Uid)?.flags, ['\\Seen', '\\Flagged'])
      })
    })

    it('show a long message byte for byte, whatever is in it', async (context) => {
      const stage = await makeStage(context, isServed)
      const open = await openAlice(stage.site)
      const body = Buffer.from(
        randomBytes(300_000)
          .toString('base64')
          .replace(/(.{76})/g, '$1\r\n') + '\x1b[31m\x7f\r\n',
      )
      const letter = Buffer.concat([mail('long'), Buffer.from('\u00e4\u00f6\u{1f600}\r\n'), body])
      await open.append('INBOX', chunks(letter), { flags: [] })
      await open.close()
      const shown = await stage.run(['message', 'show', '1', ...byPassword])
      assert.equal(shown.exitCode, 0, shown.err)
      assert.ok(Buffer.from(shown.out).equals(letter))
      const json = await stage.run(['message', 'show', '1', '--json', ...byPassword])
      const { octets } = JSON.parse(json.out) as { readonly octets: string }
      assert.ok(Buffer.from(octets, 'base64').equals(letter))
    })

    it('of an encrypted account open by the admin recovery key, and its owner and the audit log are told', async (context) => {
      const stage = await makeStage(context, isServed)
      const { accounts } = stage.site
      await accounts.escrow.setEscrow([Buffer.from('admin words')])
      const open = await openAlice(stage.site)
      await put(open, ['precious'])
      await open.close()
      const { recoveryCode, finished } = await accounts.enableAtRest(alice, password())
      await finished
      stage.audit.length = 0

      const byAdmin = ['--admin-key', '--admin-password-file', '-']
      const listed = await stage.run(['message', 'list', ...byAdmin], 'admin words')
      assert.match(listed.out, /precious/, listed.err)
      assert.deepEqual(
        stage.audit.map(({ event, by, address }) => [event, by, address]),
        [['escrow.used', 'admin-key', alice]],
      )
      const trail = await accounts.trail.trail(alice, { kind: 'password', password: password() })
      assert.ok(trail.some(({ kind, by }) => kind === 'opened-by-admin' && by === 'admin-key'))

      const target = await mkdtemp(join(tmpdir(), 'letterlock-admin-'))
      context.after(() => rm(target, { recursive: true }))
      for (const words of [
        ['export', 'maildir', join(target, 'out'), '--yes'],
        ['import', 'maildir', join(target, 'out'), '--into', 'Again'],
      ]) {
        stage.audit.length = 0
        const ran = await stage.run([...words, ...byAdmin], 'admin words')
        assert.equal(ran.exitCode, 0, ran.err)
        const events = stage.audit.map(({ event, by }) => `${event} ${by}`)
        assert.ok(events.includes('escrow.used admin-key'), events.join())
      }
      await stage.look(async (seen) => assert.equal((await seen.status('Again')).messages, 1))
      const later = await accounts.trail.trail(alice, { kind: 'password', password: password() })
      assert.ok(later.filter(({ kind }) => kind === 'opened-by-admin').length >= 3)

      const guessed = await stage.run(['message', 'list', ...byAdmin], 'guess')
      assert.equal(guessed.exitCode, 65)
      assert.equal(stage.audit.at(-1)?.event, 'escrow.refused')
      const bySite = await stage.run(['message', 'list', '--site-key'])
      assert.equal(bySite.exitCode, 65)
      const byCode = await stage.run(['message', 'list', '--recovery', '--code-file', '-'], recoveryCode)
      assert.match(byCode.out, /precious/)
      assert.deepEqual(accounts.sessions(), [], 'nobody stays logged in')
    })
  })
}

describe('sets of UIDs', () => {
  const present = [2, 4, 7, 9, 12] as Uid[]
  const rows: readonly (readonly [string, readonly number[]])[] = [
    ['4', [4]],
    ['3', []],
    ['1:7', [2, 4, 7]],
    ['7:1', [2, 4, 7]],
    ['9:*', [9, 12]],
    ['100:*', [12]],
    ['*', [12]],
    ['*:9', [9, 12]],
    ['12,2,2,4:4', [2, 4, 12]],
    ['1:4294967295', [2, 4, 7, 9, 12]],
    ['1:3,2:9', [2, 4, 7, 9]],
  ]
  for (const [text, uids] of rows) {
    it(`${text} names ${uids.join(' ') || 'nothing'}`, () => {
      assert.ok(uidSet.safeParse(text).success)
      assert.deepEqual(namedUids(text, present), uids)
    })
  }

  it('name nothing in an empty mailbox', () => assert.deepEqual(namedUids('1:*', []), []))

  for (const text of [
    '',
    '0',
    '1,',
    ',1',
    '1:',
    ':1',
    '1:2:3',
    '01',
    '1 2',
    '4294967296',
    '-1',
    'x',
    '1;2',
    '**',
  ])
    it(`"${text}" is none`, () => assert.equal(uidSet.safeParse(text).success, false))
})
