// Puts messages into an account by LMTP before anything is measured.
import type { Account, Contestant } from '../contestants/contestant.ts'
import type { MessageGenerator } from '../message-generator.ts'
import { LmtpClient } from './lmtp-client.ts'

const connections = 4

/** Delivers `count` messages to one account; resolves to their total size in bytes. */
export async function seed(
  contestant: Contestant,
  account: Account,
  messages: MessageGenerator,
  count: number,
): Promise<number> {
  let next = 0
  let bytes = 0
  await Promise.all(
    Array.from({ length: Math.min(connections, count) }, async () => {
      const client = await LmtpClient.connect(contestant.lmtpPort)
      while (next < count) {
        const message = messages.message(next++)
        bytes += message.sizeBytes
        await client.deliver(account.address, message)
      }
      await client.quit()
    }),
  )
  return bytes
}
