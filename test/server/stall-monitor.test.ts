import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deferred } from '../../src/base/async.ts'
import type { Log } from '../../src/base/ports.ts'
import { watchEventLoop } from '../../src/server/stall-monitor.ts'

test('somebody who holds up the event loop is reported', async () => {
  const reported = deferred<unknown>()
  const log: Log = { write: (...line) => reported.resolve(line), with: () => log }
  const keepAlive = setInterval(() => undefined, 1000)
  const monitor = watchEventLoop(log, 150)
  setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400), 100)
  const [level, event] = (await reported.promise) as unknown[]
  monitor.stop()
  clearInterval(keepAlive)
  assert.deepEqual([level, event], ['warn', 'loop.stalled'])
})
