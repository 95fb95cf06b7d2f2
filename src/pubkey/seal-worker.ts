// Worker thread: reads keys and seals messages, so that the event loop waits for neither.
import { parentPort } from 'node:worker_threads'
import { asBuffer } from '../base/bytes.ts'
import { inspectKeyFile } from './inspect.ts'
import { PrivateKeyGiven } from './key-file.ts'
import { BadKey, UnusableKey, type FoundKey } from './public-key.ts'
import { sealMessageTo, type SealOptions } from './seal.ts'

export interface SealJob {
  readonly id: number
  /** A message, or a file of keys, in shared memory. */
  readonly bytes: SharedArrayBuffer
  readonly task:
    | { readonly kind: 'seal'; readonly options: SealOptions }
    | { readonly kind: 'inspect'; readonly now: number }
}

export type SealAnswer =
  | { readonly id: number; readonly sealed: Uint8Array | undefined }
  | { readonly id: number; readonly keys: readonly FoundKey[] }
  | {
      readonly id: number
      readonly error: 'bad-key' | 'private-key' | 'unusable' | 'fault'
      readonly text: string
    }

type Answer = SealAnswer extends infer Each ? (Each extends unknown ? Omit<Each, 'id'> : never) : never

function failed(error: unknown): Answer {
  const text = error instanceof Error ? error.message : 'fault'
  if (error instanceof PrivateKeyGiven) return { error: 'private-key', text }
  if (error instanceof BadKey) return { error: 'bad-key', text }
  if (error instanceof UnusableKey) return { error: 'unusable', text }
  return { error: 'fault', text }
}

async function run({ bytes, task }: SealJob): Promise<Answer> {
  // Ciphers do not take shared memory.
  const own = Buffer.from(new Uint8Array(bytes))
  try {
    if (task.kind === 'inspect') return { keys: await inspectKeyFile(own, task.now) }
    const keys = task.options.keys.map((key) => ({ ...key, bytes: asBuffer(key.bytes) }))
    return { sealed: await sealMessageTo(own, { ...task.options, keys }) }
  } catch (error) {
    return failed(error)
  } finally {
    own.fill(0)
  }
}

parentPort?.on('message', (job: SealJob) => {
  void run(job).then((answer) => {
    const moved = 'sealed' in answer && answer.sealed ? ownMemory(answer.sealed) : undefined
    const message = moved ? { id: job.id, sealed: moved } : { id: job.id, ...answer }
    parentPort?.postMessage(message, moved ? [moved.buffer] : [])
  })
})

/** Its memory is handed over, not copied: so it must be its own. */
function ownMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes
  return byteOffset === 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer)
    : new Uint8Array(bytes)
}
