// Whether a very long delivery and a login hold up somebody else's session.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { ImapClient } from '../load/imap-client.ts'
import type { BulkOrder } from '../load/bulk-sender.ts'
import { measure } from '../measure.ts'
import { median, percentile } from '../statistics.ts'
import { makeAccount, type Scenario } from './scenario.ts'

const pauseMs = 2

/** NOOP after NOOP on one session while 100 MB arrive for another account and a third person logs in. */
export const stall: Scenario = {
  name: 'stall',
  about: 'NOOP round trips during a 100 MB delivery and a login',
  argon2: 'equal',
  async setUp(contestant, scale) {
    const watcherAccount = await makeAccount(contestant, 'watcher')
    const recipient = await makeAccount(contestant, 'recipient')
    const newcomer = await makeAccount(contestant, 'newcomer')
    return async () => {
      const watcher = await ImapClient.login(contestant.imapPort, watcherAccount)
      await watcher.select()
      const { result } = await measure(contestant, async () => {
        const order: BulkOrder = {
          lmtpPort: contestant.lmtpPort,
          recipient: recipient.address,
          sizeBytes: scale.bulkBytes,
        }
        const sender = new Worker(new URL('../load/bulk-sender.js', import.meta.url), { workerData: order })
        await once(sender, 'message') // connected, begins to send
        const startedAt = performance.now()
        let deliveredMs: number | undefined
        let loginMs: number | undefined
        const delivery = once(sender, 'exit').then(([code]) => {
          if (code !== 0) throw new Error('the long delivery failed')
          deliveredMs = performance.now() - startedAt
        })
        const login = ImapClient.login(contestant.imapPort, newcomer).then(async (client) => {
          loginMs = performance.now() - startedAt
          await client.logout()
        })
        const ended = Promise.all([delivery, login])
        const roundTrips: number[] = []
        while (deliveredMs === undefined || loginMs === undefined) {
          const sentAt = performance.now()
          await watcher.command('NOOP')
          roundTrips.push(performance.now() - sentAt)
          // A failure of the delivery or of the login must end this loop.
          await Promise.race([sleep(pauseMs), ended])
        }
        await ended
        return { roundTrips, deliveredMs, loginMs }
      })
      await watcher.logout()
      const { roundTrips, deliveredMs, loginMs } = result
      const megabytes = scale.bulkBytes / 1e6
      const during = `during a delivery of ${Math.round(megabytes)} MB`
      return [
        {
          row: `NOOP ${during} and a login, worst`,
          unit: 'ms',
          better: 'less',
          value: Math.max(...roundTrips),
          combine: 'worst',
        },
        { row: `NOOP ${during}, 99 of 100`, unit: 'ms', better: 'less', value: percentile(roundTrips, 0.99) },
        { row: `NOOP ${during}, median`, unit: 'ms', better: 'less', value: median(roundTrips) },
        { row: `login ${during}`, unit: 'ms', better: 'less', value: loginMs },
        {
          row: `LMTP, one message of ${Math.round(megabytes)} MB`,
          unit: 'MB/s',
          better: 'more',
          value: (megabytes / deliveredMs) * 1000,
        },
      ]
    }
  },
}
