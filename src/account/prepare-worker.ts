// Worker thread: parses large messages, so that the event loop does not wait for them.
import { parentPort } from 'node:worker_threads'
import { storedFormOfBinary } from '../mail/binary-form.ts'
import { prepareMessage } from '../mail/prepare.ts'
import { boundedContent, type Content } from './message-codec.ts'

export interface PrepareRequest {
  readonly id: number
  /** 'binary': not the content, but the stored form of a message that came as a literal8. */
  readonly task: 'content' | 'binary'
  /** The message in shared memory. */
  readonly message: SharedArrayBuffer
}

export type PrepareAnswer =
  | { readonly id: number; readonly content: Content }
  | { readonly id: number; readonly stored: Uint8Array | undefined }
  | { readonly id: number; readonly error: string }

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

parentPort?.on('message', ({ id, task, message }: PrepareRequest) => {
  let answer: PrepareAnswer
  try {
    const bytes = Buffer.from(message)
    answer =
      task === 'binary'
        ? { id, stored: storedFormOfBinary(Buffer.from(bytes)) }
        : { id, content: owned(boundedContent(prepareMessage(bytes))) }
  } catch (error) {
    answer = { id, error: error instanceof Error ? error.message : 'fault' }
  }
  parentPort?.postMessage(answer)
})
