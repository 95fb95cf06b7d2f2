// One connection to the control socket: reads one order, carries it out, answers in frames.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { z } from 'zod'
import { randomToken } from '../crypto/random.ts'
import { within } from '../base/async.ts'
import type { Log } from '../base/ports.ts'
import type { Site, SiteCommand } from './command.ts'
import { makeQuestioner } from './control-questions.ts'
import { execute, type Order, type Outlet } from './execute.ts'
import { exitCodes } from './exit-code.ts'
import { asFailure, Failure, failureToJson, usageFailure } from './failure.ts'
import {
  BadFrame,
  decodeJson,
  decodeSecret,
  encodeFrame,
  encodeJson,
  encodeSecret,
  FrameReader,
  frameKinds,
} from './frames.ts'

export interface ControlConnectionOptions {
  readonly commands: ReadonlyMap<string, SiteCommand>
  readonly site: Site
  readonly log: Log
  /** Milliseconds a peer has for its whole request, or to take what was sent to it. */
  readonly patience: () => number
  /** Too many others: the peer is told so. */
  readonly isFull: boolean
}

/** Raised when frames change their meaning, so that an old command line and a new server say so. */
export const protocolVersion = 2

const requestForm = z.strictObject({
  protocol: z.number(),
  command: z.string().max(100),
  input: z.record(z.string(), z.unknown()),
  isDryRun: z.boolean(),
  canAsk: z.boolean().optional(),
})

/** Of five admins an old and a new password, and two of an account. */
const maxSecrets = 12

interface Request extends Order {
  readonly command: SiteCommand
  /** Somebody sits at the other end. */
  readonly canAsk: boolean
}

function understand(
  json: Record<string, unknown>,
  options: ControlConnectionOptions,
): Omit<Request, 'secrets'> {
  if (json['protocol'] !== protocolVersion) {
    throw new Failure(
      'server-unreachable',
      exitCodes.unavailable,
      'the running server is of another version',
      {
        hint: 'restart the server, so that it and this command are of one version',
      },
    )
  }
  const parsed = requestForm.safeParse(json)
  const command = parsed.success ? options.commands.get(parsed.data.command) : undefined
  if (!parsed.success || !command) throw usageFailure('the server does not know this command')
  const { input, isDryRun, canAsk = false } = parsed.data
  return { command, input, isDryRun, canAsk }
}

/** The order, or undefined when the peer left before it was complete. Throws BadFrame or Failure. */
async function readRequest(socket: Socket, options: ControlConnectionOptions): Promise<Request | undefined> {
  const reader = new FrameReader([frameKinds.request, frameKinds.secret, frameKinds.go])
  const secrets = new Map<string, Buffer>()
  let request: Omit<Request, 'secrets'> | undefined
  let isComplete = false
  try {
    // Not `for await` over the socket: leaving that loop would destroy it before the answer is written.
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      for (const { kind, payload } of reader.read(chunk as Buffer)) {
        if (isComplete) throw new BadFrame('a frame behind the last one')
        if (kind === frameKinds.request && !request) request = understand(decodeJson(payload), options)
        else if (kind === frameKinds.secret && request && secrets.size < maxSecrets) {
          const { name, bytes } = decodeSecret(payload)
          if (secrets.has(name)) {
            bytes.fill(0)
            throw new BadFrame('a secret twice')
          }
          secrets.set(name, bytes)
        } else if (kind === frameKinds.go && request) isComplete = true
        else {
          payload.fill(0)
          throw new BadFrame('a frame out of turn')
        }
      }
      if (isComplete && request) return { ...request, secrets }
    }
    return undefined
  } catch (error) {
    isComplete = false
    throw error
  } finally {
    reader.wipe()
    if (!isComplete) for (const bytes of secrets.values()) bytes.fill(0)
  }
}

