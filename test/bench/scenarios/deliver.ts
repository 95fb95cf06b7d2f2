// LMTP deliveries a second, to accounts whose owners are logged out.
import { LmtpClient } from '../load/lmtp-client.ts'
import { measure } from '../measure.ts'
import { MessageGenerator } from '../message-generator.ts'
import { largeBytes, loop, makeAccounts, smallBytes, type Figure, type Scenario } from './scenario.ts'

const distinctMessages = 1_000

const cases = [
  { shape: 'text', sizeBytes: smallBytes, connections: 1, accounts: 16 },
  { shape: 'text', sizeBytes: smallBytes, connections: 16, accounts: 16 },
  { shape: 'text', sizeBytes: smallBytes, connections: 16, accounts: 1 },
  { shape: 'multipart', sizeBytes: largeBytes, connections: 1, accounts: 16 },
  { shape: 'multipart', sizeBytes: largeBytes, connections: 16, accounts: 16 },
  { shape: 'multipart', sizeBytes: largeBytes, connections: 16, accounts: 1 },
] as const

/** LMTP at two sizes, with 1 and 16 connections, to 16 accounts and to one. */
export const deliver: Scenario = {
  name: 'deliver',
  about: 'LMTP deliveries a second, 4 KB and 75 KB, 1 and 16 connections',
  argon2: 'light',
  async setUp(contestant, scale) {
    const accounts = await makeAccounts(contestant, 16)
    return async () => {
      const figures: Figure[] = []
      for (const { shape, sizeBytes, connections, accounts: recipients } of cases) {
        // Made beforehand: making them must not take the processor from the server.
        const generator = new MessageGenerator(shape, sizeBytes)
        const messages = Array.from({ length: distinctMessages }, (_, index) => generator.message(index))
        const clients = await Promise.all(
          Array.from({ length: connections }, () => LmtpClient.connect(contestant.lmtpPort)),
        )
        let index = 0
        const { result, seconds, cpuSeconds } = await measure(contestant, () =>
          loop(scale.loopSeconds, connections, async (worker, count) => {
            const recipient = accounts[(worker + count) % recipients]?.address ?? ''
            const message = messages[index++ % distinctMessages] ?? generator.message(0)
            await clients[worker]?.deliver(recipient, message)
          }),
        )
        await Promise.all(clients.map((client) => client.quit()))
        figures.push({
          row: `LMTP, ${sizeBytes / 1024} KB, ${plural(connections, 'connection')}, ${plural(recipients, 'account')}`,
          unit: 'msg/s',
          better: 'more',
          value: result / seconds,
          cpuPerThousand: (cpuSeconds / result) * 1000,
        })
      }
      return figures
    }
  },
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
