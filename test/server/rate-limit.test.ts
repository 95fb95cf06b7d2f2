import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { isRefusal } from '../../src/account/errors.ts'
import type { LoginAttempt, LoginGuard } from '../../src/account/login-guard.ts'
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
    const attempt = await guard.begin(address, login)
    attempt.dropped()
    return false
  } catch (error) {
    assert.ok(isRefusal(error, 'busy'))
    return true
  }
}

async function fail(guard: LoginGuard, address: string, login: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const attempt = await guard.begin(address, login)
    await attempt.failed()
  }
}

async function succeed(guard: LoginGuard, address: string, login: string): Promise<void> {
  await (await guard.begin(address, login)).succeeded()
}

/** Begins so many attempts at once. Returns those that were let in, and says of the others how they ended. */
function beginMany(
  guard: LoginGuard,
  addresses: readonly string[],
  login: string,
): { readonly begun: LoginAttempt[]; readonly settled: Promise<string[]> } {
  const begun: LoginAttempt[] = []
  const outcomes = addresses.map(async (address) => {
    try {
      begun.push(await guard.begin(address, login))
      return 'begun'
    } catch (error) {
      return isRefusal(error, 'busy') ? 'busy' : 'fault'
    }
  })
  return { begun, settled: Promise.all(outcomes) }
}

async function turn(): Promise<void> {
  for (let count = 0; count < 50; count += 1) await Promise.resolve()
}

test('guesses made at once are not more than guesses made in turn, from one network or from many', async () => {
  for (const spread of [false, true]) {
    const guard = makeLoginGuard(auth, silentLog)
    const addresses = Array.from({ length: 40 }, (_, index) => (spread ? `203.0.${index}.1` : '203.0.113.1'))
    const { begun, settled } = beginMany(guard, addresses, 'bob@example.org')
    await turn()
    assert.equal(begun.length, 3)
    for (const attempt of [...begun]) await attempt.failed()
    const outcomes = await settled
    assert.equal(outcomes.filter((outcome) => outcome === 'begun').length, 3)
    assert.equal(outcomes.filter((outcome) => outcome === 'busy').length, 37)
    // The wait is the first one: guesses under way do not make it longer.
    mock.timers.tick(60_001)
    assert.equal(await isBlocked(guard, '198.51.100.1', 'bob@example.org'), false)
  }
})

test('one network guessing at many accounts at once is held to its own limit', async () => {
  const guard = makeLoginGuard(auth, silentLog)
  const all = Array.from({ length: 30 }, (_, index) =>
    beginMany(guard, ['2001:db8:0:1::9'], `user${index}@example.org`),
  )
  await turn()
  const begun = all.flatMap((each) => each.begun)
  assert.equal(begun.length, 5)
  for (const attempt of begun) await attempt.failed()
  const outcomes = (await Promise.all(all.map(({ settled }) => settled))).flat()
  assert.equal(outcomes.filter((outcome) => outcome === 'busy').length, 25)
  // The same /64, and the next one.
  assert.equal(await isBlocked(guard, '2001:db8:0:1:ffff::1', 'other@example.org'), true)
  assert.equal(await isBlocked(guard, '2001:db8:0:2::9', 'other@example.org'), false)
})

test('a client that opens many connections with the right password waits for nobody but itself', async () => {
  const guard = makeLoginGuard(auth, silentLog)
  const { begun, settled } = beginMany(
    guard,
    Array.from({ length: 12 }, () => '192.0.2.1'),
    'bob@example.org',
  )
  for (let done = 0; done < 12;) {
    await turn()
    assert.ok(begun.length > done)
    for (; done < begun.length; done += 1) await begun[done]?.succeeded()
  }
  assert.deepEqual(new Set(await settled), new Set(['begun']))
})

test('what was never found out is not counted', async () => {
  const guard = makeLoginGuard(auth, silentLog)
  for (let count = 0; count < 20; count += 1) {
    const attempt = await guard.begin('203.0.113.1', 'bob@example.org')
    attempt.dropped()
  }
  assert.equal(await isBlocked(guard, '203.0.113.1', 'bob@example.org'), false)
})

test('an owner at home is not shut out by what others in the same network do', async () => {
  const guard = makeLoginGuard(auth, silentLog)
  await succeed(guard, '192.0.2.1', 'bob@example.org')
  for (let i = 0; i < 5; i++) await fail(guard, '192.0.2.2', `user${i}@example.org`, 1)
  assert.equal(await isBlocked(guard, '192.0.2.3', 'carol@example.org'), true)
  assert.equal(await isBlocked(guard, '192.0.2.1', 'bob@example.org'), false)
})

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
  await succeed(guard, '192.0.2.1', 'bob@example.org')
  await fail(guard, '203.0.113.1', 'bob@example.org', 3)
  assert.equal(await isBlocked(guard, '203.0.113.1', 'bob@example.org'), true)
  assert.equal(await isBlocked(guard, '192.0.2.77', 'bob@example.org'), false)
  await fail(guard, '192.0.2.1', 'bob@example.org', 3)
  assert.equal(await isBlocked(guard, '192.0.2.1', 'bob@example.org'), true)
})

test('a login of the owner does not give strangers new attempts', async () => {
  const guard = makeLoginGuard(auth, silentLog)
  await fail(guard, '203.0.113.1', 'bob@example.org', 2)
  await succeed(guard, '192.0.2.1', 'bob@example.org')
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
  await fail(guard, '203.0.113.9', 'bob@example.org', 1)
  await fail(guard, '203.0.113.9', 'hunter2', 1)
  await succeed(guard, '203.0.113.9', 'bob@example.org')
  assert.equal(
    lines[0],
    '{"level":"warn","event":"auth.failed","user":"bob@example.org","rip":"203.0.113.9","reason":"password"}',
  )
  assert.match(lines[1] ?? '', /"user":"\?"/)
  assert.equal(lines.length, 2, 'who was let in is told by the door that asked')
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

test('an admin lets an account, and a network, try again at once', async () => {
  const guard = makeLoginGuard(auth, silentLog)
  const alice = 'alice@example.org'
  await succeed(guard, '198.51.100.1', alice)
  await fail(guard, '198.51.100.1', alice, 3)
  await fail(guard, '203.0.113.1', alice, 3)
  await fail(guard, '203.0.113.1', 'bob@example.org', 2)
  assert.equal(await isBlocked(guard, '198.51.100.1', alice), true)
  assert.equal(await isBlocked(guard, '192.0.2.1', alice), true)
  await guard.forget({ login: 'ALICE@example.org' })
  assert.equal(await isBlocked(guard, '198.51.100.1', alice), false)
  assert.equal(await isBlocked(guard, '192.0.2.1', alice), false)
  assert.equal(await isBlocked(guard, '203.0.113.9', alice), true)
  await guard.forget({ remoteAddress: '203.0.113.77' })
  assert.equal(await isBlocked(guard, '203.0.113.9', alice), false)
  assert.equal(await isBlocked(guard, '192.0.2.1', 'bob@example.org'), false)
})
