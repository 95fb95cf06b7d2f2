// A client that only ever comes back by QRESYNC has the server's exact state, whatever others did and however it lost its connection.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Accounts } from '../../src/account/api.ts'
import type { Client } from './client.ts'
import { mail, makeHarness, type Harness } from './harness.ts'

/** As RFC 7162 §6 tells clients to do. */
class SyncingClient {
  readonly #harness: Harness
  #client: Client | undefined
  #uidValidity = 0
  #modSeq = 0
  /** Sequence numbers of the present connection: UIDs, or undefined where none was told. */
  #numbers: (number | undefined)[] = []
  readonly flags = new Map<number, string>()

  constructor(harness: Harness) {
    this.#harness = harness
  }

  async connect(withKnown: boolean): Promise<void> {
    this.#client = await this.#harness.login()
    await this.#client.ok('ENABLE QRESYNC')
    this.#numbers = []
    if (this.#uidValidity === 0) {
      await this.run('SELECT INBOX')
      await this.run('UID FETCH 1:* (UID FLAGS)')
      return
    }
    const known = [...this.flags.keys()].sort((a, b) => a - b)
    const set = withKnown && known.length > 0 ? ` ${known.join(',')}${this.#matchData(known)}` : ''
    await this.run(`SELECT INBOX (QRESYNC (${this.#uidValidity} ${this.#modSeq}${set}))`)
    await this.run(`UID FETCH ${(known.at(-1) ?? 0) + 1}:* (UID FLAGS)`)
  }

  /** Every other message, by the number that it has if nothing of what the client knows is gone. */
  #matchData(known: readonly number[]): string {
    const picks = known.flatMap((uid, index) => (index % 2 === 0 ? [[index + 1, uid] as const] : []))
    return ` (${picks.map(([number]) => number).join(',')} ${picks.map(([, uid]) => uid).join(',')})`
  }

  disconnect(): void {
    this.#client?.socket.destroy()
    this.#client = undefined
  }

  /** Runs a command and takes in what it says, unless the answer is lost behind its first `heard` responses. */
  async run(command: string, heard = Infinity): Promise<void> {
    if (!this.#client) return
    const responses = await this.#client.run(command)
    let told: number | undefined
    let seen = 0
    for (const line of responses.slice(0, heard)) {
      const code = /\[HIGHESTMODSEQ ([0-9]+)\]/.exec(line)
      if (code) told = Number(code[1])
      const modSeq = / MODSEQ \(([0-9]+)\)/.exec(line)
      if (modSeq) seen = Math.max(seen, Number(modSeq[1]))
      this.#take(line)
    }
    if (heard < responses.length) {
      // The tagged answer never came: what was seen of MODSEQs does not count yet.
      this.disconnect()
      return
    }
    this.#modSeq = told ?? Math.max(this.#modSeq, seen)
    if (command.startsWith('UID FETCH')) return
    // What EXISTS told is asked for, so that the client knows everything up to its MODSEQ.
    if (this.#numbers.includes(undefined)) await this.run(`UID FETCH 1:* (UID FLAGS)`)
  }

  #take(line: string): void {
    const validity = /\[UIDVALIDITY ([0-9]+)\]/.exec(line)
    if (validity) this.#uidValidity = Number(validity[1])
    const exists = /^\* ([0-9]+) EXISTS/.exec(line)
    if (exists) while (this.#numbers.length < Number(exists[1])) this.#numbers.push(undefined)
    const vanished = /^\* VANISHED (\(EARLIER\) )?([0-9:,]+)$/.exec(line)
    if (vanished) {
      for (const part of (vanished[2] ?? '').split(',')) {
        const [first = 0, last = first] = part.split(':').map(Number)
        for (let uid = first; uid <= last; uid += 1) this.#forget(uid, vanished[1] !== undefined)
      }
    }
    assert.doesNotMatch(line, /EXPUNGE$/)
    const fetch = /^\* ([0-9]+) FETCH \((.*)\)$/.exec(line)
    if (!fetch) return
    const uid = Number(/UID ([0-9]+)/.exec(fetch[2] ?? '')?.[1])
    const flags = /FLAGS \(([^)]*)\)/.exec(fetch[2] ?? '')
    assert.ok(uid > 0, line)
    const index = Number(fetch[1]) - 1
    assert.ok(index < this.#numbers.length && (this.#numbers[index] ?? uid) === uid, line)
    this.#numbers[index] = uid
    if (flags) this.flags.set(uid, plain(flags[1] ?? ''))
  }

  #forget(uid: number, isEarlier: boolean): void {
    const isKnown = this.flags.delete(uid)
    const index = this.#numbers.indexOf(uid)
    if (isEarlier) assert.equal(index, -1, `VANISHED (EARLIER) of ${uid}, which has a number`)
    else {
      assert.ok(isKnown, `VANISHED of ${uid}, which was not there`)
      // One that was not fetched since this connection began has a number all the same.
      this.#numbers.splice(index >= 0 ? index : this.#place(uid), 1)
    }
  }

  #place(uid: number): number {
    return [...this.flags.keys()].filter((other) => other < uid).length
  }
}

