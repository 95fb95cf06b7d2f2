// Many sessions of one account on one mailbox: some change it, and all hear of it in an order that makes sense.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OpenAccount, Uid } from '../../src/account/api.ts'
import { View } from '../../src/imap/view.ts'
import { SequenceSet } from '../../src/imap/wire/sequence-set.ts'
import { ResponseWriter } from '../../src/imap/wire/writer.ts'
import { alice, chunks, mail, makeSite, password, session } from '../account/support.ts'

const isFull = process.env['LETTERLOCK_SCALE'] === 'full'
const sessions = 64
const messages = isFull ? 100_000 : 2_000
const rounds = isFull ? 400 : 120

/** The next of a row of numbers that looks random and is the same each time. */
function dice(): (below: number) => number {
  let state = 20261121
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** A session and what its client makes of the responses: the UID of each number, 0 while it was not told. */
class Listener {
  readonly view: View
  numbers: number[]
  readonly flags = new Map<number, string>()
  readonly #out = new ResponseWriter()

  constructor(view: View) {
    this.view = view
    this.numbers = view.mailbox.uids()
  }

  hear(mayExpunge: boolean): void {
    this.view.announce(this.#out, { mayExpunge, withModSeq: false, withFlags: true })
    const lines = Buffer.concat(this.#out.take()).toString('latin1').split('\r\n')
    for (const line of lines) {
      const [, text = '', kind = '', rest = ''] = /^\* (\d+) ([A-Z]+)(.*)$/.exec(line) ?? []
      const number = Number(text)
      if (kind === 'EXISTS') {
        assert.ok(number >= this.numbers.length)
        while (this.numbers.length < number) this.numbers.push(0)
      } else if (kind === 'EXPUNGE') {
        assert.ok(mayExpunge && number >= 1 && number <= this.numbers.length)
        this.numbers.splice(number - 1, 1)
      } else if (kind === 'FETCH') {
        const [, uid = '', flags = ''] = /UID (\d+).*FLAGS \(([^)]*)\)/.exec(rest) ?? []
        const known = this.numbers[number - 1]
        assert.ok(known === 0 || known === Number(uid), 'a number never changes its message')
        this.numbers[number - 1] = Number(uid)
        this.flags.set(Number(uid), flags)
      }
    }
  }
}

describe(`${sessions} sessions on a mailbox of ${messages} messages`, () => {
  it('all come to see what some of them do', async () => {
    const site = await makeSite()
    const accounts: OpenAccount[] = [await alice(site)]
    while (accounts.length < sessions)
      accounts.push(await site.accounts.login('alice@example.org', password(), session))
    const [first] = accounts
    assert.ok(first)
    await first.append('INBOX', chunks(mail('first')), { flags: [] })
    const filling = await first.select('INBOX', { isReadOnly: false })
    for (let uids = filling.uids(); uids.length < messages; uids = filling.uids())
      await filling.copy(uids.slice(0, Math.min(messages - uids.length, 5_000)), 'INBOX')
    filling.close()
    const listeners: Listener[] = []
    for (const account of accounts)
      listeners.push(new Listener(new View(await account.select('INBOX', { isReadOnly: false }))))
    const roll = dice()
    const act = async (index: number): Promise<void> => {
      const { view } = listeners[index] ?? assert.fail()
      const { mailbox } = view
      const number = 1 + roll(view.exists)
      const { uids } = view.resolve(SequenceSet.of(number), 'sequence')
      switch (roll(4)) {
        case 0:
          await (accounts[index] ?? assert.fail()).append('INBOX', chunks(mail('more')), { flags: [] })
          return
        case 1:
          await mailbox.storeFlags(uids, 'add', ['\\Deleted'])
          await mailbox.expunge(uids)
          return
        default:
          await mailbox.storeFlags(uids, roll(2) === 0 ? 'add' : 'remove', ['\\Flagged', 'work'])
      }
    }
    for (let round = 0; round < rounds; round += 1) {
      // Rivals act at once; everybody else hears of it sooner or later, a few of them at a time.
      await Promise.all([act(roll(8)), act(8 + roll(8)), act(16 + roll(8))])
      for (let turn = 0; turn < 8; turn += 1) listeners[roll(sessions)]?.hear(roll(3) > 0)
    }
    for (const listener of listeners) listener.hear(true)
    const present = listeners[0]?.view.mailbox.uids() ?? []
    for (const { view, numbers, flags } of listeners) {
      assert.equal(numbers.length, present.length)
      for (const [index, uid] of numbers.entries()) assert.ok(uid === 0 || uid === present[index])
      // Flags as they were told last are the flags there are, unless the session set them itself.
      for (const uid of present) {
        assert.equal(view.sequenceNumber(uid), (numbers.length === 0 ? 0 : present.indexOf(uid)) + 1)
        if (flags.size === 0) break
      }
      assert.equal(view.mailbox.uidSnapshot(), listeners[0]?.view.mailbox.uidSnapshot())
    }
    const quiet = listeners[sessions - 1] ?? assert.fail()
    for (const [uid, told] of quiet.flags) {
      const state = quiet.view.mailbox.state(uid as Uid)
      if (state) assert.equal(told, quiet.view.flagsText(state.uid, state.flags).slice(1, -1))
    }
    await site.accounts.close()
  })
})