/** What is said to the peer about an error, and what to the log. */
function explain(error: unknown, log: Log, command: string): Failure {
  if (error instanceof BadFrame && command !== '') {
    // Of ours: the order was understood, and may have been carried out.
    log.write('warn', 'control.too-long', { command })
    return new Failure(
      'internal',
      exitCodes.bug,
      'the answer is too long to be sent; what was asked for may be done',
      {
        hint: 'look before you try again: the commands that list show how things are',
      },
    )
  }
  if (error instanceof BadFrame) {
    log.write('warn', 'control.garbage', { reason: error.message })
    return usageFailure('this is no letterlock command line')
  }
  const failure = asFailure(error)
  if (failure) return failure
  const id = randomToken().slice(0, 8)
  // Name and place, never the text: it could quote what was being worked on.
  const isError = error instanceof Error
  const at = isError ? /\n\s+at (.*)/.exec(error.stack ?? '')?.[1] : undefined
  log.write('error', 'control.fault', { id, command, error: isError ? error.name : typeof error, at })
  return new Failure('internal', exitCodes.bug, `internal error ${id}`, {
    hint: `the server's log says more about ${id}`,
  })
}

const dataBytes = 32 * 1024

/** Writes that wait for a slow peer, up to the deadline; after that the connection is gone and writes do nothing. */
function makeOutlet(
  socket: Socket,
  patience: () => number,
  gone: AbortSignal,
): Outlet & { send(frame: Buffer): Promise<void> } {
  let lastProgress = -1
  const send = async (frame: Buffer): Promise<void> => {
    // Answers may hold a recovery code: wiped as soon as the system has them.
    if (!socket.writable || socket.write(frame, () => frame.fill(0))) return
    const drained = once(socket, 'drain', { signal: gone }).then(
      () => true,
      () => true,
    )
    if ((await within(drained, patience())) === undefined) socket.destroy()
  }
  return {
    send,
    progress(done, total) {
      // Thousandths are enough for a bar, and a peer that does not read is spared.
      const part = total > 0 ? Math.floor((done / total) * 1000) : 0
      if ((part === lastProgress && done !== total) || socket.writableNeedDrain) return
      lastProgress = part
      void send(encodeJson(frameKinds.progress, { done, total }))
    },
    row: (value) => send(encodeJson(frameKinds.row, value)),
    async data(bytes) {
      for (let at = 0; at < bytes.length; at += dataBytes)
        await send(encodeFrame(frameKinds.data, bytes.subarray(at, at + dataBytes)))
    },
    async reveal(name, bytes) {
      const frame = encodeSecret('reveal', name, bytes)
      bytes.fill(0)
      await send(frame)
    },
  }
}

/** Serves one connection to its end. Never rejects. */
export async function serveControl(socket: Socket, options: ControlConnectionOptions): Promise<void> {
  const { log, patience } = options
  const gone = new AbortController()
  const ended = new Promise<void>((resolve) => {
    socket.once('close', () => {
      gone.abort()
      resolve()
    })
  })
  socket.on('error', () => socket.destroy()) // a peer that left is no event
  const outlet = makeOutlet(socket, patience, gone.signal)
  // The whole order has this long, however it trickles.
  const deadline = setTimeout(() => socket.destroy(), patience())
  let name = ''
  try {
    if (options.isFull) {
      throw new Failure('busy', exitCodes.temporary, 'the server carries out too many commands at once', {
        hint: 'try again in a moment',
      })
    }
    const request = await readRequest(socket, options)
    clearTimeout(deadline)
    const ask = request?.canAsk
      ? makeQuestioner(socket, (frame) => outlet.send(frame), gone.signal)
      : undefined
    socket.resume() // nothing is expected but answers, and that the peer leaves is noticed only by reading
    if (request) {
      name = request.command.name
      // Input is not logged: an address is, where the command itself says so.
      const level = request.command.isRoutine ? 'debug' : 'info'
      log.write(level, 'control.command', { command: name, dryRun: request.isDryRun })
      const outgoing = ask ? { ...outlet, ask } : outlet
      const result = await execute(request.command, request, options.site, outgoing, gone.signal)
      await outlet.send(encodeJson(frameKinds.result, result))
    }
  } catch (error) {
    await outlet.send(encodeJson(frameKinds.failure, failureToJson(explain(error, log, name))))
  } finally {
    clearTimeout(deadline)
    socket.resume()
    const last = setTimeout(() => socket.destroy(), patience())
    socket.end(() => socket.destroy())
    await ended
    clearTimeout(last)
  }
}
