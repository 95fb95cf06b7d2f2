// What is kept ready of a message: made here for small ones, in a worker thread for large ones.
import { Worker } from 'node:worker_threads'
import { asBuffer } from '../base/bytes.ts'
import { breathe, deferred } from '../base/async.ts'
import { storedFormOfBinary } from '../mail/binary-form.ts'
import { prepareMessage } from '../mail/prepare.ts'
import { boundedContent, type Content } from './message-codec.ts'
import type { PrepareAnswer, PrepareRequest } from './prepare-worker.ts'

/** Up to here parsing takes a millisecond or two. */
const smallBytes = 1024 * 1024
const copyBytes = 4 * 1024 * 1024

type Answered = Exclude<PrepareAnswer, { readonly error: string }>
type Waiting = ReturnType<typeof deferred<Answered>>

/** One thread, started at the first large message. It keeps the process alive while it has work, and not otherwise. */
class PrepareThread {
  #worker: Worker | undefined
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  async run(message: Buffer, task: PrepareRequest['task']): Promise<Answered> {
    const shared = new SharedArrayBuffer(message.length)
    const copy = new Uint8Array(shared)
    for (let at = 0; at < message.length; at += copyBytes) {
      copy.set(message.subarray(at, at + copyBytes), at)
      await breathe()
    }
    const id = (this.#lastId += 1)
    const waiting = deferred<Answered>()
    this.#waiting.set(id, waiting)
    const request: PrepareRequest = { id, task, message: shared }
    try {
      const worker = this.#start()
      worker.ref()
      worker.postMessage(request)
      return await waiting.promise
    } finally {
      this.#waiting.delete(id)
      if (this.#waiting.size === 0) this.#worker?.unref()
      for (let at = 0; at < copy.length; at += copyBytes) {
        copy.fill(0, at, at + copyBytes)
        await breathe()
      }
    }
  }

  #start(): Worker {
    if (this.#worker) return this.#worker
    // The compiled file: this module runs from dist/.
    const worker = new Worker(new URL('./prepare-worker.js', import.meta.url))
    worker.on('message', (answer: PrepareAnswer) => {
      const waiting = this.#waiting.get(answer.id)
      if ('error' in answer) waiting?.reject(new Error(answer.error))
      else waiting?.resolve(answer)
    })
    const failed = (error: unknown): void => {
      if (this.#worker === worker) this.#worker = undefined
      for (const waiting of this.#waiting.values()) waiting.reject(error)
    }
    worker.on('error', failed)
    worker.on('exit', () => failed(new Error('the parsing thread ended')))
    this.#worker = worker
    return worker
  }
}

/** Buffers come out of a thread as plain byte arrays. */
function received(content: Content): Content {
  return {
    sizeBytes: content.sizeBytes,
    envelope: asBuffer(content.envelope),
    body: asBuffer(content.body),
    bodyStructure: asBuffer(content.bodyStructure),
    tree: asBuffer(content.tree),
    header: asBuffer(content.header),
  }
}

const thread = new PrepareThread()

/** The parts of a message that FETCH answers from, as far as they are short enough to keep. */
export async function prepareContent(message: Buffer): Promise<Content> {
  if (message.length > smallBytes) {
    const answer = await thread.run(message, 'content')
    if ('content' in answer) return received(answer.content)
    throw new Error('the parsing thread answered something else')
  }
  const content = boundedContent(prepareMessage(message))
  // The header is a view on the message: kept as its own bytes, or the whole message would stay in memory with it.
  return { ...content, header: Buffer.from(content.header) }
}

/** As `storedFormOfBinary`, large messages in the thread. */
export async function binaryForm(message: Buffer): Promise<Buffer | undefined> {
  if (message.length <= smallBytes) return storedFormOfBinary(message)
  const answer = await thread.run(message, 'binary')
  if ('stored' in answer) return answer.stored && asBuffer(answer.stored)
  throw new Error('the parsing thread answered something else')
}
