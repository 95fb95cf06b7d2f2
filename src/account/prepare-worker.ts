// Worker thread: parses large messages, so that the event loop does not wait for them.
import { parentPort } from 'node:worker_threads'
import { prepareMessage } from '../mail/prepare.ts'
import { boundedContent, type Content } from './message-codec.ts'

export interface PrepareRequest {
  readonly id: number
  /** The message in shared memory. */
  readonly message: SharedArrayBuffer
}

export type PrepareAnswer =
  { readonly id: number; readonly content: Content } | { readonly id: number; readonly error: string }

/** Own memory for what goes back: the views are on the whole message. */
function owned(content: Content): Content {
  const copy = (bytes: Buffer): Buffer => Buffer.from(bytes)
  return {
    sizeBytes: content.sizeBytes,
    envelope: copy(content.envelope),
    body: copy(content.body),
    bodyStructure: copy(content.bodyStructure),
    tree: copy(content.tree),
    header: copy(content.header),
  }
}

parentPort?.on('message', ({ id, message }: PrepareRequest) => {
  let answer: PrepareAnswer
  try {
    answer = { id, content: owned(boundedContent(prepareMessage(Buffer.from(message)))) }
  } catch (error) {
    answer = { id, error: error instanceof Error ? error.message : 'fault' }
  }
  parentPort?.postMessage(answer)
})
