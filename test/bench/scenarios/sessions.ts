// What sessions and open mailboxes cost in memory, where one account has many of both.
import { setTimeout as sleep } from 'node:timers/promises'
import { ImapClient } from '../load/imap-client.ts'
import { seed } from '../load/seed.ts'
import { settle } from '../measure.ts'
import { MessageGenerator } from '../message-generator.ts'
import { memoryBytes } from '../process-tree.ts'
import { makeAccount, smallBytes, type Figure, type Scenario } from './scenario.ts'

const sessions = 64
const delivered = 1_000
const restMs = 3_000

/** Sessions of one account: logged in, with one large mailbox open in all, and told of a change of it. */
export const manySessions: Scenario = {
  name: 'sessions',
  about: 'memory of 64 sessions of one account on 50,000 messages, and of that mailbox',
  argon2: 'light',
  async setUp(contestant, scale) {
    const account = await makeAccount(contestant, 'shared')
    const first = Math.min(delivered, scale.manyMessages)
    await seed(contestant, account, new MessageGenerator('text', smallBytes), first)
    const opening = await ImapClient.login(contestant.imapPort, account)
    await opening.selectAll(first)
    await opening.logout()
    await contestant.fill(account, scale.manyMessages)
    return async () => {
      await contestant.stop()
      await contestant.start()
      const clients: ImapClient[] = []
      const weigh = async (): Promise<number> => {
        await settle(contestant)
        await sleep(restMs)
        return memoryBytes(contestant.pids())
      }
      const each = async (task: (client: ImapClient, index: number) => Promise<unknown>): Promise<void> => {
        for (const [index, client] of clients.entries()) await task(client, index)
      }
      // A server that has never been used is not what grows.
      const warmUp = await ImapClient.login(contestant.imapPort, account)
      const atFirst = await weigh()
      while (clients.length < sessions) clients.push(await ImapClient.login(contestant.imapPort, account))
      const loggedIn = await weigh()
      await clients[0]?.select()
      const oneOpen = await weigh()
      await each((client, index) => (index === 0 ? Promise.resolve() : client.select()))
      const allOpen = await weigh()
      await clients[0]?.command('STORE 1 +FLAGS (\\Deleted)')
      await clients[0]?.command('EXPUNGE')
      await each((client) => client.command('NOOP'))
      const changed = await weigh()
      for (const client of clients) client.close()
      warmUp.close()
      const count = scale.manyMessages.toLocaleString('en-US')
      const figure = (row: string, bytes: number): Figure => {
        return { row, unit: 'KiB', better: 'less', value: bytes / 1024 }
      }
      return [
        figure('memory per session, logged in', (loggedIn - atFirst) / sessions),
        figure(`memory of a mailbox of ${count}, opened by the first session`, oneOpen - loggedIn),
        figure(`the same mailbox, per further session`, (allOpen - oneOpen) / (sessions - 1)),
        figure(`the same after a change that all were told of`, (changed - oneOpen) / (sessions - 1)),
      ]
    }
  },
}
