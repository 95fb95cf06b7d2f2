// An account to which much is done at the same moment: what was acknowledged must hold, and what was refused must have changed nothing.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Accounts } from '../../src/account/api.ts'
import { isRefusal, Refusal } from '../../src/account/errors.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import { FailingStore, type Failure } from './failing-store.ts'
import { chunks, deliverTo, mail, makeSite, overriding, readAll, session, type TestSite } from './support.ts'
import { adopted, subjectOf } from './views.ts'

const names = ['alice@example.org', 'al@example.net'] as const
const admin = (): Buffer => Buffer.from('admin words')

const operation = fc.constantFrom(
  ...(['deliver', 'append', 'move', 'rename', 'change-password', 'set-password', 'reset-by-admin'] as const),
  ...(['enable', 'disable', 'rotate', 're-encrypt', 'new-code', 'recover', 'add-app', 'kick'] as const),
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

/** What is begun together, each so many turns of the event loop after the one before; now and then a write fails meanwhile. */
export const round = fc.record({
  steps: fc.array(fc.record({ op: operation, turns: fc.nat(12) }), { minLength: 2, maxLength: 6 }),
  failure: fc.constantFrom<Failure | 'none'>('none', 'none', 'refused', 'undone', 'done'),
  after: fc.nat(8),
})
type Round = typeof round extends fc.Arbitrary<infer T> ? T : never

async function wait(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

export const longestTurns = 6

/** A store whose answers take a while, each another one. */
function slowStore(delays: readonly number[]): ReturnType<typeof openMemoryStore> {
  const inner = openMemoryStore()
  let count = 0
  const pause = (): Promise<void> => wait(delays[(count += 1) % delays.length] ?? 0)
  const directory = overriding(inner.directory, {
    async change(changes) {
      await pause()
      await inner.directory.change(changes)
      await pause()
    },
  })
  return overriding(inner, {
    directory,
    async transact(account, run) {
      await pause()
      const result = await inner.transact(account, run)
      await pause()
      return result
    },
  })
}

/** done: it was acknowledged; perhaps: a write failed, and nobody can tell. */
type Outcome = 'before' | 'done' | 'refused' | 'perhaps'

/** What came of several changes of one thing: the last of those that were acknowledged, or one of which nobody can tell. */
function mustHold(
  what: string,
  outcome: Outcome | undefined,
  all: readonly { readonly outcome: Outcome }[],
): void {
  const isAnyDone = all.some((one) => one.outcome === 'done')
  const allowed: readonly (Outcome | undefined)[] = isAnyDone ? ['done', 'perhaps'] : ['before', 'perhaps']
  assert.ok(
    allowed.includes(outcome),
    `${what}, which was ${outcome}, of ${all.map((one) => one.outcome).join()}`,
  )
}

export class Crowd {
  readonly #site: TestSite
  readonly #disk: FailingStore
  #address: string = names[0]
  #word = 'word0'
  #code: Buffer | undefined
  #count = 0
  readonly #mail = new Map<string, Outcome>()
  readonly #apps: Buffer[] = []
  readonly #retired = new Set<string>()
  /** Of the round that runs: passwords and codes that may be in force. */
  #words: { readonly word: string; readonly outcome: Outcome }[] = []
  #codes: { readonly code: Buffer; readonly outcome: Outcome }[] = []

  private constructor(site: TestSite, disk: FailingStore) {
    this.#site = site
    this.#disk = disk
  }

  static async begin(delays: readonly number[]): Promise<Crowd> {
    const disk = new FailingStore(slowStore(delays), { countsNames: true })
    const site = await makeSite({}, disk.store)
    await site.accounts.escrow.setEscrow([admin()])
    await site.accounts.create(names[0], Buffer.from('word0'))
    return new Crowd(site, disk)
  }

  get #accounts(): Accounts {
    return this.#site.accounts
  }

  async run({ steps, failure, after }: Round): Promise<void> {
    this.#words = [{ word: this.#word, outcome: 'before' }]
    this.#codes = this.#code ? [{ code: this.#code, outcome: 'before' }] : []
    if (failure !== 'none') this.#disk.failNext(failure, after)
    const running: Promise<void>[] = []
    for (const { op, turns } of steps) {
      const one = this.#try(op)
      one.catch(() => undefined) // told of below, when all have ended
      running.push(one)
      await wait(turns)
    }
    await Promise.allSettled(running)
    this.#disk.disarm()
    await Promise.all(running)
    await this.#settle()
  }

  async #try(op: Operation): Promise<void> {
    try {
      await this.#do(op)
    } catch (error) {
      if (!(error instanceof Refusal)) throw new Error(`${op}: no refusal in words`, { cause: error })
      assert.notEqual(error.code, 'damaged', op)
    }
  }

  /** Runs a change and tells what came of it, whatever that is. */
  async #noting(note: (outcome: Outcome) => void, change: () => Promise<unknown>): Promise<void> {
    let outcome: Outcome = 'refused'
    try {
      await change()
      outcome = 'done'
    } catch (error) {
      if (isRefusal(error, 'unavailable')) outcome = 'perhaps'
      throw error
    } finally {
      note(outcome)
    }
  }

  #changeWord(change: (word: Buffer) => Promise<unknown>): Promise<void> {
    const word = `word${(this.#count += 1)}`
    return this.#noting(
      (outcome) => this.#words.push({ word, outcome }),
      () => change(Buffer.from(word)),
    )
  }

  #changeCode(code: Buffer, change: () => Promise<unknown>): Promise<void> {
    return this.#noting((outcome) => this.#codes.push({ code, outcome }), change)
  }

  #addMail(add: (message: Buffer) => Promise<unknown>): Promise<void> {
    const subject = `s${(this.#count += 1)}`
    return this.#noting(
      (outcome) => this.#mail.set(subject, outcome),
      () => add(mail(subject)),
    )
  }

  async #do(op: Operation): Promise<void> {
    const accounts = this.#accounts
    const address = this.#address
    const { atRest } = accounts
    const password = Buffer.from(this.#word)
    const secret = { kind: 'password', password } as const
    switch (op) {
      case 'deliver':
        return this.#addMail((message) => deliverTo(accounts, address, message))
      case 'append':
      case 'move': {
        const open = await accounts.login(address, password, session)
        try {
          if (op === 'append') {
            await this.#addMail((message) => open.append('Archive', chunks(message), { flags: [] }))
            return
          }
          const box = await open.select('INBOX', { isReadOnly: false })
          await box.move(box.uids(), 'Archive')
        } finally {
          await open.close()
        }
        return
      }
      case 'rename': {
        const to = address === names[0] ? names[1] : names[0]
        await accounts.names.rename(address, to, { keepsAlias: true })
        return
      }
      case 'change-password':
        return this.#changeWord((word) => accounts.changePassword(address, password, word))
      case 'set-password':
        return this.#changeWord((word) => accounts.setPassword(address, word))
      case 'reset-by-admin':
        return this.#changeWord((word) => accounts.escrow.escrowResetPassword(address, [admin()], word))
      case 'enable': {
        const { offerId, recoveryCode } = await atRest.offerEnable(address, password)
        return this.#changeCode(recoveryCode, () => atRest.acceptEnable(offerId, recoveryCode))
      }
      case 'disable':
        await atRest.disableAtRest(address, secret)
        return
      case 'rotate':
      case 're-encrypt': {
        const reencrypt = op === 're-encrypt'
        await (
          await atRest.rotateKeys(address, secret, { reencrypt })
        ).finished
        return
      }
      case 'new-code': {
        const { offerId, recoveryCode } = await atRest.offerRecoveryCode(address, password)
        return this.#changeCode(recoveryCode, () =>
          atRest.acceptRecoveryCode(offerId, recoveryCode, password),
        )
      }
      case 'recover':
        return this.#recover(address)
      case 'add-app':
        if (this.#apps.length < 8)
          this.#apps.push((await accounts.slots.addAppPassword(address, secret, { name: 'x' })).text)
        return
      case 'kick':
        await accounts.lock(address, 'out')
    }
  }

  async #recover(address: string): Promise<void> {
    const code = this.#code
    if (!code) return
    await this.#changeWord(async (word) => {
      const { recoveryCode } = await this.#accounts.recover(address, code, word)
      this.#codes.push({ code: recoveryCode, outcome: 'done' })
    })
  }

  /** Finds out what holds now, and that it is something that was acknowledged. */
  async #settle(): Promise<void> {
    const accounts = this.#accounts
    const there: string[] = []
    for (const name of names)
      if (
        await accounts.info(name).then(
          ({ address }) => address === name,
          () => false,
        )
      )
        there.push(name)
    assert.equal(there.length, 1, `the account has one address: ${there.join()}`)
    this.#address = there[0] ?? ''

    const right: string[] = []
    for (const { word } of this.#words) if (await this.#opens(word)) right.push(word)
    assert.equal(right.length, 1, `one password opens the account: ${right.join()}`)
    const word = right[0] ?? ''
    mustHold(word, this.#words.find((one) => one.word === word)?.outcome, this.#words)
    this.#word = word
    for (const one of this.#words) if (one.word !== word) this.#retired.add(one.word)
    for (const old of this.#retired) assert.ok(!(await this.#opens(old)), `${old} opens nothing any more`)
    for (const text of this.#apps) assert.ok(await this.#opens(text), 'an app password opens the account')
    await this.#settleCode()
    await this.#readAll()
  }

  async #opens(word: string | Buffer): Promise<boolean> {
    try {
      await this.#accounts.authenticate(this.#address, Buffer.from(word), session)
      return true
    } catch (error) {
      if (isRefusal(error, 'authentication-failed')) return false
      throw error
    }
  }

  async #settleCode(): Promise<void> {
    const { atRest } = await this.#accounts.info(this.#address)
    this.#code = undefined
    if (atRest === 'off' || atRest === 'disabling') return
    const right: { readonly code: Buffer; readonly outcome: Outcome }[] = []
    for (const one of this.#codes) {
      const isRight = await this.#accounts.atRest.testRecoveryCode(this.#address, one.code).then(
        () => true,
        (error: unknown) => {
          if (isRefusal(error, 'wrong-recovery-code')) return false
          throw error
        },
      )
      if (isRight) right.push(one)
    }
    // Where a recovery was done and its answer lost, its owner has no code that opens: the password does.
    if (right.length === 0 && this.#words.some(({ outcome }) => outcome === 'perhaps')) return
    assert.equal(right.length, 1, 'one code opens the account')
    mustHold('the code', right[0]?.outcome, this.#codes)
    this.#code = right[0]?.code
  }

  async #readAll(): Promise<void> {
    const open = await this.#accounts.login(this.#address, Buffer.from(this.#word), session)
    await adopted(this.#accounts, this.#address)
    await wait(2 * longestTurns) // on the disk, and seen when the store has answered
    const seen: string[] = []
    for (const { name } of open.mailboxes()) {
      const box = await open.select(name, { isReadOnly: true })
      for (const uid of box.uids()) seen.push(subjectOf(await readAll(box, uid)))
      box.close()
    }
    for (const [subject, outcome] of this.#mail) {
      const count = seen.filter((one) => one === subject).length
      if (outcome !== 'perhaps' || count > 1)
        assert.equal(count, outcome === 'done' ? 1 : 0, `${subject}, which was ${outcome}`)
    }
    await open.close()
  }

  async end(): Promise<void> {
    const { findings } = await this.#accounts.verify(this.#address, Buffer.from(this.#word))
    assert.deepEqual(findings, [])
    await this.#accounts.close()
  }
}
