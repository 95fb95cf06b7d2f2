import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { spawn } from 'node:child_process'
import { bind } from '../../src/server/bind.ts'

let directory = ''
const servers: Server[] = []
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'letterlock-'))
})
afterEach(async () => {
  for (const server of servers.splice(0)) server.close()
  await rm(directory, { recursive: true })
})

function makeServer(): Server {
  const server = createServer()
  servers.push(server)
  return server
}

test('port 0 tells which port it became', async () => {
  const bound = await bind(makeServer(), { kind: 'tcp', host: '127.0.0.1', port: 0 }, 0o600)
  assert.ok(bound.kind === 'tcp' && bound.port > 0)
  const again = bind(makeServer(), bound, 0o600)
  await assert.rejects(again, {
    message: new RegExp(`127\\.0\\.0\\.1:${bound.port} \\(EADDRINUSE\\)`),
    hint: /ss -ltnp/,
  })
})

for (const mode of [0o600, 0o660, 0o666]) {
  test(`a Unix socket has permissions ${mode.toString(8)}, whatever the mask`, async () => {
    const path = join(directory, 'x.sock')
    const before = process.umask(0o077)
    await bind(makeServer(), { kind: 'unix', path }, mode).finally(() => process.umask(before))
    assert.equal((await stat(path)).mode & 0o777, mode)
  })
}

test('a socket left behind by a killed server is taken away, one in use is not', async () => {
  const path = join(directory, 'x.sock')
  const child = spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`,
  ])
  await new Promise((resolve) => child.stdout.once('data', resolve))
  await assert.rejects(bind(makeServer(), { kind: 'unix', path }, 0o600), {
    message: /another server answers/,
  })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
  assert.ok((await stat(path)).isSocket())
  await bind(makeServer(), { kind: 'unix', path }, 0o600)
})

test('a file in the way is not taken away', async () => {
  const path = join(directory, 'x.sock')
  await writeFile(path, 'mine')
  await assert.rejects(bind(makeServer(), { kind: 'unix', path }, 0o600), {
    message: /no socket is in the way/,
  })
})

test('a missing directory is told', async () => {
  const path = join(directory, 'none', 'x.sock')
  await assert.rejects(bind(makeServer(), { kind: 'unix', path }, 0o600), {
    code: 'configuration',
    message: /cannot listen at unix:/,
    hint: /install -d/,
  })
})
