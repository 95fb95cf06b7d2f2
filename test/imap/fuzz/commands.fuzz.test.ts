// Sessions of one account say valid and almost valid commands at once: every answer keeps the grammar and comes, nothing fails,
// and the account is whole afterwards.
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { within } from '../../../src/base/async.ts'
import { KeptLog, mail, makeHarness } from '../harness.ts'
import { fuzzOptions, seed } from './budget.ts'
import { ending, Player, step } from './player.ts'
import { assertNoFaults, assertWhole } from './walk.ts'

/** How long a connection may take to end when its client has gone before it counts as hung; nothing is measured by it. */
const patienceMs = 300_000

const steps = fc.array(step, { minLength: 1, maxLength: 40, size: 'max' })
const scenario = fc.array(fc.record({ steps, end: ending }), { minLength: 1, maxLength: 4, size: 'max' })

describe('commands of all kinds from several sessions', () => {
  it(`are answered by the grammar and leave the account whole (seed ${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (sessions) => {
        const log = new KeptLog()
        const harness = await makeHarness({ log })
        try {
          for (const subject of ['one', 'two', 'Re: one', 'three', 'Re: two', 'six', 'seven', 'eight'])
            await harness.put(mail(subject))
          const first = await harness.login()
          await first.ok('CREATE Work/Old')
          await first.ok('LOGOUT')
          const clients = await Promise.all(sessions.map(() => harness.select()))
          await Promise.all(
            sessions.map(async ({ steps, end }, index) => {
              const client = clients[index]
              if (client) await new Player(client).play(steps, end)
            }),
          )
          const ended = Promise.all(harness.handles.map(({ closed }) => closed)).then(() => true)
          if (!(await within(ended, patienceMs))) throw new Error('a connection outlives its client')
          await assertWhole(harness)
          assertNoFaults(log)
        } finally {
          await harness.close()
        }
      }),
      fuzzOptions(10),
    )
  })
})
