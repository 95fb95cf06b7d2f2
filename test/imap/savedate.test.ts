// SAVEDATE follows a message into a mailbox, INTERNALDATE goes with it (RFC 8514 §4, RFC 3501 §6.4.7).
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mail, makeHarness } from './harness.ts'

const day = 24 * 60 * 60 * 1000

describe('SAVEDATE', () => {
  for (const command of ['COPY', 'MOVE'] as const) {
    it(`is made anew by ${command}, and INTERNALDATE is not`, async () => {
      const harness = await makeHarness()
      try {
        const { time } = harness.site.clock
        await harness.put(mail('one'), { internalDate: time - 7 * day, zoneMinutes: 60 })
        const client = await harness.select()
        harness.site.clock.time = time + 3 * day
        const [before] = await client.ok('FETCH 1 (SAVEDATE INTERNALDATE)')
        assert.equal(
          before,
          '* 1 FETCH (SAVEDATE "21-Nov-2026 12:00:00 +0000" INTERNALDATE "14-Nov-2026 13:00:00 +0100")',
        )
        await client.ok(`${command} 1 Sent`)
        await client.ok('SELECT Sent')
        const [after] = await client.ok('FETCH 1 (SAVEDATE INTERNALDATE)')
        assert.equal(
          after,
          '* 1 FETCH (SAVEDATE "24-Nov-2026 12:00:00 +0000" INTERNALDATE "14-Nov-2026 13:00:00 +0100")',
        )
      } finally {
        await harness.close()
      }
    })
  }

  it('has its day padded with a space', async () => {
    const harness = await makeHarness()
    try {
      harness.site.clock.time = Date.UTC(2026, 11, 5, 1, 2, 3)
      await harness.put(mail('one'))
      const client = await harness.select()
      const [answer] = await client.ok('FETCH 1 SAVEDATE')
      assert.equal(answer, '* 1 FETCH (SAVEDATE " 5-Dec-2026 01:02:03 +0000")')
    } finally {
      await harness.close()
    }
  })
})
