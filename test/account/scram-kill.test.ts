// kill -9 while passwords change where logins by SCRAM are taken: afterwards one of the two passwords opens the account, by both kinds of login.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it } from 'node:test'
import type { Accounts } from '../../src/account/api.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { initLevelStore } from '../../src/store/level/open.ts'
import { temporaryDirectory } from '../store/level-kit.ts'
import { address, keyFile, openChildSite, textOf } from './scram-child.ts'
import { scramLogin } from './scram-logins.ts'
import { password, session } from './support.ts'

const rounds = Number(process.env['LETTERLOCK_CRASH_ROUNDS'] ?? 4)
const child = join(import.meta.dirname, 'scram-child.js')

/** The number of the last change that began. */
async function killed(directory: string, first: number): Promise<number> {
  const running = spawn(process.execPath, [child, directory, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(running, 'exit')
  let last: number | undefined
  for await (const line of createInterface({ input: running.stdout })) {
    if (last === undefined) void delay(randomInt(1, 300)).then(() => running.kill('SIGKILL'))
    last = Number(line.split(' ')[1])
  }
  const [code, signal] = (await ended) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL', `it ended by itself with ${code ?? ''}`)
  assert.ok(last !== undefined)
  return last
}

async function opening(accounts: Accounts, texts: readonly string[], isScram: boolean): Promise<string[]> {
  const found: string[] = []
  for (const text of texts)
    try {
      const open = isScram
        ? await scramLogin(accounts, address, text)
        : await accounts.login(address, password(text), session)
      await open.close()
      found.push(text)
    } catch (error) {
      if (!isRefusal(error, 'authentication-failed')) throw error
    }
  return found
}

describe('changes of a password', () => {
  it(`survive ${rounds} times kill -9, the slot for SCRAM with them`, async () => {
    const directory = await temporaryDirectory()
    try {
      await cryptoReady()
      await initLevelStore(join(directory, 'store'))
      await writeFile(join(directory, keyFile), SiteKey.make().bytes, { mode: 0o600 })
      const first = await openChildSite(directory)
      await first.accounts.create(address, password(textOf(0)))
      await first.accounts.close()
      await first.store.close()
      let present = 0
      for (let round = 0; round < rounds; round += 1) {
        const last = await killed(directory, present)
        const { store, accounts } = await openChildSite(directory)
        const texts = [last - 1, last, last + 1].filter((n) => n >= 0).map(textOf)
        const byScram = await opening(accounts, texts, true)
        assert.deepEqual(await opening(accounts, texts, false), byScram)
        assert.equal(byScram.length, 1)
        assert.notEqual(byScram[0], textOf(last - 1))
        present = byScram[0] === textOf(last) ? last : last + 1
        await accounts.close()
        await store.close()
      }
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})
