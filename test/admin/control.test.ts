// The control socket against peers that are no command line of ours: garbage, half frames, silence, floods.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, mkdir, stat, symlink, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { deferred } from '../../src/base/async.ts'
import { startControl } from '../../src/admin/control.ts'
import { Failure } from '../../src/admin/failure.ts'
import { encodeFrame, encodeSecret, frameKinds } from '../../src/admin/frames.ts'
import { exchange, go, isWell, jsonOf, request, serve } from './control-peer.ts'
import { makeBench } from './harness.ts'
import { closed } from '../support/closed.ts'

describe('the control socket', () => {
  const garbage: readonly (readonly [string, readonly Buffer[]])[] = [
    ['an HTTP request', [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')]],
    ['a frame of length 0', [Buffer.from([0, 0, 0, 0, 1])]],
    ['a frame of 4 GiB', [Buffer.from([255, 255, 255, 255, 1])]],
    ['a frame of an unknown kind', [Buffer.from([0, 0, 0, 2, 99, 0])]],
    ['a frame that only servers send', [Buffer.from([0, 0, 0, 3, 19, 0x7b, 0x7d])]],
    ['a request that is no JSON', [encodeFrame(frameKinds.request, Buffer.from('{"command":'))]],
    ['a request that is a list', [encodeFrame(frameKinds.request, Buffer.from('[]'))]],
    [
      'a request longer than allowed',
      [Buffer.concat([Buffer.from([0, 1, 0, 2, 1]), Buffer.alloc(65_537, 0x20)])],
    ],
    ['a secret ahead of the request', [encodeSecret('secret', 'password', Buffer.from('x'))]],
    ['a secret without a name', [request(), Buffer.from([0, 0, 0, 2, 2, 0])]],
    ['a secret whose name is longer than it', [request(), Buffer.from([0, 0, 0, 2, 2, 9])]],
    [
      'the same secret twice',
      [
        request(),
        encodeSecret('secret', 'a', Buffer.from('x')),
        encodeSecret('secret', 'a', Buffer.from('x')),
      ],
    ],
    [
      'thirteen secrets',
      [
        request(),
        ...Array.from({ length: 13 }, (_, index) => `s${index}`).map((name) =>
          encodeSecret('secret', name, Buffer.from('x')),
        ),
      ],
    ],
    ['two requests', [request(), request()]],
    ['go ahead of the request', [go]],
    ['a frame behind go in one piece', [Buffer.concat([request(), go, request()])]],
    ['bytes at random', [Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 251))]],
  ]
  for (const [name, parts] of garbage) {
    it(`refuses ${name}, says so, and stays well`, async (context) => {
      const { bench, control } = await serve(context)
      const answer = await exchange(control, ...parts)
      assert.equal(answer.readUInt8(4), frameKinds.failure)
      assert.equal(jsonOf(answer)['exitCode'], 64)
      assert.ok(bench.log.lines.some((line) => line.includes('control.garbage')))
      await isWell(bench)
    })
  }

  const refused: readonly (readonly [string, object, number])[] = [
    ['an unknown command', { command: 'rm -rf' }, 64],
    ['a command of the object prototype', { command: 'constructor' }, 64],
    ['input that the command does not take', { input: { surprise: 1 } }, 64],
    ['input of a wrong type', { input: { mask: 1 } }, 64],
    ['a request with more in it', { extra: true }, 64],
    ['a peer of another version', { protocol: 99 }, 69],
    ['a dry run of what changes nothing', { isDryRun: true }, 64],
    ['a command whose secret is missing', { command: 'user add', input: { address: 'b@example.org' } }, 64],
  ]
  for (const [name, over, exitCode] of refused) {
    it(`refuses ${name}`, async (context) => {
      const { bench, control } = await serve(context)
      const answer = await exchange(control, request(over), go)
      assert.equal(answer.readUInt8(4), frameKinds.failure)
      assert.equal(jsonOf(answer)['exitCode'], exitCode)
      await isWell(bench)
    })
  }

  it('takes an order one byte at a time', async (context) => {
    const { bench, control } = await serve(context)
    const bytes = Buffer.concat([
      request({ command: 'user add', input: { address: 'bob@example.org' } }),
      encodeSecret('secret', 'password', Buffer.from('slow but right')),
      go,
    ])
    const socket = connect(control.socketPath)
    const ended = closed(socket)
    socket.resume()
    for (const byte of bytes) {
      await new Promise((resolve) => socket.write(Buffer.from([byte]), resolve))
    }
    await ended
    assert.equal(bench.accounts.accounts.get('bob@example.org')?.password, 'slow but right')
  })

  it('does nothing for a peer that leaves in the middle of an order', async (context) => {
    const { bench, control } = await serve(context)
    const bytes = Buffer.concat([
      request({ command: 'user add', input: { address: 'bob@example.org' } }),
      encodeSecret('secret', 'password', Buffer.from('never finished')),
    ])
    for (const length of [1, 4, 5, 50, bytes.length - 1, bytes.length]) {
      const socket = connect(control.socketPath)
      socket.resume()
      socket.end(bytes.subarray(0, length))
      await closed(socket)
    }
    assert.equal(bench.accounts.accounts.size, 0)
    await isWell(bench)
  })

  it('sends a silent peer away', async (context) => {
    const patience = { timeoutMs: 30 }
    const { bench, control } = await serve(context, patience)
    assert.equal((await exchange(control)).length, 0)
    assert.equal((await exchange(control, request())).length, 0)
    patience.timeoutMs = 60_000
    await isWell(bench)
  })

  it('gives up on a peer that does not read', async (context) => {
    const patience = { timeoutMs: 60_000 }
    const { bench, control } = await serve(context, patience)
    for (let index = 0; index < 5000; index += 1)
      bench.accounts.add(`user-${index}-${'x'.repeat(200)}@example.org`)
    const begun = deferred<undefined>()
    const list = bench.accounts.list.bind(bench.accounts)
    bench.accounts.list = () => {
      patience.timeoutMs = 30
      begun.resolve(undefined)
      return list()
    }
    const socket = connect(control.socketPath)
    const ended = closed(socket)
    socket.on('error', () => undefined)
    socket.pause()
    socket.write(Buffer.concat([request(), go]))
    await begun.promise
    // Waits for the command, which must end although nobody takes its rows.
    await control.close(60_000)
    socket.resume()
    await ended
  })

  it('serves a few at a time and says so to the others', async (context) => {
    const { bench, control } = await serve(context, { maxConnections: 2 })
    const idle: Socket[] = []
    for (let index = 0; index < 2; index += 1) {
      const socket = connect(control.socketPath)
      await once(socket, 'connect')
      idle.push(socket)
    }
    const answer = await exchange(control)
    assert.equal(jsonOf(answer)['exitCode'], 75)
    await Promise.all(
      idle.map(async (socket) => {
        socket.resume()
        socket.end()
        await closed(socket)
      }),
    )
    await isWell(bench)
  })

  it('hides what went wrong inside, and logs its kind and place under an identifier', async (context) => {
    const { bench, control } = await serve(context)
    bench.accounts.list = () => {
      throw new TypeError('inner detail')
    }
    const answer = jsonOf(await exchange(control, request(), go))
    assert.equal(answer['exitCode'], 70)
    const id = /internal error (\S+)/.exec(String(answer['message']))?.[1] ?? 'none'
    assert.equal(JSON.stringify(answer).includes('inner detail'), false)
    const logged = bench.log.lines.filter((line) => line.includes(id)).join()
    assert.match(logged, /"error":"TypeError","at":".*control\.test/)
    assert.equal(logged.includes('inner detail'), false)
  })

  it('is a socket of mode 0600 in a directory of mode 0700', async (context) => {
    const bench = await makeBench(context)
    const path = join(bench.dataDir, 'made', 'control.sock')
    const control = await startControl({
      socketPath: path,
      site: { accounts: bench.accounts, backups: bench.backups, server: undefined },
      log: bench.log,
    })
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.equal((await stat(join(bench.dataDir, 'made'))).mode & 0o777, 0o700)
    await control.close()
    await assert.rejects(stat(path), { code: 'ENOENT' })
  })

  const unfit: readonly (readonly [string, (directory: string) => Promise<string>, RegExp])[] = [
    [
      'a directory that others may enter',
      async (directory) => {
        await mkdir(join(directory, 'open'))
        await chmod(join(directory, 'open'), 0o755)
        return join(directory, 'open', 'control.sock')
      },
      /mode 0700/,
    ],
    [
      'a file in the way',
      async (directory) => {
        await writeFile(join(directory, 'control.sock'), 'precious')
        return join(directory, 'control.sock')
      },
      /no socket is in the way/,
    ],
    [
      'a link in the way',
      async (directory) => {
        await symlink('/nowhere', join(directory, 'control.sock'))
        return join(directory, 'control.sock')
      },
      /no socket is in the way/,
    ],
    [
      'a path that the system would cut',
      async (directory) => join(directory, 'x'.repeat(120)),
      /more than 107 bytes/,
    ],
  ]
  for (const [name, make, message] of unfit) {
    it(`refuses ${name}`, async (context) => {
      const bench = await makeBench(context)
      const socketPath = await make(bench.dataDir)
      await assert.rejects(
        startControl({
          socketPath,
          site: { accounts: bench.accounts, backups: bench.backups, server: undefined },
          log: bench.log,
        }),
        (error) => error instanceof Failure && error.exitCode === 78 && message.test(error.message),
      )
    })
  }

  it('refuses a second server, and takes the place of one that was killed', async (context) => {
    const bench = await makeBench(context)
    const socketPath = join(bench.dataDir, 'control.sock')
    const options = {
      socketPath,
      site: { accounts: bench.accounts, backups: bench.backups, server: undefined },
      log: bench.log,
    }
    const first = createServer()
    first.listen(socketPath)
    await once(first, 'listening')
    await assert.rejects(startControl(options), /another server answers/)
    // A killed server leaves its socket: Node would remove it, so it is kept under another name and put back.
    const { link } = await import('node:fs/promises')
    await link(socketPath, join(bench.dataDir, 'kept'))
    first.close()
    await once(first, 'close')
    await link(join(bench.dataDir, 'kept'), socketPath)
    const control = await startControl(options)
    await control.close()
  })
})
