import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { isRefusal } from '../../src/account/errors.ts'
import type { LoginGuard } from '../../src/account/login-guard.ts'
import { silentLog } from '../../src/base/ports.ts'
import { loadConfig } from '../../src/config/load.ts'
import { ConnectionLimit, makeLoginGuard } from '../../src/server/rate-limit.ts'
import { recordingLog } from '../delivery/open-door.ts'

const auth = loadConfig({
  text: '[auth]\naccount_failures = 3\naddress_failures = 5\nblock = "1m"\nblock_max = "4m"',
}).auth

// Reported by `mock` timers from here on: no test waits.
beforeEach(() => mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_800_000_000_000 }))
afterEach(() => mock.timers.reset())

async function isBlocked(guard: LoginGuard, address: string, login: string): Promise<boolean> {
  try {
    await guard.before(address, login)
    return false
  } catch (error) {
    assert.ok(isRefusal(error, 'busy'))
    return true
  }
}

async function fail(guard: LoginGuard, address: string, login: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    assert.equal(await isBlocked(guard, address, login), false, `attempt ${i + 1}`)
    await guard.failed(address, login)
  }
}

test('an account has to wait after so many wrong passwords, from wherever they come, and longer each time', async () => {
  const guard = makeLoginGuard(auth, silentLog)
  for (const minutes of [1, 2, 4, 4]) {
    await fail(guard, '192.0.2.1', 'bob@example.org', 1)
    await fail(guard, '198.51.100.1', 'BOB@example.org', 1)
    await fail(guard, '203.0.113.1', 'bob@example.org', 1)
    assert.equal(await isBlocked(guard, '100.64.0.1', 'bob@example.org'), true)
    assert.equal(await isBlocked(guard, '192.0.2.1', 'alice@example.org'), false)
    mock.timers.tick(minutes * 60_000 - 1000)
    assert.equal(await isBlocked(guard, '100.64.0.1', 'bob@example.org'), true)
    mock.timers.tick(1001)
  }
})

test('a network has to wait after so many wrong passwords, whatever the accounts', async () => {
  const guard = makeLoginGuard(auth, silentLog)
  for (let i = 0; i < 5; i++) await fail(guard, `203.0.113.${i}`, `user${i}@example.org`, 1)
  assert.equal(await isBlocked(guard, '203.0.113.200', 'other@example.org'), true)
  assert.equal(await isBlocked(guard, '203.0.114.1', 'other@example.org'), false)
})

test('wrong passwords are forgotten in time', async () => {
  const guard = makeLoginGuard(auth, silentLog)
  await fail(guard, '203.0.113.1', 'bob@example.org', 2)
  mock.timers.tick(15 * 60_000 + 1)
  await fail(guard, '203.0.113.1', 'bob@example.org', 2)
  assert.equal(await isBlocked(guard, '203.0.113.1', 'bob@example.org'), false)
})

test('strangers cannot lock an owner out of where he has logged in', async () => {
  const guard = makeLoginGuard(auth, silentLog)
  await guard.succeeded('192.0.2.1', 'bob@example.org')
  await fail(guard, '203.0.113.1', 'bob@example.org', 3)
  assert.equal(await isBlocked(guard, '203.0.113.1', 'bob@example.org'), true)
  assert.equal(await isBlocked(guard, '192.0.2.77', 'bob@example.org'), false)
  await fail(guard, '192.0.2.1', 'bob@example.org', 3)
  assert.equal(await isBlocked(guard, '192.0.2.1', 'bob@example.org'), true)
})

test('a login of the owner does not give strangers new attempts', async () => {
  const guard = makeLoginGuard(auth, silentLog)
  await fail(guard, '203.0.113.1', 'bob@example.org', 2)
  await guard.succeeded('192.0.2.1', 'bob@example.org')
  await fail(guard, '203.0.113.1', 'bob@example.org', 1)
  assert.equal(await isBlocked(guard, '203.0.113.1', 'bob@example.org'), true)
})

test('this machine is never blocked as a network: all users of a web mail program are behind it', async () => {
  const guard = makeLoginGuard(auth, silentLog)
  for (let i = 0; i < 20; i++) await fail(guard, '127.0.0.1', `user${i}@example.org`, 1)
  assert.equal(await isBlocked(guard, '127.0.0.1', 'other@example.org'), false)
})

test('failures are logged in the form that fail2ban reads, and never what may be a password', async () => {
  const lines: string[] = []
  const guard = makeLoginGuard(auth, recordingLog(lines))
  await guard.failed('203.0.113.9', 'bob@example.org')
  await guard.failed('203.0.113.9', 'hunter2')
  await guard.succeeded('203.0.113.9', 'bob@example.org')
  assert.equal(
    lines[0],
    '{"level":"warn","event":"auth.failed","user":"bob@example.org","rip":"203.0.113.9","reason":"password"}',
  )
  assert.match(lines[1] ?? '', /"user":"\?"/)
  assert.match(lines[2] ?? '', /"auth.succeeded"/)
})

test('connections are limited altogether and for each network, and come free again', () => {
  const limit = new ConnectionLimit({ connections: 4, perNetwork: 2 })
  assert.equal(limit.enter('203.0.113.1'), true)
  assert.equal(limit.enter('203.0.113.2'), true)
  assert.equal(limit.enter('203.0.113.3'), false)
  assert.equal(limit.enter('127.0.0.1'), true)
  assert.equal(limit.enter('198.51.100.1'), true)
  assert.equal(limit.enter('127.0.0.1'), false)
  limit.leave('203.0.113.1')
  assert.equal(limit.enter('203.0.113.9'), true)
  for (const address of ['203.0.113.2', '203.0.113.9', '127.0.0.1', '198.51.100.1']) limit.leave(address)
  assert.equal(limit.count, 0)
})

test('new connections are limited in rate, but not from this machine', async () => {
  const limit = new ConnectionLimit({ connections: 1000, newPerMinute: 3 })
  const from = async (address: string): Promise<boolean[]> =>
    Promise.all(Array.from({ length: 5 }, () => limit.enterAtRate(address)))
  assert.deepEqual(await from('203.0.113.1'), [true, true, true, false, false])
  assert.deepEqual(await from('127.0.0.1'), [true, true, true, true, true])
  assert.deepEqual(await from(''), [true, true, true, true, true])
  mock.timers.tick(60_001)
  assert.equal(await limit.enterAtRate('203.0.113.1'), true)
})
