// Questions that a command asks over the control socket while it runs, and their answers.
import type { Socket } from 'node:net'
import { deferred, within } from '../base/async.ts'
import { exitCodes } from './exit-code.ts'
import { Failure, interrupted } from './failure.ts'
import { encodeJson, FrameReader, frameKinds } from './frames.ts'

/** Whoever has to fetch a pen takes a while; a terminal that was left alone must not hold a command for ever. */
const answerMs = 10 * 60_000

/**
 * What asks the peer of `socket`, one question at a time. An answer that nobody asked for ends the connection. Rejects with Failure
 * 'interrupted' when the peer leaves, and 'not-confirmed' when it says nothing.
 */
export function makeQuestioner(
  socket: Socket,
  send: (frame: Buffer) => Promise<void>,
  gone: AbortSignal,
  timeoutMs: number = answerMs,
): (question: string) => Promise<Buffer> {
  const reader = new FrameReader([frameKinds.answer])
  let waiting: ((answer: Buffer | undefined) => void) | undefined
  const answered = (answer: Buffer | undefined): void => {
    waiting?.(answer)
    waiting = undefined
  }
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const { payload } of reader.read(chunk)) {
        if (waiting) answered(payload)
        else {
          payload.fill(0)
          socket.destroy()
        }
      }
    } catch {
      socket.destroy()
    }
  })
  gone.addEventListener('abort', () => {
    reader.wipe()
    answered(undefined)
  })
  const isGone = (): boolean => gone.aborted
  return async (question) => {
    if (isGone()) throw interrupted()
    const answer = deferred<Buffer | undefined>()
    waiting = answer.resolve
    await send(encodeJson(frameKinds.question, { question }))
    const given = await within(answer.promise, timeoutMs)
    if (given) return given
    waiting = undefined
    throw isGone() ? interrupted() : new Failure('not-confirmed', exitCodes.usage, 'nobody answered')
  }
}
