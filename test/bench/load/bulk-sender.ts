// A worker thread that delivers one very long message, so that sending it does not delay the thread that measures.
import { parentPort, workerData } from 'node:worker_threads'
import { MessageGenerator } from '../message-generator.ts'
import { LmtpClient } from './lmtp-client.ts'

/** What the worker is told. */
export interface BulkOrder {
  readonly lmtpPort: number
  readonly recipient: string
  readonly sizeBytes: number
}

const order = workerData as BulkOrder
const { head, body } = new MessageGenerator('text', 262_144, 3).message(0)
const client = await LmtpClient.connect(order.lmtpPort)
parentPort?.postMessage('sending')
await client.deliverLong(order.recipient, head, body, Math.ceil(order.sizeBytes / body.length))
await client.quit()
parentPort?.postMessage('delivered')
