import assert from 'node:assert/strict'
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../../src/config/load.ts'
import { initSite } from '../../src/server/init.ts'
import { makeSelfSigned } from '../../src/server/self-signed.ts'
import { RawPeer } from '../delivery/raw-peer.ts'
import { temporary, type Temporary } from './temporary.ts'

const program = fileURLToPath(new URL('../../bin/letterlock.js', import.meta.url))

/** A program whose output is read line by line. */
class Process {
  readonly child: ChildProcessWithoutNullStreams
  readonly exited: Promise<number | null>
  output = ''
  readonly #waiting: (() => void)[] = []

  constructor(child: ChildProcessWithoutNullStreams) {
    this.child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.output += chunk.toString()
        for (const look of this.#waiting) look()
      })
    }
    this.exited = new Promise((resolve) => {
      child.once('close', (code) => {
        resolve(code)
        for (const look of this.#waiting) look()
      })
    })
  }

  /** Resolves with the match once the output has it; fails when the program ends first. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output)
      if (found) return found
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`ended:\n${this.output}`)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }
}

async function serve(directory: Temporary, env: Readonly<Record<string, string>> = {}): Promise<Process> {
  const flags = {
    data_dir: directory.at('data'),
    'listen.imap': `unix:${directory.at('imap.sock')}`,
    'listen.imaps': '',
    'listen.lmtp': `unix:${directory.at('lmtp.sock')}`,
  }
  await initSite(loadConfig({ flags }))
  const set = Object.entries(flags).flatMap(([name, value]) => ['--set', `${name}=${value}`])
  return new Process(spawn(process.execPath, [program, ...set, 'serve'], { env: { ...process.env, ...env } }))
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} ends the server in order, with exit code 0`, async () => {
    await using directory = await temporary()
    const server = await serve(directory)
    await server.until(/"server\.ready"/)
    await using peer = await RawPeer.connect(directory.at('imap.sock'))
    await new Promise((resolve) => peer.socket.once('data', resolve))
    const bye = new Promise<string>((resolve) => peer.socket.once('data', resolve))
    server.child.kill(signal)
    assert.match(await bye, /^\* BYE \[UNAVAILABLE\]/)
    assert.equal(await server.exited, 0)
    assert.match(server.output, /"server\.stopped"/)
  })
}

test('SIGHUP shows a new certificate and keeps sessions', async () => {
  await using directory = await temporary()
  const server = await serve(directory)
  await server.until(/"server\.ready"/)
  await using peer = await RawPeer.connect(directory.at('lmtp.sock'))
  await peer.reply()
  const pair = await makeSelfSigned(['new.example.org'])
  await writeFile(directory.at('data', 'tls', 'key.pem'), pair.key)
  await writeFile(directory.at('data', 'tls', 'cert.pem'), pair.cert)
  server.child.kill('SIGHUP')
  await server.until(/"tls\.reloaded"/)
  assert.match((await peer.ask('NOOP')) ?? '', /^250 /)
  server.child.kill('SIGTERM')
  assert.equal(await server.exited, 0)
})

for (const option of ['--report-on-signal', '--heapsnapshot-signal=SIGUSR2', '--inspect=127.0.0.1:0']) {
  test(`does not start with ${option} in NODE_OPTIONS, and says so with exit code 78`, async () => {
    await using directory = await temporary()
    const server = await serve(directory, { NODE_OPTIONS: option })
    assert.equal(await server.exited, 78)
    assert.match(server.output, /keys would not be safe with --/)
    assert.doesNotMatch(server.output, /"server\.ready"/)
  })
}

const lifecycle = fileURLToPath(new URL('../../src/server/lifecycle.js', import.meta.url))
function script(body: string): Process {
  const source = `
    const { makeLifecycle } = await import(${JSON.stringify(lifecycle)});
    const log = { write: (...line) => console.log(JSON.stringify(line)), with: () => log };
    const server = { stop: async () => {}, reload: async () => [] };
    const cycle = makeLifecycle(log);
    const code = cycle.run(server);
    ${body}
    process.exitCode = await code;`
  return new Process(spawn(process.execPath, ['--input-type=module', '-e', source]))
}

test('a rejection that nobody waited for is logged without its text, and the server goes on', async () => {
  const running = script(`
    Promise.reject(new TypeError('canary'));
    setTimeout(() => cycle.askToStop(), 20);`)
  assert.equal(await running.exited, 0)
  assert.match(
    running.output,
    /\["error","process\.unhandled-rejection",\{"id":"f1","error":"TypeError","at":/,
  )
  assert.doesNotMatch(running.output, /canary/)
})

test('an exception that nobody caught ends the server with 70, and its text is not shown', async () => {
  const running = script(
    `setTimeout(() => { throw new RangeError('canary') }, 1); setInterval(() => {}, 1000);`,
  )
  assert.equal(await running.exited, 70)
  assert.match(running.output, /\["error","process\.crash",\{"error":"RangeError","at":/)
  assert.doesNotMatch(running.output, /canary/)
})

test('a second signal ends the server at once, whatever it waits for', async () => {
  const running = script(`
    server.stop = () => new Promise(() => {});
    process.once('SIGTERM', () => setTimeout(() => process.kill(process.pid, 'SIGTERM'), 1));
    process.kill(process.pid, 'SIGTERM');
    setInterval(() => {}, 1000);`)
  assert.equal(await running.exited, 1)
  assert.match(running.output, /"server\.stopped-at-once"/)
})

test('a stop that fails is an exit code of 1', async () => {
  const running = script(`server.stop = async () => { throw new Error('canary') }; cycle.askToStop();`)
  assert.equal(await running.exited, 1)
  assert.match(running.output, /"server\.stop-failed"/)
  assert.doesNotMatch(running.output, /canary/)
})
