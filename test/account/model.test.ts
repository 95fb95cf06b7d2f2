// Random histories of an account against a naive model, with restarts, crashes and failing writes in between.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { OpenAccount, Uid } from '../../src/account/api.ts'
import { isRefusal, Refusal } from '../../src/account/errors.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { FailingStore, type Failure } from './failing-store.ts'
import { Model } from './model.ts'
import { step, type Step } from './model-steps.ts'
import { chunks, deliverTo, mail, makeSite, password, readAll, session, type TestSite } from './support.ts'
import { adopted, check, see } from './views.ts'

const address = 'alice@example.org'
const first = ['INBOX', 'Drafts', 'Sent', 'Junk', 'Trash', 'Archive']

class History {
  readonly site: TestSite
  readonly inner: ReturnType<typeof openMemoryStore>
  disk: FailingStore
  model = new Model(first)
  /** By the mailbox's identifier. */
  readonly #highest = new Map<string, { uidNext: number; modSeq: number; uidValidity: number }>()
  #count = 0
  open: OpenAccount

  private constructor(
    site: TestSite,
    inner: ReturnType<typeof openMemoryStore>,
    disk: FailingStore,
    open: OpenAccount,
  ) {
    this.site = site
    this.inner = inner
    this.disk = disk
    this.open = open
  }

  static async begin(): Promise<History> {
    const inner = openMemoryStore()
    const disk = new FailingStore(inner)
    const site = await makeSite({}, disk.store)
    await site.accounts.create(address, password())
    return new History(site, inner, disk, await site.accounts.login(address, password(), session))
  }

