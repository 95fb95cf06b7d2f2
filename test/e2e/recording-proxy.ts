// A Unix socket in front of another one, which keeps a copy of everything that passes.
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { frameKinds } from '../../src/admin/frames.ts'

/** Frames whose only purpose is to carry a secret to the server, or a new recovery code to its owner. */
const secretKinds: readonly number[] = [frameKinds.secret, frameKinds.reveal]

/** Octets of frames without the contents of those that carry secrets. */
function withoutSecrets(stream: Buffer): Buffer {
  const kept: Buffer[] = []
  for (let at = 0; at + 5 <= stream.length;) {
    const end = at + 4 + stream.readUInt32BE(at)
    kept.push(stream.subarray(at, secretKinds.includes(stream[at + 4] ?? 0) ? at + 5 : end))
    at = end
  }
  return Buffer.concat(kept)
}

export class RecordingProxy implements AsyncDisposable {
  readonly #server: Server
  readonly #streams: Buffer[][] = []

  private constructor(server: Server) {
    this.#server = server
  }

  /** Listens at `path` and passes everything on to `target`, and back. */
  static async start(path: string, target: string): Promise<RecordingProxy> {
    const server = createServer({ allowHalfOpen: true })
    const proxy = new RecordingProxy(server)
    server.on('connection', (near) => {
      const far = connect({ path: target, allowHalfOpen: true })
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        const stream: Buffer[] = []
        proxy.#streams.push(stream)
        from.on('data', (chunk: Buffer) => stream.push(Buffer.from(chunk)))
        from.on('error', () => to.destroy())
        from.pipe(to)
      }
    })
    server.listen(path)
    await once(server, 'listening')
    return proxy
  }

  /** All that has passed. */
  get traffic(): Buffer {
    return Buffer.concat(this.#streams.flat())
  }

  /** All that has passed, less the contents of the frames that carry passwords and recovery codes. */
  get trafficWithoutSecrets(): Buffer {
    return Buffer.concat(this.#streams.map((stream) => withoutSecrets(Buffer.concat(stream))))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    await once(this.#server, 'close')
  }
}
