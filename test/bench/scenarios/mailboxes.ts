// An account with many mailboxes: LIST, and STATUS of each.
import { ImapClient } from '../load/imap-client.ts'
import { measure } from '../measure.ts'
import { MessageGenerator } from '../message-generator.ts'
import { makeAccount, smallBytes, type Figure, type Scenario } from './scenario.ts'

const perParent = 25
const repeats = 20
const statusItems = '(MESSAGES UIDNEXT UIDVALIDITY UNSEEN)'

/** LIST of all mailboxes, LIST with STATUS, and one STATUS after the other; half of the mailboxes have a message. */
export const mailboxes: Scenario = {
  name: 'mailboxes',
  about: 'LIST and STATUS of 500 mailboxes',
  argon2: 'light',
  async setUp(contestant, scale) {
    const account = await makeAccount(contestant, 'sorter')
    const names = Array.from(
      { length: scale.mailboxes },
      (_, index) => `Parent${Math.floor(index / perParent)}/Child${index}`,
    )
    const message = new MessageGenerator('text', smallBytes).message(0)
    const maker = await ImapClient.login(contestant.imapPort, account)
    for (const [index, name] of names.entries()) {
      await maker.command(`CREATE ${name}`)
      if (index % 2 === 0) await maker.append(name, message)
    }
    await maker.logout()
    return async () => {
      await contestant.stop()
      await contestant.start()
      const client = await ImapClient.login(contestant.imapPort, account)
      const figures: Figure[] = []
      const step = async (row: string, times: number, commands: readonly string[]): Promise<void> => {
        const { seconds, cpuSeconds } = await measure(contestant, async () => {
          for (let turn = 0; turn < times; turn++)
            for (const command of commands) await client.command(command)
        })
        const cpuPerThousand = (cpuSeconds / times) * 1000
        figures.push({ row, unit: 'ms', better: 'less', value: (seconds * 1000) / times, cpuPerThousand })
      }
      const many = `${names.length} mailboxes`
      await step(`LIST of ${many}`, repeats, ['LIST "" "*"'])
      await step(`LIST with STATUS of ${many}, first time`, 1, [`LIST "" "*" RETURN (STATUS ${statusItems})`])
      await step(`LIST with STATUS of ${many}, again`, repeats, [
        `LIST "" "*" RETURN (STATUS ${statusItems})`,
      ])
      await step(
        `STATUS of ${many}, one by one`,
        1,
        names.map((name) => `STATUS ${name} ${statusItems}`),
      )
      await client.logout()
      return figures
    }
  },
}