const plain = (flags: string): string =>
  flags
    .split(' ')
    .filter((flag) => flag !== '' && flag !== '\\Recent')
    .sort()
    .join(' ')

type Step =
  | { readonly kind: 'put' }
  | { readonly kind: 'store' | 'expunge' | 'move'; readonly pick: number; readonly by: 'other' | 'self' }
  | { readonly kind: 'noop' | 'disconnect' | 'restart' | 'crash' }
  | { readonly kind: 'lose'; readonly heard: number; readonly pick: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant({ kind: 'put' as const }),
  fc.record({
    kind: fc.constantFrom('store' as const, 'expunge' as const, 'move' as const),
    pick: fc.nat(30),
    by: fc.constantFrom('other' as const, 'other' as const, 'self' as const),
  }),
  fc.record({
    kind: fc.constantFrom('noop' as const, 'disconnect' as const, 'restart' as const, 'crash' as const),
  }),
  fc.record({
    kind: fc.constant('lose' as const),
    heard: fc.constantFrom(0, 1, 2, 99, 99),
    pick: fc.nat(30),
  }),
)

async function truth(harness: Harness): Promise<Map<number, string>> {
  const client = await harness.select()
  const found = new Map<number, string>()
  for (const line of await client.ok('UID FETCH 1:* (FLAGS)')) {
    const match = /UID ([0-9]+) FLAGS \(([^)]*)\)/.exec(line)
    if (match) found.set(Number(match[1]), plain(match[2] ?? ''))
  }
  await client.run('LOGOUT')
  return found
}

const commandOf = (kind: 'store' | 'expunge' | 'move', uid: number, pick: number): string[] => {
  if (kind === 'move') return [`UID MOVE ${uid} Trash`]
  if (kind === 'store') return [`UID STORE ${uid} FLAGS (${['\\Seen', '\\Flagged', 'work', ''][pick % 4]})`]
  return [`UID STORE ${uid} +FLAGS.SILENT (\\Deleted)`, `UID EXPUNGE ${uid}`]
}

/** Accounts that can be changed for those of another start of the server. */
function replaceable(): { readonly wrap: (accounts: Accounts) => Accounts; set(accounts: Accounts): void } {
  let current: Accounts
  return {
    wrap(accounts) {
      current = accounts
      return new Proxy(accounts, {
        get(_, name) {
          const member: unknown = Reflect.get(current, name, current)
          return typeof member === 'function' ? (member.bind(current) as unknown) : member
        },
      })
    },
    set(accounts) {
      current = accounts
    },
  }
}

/** So many changes that a checkpoint is written at the last logout. */
async function makeLongLog(client: Client): Promise<void> {
  for (let index = 0; index < 60; index += 1) await client.ok(`SUBSCRIBE "s/${index}"`)
  for (let index = 0; index < 60; index += 1) await client.ok(`UNSUBSCRIBE "s/${index}"`)
}

async function append(client: Client, subject: string): Promise<void> {
  const text = mail(subject)
  client.write(`p APPEND INBOX {${text.length}+}\r\n${text}\r\n`)
  assert.match((await client.until('p')).at(-1) ?? '', /^p OK/)
}

