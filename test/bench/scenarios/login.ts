// Logins a second with the password hash at the cost that is compared.
import { ImapClient } from '../load/imap-client.ts'
import { measure } from '../measure.ts'
import { loop, makeAccounts, type Figure, type Scenario } from './scenario.ts'

/** Connect, LOGIN, LOGOUT, over and over, on 1 and on 4 connections; every login is of an account that is logged out. */
export const login: Scenario = {
  name: 'login',
  about: 'logins a second, Argon2id at equal cost',
  argon2: 'equal',
  async setUp(contestant, scale) {
    const accounts = await makeAccounts(contestant, 16)
    return async () => {
      const figures: Figure[] = []
      for (const connections of [1, 4]) {
        const { result, seconds, cpuSeconds } = await measure(contestant, () =>
          loop(scale.loopSeconds, connections, async (worker, count) => {
            const account = accounts[(worker * 4 + (count % 4)) % accounts.length]
            if (account === undefined) throw new Error('no account')
            const client = await ImapClient.login(contestant.imapPort, account)
            await client.logout()
          }),
        )
        figures.push({
          row: `login, ${connections} at once`,
          unit: 'logins/s',
          better: 'more',
          value: result / seconds,
          cpuPerThousand: (cpuSeconds / result) * 1000,
        })
      }
      return figures
    }
  },
}
