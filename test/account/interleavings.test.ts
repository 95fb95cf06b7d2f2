// Two sessions and a sender at work on one account at the same moment, in random order, with failing writes in between.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { MailboxEvent, OpenAccount, SelectedMailbox, Uid } from '../../src/account/api.ts'
import { Refusal } from '../../src/account/errors.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Store } from '../../src/store/store.ts'
import { FailingStore, type Failure } from './failing-store.ts'
import { chunks, deliverTo, mail, makeSite, overriding, password, session, type TestSite } from './support.ts'
import { adopted, check, see, type SeenAccount } from './views.ts'

const address = 'alice@example.org'
const names = ['INBOX', 'Archive', 'Trash', 'a', 'a/b'] as const

const name = fc.constantFrom(...names)
const who = fc.nat(1)
const operation = fc.oneof(
  fc.record({ op: fc.constant('append' as const), who, name }),
  fc.record({ op: fc.constant('deliver' as const) }),
  fc.record({
    op: fc.constant('store' as const),
    ...{ who, name, pick: fc.nat() },
    flag: fc.constantFrom('\\Deleted', '\\Seen', 'work'),
    action: fc.constantFrom('add' as const, 'remove' as const, 'replace' as const),
  }),
  fc.record({ op: fc.constant('expunge' as const), who, name }),
  fc.record({ op: fc.constantFrom('copy' as const, 'move' as const), who, name, to: name, pick: fc.nat() }),
  fc.record({
    op: fc.constant('rename' as const),
    who,
    name,
    to: fc.constantFrom('x', 'a', 'a/b', 'a/c', 'b'),
  }),
  fc.record({ op: fc.constantFrom('create' as const, 'delete' as const), who, name }),
  fc.record({ op: fc.constant('enable' as const) }),
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

const round = fc.record({
  operations: fc.array(operation, { minLength: 2, maxLength: 6 }),
  /** Turns of the event loop that each read and transaction takes, over and over. */
  delays: fc.array(fc.nat(3), { minLength: 1, maxLength: 7 }),
  fault: fc.constantFrom<Failure | 'none'>('none', 'none', 'refused', 'undone', 'done'),
  faultAfter: fc.nat(3),
})
type Round = typeof round extends fc.Arbitrary<infer T> ? T : never

/** A store whose reads and transactions take a while, each another one. */
function delayed(inner: Store): { store: Store; setDelays: (delays: readonly number[]) => void } {
  let delays: readonly number[] = [0]
  let next = 0
  const wait = async (): Promise<void> => {
    const turns = delays[next++ % delays.length] ?? 0
    for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }
  const store = overriding(inner, {
    async read(account, run) {
      await wait()
      return inner.read(account, run)
    },
    async transact(account, run) {
      await wait()
      const result = await inner.transact(account, run)
      await wait()
      return result
    },
  })
  return {
    store,
    setDelays(given) {
      delays = given
      next = 0
    },
  }
}

/** A selection, and what its events alone say of the mailbox. */
class Shadow {
  readonly mailbox: SelectedMailbox
  readonly #uids: Set<number>
  isGone = false

  constructor(mailbox: SelectedMailbox) {
    this.mailbox = mailbox
    mailbox.watch((event) => this.#note(event))
    this.#uids = new Set(mailbox.uids())
  }

  #note(event: MailboxEvent): void {
    assert.ok(!this.isGone, 'nothing happens in a mailbox that is gone')
    if (event.kind === 'gone') this.isGone = true
    if (!('uids' in event)) return
    assert.deepEqual(
      [...event.uids].sort((a, b) => a - b),
      event.uids,
      'UIDs of an event ascend',
    )
    for (const uid of event.uids) {
      if (event.kind === 'append') assert.ok(!this.#uids.has(uid), 'a UID is new')
      else assert.ok(this.#uids.has(uid) || event.kind === 'flags', 'what goes was there')
      if (event.kind === 'append') this.#uids.add(uid)
      if (event.kind === 'expunge') this.#uids.delete(uid)
    }
  }

  check(): void {
    if (!this.isGone) assert.deepEqual([...this.#uids], this.mailbox.uids(), 'events tell everything')
  }
}

class History {
  readonly site: TestSite
  readonly inner: Store
  readonly disk: FailingStore
  readonly setDelays: (delays: readonly number[]) => void
  readonly sessions: OpenAccount[]
  readonly #highest = new Map<string, { uidNext: number; highestModSeq: number; uidValidity: number }>()
  #total = 0
  #isTotalKnown = true
  #count = 0

  private constructor(
    site: TestSite,
    inner: Store,
    disk: FailingStore,
    setDelays: (delays: readonly number[]) => void,
    sessions: OpenAccount[],
  ) {
    this.site = site
    this.inner = inner
    this.disk = disk
    this.setDelays = setDelays
    this.sessions = sessions
  }

  static async begin(): Promise<History> {
    const inner = openMemoryStore()
    const { store, setDelays } = delayed(inner)
    const disk = new FailingStore(store)
    const site = await makeSite({}, disk.store)
    await site.accounts.create(address, password())
    const open = (): Promise<OpenAccount> => site.accounts.login(address, password(), session)
    const sessions = [await open(), await open()]
    await sessions[0]?.createMailbox('a/b')
    return new History(site, inner, disk, setDelays, sessions)
  }

  #session(who: number): OpenAccount {
    return this.sessions[who] ?? assert.fail()
  }

  /** Runs one operation and keeps count of the messages there must be. */
  async #run(operation: Operation, selections: ReadonlyMap<string, Shadow>): Promise<void> {
    const { op } = operation
    const subject = `s${(this.#count += 1)}`
    switch (op) {
      case 'deliver':
        await deliverTo(this.site.accounts, address, mail(subject))
        this.#total += 1
        return
      case 'enable':
        await this.site.accounts.enableAtRest(address, password())
        return
      case 'create':
        await this.#session(operation.who).createMailbox(operation.name)
        return
      case 'delete':
        this.#isTotalKnown = false
        await this.#session(operation.who).deleteMailbox(operation.name)
        return
      case 'rename':
        await this.#session(operation.who).renameMailbox(operation.name, operation.to)
        return
      case 'append':
        await this.#session(operation.who).append(operation.name, chunks(mail(subject)), { flags: [] })
        this.#total += 1
        return
      default:
        await this.#runSelected(operation, selections)
    }
  }

  async #runSelected(
    operation: Extract<Operation, { op: 'store' | 'expunge' | 'copy' | 'move' }>,
    selections: ReadonlyMap<string, Shadow>,
  ): Promise<void> {
    const { op } = operation
    const mailbox = selections.get(`${operation.who} ${operation.name}`)?.mailbox
    if (!mailbox) return
    if (op === 'expunge') {
      const gone = await mailbox.expunge()
      this.#total -= gone.length
      return
    }
    const uids = mailbox.uids().filter((_, index) => ((operation.pick >> (index % 16)) & 1) === 1)
    if (op === 'store') {
      const { changed } = await mailbox.storeFlags(uids, operation.action, [operation.flag])
      assert.ok(changed.every((uid) => uids.includes(uid)))
      return
    }
    const { source, destination } = await (op === 'copy'
      ? mailbox.copy(uids, operation.to)
      : mailbox.move(uids, operation.to))
    assert.equal(source.length, destination.length)
    assert.ok(isAscending(source) && isAscending(destination))
    if (op === 'copy') this.#total += destination.length
  }

  async round({ operations, delays, fault, faultAfter }: Round): Promise<void> {
    const selections = new Map<string, Shadow>()
    for (const [who, open] of this.sessions.entries()) {
      for (const { name } of open.mailboxes()) {
        const mailbox = await open.select(name, { isReadOnly: false })
        selections.set(`${who} ${name}`, new Shadow(mailbox))
      }
    }
    this.setDelays(delays)
    if (fault !== 'none') this.disk.failNext(fault, faultAfter)
    const outcomes = await Promise.allSettled(operations.map((each) => this.#run(each, selections)))
    this.disk.disarm()
    this.setDelays([0])
    for (const outcome of outcomes)
      if (outcome.status === 'rejected' && !(outcome.reason instanceof Refusal)) throw outcome.reason
    // Adoption that failed goes on with the next change.
    await this.#session(0).subscribe(`turn ${this.#count}`)
    await adopted(this.site.accounts, address)
    for (const shadow of selections.values()) {
      shadow.check()
      shadow.mailbox.close()
    }
    this.#check(await see(this.#session(0)))
  }

  #check(seen: SeenAccount): void {
    check(seen)
    const total = Object.values(seen.mailboxes).reduce((sum, { messages }) => sum + messages.length, 0)
    if (this.#isTotalKnown) assert.equal(total, this.#total, 'messages')
    this.#total = total
    this.#isTotalKnown = true
    for (const { id, uidNext, highestModSeq, uidValidity } of Object.values(seen.mailboxes)) {
      const before = this.#highest.get(id) ?? { uidNext: 1, highestModSeq: 0, uidValidity }
      assert.ok(uidNext >= before.uidNext && highestModSeq >= before.highestModSeq)
      assert.equal(uidValidity, before.uidValidity)
      this.#highest.set(id, { uidNext, highestModSeq, uidValidity })
    }
  }

  /** What the sessions see is what a server finds that starts from the disk. */
  async end(): Promise<void> {
    const [first, second] = await Promise.all(this.sessions.map(see))
    assert.deepEqual(first, second)
    this.disk.killAfter(0)
    const accounts = await this.site.reopen(this.inner)
    const open = await accounts.login(address, password(), session)
    assert.deepEqual(await see(open), first)
  }
}

function isAscending(uids: readonly Uid[]): boolean {
  return uids.every((uid, index) => index === 0 || uid > (uids[index - 1] ?? 0))
}

describe('two sessions of an account', () => {
  it('lose, double and disorder nothing, whatever they do at the same moment', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 12 }), async (rounds) => {
        const history = await History.begin()
        for (const each of rounds) await history.round(each)
        await history.end()
      }),
      { numRuns: Number(process.env['LETTERLOCK_MODEL_RUNS'] ?? 40) },
    )
  })
})
