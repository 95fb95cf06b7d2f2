// A control socket around fake accounts, and peers that write to it byte by byte.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { protocolVersion } from '../../src/admin/control-connection.ts'
import { startControl, type Control, type ControlOptions } from '../../src/admin/control.ts'
import { encodeFrame, encodeJson, frameKinds } from '../../src/admin/frames.ts'
import { makeBench, type Bench } from './harness.ts'
import { closed } from '../support/closed.ts'

/** A control socket that goes when the test ends. `options.timeoutMs` may be changed meanwhile. */
export async function serve(
  context: TestContext,
  options: Partial<ControlOptions> = {},
): Promise<{ bench: Bench; control: Control }> {
  const bench = await makeBench(context)
  const control = await startControl({
    socketPath: join(bench.dataDir, 'control.sock'),
    site: { accounts: bench.accounts, backups: bench.backups, server: bench.controls },
    log: bench.log,
    ...options,
    get timeoutMs() {
      return options.timeoutMs ?? 60_000
    },
  })
  context.after(() => control.close())
  return { bench, control }
}

/** Sends bytes, and resolves to all that comes back until the server hangs up. */
export async function exchange(control: Control, ...parts: readonly Buffer[]): Promise<Buffer> {
  const socket = connect(control.socketPath)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => undefined)
  for (const part of parts) socket.write(part)
  await closed(socket)
  return Buffer.concat(chunks)
}

/** The JSON of one frame. */
export function jsonOf(frame: Buffer): Record<string, unknown> {
  return JSON.parse(frame.subarray(5).toString('utf8')) as Record<string, unknown>
}

/** A request to list users, unless `over` says otherwise. */
export const request = (over: object = {}): Buffer =>
  encodeJson(frameKinds.request, {
    protocol: protocolVersion,
    command: 'user list',
    input: {},
    isDryRun: false,
    ...over,
  })
/** The end of an order. */
export const go: Buffer = encodeFrame(frameKinds.go, Buffer.alloc(0))

/** The socket still takes an ordinary command. */
export async function isWell(bench: Bench): Promise<void> {
  bench.accounts.add('alice@example.org')
  const { exitCode, out } = await bench.run(['user', 'list', '--json'])
  assert.equal(exitCode, 0)
  assert.match(out, /alice/)
}
