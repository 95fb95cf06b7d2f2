// What a login costs and when it is counted: the same for accounts that are there and for those that are not.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isRefusal } from '../../src/account/errors.ts'
import type { LoginGuard } from '../../src/account/login-guard.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import { makeSite, password, session, type TestSite } from './support.ts'

const address = 'alice@example.org'

/** A gate that counts what is derived, and how many at once. */
class CountingGate extends KdfGate {
  derived = 0
  atOnce = 0
  most = 0

  constructor() {
    super({ parallel: 8, queue: 256, minimumMemoryKiB: 8 })
  }

  override async derive(...args: Parameters<KdfGate['derive']>): ReturnType<KdfGate['derive']> {
    this.derived += 1
    this.atOnce += 1
    this.most = Math.max(this.most, this.atOnce)
    try {
      return await super.derive(...args)
    } finally {
      this.atOnce -= 1
    }
  }
}

class CountingGuard implements LoginGuard {
  readonly heard: string[] = []
  begin(_address: string, login: string): ReturnType<LoginGuard['begin']> {
    const note = (what: string): void => {
      this.heard.push(`${what} ${login}`)
    }
    note('begin')
    return Promise.resolve({
      failed: async () => note('failed'),
      succeeded: async () => note('succeeded'),
      dropped: () => note('dropped'),
    })
  }
}

async function withSite(
  test: (site: TestSite, gate: CountingGate, guard: CountingGuard) => Promise<void>,
): Promise<void> {
  const gate = new CountingGate()
  const guard = new CountingGuard()
  const site = await makeSite({ gate, guard })
  await site.accounts.create(address, password())
  gate.derived = 0
  gate.most = 0
  try {
    await test(site, gate, guard)
  } finally {
    await site.accounts.close()
  }
}

async function guess(site: TestSite, login: string, text: Buffer): Promise<void> {
  await assert.rejects(site.accounts.login(login, text, session), (error) =>
    isRefusal(error, 'authentication-failed'),
  )
}

describe('a wrong login', () => {
  const secrets: [name: string, secret: Buffer][] = [
    ['a wrong password', password('wrong')],
    ['no password at all', Buffer.alloc(0)],
    ['a password longer than any', Buffer.alloc(2000, 0x61)],
  ]
  for (const [name, secret] of secrets) {
    for (const login of [address, 'nobody@example.org', 'not an address', '']) {
      it(`with ${name} for "${login}" costs one derivation and is counted once`, () =>
        withSite(async (site, gate, guard) => {
          await guess(site, login, secret)
          assert.equal(gate.derived, 1)
          assert.deepEqual(guard.heard, [`begin ${login}`, `failed ${login}`])
        }))
    }
  }

  it('is tried one after another, whether the account is there or not', () =>
    withSite(async (site, gate) => {
      for (const login of [address, 'nobody@example.org']) {
        gate.most = 0
        await Promise.all(Array.from({ length: 8 }, () => guess(site, login, password('wrong'))))
        assert.equal(gate.most, 1, login)
      }
    }))
})

describe('a login that is not decided', () => {
  it('is not counted: the account is disabled, or the server is closing', () =>
    withSite(async (site, _gate, guard) => {
      await site.accounts.setDisabled(address, true)
      await assert.rejects(site.accounts.login(address, password(), session), (error) =>
        isRefusal(error, 'account-disabled'),
      )
      assert.deepEqual(guard.heard, [`begin ${address}`, `dropped ${address}`])
    }))

  it('is said to have succeeded once', () =>
    withSite(async (site, _gate, guard) => {
      const open = await site.accounts.login(address, password(), session)
      await open.close()
      assert.deepEqual(guard.heard, [`begin ${address}`, `succeeded ${address}`])
    }))
})
