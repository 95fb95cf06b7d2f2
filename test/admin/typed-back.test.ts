// Recovery codes typed back in the middle of a command, on real accounts, in the server and on the idle store.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { atrestCodeRegenerate } from '../../src/admin/commands/atrest-code-regenerate.ts'
import { atrestEnable } from '../../src/admin/commands/atrest-enable.ts'
import type { SiteCommand } from '../../src/admin/command.ts'
import { noOutlet } from '../../src/admin/execute.ts'
import { interrupted } from '../../src/admin/failure.ts'
import { encodeFrame, frameKinds } from '../../src/admin/frames.ts'
import { carryOut } from '../../src/admin/reach.ts'
import { loadConfig } from '../../src/config/load.ts'
import { alice as openAlice, makeSite, password, session, type TestSite } from '../account/support.ts'
import { alice } from './command-rows.ts'
import { go, request } from './control-peer.ts'
import { makeBench, type Bench } from './harness.ts'
import { closed } from '../support/closed.ts'

interface Stage {
  readonly site: TestSite
  readonly bench: Bench
  /** Carries a command out, answering its questions; resolves to the questions and to the code that was shown. */
  run(
    command: SiteCommand,
    answer: (code: string, question: string) => string | Promise<string>,
  ): Promise<{ readonly code: string; readonly questions: readonly string[] }>
}

async function makeStage(context: TestContext, isServed: boolean): Promise<Stage> {
  const site = await makeSite({ recovery: { delayMs: 0, mail: 'off', intoMailbox: false } })
  await (await openAlice(site)).close()
  const bench = await makeBench(context)
  Object.defineProperty(bench, 'accounts', { value: site.accounts })
  const openSite = async () => ({
    ...{ accounts: site.accounts, backups: bench.backups, server: undefined, close: async () => undefined },
  })
  if (isServed) await bench.startServer()
  const config = loadConfig({ flags: { data_dir: bench.dataDir } })
  return {
    ...{ site, bench },
    async run(command, answer) {
      let code = ''
      const questions: string[] = []
      const outlet = {
        ...noOutlet,
        reveal: async (_: string, bytes: Buffer) => {
          code = bytes.toString()
        },
        ask: async (question: string) => {
          questions.push(question)
          return Buffer.from(await answer(code, question))
        },
      }
      const secrets = new Map([['password', password()]])
      const order = { input: { address: alice }, isDryRun: false, secrets }
      const reach = { config, openSite, signal: new AbortController().signal }
      await carryOut(command, order, outlet, reach)
      return { code, questions }
    },
  }
}

const atRestOf = async ({ site }: Stage) => (await site.accounts.info(alice)).atRest

for (const [where, isServed] of [
  ['on the idle store', false],
  ['over the control socket', true],
] as const) {
  describe(`a code that is typed back ${where}`, () => {
    it('counts after it was typed, wrong tries and all, and opens the mail', async (context) => {
      const stage = await makeStage(context, isServed)
      const { code, questions } = await stage.run(atrestEnable, async (shown, question) => {
        assert.equal(await atRestOf(stage), 'off', 'nothing is in force while it is asked for')
        return question.startsWith('Type') ? 'AAAA BBBB' : shown.slice(-9).replace('-', ' ').toLowerCase()
      })
      assert.equal(questions.length, 2)
      assert.match(await atRestOf(stage), /^(on|converting)$/)
      const open = await stage.site.accounts.openFor(
        alice,
        { kind: 'recovery', code: Buffer.from(code) },
        session,
      )
      await open.close()
    })

    it('was never in force when the wrong one is typed for too long, or nobody answers', async (context) => {
      const stage = await makeStage(context, isServed)
      await assert.rejects(
        stage.run(atrestEnable, () => 'no'),
        { code: 'offer-expired', exitCode: 65 },
      )
      await assert.rejects(
        stage.run(atrestEnable, () => {
          throw interrupted()
        }),
        { code: 'interrupted' },
      )
      assert.equal(await atRestOf(stage), 'off')
    })

    it('takes the place of the one before, which is good until then', async (context) => {
      const stage = await makeStage(context, isServed)
      const first = await stage.run(atrestEnable, (code) => code)
      const works = async (code: string): Promise<boolean> =>
        stage.site.accounts.atRest.testRecoveryCode(alice, Buffer.from(code)).then(
          () => true,
          () => false,
        )
      await assert.rejects(stage.run(atrestCodeRegenerate, () => 'no'))
      assert.ok(await works(first.code))
      const second = await stage.run(atrestCodeRegenerate, async (code) => {
        assert.ok(await works(first.code))
        return code
      })
      assert.deepEqual([await works(first.code), await works(second.code)], [false, true])
    })
  })
}

describe('a peer that answers', () => {
  const answer = encodeFrame(frameKinds.answer, Buffer.from('AAAA-BBBB'))
  const order = (over: object): Buffer => request({ command: 'log tail', input: { follow: true }, ...over })

  for (const [name, over, bytes] of [
    ['what nobody asked', { canAsk: true }, answer],
    ['with a frame that is no answer', { canAsk: true }, go],
    ['with garbage', { canAsk: true }, Buffer.from('GET / HTTP/1.1')],
  ] as const) {
    it(`${name} is sent away`, async (context) => {
      const bench = await makeBench(context)
      const { socketPath } = await bench.startServer()
      const socket = connect(socketPath)
      socket.on('error', () => undefined)
      socket.resume()
      socket.write(order(over))
      socket.write(go)
      while (!bench.log.lines.some((line) => line.includes('log tail'))) await new Promise(setImmediate)
      const isClosed = closed(socket)
      socket.write(bytes)
      await isClosed
    })
  }
})