async function play(steps: readonly Step[]): Promise<void> {
  const starts = replaceable()
  const harness = await makeHarness({ wrap: starts.wrap })
  try {
    for (let index = 0; index < 6; index += 1) await harness.put(mail(`m${index}`))
    let other = await harness.select()
    const client = new SyncingClient(harness)
    await client.connect(false)
    let isOn = true
    const uidOf = async (pick: number): Promise<number | undefined> => {
      const uids = [...(await truth(harness)).keys()]
      return uids[pick % Math.max(1, uids.length)]
    }
    for (const [index, each] of steps.entries()) {
      if (!isOn && ['noop', 'lose'].includes(each.kind)) {
        await client.connect(index % 2 === 0)
        isOn = true
      }
      switch (each.kind) {
        case 'put':
          await append(other, `later ${index}`)
          break
        case 'store':
        case 'expunge':
        case 'move': {
          const uid = await uidOf(each.pick)
          if (uid === undefined) break
          for (const command of commandOf(each.kind, uid, each.pick)) {
            if (each.by === 'self' && isOn) await client.run(command)
            else await other.ok(command)
          }
          break
        }
        case 'noop':
          await client.run('NOOP')
          break
        case 'lose': {
          // The client cannot be told of what another expunges while it stores by number; then it is gone.
          const uid = await uidOf(each.pick)
          if (uid !== undefined) for (const command of commandOf('expunge', uid, 0)) await other.ok(command)
          await client.run(`STORE 1 FLAGS.SILENT (${index % 2 ? 'lost' : ''})`, each.heard)
          client.disconnect()
          isOn = false
          break
        }
        case 'disconnect':
          client.disconnect()
          isOn = false
          break
        case 'restart':
        case 'crash':
          // Both leave the store as it is; what an orderly end writes besides is a checkpoint.
          if (each.kind === 'restart') await makeLongLog(other)
          client.disconnect()
          isOn = false
          if (each.kind === 'restart') starts.set(await harness.site.restart())
          else {
            harness.site.accounts = await harness.site.reopen()
            starts.set(harness.site.accounts)
          }
          other = await harness.select()
          break
      }
    }
    client.disconnect()
    await client.connect(steps.length % 2 === 0)
    await client.run('NOOP')
    assert.deepEqual(
      [...client.flags].sort(([a], [b]) => a - b),
      [...(await truth(harness))],
    )
  } finally {
    await harness.close()
  }
}

describe('a client that comes back by QRESYNC', () => {
  it('has the exact state after whatever happened', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), play), { numRuns: 25 })
  })

  it('is answered at once whatever it claims to know', async () => {
    const harness = await makeHarness()
    try {
      for (let index = 0; index < 5; index += 1) await harness.put(mail(`m${index}`))
      const other = await harness.select()
      await other.ok('STORE 2,4 +FLAGS.SILENT (\\Deleted)')
      await other.ok('EXPUNGE')
      const client = await harness.login()
      await client.ok('ENABLE QRESYNC')
      const opened = await client.ok('SELECT INBOX')
      const validity = /UIDVALIDITY ([0-9]+)/.exec(opened.join(' '))?.[1] ?? ''
      const vanished = async (known: string): Promise<string | undefined> => {
        const lines = await client.ok(`SELECT INBOX (QRESYNC (${validity} ${known}))`)
        return lines.find((line) => line.includes('VANISHED'))
      }
      const everything = '* VANISHED (EARLIER) 2,4'
      const many = Array.from({ length: 6_000 }, (_, index) => index * 3 + 2).join(',')
      assert.equal(await vanished('1'), everything)
      assert.equal(await vanished('1 1:4294967295'), everything)
      assert.equal(await vanished('1 4294967295:1'), everything)
      assert.equal(await vanished(`1 ${many}`), '* VANISHED (EARLIER) 2')
      assert.equal(await vanished('9223372036854775807 1:9'), undefined)
      assert.equal(await vanished('1 1:9 (1:4294967295 1:4294967295)'), everything)
      // UID 3 is the second message, so what went before it is known; UID 5 is not the fourth.
      assert.equal(await vanished('1 1:9 (1,2,4 1,3,5)'), '* VANISHED (EARLIER) 4')
      assert.equal(await vanished('1 1:9 (1:3 1,3,5)'), undefined)
      assert.equal(await vanished('1 1:9 (4000000000 5)'), everything)
    } finally {
      await harness.close()
    }
  })
})
