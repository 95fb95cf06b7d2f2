// The command line's end of the control socket.
import { connect, type Socket } from 'node:net'
import { z } from 'zod'
import { exitCodes, type ExitCode } from './exit-code.ts'
import { Failure, type FailureCode } from './failure.ts'
import { checkControlPath } from './control-path.ts'
import { protocolVersion } from './control-connection.ts'
import type { Order, Outlet } from './execute.ts'
import {
  BadFrame,
  decodeJson,
  decodeSecret,
  encodeFrame,
  encodeJson,
  encodeSecret,
  FrameReader,
  frameKinds,
  type Frame,
} from './frames.ts'

const failureForm = z.object({
  code: z.string(),
  exitCode: z.number(),
  message: z.string(),
  hint: z.string().optional(),
})

const questionForm = z.object({ question: z.string() })
const progressForm = z.object({ done: z.number(), total: z.number() })

/** An answer of a person is never that long. */
const answerBytes = 4096

/** A connected socket; undefined when no server listens there. Throws Failure 'not-permitted'. */
export async function connectControl(socketPath: string): Promise<Socket | undefined> {
  checkControlPath(socketPath)
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath)
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      resolve(socket)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined)
      else if (error.code === 'EACCES' || error.code === 'EPERM') {
        reject(
          new Failure(
            'not-permitted',
            exitCodes.notPermitted,
            `you may not use the control socket ${socketPath}`,
            {
              cause: error,
              hint: "run this as the server's own user, for example: sudo -u letterlock letterlock ...",
            },
          ),
        )
      } else {
        reject(
          new Failure(
            'server-unreachable',
            exitCodes.unavailable,
            `no connection to ${socketPath} (${error.code ?? 'error'})`,
            {
              cause: error,
            },
          ),
        )
      }
    })
  })
}

function lost(cause?: unknown): Failure {
  return new Failure('server-unreachable', exitCodes.temporary, 'the server went away before it answered', {
    cause,
    hint: 'the command may have been carried out: look with `letterlock user list` or `letterlock status`',
  })
}

function receivedFailure(payload: Buffer): Failure {
  const { code, exitCode, message, hint } = failureForm.parse(decodeJson(payload))
  const known = Object.values(exitCodes).find((one) => one === exitCode)
  // The server is of this version (its protocol was checked), so its words are ours.
  return new Failure(code as FailureCode, known ?? (exitCodes.bug satisfies ExitCode), message, { hint })
}

async function take(
  frame: Frame,
  outlet: Outlet,
  socket: Socket,
): Promise<Record<string, unknown> | undefined> {
  switch (frame.kind) {
    case frameKinds.progress: {
      const { done, total } = progressForm.parse(decodeJson(frame.payload))
      outlet.progress(done, total)
      return undefined
    }
    case frameKinds.row:
      await outlet.row(decodeJson(frame.payload))
      return undefined
    case frameKinds.reveal: {
      const { name, bytes } = decodeSecret(frame.payload)
      await outlet.reveal(name, bytes)
      return undefined
    }
    case frameKinds.data:
      try {
        await outlet.data(frame.payload)
      } finally {
        frame.payload.fill(0)
      }
      return undefined
    case frameKinds.question: {
      const { question } = questionForm.parse(decodeJson(frame.payload))
      if (!outlet.ask) throw new BadFrame('a question to nobody')
      const answer = await outlet.ask(question)
      await write(socket, encodeFrame(frameKinds.answer, answer.subarray(0, answerBytes)))
      answer.fill(0)
      return undefined
    }
    case frameKinds.result:
      return decodeJson(frame.payload)
    case frameKinds.failure:
      throw receivedFailure(frame.payload)
    default:
      throw new BadFrame('a frame out of turn')
  }
}

function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    socket.write(bytes, () => {
      bytes.fill(0)
      resolve() // a peer that left shows itself when its answer is read
    })
  })
}

/** Has the server carry out `order`; ends the connection. Wipes the order's secrets. Throws Failure. */
export async function askServer(
  socket: Socket,
  command: string,
  order: Order,
  outlet: Outlet,
  signal: AbortSignal,
): Promise<object> {
  const reader = new FrameReader([
    frameKinds.progress,
    frameKinds.row,
    frameKinds.reveal,
    frameKinds.result,
    frameKinds.failure,
    frameKinds.data,
    frameKinds.question,
  ])
  const stop = () => socket.destroy()
  signal.addEventListener('abort', stop, { once: true })
  socket.on('error', stop)
  try {
    const { input, isDryRun } = order
    await write(
      socket,
      encodeJson(frameKinds.request, {
        ...{ protocol: protocolVersion, command, input, isDryRun },
        ...(outlet.ask ? { canAsk: true } : {}),
      }),
    )
    for (const [name, bytes] of order.secrets) await write(socket, encodeSecret('secret', name, bytes))
    await write(socket, encodeFrame(frameKinds.go, Buffer.alloc(0)))
    for await (const chunk of socket) {
      for (const frame of reader.read(chunk as Buffer)) {
        const result = await take(frame, outlet, socket)
        if (result) return result
      }
    }
    throw lost()
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof Failure ? error : lost(error)
  } finally {
    signal.removeEventListener('abort', stop)
    reader.wipe()
    for (const bytes of order.secrets.values()) bytes.fill(0)
    socket.destroy()
  }
}
