// Requests that trickle are cut off, wherever they do it; one that is slow but honest is not. Limits are short here, and what must be in time has plenty.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { WebDoor, type WebPace } from '../../src/server/web-door.ts'
import { ConnectionLimit } from '../../src/server/rate-limit.ts'
import { BodyRefused, readBody } from '../../src/web/body.ts'
import { MultipartStream, type Pace } from '../../src/web/multipart-stream.ts'
import { closed } from '../support/closed.ts'

const longMs = 60_000

/** Sends one octet after another for as long as the other side lets it; resolves to what came back. */
async function trickle(socket: Socket, text: string): Promise<string> {
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
  socket.on('error', () => undefined)
  const isClosed = closed(socket)
  const state = { isOver: false }
  void isClosed.then(() => (state.isOver = true))
  for (let at = 0; !state.isOver; at += 1) {
    socket.write(text[at % text.length] ?? '')
    await Promise.race([pause(10), isClosed])
  }
  return answer
}

async function door(pace: WebPace): Promise<{ door: WebDoor; port: number }> {
  const opened = new WebDoor({
    pace,
    listener: async (incoming, outgoing) => void outgoing.end(incoming.url),
    tls: undefined,
    limit: new ConnectionLimit({ connections: 10 }),
  })
  opened.netServer.listen(0, '127.0.0.1')
  await once(opened.netServer, 'listening')
  return { door: opened, port: (opened.netServer.address() as AddressInfo).port }
}

suite('heads and connections', () => {
  test('a head that trickles is answered with 408 and cut off', async () => {
    const { door: opened, port } = await door({ headMs: 200, idleMs: longMs, checkMs: 50 })
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ')
    assert.match(await trickle(socket, 'slow'), /^HTTP\/1\.1 408 /)
    await opened.stop(0)
  })

  for (const [what, head] of [
    ['that says nothing', ''],
    ['that stops in its body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12'],
  ] as const) {
    test(`a connection ${what} is closed`, async () => {
      const { door: opened, port } = await door({ headMs: longMs, idleMs: 200, checkMs: 50 })
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      socket.on('error', () => undefined).resume()
      if (head !== '') socket.write(head)
      await closed(socket)
      await opened.stop(0)
    })
  }
})

/** What `take` makes of a body that `send` writes, in chunks. */
async function taken<T>(
  take: (incoming: IncomingMessage) => Promise<T>,
  send: (socket: Socket) => Promise<unknown>,
): Promise<T> {
  const server = createServer()
  const result = new Promise<T>((resolve, reject) => {
    server.on('request', (incoming, outgoing) => {
      take(incoming)
        .then(resolve, reject)
        .finally(() => outgoing.destroy())
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
  try {
    const [value] = await Promise.all([result, send(socket)])
    return value
  } finally {
    socket.destroy()
    server.closeAllConnections()
    server.close()
  }
}

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
const fileHead = '--edge\r\nContent-Disposition: form-data; name="files"; filename="a.mbox"\r\n\r\n'

function uploaded(pace: Pace): (incoming: IncomingMessage) => Promise<number> {
  return async (incoming) => {
    const parts = new MultipartStream(incoming, 'edge', pace)
    let length = 0
    for (let part = await parts.next(); part; part = await parts.next())
      for await (const piece of part.content) length += piece.length
    return length
  }
}

const refusedWith = (status: number) => (error: unknown) =>
  error instanceof BodyRefused && error.status === status

suite('bodies', () => {
  test('a form that trickles is given up', async () => {
    await assert.rejects(
      taken(
        (incoming) => readBody(incoming, 1000, 200),
        (socket) => trickle(socket, chunk('a')),
      ),
      refusedWith(408),
    )
  })

  const slow: readonly (readonly [what: string, pace: Pace, send: (socket: Socket) => Promise<unknown>])[] = [
    ['that says nothing', { silenceMs: 200 }, async () => undefined],
    ['that stops in a file', { silenceMs: 200 }, async (socket) => socket.write(chunk(`${fileHead}From `))],
    [
      'that trickles from the beginning',
      { silenceMs: longMs, windowMs: 300 },
      (socket) => trickle(socket, chunk('-')),
    ],
    [
      'that trickles in a file, however much came before',
      { silenceMs: longMs, windowMs: 300 },
      async (socket) => {
        socket.write(chunk(fileHead + 'x'.repeat(2_000_000)))
        await trickle(socket, chunk('x'))
      },
    ],
  ]
  for (const [what, pace, send] of slow) {
    test(`an upload ${what} is given up`, async () => {
      await assert.rejects(taken(uploaded(pace), send), refusedWith(408))
    })
  }

  test('an upload that is longer than it may be is given up, announced or not', async () => {
    const send = async (socket: Socket): Promise<void> =>
      void socket.write(chunk(fileHead + 'x'.repeat(200_000)))
    await assert.rejects(taken(uploaded({ atMostBytes: 100_000 }), send), refusedWith(413))
  })

  test('an upload that is slow but honest comes whole, over many windows', async () => {
    const piece = 'x'.repeat(256 * 1024)
    const length = await taken(uploaded({ silenceMs: longMs, windowMs: 20 }), async (socket) => {
      socket.write(chunk(fileHead))
      for (let count = 0; count < 12; count += 1) {
        socket.write(chunk(piece))
        await pause(30)
      }
      socket.write(`${chunk('\r\n--edge--\r\n')}0\r\n\r\n`)
    })
    assert.equal(length, 12 * piece.length)
  })

  test('an upload is read the same wherever it is cut', async () => {
    const field = '--edge\r\nContent-Disposition: form-data; name="password"\r\n\r\n'
    const whole = Buffer.from(`${field}secret\r\n${fileHead}\r\nFrom x\r\n--edg\r\n\r\n--edge--\r\n`)
    const read = async (pieces: readonly Buffer[]): Promise<string[]> => {
      const parts = new MultipartStream(Readable.from(pieces), 'edge')
      const contents: string[] = []
      for (let part = await parts.next(); part; part = await parts.next()) {
        let content = ''
        for await (const piece of part.content) content += piece.toString('latin1')
        contents.push(content)
      }
      return contents
    }
    const expected = ['secret', '\r\nFrom x\r\n--edg\r\n']
    for (let at = 1; at < whole.length; at += 1)
      assert.deepEqual(
        await read([Buffer.from(whole.subarray(0, at)), Buffer.from(whole.subarray(at))]),
        expected,
      )
    assert.deepEqual(await read([...whole].map((octet) => Buffer.from([octet]))), expected)
  })

  test('what the server itself needs for an upload is not counted against it', async () => {
    // All of it is here at once, and is read letter by letter: together that takes longer than a window.
    const letters = Array.from({ length: 13 }, () => Buffer.from('x'))
    const incoming = Readable.from([Buffer.from(fileHead), ...letters, Buffer.from('\r\n--edge--')])
    const parts = new MultipartStream(incoming, 'edge', { silenceMs: longMs, windowMs: 3000 })
    const part = await parts.next()
    let bytes = 0
    for await (const piece of part?.content ?? []) {
      bytes += piece.length
      await pause(300)
    }
    assert.equal(bytes, 13)
  })
})
