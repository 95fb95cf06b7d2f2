// Orders under way on the control socket: askers that leave, servers that stop, lie or vanish.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { deferred } from '../../src/base/async.ts'
import { askServer, connectControl } from '../../src/admin/client.ts'
import { siteCommand, type SiteCommand } from '../../src/admin/command.ts'
import { noOutlet } from '../../src/admin/execute.ts'
import { Failure, interrupted } from '../../src/admin/failure.ts'
import { encodeFrame, encodeJson, frameKinds } from '../../src/admin/frames.ts'
import { exchange, go, request, serve } from './control-peer.ts'
import { makeBench } from './harness.ts'

const outlet = noOutlet
const never = new AbortController().signal

describe('an order under way', () => {
  /** A command that waits until it is let go, and tells whether its asker left. */
  function slowCommand(name = 'slow'): {
    command: SiteCommand
    begun: Promise<AbortSignal>
    release: () => void
  } {
    const begun = deferred<AbortSignal>()
    const gate = deferred<undefined>()
    const command = siteCommand({
      name,
      summary: 'waits',
      examples: [],
      input: z.object({}),
      result: z.object({ isDone: z.boolean() }),
      async run(work) {
        begun.resolve(work.signal)
        await gate.promise
        return { isDone: true }
      },
      show: () => undefined,
    })
    return { command, begun: begun.promise, release: () => gate.resolve(undefined) }
  }

  it('hears that its asker left, and is finished all the same', async (context) => {
    const { command, begun, release } = slowCommand()
    const { bench, control } = await serve(context, { commands: [command] })
    const socket = connect(control.socketPath)
    socket.write(Buffer.concat([request({ command: 'slow' }), go]))
    const signal = await begun
    socket.destroy()
    if (!signal.aborted) await once(signal, 'abort')
    release()
    await control.close()
    assert.equal(bench.log.lines.filter((line) => line.includes('control.fault')).length, 0)
  })

  it('whose answer is too long to be sent is not taken for nonsense: it was carried out', async (context) => {
    const command = siteCommand({
      name: 'long',
      summary: 'says much',
      examples: [],
      input: z.object({}),
      result: z.object({ names: z.array(z.string()) }),
      run: async () => ({ names: Array.from({ length: 100_000 }, (_, index) => `name${index}`) }),
      show: () => undefined,
    })
    const { bench, control } = await serve(context, { commands: [command] })
    const answer = await exchange(control, request({ command: 'long' }), go)
    assert.equal(answer.readUInt8(4), frameKinds.failure)
    assert.match(answer.toString(), /too long to be sent; what was asked for may be done/)
    assert.ok(bench.log.lines.some((line) => line.includes('control.too-long')))
    assert.ok(!bench.log.lines.some((line) => line.includes('control.garbage')))
  })

  it('is finished before the control socket closes', async (context) => {
    const { command, begun, release } = slowCommand()
    const { control } = await serve(context, { commands: [command] })
    const answer = exchange(control, request({ command: 'slow' }), go)
    await begun
    const closed = control.close()
    release()
    assert.equal((await answer).readUInt8(4), frameKinds.result)
    await closed
  })

  it('is cut off when it does not end in time', async (context) => {
    const { command, begun, release } = slowCommand()
    const { control } = await serve(context, { commands: [command] })
    const answer = exchange(control, request({ command: 'slow' }), go)
    const signal = await begun
    signal.addEventListener('abort', release)
    await control.close(10)
    assert.equal((await answer).length, 0)
  })

  it('that loses its server says so with 75', async (context) => {
    const bench = await makeBench(context)
    const path = join(bench.dataDir, 'control.sock')
    const server = createServer((socket) => {
      socket.once('data', () => socket.destroy())
    })
    server.listen(path)
    await once(server, 'listening')
    context.after(() => server.close())
    const { exitCode, err } = await bench.run(['user', 'add', 'b@example.org', '--generate'])
    assert.equal(exitCode, 75)
    assert.match(err, /may be in force already[\s\S]*went away/)
    assert.equal(bench.opened, 0)
  })

  const lies: readonly (readonly [string, Buffer])[] = [
    ['garbage', Buffer.from('* OK IMAP4rev1 ready\r\n')],
    ['a request', request()],
    ['a result that is no JSON', encodeFrame(frameKinds.result, Buffer.from('}'))],
    ['half a frame', encodeJson(frameKinds.result, { users: [] }).subarray(0, 8)],
  ]
  for (const [name, bytes] of lies) {
    it(`that is answered with ${name} fails, and wipes its secret`, async (context) => {
      const bench = await makeBench(context)
      const path = join(bench.dataDir, 'control.sock')
      const server = createServer((socket) => {
        socket.on('error', () => undefined)
        socket.end(bytes)
      })
      server.listen(path)
      await once(server, 'listening')
      context.after(() => server.close())
      const socket = await connectControl(path)
      assert.ok(socket)
      const password = Buffer.from('to be wiped')
      const order = { input: {}, isDryRun: false, secrets: new Map([['password', password]]) }
      await assert.rejects(askServer(socket, 'user list', order, outlet, never), Failure)
      assert.ok(password.every((byte) => byte === 0))
    })
  }

  it('ends with 130 on ^C at once, though the server goes on', async (context) => {
    const { command, begun, release } = slowCommand('who')
    const { bench } = await serve(context, { commands: [command] })
    const interrupt = new AbortController()
    const ran = bench.run(['who'], { signal: interrupt.signal })
    const signal = await begun
    interrupt.abort(interrupted())
    assert.equal((await ran).exitCode, 130)
    if (!signal.aborted) await once(signal, 'abort')
    release()
  })
})
