// Node reads sockets into 64 KiB at a time and hands out what came, shortened. What it read into stays as it was until something longer is read into
// the same memory: a buffer that is kept (Node 24), or one that was freed (Node 20). A password that came without TLS would stand
// there. So it is overwritten, by reading as many zeros from ourselves.
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { within } from '../base/async.ts'
import type { Log } from '../base/ports.ts'
import { randomBytes } from '../crypto/random.ts'

/** As much as libuv reads at once. Written and read in one turn each, so that it fills the whole buffer. */
const bufferBytes = 64 * 1024
const limitMs = 5_000

/** Overwrites Node's buffer. `close` when nothing is read any more. */
export class ReadBuffer {
  readonly #sink: Server
  readonly #name: string
  readonly #log: Log
  readonly #zeros = Buffer.alloc(bufferBytes)
  readonly #watched = new Set<Socket>()
  readonly #everyMs: number
  #timer: NodeJS.Timeout | undefined
  #bytesRead = 0
  #now: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  private constructor(sink: Server, name: string, log: Log, everyMs: number) {
    this.#sink = sink
    this.#name = name
    this.#log = log
    this.#everyMs = everyMs
  }

  /**
   * A socket without a place in the file system is listened at, under a name that nobody guesses; whoever connects all the same can only send
   * what is thrown away. `everyMs`: how soon what came on a connection that stays open is overwritten.
   */
  static async open(log: Log, everyMs = 2_000): Promise<ReadBuffer> {
    const name = `\0letterlock-${randomBytes(16).toString('hex')}`
    const sink = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.setTimeout(limitMs, () => socket.destroy())
      socket.on('data', () => undefined)
    })
    sink.maxConnections = 8
    sink.listen(name)
    await once(sink, 'listening')
    sink.unref()
    return new ReadBuffer(sink, name, log, everyMs)
  }

  /** What connections of this server read is overwritten when they end, and every now and then while they last. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => {
      this.#watched.add(socket)
      socket.once('close', () => {
        this.#watched.delete(socket)
        this.#bytesRead = -1
        // Whoever hears of the end of a session may count on it soon.
        setImmediate(() => void this.wipe())
      })
      this.#timer ??= setInterval(() => this.#look(), this.#everyMs).unref()
    })
  }

  #look(): void {
    let bytesRead = 0
    for (const socket of this.#watched) bytesRead += socket.bytesRead
    if (bytesRead === this.#bytesRead) return
    this.#bytesRead = bytesRead
    void this.wipe()
  }

  /** Resolves when what was read until now is overwritten, or the log says that it is not. */
  wipe(): Promise<void> {
    // One that is under way may have passed already where something was read since: another follows, for all who ask meanwhile.
    this.#next ??= this.#now.then(() => {
      this.#next = undefined
      this.#now = this.#once().catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : 'error'
        this.#log.write('warn', 'memory.not-wiped', { reason })
      })
      return this.#now
    })
    return this.#next
  }

  async #once(): Promise<void> {
    const socket = connect(this.#name)
    try {
      socket.on('error', () => undefined)
      socket.end(this.#zeros)
      // The other side ends when it has read all.
      socket.resume()
      if (!(await within(once(socket, 'close'), limitMs))) throw new Error('nobody reads')
    } finally {
      socket.destroy()
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.wipe()
    this.#sink.close()
  }
}
