// COMPRESS=DEFLATE on top of a socket (RFC 4978): inflates what comes, deflates what goes, and forgets between two answers.
import { Duplex } from 'node:stream'
import { constants, createInflateRaw, deflateRawSync } from 'node:zlib'
import { breathe } from '../base/async.ts'
import type { ImapSocket } from './socket.ts'

/** Inflated at a time: what a peer's few bytes may become before somebody reads it. */
const inflatedBytes = 4 * 1024
/** Deflated at a time: no longer than the window, so nothing is lost by beginning anew. */
const deflatedBytes = 32 * 1024
/** Compressed bytes that may come without a single byte in them; a block's code tables take less than 400. */
const silentBytes = 16 * 1024
const level = 5

/**
 * Speaks deflate with the peer of `socket`. What is written between `cork` and `uncork` goes out together, flushed to the byte, and shares
 * its window with nothing else. Bytes that do not inflate end the reading; `refuse` is called once, with what to tell the peer.
 */
export class CompressedSocket extends Duplex {
  readonly #socket: ImapSocket
  readonly #refuse: (text: string) => void
  /** A peer that ends in the middle of a block has ended, that is all. */
  readonly #inflater = createInflateRaw({ chunkSize: inflatedBytes, finishFlush: constants.Z_SYNC_FLUSH })
  /** Bytes given to the inflater since it last gave one back. */
  #silent = 0
  #isOver = false
  /** There may be something to read. */
  #wake: () => void = () => undefined
  /** Nothing is to be read any more. */
  #interrupt: () => void = () => undefined

  /** `first`: what was read from the socket already. */
  constructor(socket: ImapSocket, first: readonly Buffer[], refuse: (text: string) => void) {
    super({ allowHalfOpen: true, readableHighWaterMark: inflatedBytes })
    this.#socket = socket
    this.#refuse = refuse
    this.#inflater.on('data', (bytes: Buffer) => {
      this.#silent = 0
      if (!this.#isOver && !this.push(bytes)) this.#inflater.pause()
    })
    this.#inflater.on('error', () => this.#giveUp('What came does not inflate'))
    // A last block is the end of what the peer has to say.
    this.#inflater.on('end', () => this.#endReading())
    const wake = (): void => this.#wake()
    socket.on('readable', wake)
    socket.on('end', wake)
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => this.destroy())
    void this.#pump(first)
  }

  override _read(): void {
    this.#inflater.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#send([chunk]).then(() => done(), done)
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#send(chunks.map(({ chunk }) => chunk)).then(() => done(), done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done())
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stopReading()
    this.#inflater.destroy()
    this.#socket.destroy()
    done(error)
  }

  /** Each piece is deflated from an empty window: no secret is ever in one with what somebody else could choose (CRIME, CVE-2026-40203). */
  async #send(chunks: readonly Buffer[]): Promise<void> {
    const bytes = Buffer.concat(chunks)
    for (let at = 0; at < bytes.length; at += deflatedBytes) {
      if (at > 0) await breathe()
      if (this.#socket.destroyed) throw new Error('the socket is gone')
      const piece = deflate(bytes.subarray(at, at + deflatedBytes))
      await new Promise<void>((resolve, reject) => {
        this.#socket.write(piece, (error) => (error ? reject(error) : resolve()))
      })
    }
  }

  /** Gives the inflater one chunk at a time, the next when what is in the one before was read. */
  async #pump(first: readonly Buffer[]): Promise<void> {
    const waiting = [...first]
    while (!this.#isOver) {
      const chunk = waiting.shift() ?? (this.#socket.read() as Buffer | null)
      if (chunk) await this.#inflate(chunk)
      else if (this.#socket.readableEnded || this.#socket.destroyed) {
        this.#inflater.end()
        return
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }

  #inflate(chunk: Buffer): Promise<void> {
    this.#silent += chunk.length
    return new Promise((resolve) => {
      this.#interrupt = resolve
      this.#inflater.write(chunk, () => {
        if (this.#silent > silentBytes && this.#inflater.readableLength === 0)
          this.#giveUp('What came holds nothing')
        resolve()
      })
    })
  }

  #giveUp(text: string): void {
    if (this.#isOver) return
    this.#endReading()
    this.#refuse(text)
  }

  #endReading(): void {
    if (this.#isOver) return
    this.#stopReading()
    this.push(null)
  }

  #stopReading(): void {
    this.#isOver = true
    this.#wake()
    this.#interrupt()
  }
}

/** Raw deflate that ends on a whole byte and without a last block. Short text gets a small window, which costs little to set up. */
function deflate(bytes: Buffer): Buffer {
  const windowBits = Math.min(15, Math.max(9, 32 - Math.clz32(bytes.length - 1)))
  return deflateRawSync(bytes, {
    ...{ level, windowBits, memLevel: Math.min(8, windowBits - 7) },
    finishFlush: constants.Z_SYNC_FLUSH,
    chunkSize: Math.max(64, bytes.length),
  })
}
