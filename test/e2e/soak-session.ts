// One client of the mixed load: keeps its own numbering from responses alone, and holds each of them against the model.
import assert from 'node:assert/strict'
import { ImapSession, type ImapAnswer } from '../support/imap-session.ts'
import type { ImapResponse } from '../support/response-reader.ts'
import { markerOf, messageOf } from './crash-messages.ts'
import type { Listed, SoakTruth } from './soak-truth.ts'

/** `1:3,7` as numbers. */
function numbersIn(set: string): number[] {
  return set.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split(':').map(Number)
    return Array.from({ length: to - from + 1 }, (_, index) => from + index)
  })
}

function flagsIn(text: string): string | undefined {
  const flags = /FLAGS \(([^)]*)\)/.exec(text)?.[1]?.split(' ')
  return flags
    ?.filter((flag) => flag !== '' && flag !== '\\Recent')
    .sort()
    .join(' ')
}

const numberAfter = (text: string, word: string): number | undefined => {
  const found = new RegExp(`${word} \\(?(\\d+)`).exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

export class SoakSession implements Disposable {
  readonly #session: ImapSession
  readonly #truth: SoakTruth
  #mailbox: string | undefined
  /** UIDs by sequence number less one, where they are known. */
  #view: (number | undefined)[] = []

  private constructor(session: ImapSession, truth: SoakTruth) {
    this.#session = session
    this.#truth = truth
  }

  static async login(port: number, truth: SoakTruth, password: string): Promise<SoakSession> {
    const session = await ImapSession.login({ port }, truth.address, password)
    await session.ok('ENABLE CONDSTORE')
    return new SoakSession(session, truth)
  }

  get mailbox(): string | undefined {
    return this.#mailbox
  }

  get ended(): Promise<void> {
    return this.#session.ended
  }

  /** UIDs that this session knows to be in its mailbox. */
  get uids(): number[] {
    return this.#view.filter((uid) => uid !== undefined)
  }

  /** Runs a command; what its answers say of the mailbox is checked and entered. Its status is the caller's affair. */
  async run(...words: readonly (string | Buffer)[]): Promise<ImapAnswer> {
    const answer = await this.#session.run(...words)
    for (const response of answer.untagged) this.take(response)
    assert.doesNotMatch(answer.status, /^BAD|SERVERBUG|CORRUPTION/, words.map(String).join('').slice(0, 200))
    return answer
  }

  async ok(...words: readonly (string | Buffer)[]): Promise<ImapAnswer> {
    const answer = await this.run(...words)
    assert.match(answer.status, /^OK/, words.map(String).join('').slice(0, 200))
    return answer
  }

  /** Opens a mailbox and learns its UIDs. False when it is not there. */
  async select(mailbox: string): Promise<boolean> {
    this.#mailbox = undefined
    this.#view = []
    // Taken before the command, since from its OK on they are the new mailbox's.
    const answer = await this.#session.run(`SELECT ${mailbox}`)
    if (!answer.status.startsWith('OK')) return false
    this.#mailbox = mailbox
    for (const response of answer.untagged) this.take(response)
    if (this.#view.length > 0) await this.ok('UID FETCH 1:* (UID FLAGS MODSEQ)')
    return true
  }

  /** One untagged response. */
  take({ text, literals }: ImapResponse): void {
    const mailbox = this.#mailbox
    const match = /^\* (\d+) (EXISTS|EXPUNGE|FETCH)/.exec(text)
    if (!match || mailbox === undefined) return
    const number = Number(match[1])
    if (match[2] === 'EXISTS') {
      assert.ok(number >= this.#view.length, `EXISTS fell from ${this.#view.length} to ${number}`)
      while (this.#view.length < number) this.#view.push(undefined)
      return
    }
    assert.ok(
      number >= 1 && number <= this.#view.length,
      `${text.slice(0, 80)} with ${this.#view.length} messages`,
    )
    if (match[2] === 'EXPUNGE') {
      const [uid] = this.#view.splice(number - 1, 1)
      if (uid !== undefined) this.#truth.sawGone(mailbox, uid)
      return
    }
    this.#takeFetch(mailbox, number, text, literals[0])
  }

  #takeFetch(mailbox: string, number: number, text: string, octets: Buffer | undefined): void {
    const known = this.#view[number - 1]
    const uid = numberAfter(text, 'UID') ?? known
    if (uid === undefined) return
    assert.equal(uid, known ?? uid, `number ${number} stands for another message than before`)
    this.#view[number - 1] = uid
    assert.ok(
      (this.#view[number - 2] ?? 0) < uid && uid < (this.#view[number] ?? Infinity),
      'UIDs do not ascend',
    )
    const marker = octets && this.#checkedMarker(octets)
    this.#truth.sawMarker(mailbox, uid, marker)
    const [modSeq, flags] = [numberAfter(text, 'MODSEQ'), flagsIn(text)]
    if (modSeq !== undefined && flags !== undefined) this.#truth.sawFlags(mailbox, uid, modSeq, flags)
  }

  /** The marker of a whole message, whose octets must be those that it stands for. */
  #checkedMarker(octets: Buffer): string {
    const marker = markerOf(octets)
    const expected = messageOf(marker)
    assert.ok(octets.subarray(octets.length - expected.length).equals(expected), `${marker} was changed`)
    return marker
  }

  async append(mailbox: string, marker: string, flags: string): Promise<void> {
    const added = this.#truth.adding(mailbox, marker)
    const { status } = await this.run(`APPEND ${mailbox} (${flags}) `, messageOf(marker))
    const uid = /APPENDUID \d+ (\d+)/.exec(status)?.[1]
    added(uid === undefined ? 'refused' : Number(uid))
  }

  /** Copies or moves messages of the mailbox that is selected into another one. */
  async transfer(verb: 'COPY' | 'MOVE', uids: readonly number[], to: string): Promise<void> {
    const from = this.#mailbox ?? assert.fail('no mailbox is selected')
    const markers = uids.map((uid) => this.#truth.marker(from, uid))
    const added = markers.map((marker) => marker !== undefined && this.#truth.adding(to, marker))
    const removed = verb === 'MOVE' ? this.#truth.removing(from, uids) : () => undefined
    const { status, untagged } = await this.run(`UID ${verb} ${uids.join()} ${to}`)
    const said = [status, ...untagged.map(({ text }) => text)].map((text) =>
      /COPYUID \d+ (\S+) ([^\]\s]+)/.exec(text),
    )
    const placed = new Map<number, number>()
    for (const code of said) {
      const targets = numbersIn(code?.[2] ?? '')
      numbersIn(code?.[1] ?? '').forEach((uid, index) => placed.set(uid, targets[index] ?? 0))
    }
    for (const [index, uid] of uids.entries()) {
      const target = placed.get(uid)
      const settle = added[index]
      if (settle) settle(target ?? 'refused')
      else if (target !== undefined) this.#truth.sawMarker(to, target, undefined)
    }
    removed()
  }

  /** Removes messages of the mailbox that is selected. */
  async expunge(uids: readonly number[]): Promise<void> {
    const mailbox = this.#mailbox ?? assert.fail('no mailbox is selected')
    await this.ok(`UID STORE ${uids.join()} +FLAGS (\\Deleted)`)
    const removed = this.#truth.removing(mailbox, uids)
    await this.ok(`UID EXPUNGE ${uids.join()}`)
    removed()
  }

  /** A search for a message that this session knows must find it, and nothing that the needle is not in. */
  async search(marker: string): Promise<void> {
    const mailbox = this.#mailbox ?? assert.fail('no mailbox is selected')
    const before = this.uids.filter((uid) => this.#truth.marker(mailbox, uid) === marker)
    const key = Number(marker.slice(1)) % 2 === 0 ? `SUBJECT "message ${marker}"` : `TEXT "${marker}"`
    const { untagged } = await this.ok(`UID SEARCH RETURN (ALL) ${key}`)
    const text =
      untagged.map((one) => one.text).find((one) => one.startsWith('* ESEARCH')) ?? assert.fail('no ESEARCH')
    const found = new Set(numbersIn(/ALL (\S+)/.exec(text)?.[1] ?? ''))
    for (const uid of before) {
      if (!this.#truth.known(mailbox).some(([one]) => one === uid)) continue
      assert.ok(found.has(uid), `${mailbox}, UID ${uid}: ${key} does not find it`)
    }
    for (const uid of found) {
      const other = this.#truth.marker(mailbox, uid)
      if (uid !== 0 && other !== undefined) assert.ok(other.startsWith(marker), `${key} finds ${other}`)
    }
  }

  /** Everything there is in a mailbox, octets included. */
  async list(mailbox: string): Promise<Listed[]> {
    assert.ok(await this.select(mailbox), `${mailbox} is not there`)
    if (this.#view.length === 0) return []
    const { untagged } = await this.ok('UID FETCH 1:* (UID FLAGS MODSEQ BODY.PEEK[])')
    const listed = untagged.flatMap(({ text, literals: [octets] }): Listed[] => {
      const [uid, modSeq, flags] = [numberAfter(text, 'UID'), numberAfter(text, 'MODSEQ'), flagsIn(text)]
      if (!octets || uid === undefined || modSeq === undefined || flags === undefined) return []
      return [{ uid, modSeq, flags, marker: this.#checkedMarker(octets) }]
    })
    assert.equal(listed.length, this.#view.length, `${mailbox}: FETCH leaves messages out`)
    return listed
  }

  /** Starts IDLE; `heard` is called at the first news. */
  async idle(heard: () => void): Promise<void> {
    await this.#session.idle((response) => {
      this.take(response)
      heard()
    })
  }

  async endIdle(): Promise<void> {
    for (const response of (await this.#session.endIdle()).untagged) this.take(response)
  }

  logout(): Promise<void> {
    return this.#session.logout()
  }

  /** Drops the connection in the middle of whatever it does. */
  [Symbol.dispose](): void {
    this.#session.close()
  }
}
