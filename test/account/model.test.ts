// Random histories of an account against a naive model, with restarts, crashes and failing writes in between.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { OpenAccount, Uid } from '../../src/account/api.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { Unavailable } from '../../src/store/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { chunks, deliverTo, mail, makeSite, password, readAll, session, type TestSite } from './support.ts'

type Fault = 'none' | 'before' | 'after'

/** A store whose next transaction fails before it is done, or is done and reported as failed. */
function failing(inner: Store): { store: Store; arm: (fault: Fault) => void } {
  let armed: Fault = 'none'
  const doubt = (): Unavailable => new Unavailable('io', 'injected', { isOutcomeUnknown: true })
  const transact: Store['transact'] = async (account, run) => {
    const fault = armed
    armed = 'none'
    if (fault === 'before') throw doubt()
    const result = await inner.transact(account, run)
    if (fault === 'after') throw doubt()
    return result
  }
  const store = new Proxy(inner, {
    get(target, name) {
      if (name === 'transact') return transact
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
  return {
    store,
    arm(fault) {
      armed = fault
    },
  }
}

interface Message {
  readonly subject: string
  flags: string
}
type Model = Map<string, Map<number, Message>>

const mailboxes = ['INBOX', 'Archive', 'a/b', 'c'] as const
const pickBox = fc.constantFrom(...mailboxes)
const fault = fc.constantFrom<Fault>('none', 'none', 'none', 'before', 'after')

const step = fc.oneof(
  fc.record({ op: fc.constant('append' as const), box: pickBox, fault }),
  fc.record({ op: fc.constant('deliver' as const), count: fc.integer({ min: 1, max: 5 }) }),
  fc.record({
    op: fc.constant('store' as const),
    box: pickBox,
    pick: fc.nat(),
    flag: fc.constantFrom('\\Seen', '\\Deleted', 'work'),
    action: fc.constantFrom('add' as const, 'remove' as const, 'replace' as const),
    fault,
  }),
  fc.record({ op: fc.constant('expunge' as const), box: pickBox, fault }),
  fc.record({
    op: fc.constantFrom('copy' as const, 'move' as const),
    box: pickBox,
    to: pickBox,
    pick: fc.nat(),
    fault,
  }),
  fc.record({ op: fc.constantFrom('restart' as const, 'crash' as const, 'enable' as const) }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

class History {
  readonly site: TestSite
  readonly arm: (fault: Fault) => void
  readonly model: Model = new Map(mailboxes.map((name) => [name, new Map<number, Message>()]))
  readonly #highest = new Map<string, number>()
  #modSeq = 0
  #count = 0
  open: OpenAccount

  private constructor(site: TestSite, arm: (fault: Fault) => void, open: OpenAccount) {
    this.site = site
    this.arm = arm
    this.open = open
  }

  static async begin(): Promise<History> {
    const { store, arm } = failing(openMemoryStore())
    const site = await makeSite({}, store)
    await site.accounts.create('alice@example.org', password())
    const open = await site.accounts.login('alice@example.org', password(), session)
    await open.createMailbox('a/b')
    await open.createMailbox('c')
    return new History(site, arm, open)
  }

  #box(name: string): Map<number, Message> {
    const box = this.model.get(name)
    assert.ok(box)
    return box
  }

  /** Runs a change; true when it was done, false when it was refused because the store failed. */
  async #attempt(fault: Fault, change: () => Promise<unknown>): Promise<boolean> {
    this.arm(fault)
    try {
      await change()
      return true
    } catch (error) {
      if (!isRefusal(error, 'unavailable')) throw error
      return false
    } finally {
      this.arm('none')
    }
  }

  async run(step: Step): Promise<void> {
    switch (step.op) {
      case 'append': {
        const subject = `s${(this.#count += 1)}`
        let uid = 0
        const done = await this.#attempt(step.fault, async () => {
          uid = (await this.open.append(step.box, chunks(mail(subject)), { flags: ['\\Flagged'] })).uid
        })
        if (done) this.#box(step.box).set(uid, { subject, flags: '\\Flagged' })
        return
      }
      case 'deliver': {
        const before = (await this.open.status('INBOX')).uidNext
        for (let index = 0; index < step.count; index += 1) {
          const subject = `s${(this.#count += 1)}`
          await deliverTo(this.site.accounts, 'alice@example.org', mail(subject))
          this.#box('INBOX').set(before + index, { subject, flags: '' })
        }
        const inbox = await this.open.select('INBOX', { isReadOnly: true })
        const seen = (): boolean => inbox.uidNext >= before + step.count
        while (!seen()) await new Promise((resolve) => setImmediate(resolve))
        return
      }
      case 'store': {
        const selected = await this.open.select(step.box, { isReadOnly: false })
        const uids = some(selected.uids(), step.pick)
        await this.#attempt(step.fault, () => selected.storeFlags(uids, step.action, [step.flag]))
        // Many messages are one commit here, so all of it happened or nothing.
        for (const uid of uids) {
          const message = this.#box(step.box).get(uid)
          const flags = selected.state(uid)?.flags.join(' ') ?? ''
          if (message) message.flags = flags
        }
        return
      }
      case 'expunge': {
        const selected = await this.open.select(step.box, { isReadOnly: false })
        const doomed = selected.uids().filter((uid) => selected.state(uid)?.flags.includes('\\Deleted'))
        const done = await this.#attempt(step.fault, () => selected.expunge())
        if (done) for (const uid of doomed) this.#box(step.box).delete(uid)
        return
      }
      case 'copy':
      case 'move': {
        const selected = await this.open.select(step.box, { isReadOnly: false })
        const uids = some(selected.uids(), step.pick)
        let result = { source: [] as readonly Uid[], destination: [] as readonly Uid[] }
        const done = await this.#attempt(step.fault, async () => {
          result = await (step.op === 'copy' ? selected.copy(uids, step.to) : selected.move(uids, step.to))
        })
        if (!done) return
        assert.equal(result.source.length, uids.length)
        for (const [index, uid] of result.source.entries()) {
          const message = this.#box(step.box).get(uid)
          const target = result.destination[index]
          assert.ok(message && target)
          this.#box(step.to).set(target, { ...message })
          if (step.op === 'move') this.#box(step.box).delete(uid)
        }
        return
      }
      case 'restart':
        await this.open.close()
        await this.site.restart()
        break
      case 'crash':
        // The old Accounts is left as it is, like a process that was killed.
        this.site.accounts = await this.site.reopen()
        break
      case 'enable':
        try {
          await (
            await this.site.accounts.enableAtRest('alice@example.org', password())
          ).finished
        } catch (error) {
          if (!isRefusal(error, 'already-enabled')) throw error
        }
        return
    }
    this.open = await this.site.accounts.login('alice@example.org', password(), session)
  }

  async check(deep: boolean): Promise<void> {
    for (const [name, messages] of this.model) {
      const selected = await this.open.select(name, { isReadOnly: true })
      const uids = selected.uids()
      assert.deepEqual(
        uids,
        [...messages.keys()].sort((a, b) => a - b),
        `UIDs of ${name}`,
      )
      for (const uid of uids) assert.equal(selected.state(uid)?.flags.join(' '), messages.get(uid)?.flags)
      const highest = this.#highest.get(name) ?? 0
      assert.ok(selected.uidNext >= highest, 'UIDNEXT never goes back')
      this.#highest.set(name, selected.uidNext)
      assert.ok(selected.highestModSeq <= Number.MAX_SAFE_INTEGER)
      this.#modSeq = Math.max(this.#modSeq, selected.highestModSeq)
      if (!deep) continue
      for (const uid of uids) {
        assert.match(
          (await readAll(selected, uid)).toString(),
          new RegExp(`Subject: ${messages.get(uid)?.subject ?? '?'}\r`),
        )
      }
    }
  }
}

function some(uids: readonly Uid[], pick: number): Uid[] {
  return uids.filter((_, index) => ((pick >> (index % 16)) & 1) === 1)
}

describe('an account', () => {
  it('agrees with a naive model over random histories with crashes and failing writes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const history = await History.begin()
        for (const item of steps) {
          await history.run(item)
          await history.check(false)
        }
        await history.run({ op: 'restart' })
        await history.check(true)
      }),
      { numRuns: Number(process.env['LETTERLOCK_MODEL_RUNS'] ?? 40) },
    )
  })
})
