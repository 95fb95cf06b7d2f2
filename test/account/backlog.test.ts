// A backlog of mail: opened in a thread, or without one when there is none, always in order and once.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { adoptAll } from '../../src/account/adopt.ts'
import { ArrivalQueue } from '../../src/account/arrival-queue.ts'
import { decapsulateHere, DecapsulationThread } from '../../src/account/decapsulate.ts'
import { findEntry } from '../../src/account/directory.ts'
import { openVault } from '../../src/account/slots.ts'
import { UnlockedAccount } from '../../src/account/unlocked-account.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import { encapsulate, kemPublicKey, makeKemSeed } from '../../src/crypto/kem.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { bareSite } from './bare-site.ts'
import { deliverTo, mail, makeSite, password, session } from './support.ts'

const address = 'alice@example.org'
/** Two full batches and a rest. */
const count = 430

async function unlockedWithBacklog(): Promise<{ unlocked: UnlockedAccount; close: () => Promise<void> }> {
  const { accounts, store, siteKey, clock } = await makeSite()
  await accounts.create(address, password())
  const message = mail('one of many')
  for (let number = 0; number < count; number += 1) await deliverTo(accounts, address, message)
  const site = bareSite({ store, siteKey, clock })
  const entry = (await findEntry(site, address)) ?? assert.fail()
  const gate = new KdfGate({ parallel: 1, queue: 1, minimumMemoryKiB: 8 })
  const secret = { kind: 'password', password: password() } as const
  const { vault } = await openVault(site, entry.account, secret, gate)
  const unlocked = new UnlockedAccount(site, entry.account, vault)
  await unlocked.load()
  return {
    unlocked,
    async close() {
      await unlocked.lock()
      await accounts.close()
    },
  }
}

class Ended extends DecapsulationThread {
  override async run(
    ...given: Parameters<DecapsulationThread['run']>
  ): ReturnType<DecapsulationThread['run']> {
    const running = super.run(...given)
    await this.close()
    return running
  }
}

const threads: readonly [string, () => DecapsulationThread][] = [
  ['in a thread', () => new DecapsulationThread()],
  [
    'without a thread when none can be started',
    () => {
      throw new Error('no more threads')
    },
  ],
  ['without a thread when it ends in the middle', () => new Ended()],
]

describe('a backlog', () => {
  for (const [how, start] of threads) {
    it(`is opened in order, ${how}`, async () => {
      const { unlocked, close } = await unlockedWithBacklog()
      const queue = new ArrivalQueue(unlocked, start)
      const versions: number[] = []
      for (;;) {
        const opened = await queue.next()
        if (opened.length === 0) break
        for (const taken of opened) {
          versions.push(taken.version)
          const { arrival } = taken.kind === 'message' ? taken : assert.fail()
          assert.match(arrival.header.toString(), /^Subject: one of many\r$/m)
        }
      }
      await queue.close()
      assert.equal(versions.length, count)
      assert.deepEqual(
        versions,
        versions.map((_, index) => (versions[0] ?? 0) + index),
      )
      await close()
    })
  }

  it('is adopted once, though two adopt at the same time', async () => {
    const { unlocked, close } = await unlockedWithBacklog()
    await Promise.all([adoptAll(unlocked), adoptAll(unlocked)])
    const inbox = await unlocked.mailbox('INBOX')
    assert.deepEqual(
      [...inbox.uids],
      Array.from({ length: count }, (_, index) => index + 1),
    )
    await close()
  })

  it('is there after it was stopped half way', async () => {
    const { unlocked, close } = await unlockedWithBacklog()
    let asked = 0
    await adoptAll(unlocked, () => (asked += 1) > 1)
    assert.equal((await unlocked.mailbox('INBOX')).messages, 200)
    await adoptAll(unlocked)
    assert.equal((await unlocked.mailbox('INBOX')).messages, count)
    await close()
  })

  it('waits for the owner, who finds all of it', async () => {
    const site = await makeSite()
    await site.accounts.create(address, password())
    for (let number = 0; number < count; number += 1)
      await deliverTo(site.accounts, address, mail(`number ${number}`))
    const open = await site.accounts.login(address, password(), session)
    const inbox = await open.select('INBOX', { isReadOnly: true })
    const subjects: string[] = []
    for await (const content of inbox.contents(inbox.uids()))
      subjects.push(/^Subject: number (\d+)\r$/m.exec(content.header?.toString() ?? '')?.[1] ?? '')
    assert.deepEqual(
      subjects,
      subjects.map((_, index) => String(index)),
    )
    assert.equal(subjects.length, count)
    await site.accounts.close()
  })
})

describe('a thread that decapsulates', () => {
  it('finds what the event loop finds, also of what is no ciphertext', async () => {
    await cryptoReady()
    const seed = makeKemSeed()
    const publicKey = kemPublicKey(seed)
    const made = Array.from({ length: 20 }, () => encapsulate(publicKey))
    const ciphertexts = made.map(({ ciphertext }) => ciphertext)
    ciphertexts[3]?.fill(0, 1088) // a point of low order
    const thread = new DecapsulationThread()
    const found = await thread.run(seed, ciphertexts)
    assert.deepEqual(found, await decapsulateHere(seed, ciphertexts))
    for (const [index, secret] of found.entries())
      assert.deepEqual(secret, index === 3 ? undefined : made[index]?.sharedSecret)
    await thread.close()
    await assert.rejects(thread.run(seed, ciphertexts), /ended/)
  })
})
