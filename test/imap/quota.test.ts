// An account with a quota: what is told of it, what is refused, and how to get out of it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Client } from './client.ts'
import { address, mail, makeHarness, type Harness } from './harness.ts'

async function withHarness(test: (harness: Harness) => Promise<void>): Promise<void> {
  const harness = await makeHarness()
  try {
    await test(harness)
  } finally {
    await harness.close()
  }
}

async function append(client: Client, size: number): Promise<string> {
  const text = mail('more', 'x'.repeat(size))
  const [answer = ''] = await client.run(`APPEND INBOX {${text.length}+}\r\n${text}`)
  return answer
}

async function storage(client: Client): Promise<{ used: number; limit: number }> {
  const [answer = ''] = await client.ok('GETQUOTA account')
  const match = /^\* QUOTA "account" \(STORAGE ([0-9]+) ([0-9]+) MAILBOX 6 10000\)$/.exec(answer)
  assert.ok(match, answer)
  return { used: Number(match[1]), limit: Number(match[2]) }
}

describe('a quota', () => {
  it('is told in units of 1,024 octets, use rounded up and limit down', () =>
    withHarness(async ({ select, accounts, put }) => {
      await accounts.setQuota(address, 500 * 1024 + 1023)
      const client = await select()
      const before = await storage(client)
      assert.equal(before.limit, 500)
      await put(mail('big', 'x'.repeat(100_000)))
      const after = await storage(client)
      assert.ok(after.used >= before.used + 97 && after.used < before.used + 120, String(after.used))
    }))

  it('refuses APPEND and COPY with OVERQUOTA, and lets MOVE and EXPUNGE make room', () =>
    withHarness(async ({ select, accounts, put }) => {
      for (let count = 0; count < 3; count += 1) await put(mail(`m${count}`, 'x'.repeat(50_000)))
      const client = await select()
      const { usedBytes } = await accounts.info(address)
      await accounts.setQuota(address, usedBytes + 2_000)
      assert.match(await append(client, 50_000), /^NO \[OVERQUOTA\] /)
      await accounts.setQuota(address, 10)
      const full = await storage(client)
      assert.equal(full.limit, 0)
      assert.ok(full.used > 100, String(full.used))
      assert.match(await append(client, 10), /^NO \[OVERQUOTA\] /)
      assert.match((await client.run('COPY 1 Archive')).join(), /^NO \[OVERQUOTA\] /)
      // Nothing of a refused command is left.
      assert.deepEqual((await client.ok('STATUS Archive (MESSAGES)'))[0], '* STATUS Archive (MESSAGES 0)')
      // MOVE needs no room of its own: what is full can still be put into the Trash.
      assert.match((await client.ok('MOVE 3 Trash')).join(), /COPYUID/)
      await client.ok('STORE 1:2 +FLAGS.SILENT (\\Deleted)')
      assert.deepEqual((await client.ok('EXPUNGE')).slice(0, 2), ['* 2 EXPUNGE', '* 1 EXPUNGE'])
      await accounts.setQuota(address, undefined)
      assert.match(await append(client, 50_000), /^\* 1 EXISTS/)
    }))

  it('leaves STORAGE out where there is no limit', () =>
    withHarness(async ({ login }) => {
      const client = await login()
      assert.equal((await client.ok('GETQUOTA account'))[0], '* QUOTA "account" (MAILBOX 6 10000)')
    }))
})
