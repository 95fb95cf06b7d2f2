// How soon a waiting client hears of new mail: from LMTP's 250 to EXISTS.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Account, Contestant } from '../contestants/contestant.ts'
import { ImapClient } from '../load/imap-client.ts'
import { LmtpClient } from '../load/lmtp-client.ts'
import { measure } from '../measure.ts'
import { MessageGenerator } from '../message-generator.ts'
import { SeededRandom } from '../random.ts'
import { median } from '../statistics.ts'
import { makeAccount, smallBytes, type Figure, type Scenario } from './scenario.ts'

const patienceMs = 20_000

/** Deliveries one after the other to an account with one client in IDLE; EXISTS before the 250 counts as no delay. */
export const arrival: Scenario = {
  name: 'arrival',
  about: 'delay from LMTP 250 to EXISTS at an idle client',
  argon2: 'light',
  async setUp(contestant, scale) {
    const account = await makeAccount(contestant, 'waiting')
    return () => arrivalFigures(contestant, account, scale.arrivals, 'IDLE')
  },
}

/** Delivers `arrivals` messages to an account and notes when a client of it, in IDLE, hears of each. */
export async function arrivalFigures(
  contestant: Contestant,
  account: Account,
  arrivals: number,
  where: string,
): Promise<Figure[]> {
  const messages = new MessageGenerator('text', smallBytes)
  const random = new SeededRandom(5)
  const idler = await ImapClient.login(contestant.imapPort, account)
  let exists = await idler.select()
  let heard: (at: number) => void = () => undefined
  let text = ''
  await idler.idle((more) => {
    text = (text + more).slice(-4_096)
    if (text.includes(`* ${exists + 1} EXISTS\r\n`)) heard(performance.now())
  })
  const lmtp = await LmtpClient.connect(contestant.lmtpPort)
  const { result, cpuSeconds } = await measure(contestant, async () => {
    const delays: number[] = []
    for (let turn = 0; turn < arrivals; turn++) {
      // Not in step with any timer of the server.
      await sleep(50 + random.below(300))
      const hearing = new Promise<number>((resolve) => (heard = resolve))
      await lmtp.deliver(account.address, messages.message(exists))
      const acceptedAt = performance.now()
      const late = sleep(patienceMs, undefined, { ref: false })
      const heardAt = await Promise.race([hearing, late])
      if (heardAt === undefined) throw new Error(`no EXISTS within ${patienceMs} ms`)
      delays.push(Math.max(0, heardAt - acceptedAt))
      exists++
    }
    return delays
  })
  await lmtp.quit()
  await idler.done()
  await idler.logout()
  return [
    {
      row: `from LMTP 250 to EXISTS in ${where}, median`,
      unit: 'ms',
      better: 'less',
      value: median(result),
      cpuPerThousand: (cpuSeconds / result.length) * 1000,
    },
    {
      row: `from LMTP 250 to EXISTS in ${where}, worst`,
      unit: 'ms',
      better: 'less',
      value: Math.max(...result),
      combine: 'worst',
    },
  ]
}
