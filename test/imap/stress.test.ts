// Several clients at once do everything at random to one mailbox; each checks that no number ever means another message.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Client } from './client.ts'
import { mail, makeHarness } from './harness.ts'

/** A small generator of our own, so that a failing run can be run again. */
function makeRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** One client with its own picture of the mailbox, kept from responses alone. */
class CheckingClient {
  readonly #client: Client
  readonly #random: (below: number) => number
  readonly #subjects: Map<number, string>
  #uids: (number | undefined)[] = []
  #tag = 0

  constructor(client: Client, random: (below: number) => number, subjects: Map<number, string>) {
    this.#client = client
    this.#random = random
    this.#subjects = subjects
  }

  async begin(): Promise<void> {
    await this.#run('SELECT INBOX')
  }

  async step(): Promise<void> {
    const number = 1 + this.#random(Math.max(1, this.#uids.length))
    const range = `${number}:${Math.min(this.#uids.length, number + this.#random(4)) || 1}`
    const flag = ['\\Seen', '\\Deleted', '\\Flagged', 'Work'][this.#random(4)] ?? ''
    const actions = [
      'NOOP',
      'CHECK',
      'EXPUNGE',
      'UID FETCH 1:* (UID FLAGS)',
      'SEARCH NOT DELETED',
      'UID SEARCH RETURN (ALL) SEEN',
      `FETCH ${range} (UID BODY.PEEK[HEADER.FIELDS (Subject)])`,
      `FETCH ${number} (UID BODY[HEADER.FIELDS (Subject)])`,
      `STORE ${range} +FLAGS (${flag})`,
      `STORE ${range} -FLAGS.SILENT (${flag})`,
      `COPY ${number} INBOX`,
      `UID COPY ${this.#uids[number - 1] ?? 1} INBOX`,
      `MOVE ${number} INBOX`,
      'APPEND',
      'IDLE',
    ]
    await this.#run(actions[this.#random(actions.length)] ?? 'NOOP')
  }

  async finish(): Promise<(number | undefined)[]> {
    await this.#run('NOOP')
    await this.#run('FETCH 1:* (UID)')
    return this.#uids
  }

  async #run(command: string): Promise<void> {
    this.#tag += 1
    const tag = `t${this.#tag}`
    if (command === 'APPEND') {
      const text = mail(`appended ${this.#random(1_000_000)}`)
      this.#client.write(`${tag} APPEND INBOX {${text.length}+}\r\n${text}\r\n`)
    } else if (command === 'IDLE') {
      this.#client.send(`${tag} IDLE`)
      this.#client.send('DONE')
    } else {
      this.#client.send(`${tag} ${command}`)
    }
    for (;;) {
      const response = await this.#client.next()
      assert.ok(response !== undefined, `connection lost in ${command}`)
      if (response.startsWith(`${tag} `)) {
        // A number that was expunged meanwhile may be refused; nothing else may go wrong.
        assert.match(
          response,
          /^\w+ (OK|NO \[EXPUNGEISSUED\]|BAD No message has that sequence number)/,
          command,
        )
        return
      }
      this.#hear(response, command)
    }
  }

  #hear(response: string, command: string): void {
    const [, digits = '', kind = '', rest = ''] = /^\* (\d+) (\w+)(.*)$/s.exec(response) ?? []
    const number = Number(digits)
    if (kind === 'EXISTS') {
      assert.ok(number >= this.#uids.length)
      while (this.#uids.length < number) this.#uids.push(undefined)
    } else if (kind === 'EXPUNGE') {
      assert.doesNotMatch(command, /^(FETCH|STORE|SEARCH)/)
      assert.ok(number <= this.#uids.length)
      this.#uids.splice(number - 1, 1)
    } else if (kind === 'FETCH') {
      assert.ok(number <= this.#uids.length)
      const [, uidText] = /UID (\d+)/.exec(rest) ?? []
      if (uidText === undefined) return
      const uid = Number(uidText)
      const known = this.#uids[number - 1]
      assert.ok(known === undefined || known === uid, `${command}: number ${number} was ${known}, now ${uid}`)
      this.#uids[number - 1] = uid
      const [, subject] = /Subject: ([^\r]*)/.exec(rest) ?? []
      if (subject === undefined) return
      assert.equal(this.#subjects.get(uid) ?? subject, subject, `UID ${uid} shows another message`)
      this.#subjects.set(uid, subject)
    }
  }
}

describe('many clients of one mailbox', () => {
  for (const seed of [1, 2, 3]) {
    it(`never see a number change its message (seed ${seed})`, async () => {
      const harness = await makeHarness()
      try {
        for (let count = 0; count < 10; count += 1) await harness.put(mail(`first ${count}`))
        const subjects = new Map<number, string>()
        const clients: CheckingClient[] = []
        for (let index = 0; index < 4; index += 1) {
          clients.push(new CheckingClient(await harness.login(), makeRandom(seed * 100 + index), subjects))
        }
        await Promise.all(clients.map((client) => client.begin()))
        await Promise.all(
          clients.map(async (client) => {
            for (let step = 0; step < 80; step += 1) await client.step()
          }),
        )
        const [first, ...others] = await Promise.all(clients.map((client) => client.finish()))
        for (const other of others) assert.deepEqual(other, first)
      } finally {
        await harness.close()
      }
    })
  }
})