  /** Runs a change; true when it was done, false when it was refused because the store failed. */
  async #attempt(fault: Failure | 'none', change: () => Promise<unknown>): Promise<boolean> {
    if (fault !== 'none') this.disk.failNext(fault)
    let isDone = false
    try {
      await change()
      isDone = true
    } catch (error) {
      if (!isRefusal(error, 'unavailable')) throw error
    } finally {
      this.disk.disarm()
    }
    if (!isDone && fault === 'late') await this.#comeLate()
    return isDone
  }

  /** What failed turns out to be there: the account is given up, and whoever logs in again finds it. */
  async #comeLate(): Promise<void> {
    for (let tries = 0; tries < 2; tries += 1) await this.open.subscribe('late').catch(() => undefined)
    await this.#logIn()
    // The model takes over what is there; that it is whole, and the same after a restart, is seen to elsewhere.
    this.model = new Model([])
    for (const [name, { messages }] of Object.entries((await see(this.open)).mailboxes)) {
      const entries = messages.map(
        ({ uid, subject, flags }) => [uid, { subject, flags: flags.join(' ') }] as const,
      )
      this.model.mailboxes.set(name, new Map(entries))
    }
  }

  async #logIn(): Promise<void> {
    this.open = await this.site.accounts.login(address, password(), session)
  }

  /** A command on mailboxes: granted or refused as the model says. */
  async #mailboxes(
    fault: Failure | 'none',
    expected: (model: Model) => boolean,
    change: () => Promise<unknown>,
  ): Promise<boolean> {
    const after = this.model.copy()
    const isGranted = expected(after)
    let isRefused = false
    const isDone = await this.#attempt(isGranted ? fault : 'none', async () => {
      try {
        await change()
      } catch (error) {
        if (!(error instanceof Refusal) || error.code === 'unavailable') throw error
        isRefused = true
      }
    })
    if (!isDone) return false
    assert.equal(isRefused, !isGranted)
    if (isGranted) this.model = after
    return isGranted
  }

  async run(step: Step): Promise<void> {
    const { model } = this
    switch (step.op) {
      case 'append': {
        const subject = `s${(this.#count += 1)}`
        const name = model.pick(step.box)
        let uid = 0
        const done = await this.#attempt(step.fault, async () => {
          uid = (await this.open.append(name, chunks(mail(subject)), { flags: ['\\Flagged'] })).uid
        })
        if (done) model.box(name).set(uid, { subject, flags: '\\Flagged' })
        return
      }
      case 'deliver': {
        const name = model.mailboxes.has(step.detail) ? step.detail : 'INBOX'
        const { uidNext } = await this.open.status(name)
        for (let index = 0; index < step.count; index += 1) {
          const subject = `s${(this.#count += 1)}`
          await deliverTo(this.site.accounts, `alice+${step.detail}@example.org`, mail(subject))
          model.box(name).set(uidNext + index, { subject, flags: '' })
        }
        await adopted(this.site.accounts, address)
        return
      }
      case 'store': {
        const name = model.pick(step.box)
        const selected = await this.open.select(name, { isReadOnly: false })
        const uids = some(selected.uids(), step.pick)
        const done = await this.#attempt(step.fault, () =>
          selected.storeFlags(uids, step.action, [step.flag]),
        )
        if (!done) return
        for (const uid of uids) {
          const message = model.box(name).get(uid)
          const flags = selected.state(uid)?.flags ?? []
          const has = flags.some((flag) => flag.toLowerCase() === step.flag.toLowerCase())
          assert.equal(has, step.action !== 'remove')
          if (step.action === 'replace') assert.equal(flags.length, 1)
          if (message) message.flags = flags.join(' ')
        }
        return
      }
      case 'expunge': {
        const name = model.pick(step.box)
        const selected = await this.open.select(name, { isReadOnly: false })
        const doomed = selected.uids().filter((uid) => model.box(name).get(uid)?.flags.includes('\\Deleted'))
        const done = await this.#attempt(step.fault, () => selected.expunge())
        if (done) for (const uid of doomed) model.box(name).delete(uid)
        return
      }
      case 'copy':
      case 'move': {
        const [from, to] = [model.pick(step.box), model.pick(step.to)]
        const selected = await this.open.select(from, { isReadOnly: false })
        const uids = some(selected.uids(), step.pick)
        let result = { source: [] as readonly Uid[], destination: [] as readonly Uid[] }
        const done = await this.#attempt(step.fault, async () => {
          result = await (step.op === 'copy' ? selected.copy(uids, to) : selected.move(uids, to))
        })
        if (!done) return
        assert.deepEqual(result.source, uids)
        await this.#transferred(from, to, result, step.op === 'move')
        return
      }
      case 'create':
        await this.#mailboxes(
          step.fault,
          (after) => after.create(step.name),
          () => this.open.createMailbox(step.name),
        )
        return
      case 'delete': {
        const name = model.pick(step.box)
        await this.#mailboxes(
          step.fault,
          (after) => after.delete(name),
          () => this.open.deleteMailbox(name),
        )
        return
      }
      case 'rename': {
        const name = model.pick(step.box)
        const source = [...model.box(name).keys()] as Uid[]
        const done = await this.#mailboxes(
          step.fault,
          (after) => after.rename(name, step.name),
          () => this.open.renameMailbox(name, step.name),
        )
        if (!done || name !== 'INBOX') return
        const target = await this.open.select(step.name, { isReadOnly: true })
        await this.#transferred('INBOX', step.name, { source, destination: target.uids() }, true)
        return
      }
      case 'restart':
        await this.open.close()
        await this.site.restart(this.disk.store)
        break
      case 'crash':
        // The old process writes nothing any more.
        this.disk.killAfter(0)
        this.disk = new FailingStore(this.inner)
        this.site.accounts = await this.site.reopen(this.disk.store)
        break
      case 'enable':
        try {
          await (
            await this.site.accounts.enableAtRest(address, password())
          ).finished
        } catch (error) {
          if (!isRefusal(error, 'already-enabled')) throw error
        }
        return
    }
    await this.#logIn()
  }

  async #transferred(
    from: string,
    to: string,
    { source, destination }: { readonly source: readonly Uid[]; readonly destination: readonly Uid[] },
    isMove: boolean,
  ): Promise<void> {
    assert.equal(source.length, destination.length)
    const target = await this.open.select(to, { isReadOnly: true })
    for (const [index, uid] of source.entries()) {
      const message = this.model.box(from).get(uid)
      const copy = destination[index]
      assert.ok(message && copy)
      // A keyword takes the spelling of the mailbox it is copied to.
      const flags = target.state(copy)?.flags.join(' ') ?? ''
      assert.equal(
        flags.toLowerCase().split(' ').sort().join(' '),
        message.flags.toLowerCase().split(' ').sort().join(' '),
      )
      this.model.box(to).set(copy, { ...message, flags })
      if (isMove) this.model.box(from).delete(uid)
    }
  }

  async check(deep: boolean): Promise<void> {
    const listed = this.open.mailboxes()
    assert.deepEqual(listed.map(({ name }) => name).sort(), this.model.names().sort())
    for (const { id, name } of listed) {
      const messages = this.model.box(name)
      const selected = await this.open.select(name, { isReadOnly: true })
      const uids = selected.uids()
      assert.deepEqual(
        uids,
        [...messages.keys()].sort((a, b) => a - b),
        `UIDs of ${name}`,
      )
      for (const uid of uids) assert.equal(selected.state(uid)?.flags.join(' '), messages.get(uid)?.flags)
      const { uidNext, uidValidity, highestModSeq: modSeq } = selected
      const before = this.#highest.get(id) ?? { uidNext: 1, modSeq: 0, uidValidity }
      assert.ok(uidNext >= before.uidNext, 'UIDNEXT never goes back')
      assert.ok(modSeq >= before.modSeq, 'HIGHESTMODSEQ never goes back')
      assert.equal(uidValidity, before.uidValidity)
      this.#highest.set(id, { uidNext, modSeq, uidValidity })
      if (!deep) continue
      for (const uid of uids) {
        const subject = messages.get(uid)?.subject ?? '?'
        assert.match((await readAll(selected, uid)).toString(), new RegExp(`Subject: ${subject}\r`))
      }
    }
    const validities = [...this.#highest.values()].map(({ uidValidity }) => uidValidity)
    assert.equal(new Set(validities).size, validities.length, 'a UIDVALIDITY was given twice')
    if (deep) check(await see(this.open))
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
