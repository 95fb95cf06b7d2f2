// Seals one message's body into a staged blob, ready to be attached by the commit that makes it visible.
import { sealBody, sealBodyNow } from '../crypto/body.ts'
import { makeId, randomBytes } from '../crypto/random.ts'
import type { StagedBlob, Store } from '../store/store.ts'
import type { Content } from './message-codec.ts'
import { prepareContent } from './prepare.ts'
import { refusing } from './refusing.ts'

/** Below this a message is sealed in one go; above, chunk by chunk, so that others are not kept waiting. */
const smallBytes = 256 * 1024

export interface SealedMessage {
  readonly messageKey: Buffer
  readonly blob: Buffer
  readonly staged: StagedBlob
  readonly content: Content
}

/** The caller wipes the message key. `recoveryHeader` is made from the message key and the blob's id (FORMAT.md §9.7). Refuses with 'unavailable'. */
export async function sealMessage(
  store: Store,
  account: Buffer,
  message: Buffer,
  recoveryHeader: (messageKey: Buffer, blob: Buffer) => Buffer,
): Promise<SealedMessage> {
  const content = await prepareContent(message)
  const messageKey = randomBytes(32)
  try {
    const blob = makeId()
    const header = recoveryHeader(messageKey, blob)
    const source =
      message.length <= smallBytes
        ? sealBodyNow(messageKey, account, blob, message)
        : sealBody(messageKey, account, blob, message)
    const staged = await refusing(() => store.blobs.stage(account, blob, header, source))
    return { messageKey, blob, staged, content }
  } catch (error) {
    messageKey.fill(0)
    throw error
  }
}
