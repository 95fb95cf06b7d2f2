// Memory of a session that waits in IDLE.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Account } from '../contestants/contestant.ts'
import { ImapClient } from '../load/imap-client.ts'
import { seed } from '../load/seed.ts'
import { settle } from '../measure.ts'
import { MessageGenerator } from '../message-generator.ts'
import { memoryBytes } from '../process-tree.ts'
import { arrivalFigures } from './arrival.ts'
import { makeAccounts, smallBytes, type Scenario } from './scenario.ts'

const messagesEach = 20
const loginsAtOnce = 4
const restMs = 4_000

/** Many sessions with INBOX selected and IDLE running: growth of the server's memory, per session. */
export const idle: Scenario = {
  name: 'idle',
  about: 'memory of an idle session, and how soon it hears of mail',
  argon2: 'light',
  async setUp(contestant, scale) {
    const accounts = await makeAccounts(contestant, scale.idleAccounts)
    const messages = new MessageGenerator('text', smallBytes)
    for (const account of accounts) await seed(contestant, account, messages, messagesEach)
    const open = async (account: Account): Promise<ImapClient> => {
      const client = await ImapClient.login(contestant.imapPort, account)
      await client.select()
      await client.idle(() => undefined)
      return client
    }
    // The first login after the deliveries works on them; that is not what is weighed here.
    for (const account of accounts) {
      const client = await ImapClient.login(contestant.imapPort, account)
      await client.selectAll(messagesEach)
      client.close()
    }
    return async () => {
      await contestant.stop()
      await contestant.start()
      const wanted = Array.from(
        { length: scale.idleSessions },
        (_, index) => accounts[index % accounts.length],
      )
      // A server that has never been used is not what grows.
      const warmUp = accounts[0] && (await open(accounts[0]))
      warmUp?.close()
      await settle(contestant)
      const before = await memoryBytes(contestant.pids())
      const queue = wanted.values()
      const clients: ImapClient[] = []
      const worker = async (): Promise<void> => {
        for (const account of queue) if (account !== undefined) clients.push(await open(account))
      }
      await Promise.all(Array.from({ length: loginsAtOnce }, worker))
      await settle(contestant)
      await sleep(restMs)
      const after = await memoryBytes(contestant.pids())
      const among = `IDLE among ${scale.idleSessions} sessions`
      const news = accounts[0] ? await arrivalFigures(contestant, accounts[0], scale.arrivals, among) : []
      for (const client of clients) client.close()
      return [
        {
          row: `memory per session in IDLE (${scale.idleSessions} sessions of ${scale.idleAccounts} accounts)`,
          unit: 'KiB',
          better: 'less',
          value: (after - before) / 1024 / scale.idleSessions,
        },
        ...news,
      ]
    }
  },
}
