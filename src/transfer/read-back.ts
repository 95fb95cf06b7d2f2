// Verifies an import: what was written is read again from the store and compared with what was read from the source.
import type { MessageContent, OpenAccount, Uid } from '../account/api.ts'
import { isRefusal } from '../account/errors.ts'
import type { ZonedDate } from '../mail/date.ts'
import { hasher } from '../crypto/digest.ts'

/** What a message must be when it is read back. */
export interface Expected {
  readonly digest: Buffer
  readonly date: ZonedDate
}

export interface ReadBack {
  readonly equal: number
  /** Gone since: somebody else was at work. */
  readonly gone: number
  readonly different: readonly Uid[]
}

/** SHA-256 of a message, opened chunk by chunk; undefined: somebody removed it this very moment. Refuses with 'damaged'. */
export async function digestOf(content: MessageContent): Promise<Buffer | undefined> {
  const state = hasher()
  try {
    for await (const piece of content.read(0, content.sizeBytes)) state.update(piece)
  } catch (error) {
    if (isRefusal(error, 'message-expunged')) return undefined
    throw error
  }
  return state.digest()
}

/** Reads `expected` (any order) of a mailbox. Refuses with 'damaged', 'unavailable'. */
export async function readBack(
  account: OpenAccount,
  name: string,
  expected: ReadonlyMap<Uid, Expected>,
  step: () => void,
): Promise<ReadBack> {
  const uids = [...expected.keys()].sort((a, b) => a - b)
  const different: Uid[] = []
  let equal = 0
  if (!account.mailbox(name)) return { equal, gone: uids.length, different }
  const mailbox = await account.select(name, { isReadOnly: true })
  try {
    for await (const content of mailbox.contents(uids)) {
      const wanted = expected.get(content.uid)
      const state = mailbox.state(content.uid)
      if (!wanted || !state) continue
      const digest = await digestOf(content)
      if (!digest) continue
      const isSame =
        digest.equals(wanted.digest) &&
        state.internalDate === wanted.date.epochMs &&
        state.zoneMinutes === wanted.date.zoneMinutes
      if (isSame) equal += 1
      else different.push(content.uid)
      step()
    }
  } finally {
    mailbox.close()
  }
  return { equal, gone: uids.length - equal - different.length, different }
}
