// An IMAP session whose every answer is entered in an account's ledger.
import assert from 'node:assert/strict'
import { ImapSession, type ImapAnswer, type ImapTarget } from '../support/imap-session.ts'
import type { ImapResponse } from '../support/response-reader.ts'
import type { AccountLedger, Found, FoundMailbox } from './crash-ledger.ts'
import { markerOf, messageOf } from './crash-messages.ts'

const messageItems = '(UID FLAGS MODSEQ BODY.PEEK[])'

/** Flags as the ledger has them: sorted, without \Recent. */
function flagsOf(text: string): string | undefined {
  const flags = /FLAGS \(([^)]*)\)/.exec(text)?.[1]
  return flags
    ?.split(' ')
    .filter((flag) => flag !== '' && flag !== '\\Recent')
    .sort()
    .join(' ')
}

function numberIn(texts: readonly ImapResponse[], pattern: RegExp): number {
  const found = texts.map(({ text }) => pattern.exec(text)?.[1]).find((number) => number !== undefined)
  assert.ok(found !== undefined, `the server does not say ${pattern.source}`)
  return Number(found)
}

/** The message in a FETCH response to `messageItems`; its octets must be those that its marker stands for. */
function foundMessage({ text, literals: [octets] }: ImapResponse): Found | undefined {
  const [uid, modSeq, flags] = [
    /UID (\d+)/.exec(text)?.[1],
    /MODSEQ \((\d+)\)/.exec(text)?.[1],
    flagsOf(text),
  ]
  if (octets === undefined || uid === undefined || modSeq === undefined || flags === undefined)
    return undefined
  const marker = markerOf(octets)
  const expected = messageOf(marker)
  assert.ok(octets.subarray(octets.length - expected.length).equals(expected), `${marker} was changed`)
  return { marker, uid: Number(uid), modSeq: Number(modSeq), flags }
}

/** `1:3,7` as numbers. */
function numbersIn(set: string): number[] {
  return set.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split(':').map(Number)
    return Array.from({ length: to - from + 1 }, (_, index) => from + index)
  })
}

export class CrashClient implements Disposable {
  readonly #session: ImapSession
  readonly #ledger: AccountLedger
  #mailbox = ''

  private constructor(session: ImapSession, ledger: AccountLedger) {
    this.#session = session
    this.#ledger = ledger
  }

  static async login(target: ImapTarget, ledger: AccountLedger, password: string): Promise<CrashClient> {
    const session = await ImapSession.login(target, ledger.name, password)
    await session.ok('ENABLE CONDSTORE')
    return new CrashClient(session, ledger)
  }

  /** Runs a command that must be answered OK, and notes every MODSEQ in its answers. */
  async ok(...words: readonly (string | Buffer)[]): Promise<ImapAnswer> {
    const mailbox = this.#mailbox
    const known = this.#ledger.modSeqs(mailbox)
    const answer = await this.#session.ok(...words)
    for (const { text } of answer.untagged) {
      const [uid, modSeq] = [/UID (\d+)/.exec(text)?.[1], /MODSEQ \((\d+)\)/.exec(text)?.[1]]
      if (uid !== undefined && modSeq !== undefined) {
        this.#ledger.tellModSeq(mailbox, Number(uid), Number(modSeq), known)
      }
    }
    return answer
  }

  async select(mailbox: string): Promise<Omit<FoundMailbox, 'messages'> & { readonly exists: number }> {
    this.#mailbox = ''
    const { untagged } = await this.ok(`SELECT ${mailbox}`)
    this.#mailbox = mailbox
    return {
      exists: numberIn(untagged, /^\* (\d+) EXISTS/),
      uidValidity: numberIn(untagged, /UIDVALIDITY (\d+)/),
      uidNext: numberIn(untagged, /UIDNEXT (\d+)/),
      highestModSeq: numberIn(untagged, /HIGHESTMODSEQ (\d+)/),
    }
  }

  /** Messages of the selected mailbox with these UIDs; `modifier` such as `(CHANGEDSINCE 7)`. */
  async fetch(uids: string, modifier = ''): Promise<Found[]> {
    const { untagged } = await this.ok(`UID FETCH ${uids} ${messageItems}${modifier && ` ${modifier}`}`)
    const messages = untagged.map(foundMessage).filter((one) => one !== undefined)
    for (const { uid, marker } of messages) this.#ledger.tellUid(this.#mailbox, uid, marker)
    return messages
  }

  /** Everything there is in a mailbox; leaves it selected. */
  async read(mailbox: string): Promise<FoundMailbox> {
    const { exists, ...numbers } = await this.select(mailbox)
    const messages = exists === 0 ? [] : await this.fetch('1:*')
    assert.equal(messages.length, exists, `${this.#ledger.name}, ${mailbox}: EXISTS`)
    return { ...numbers, messages }
  }

  async append(mailbox: string, marker: string, flags: string): Promise<void> {
    const added = this.#ledger.adding(mailbox, marker, flags)
    const { status } = await this.ok(`APPEND ${mailbox} (${flags}) `, messageOf(marker))
    added(Number(/APPENDUID \d+ (\d+)/.exec(status)?.[1]))
  }

  /** Copies or moves messages of the selected mailbox. */
  async transfer(
    verb: 'COPY' | 'MOVE',
    messages: readonly (readonly [string, number])[],
    to: string,
  ): Promise<void> {
    const from = this.#mailbox
    const settle = new Map(
      messages.map(([marker, uid]) => [
        uid,
        verb === 'MOVE'
          ? this.#ledger.moving(from, to, marker)
          : this.#ledger.adding(to, marker, this.#ledger.places(from).get(marker)?.flags[0]),
      ]),
    )
    const set = messages.map(([, uid]) => uid).join()
    const { status, untagged } = await this.ok(`UID ${verb} ${set} ${to}`)
    const said = [status, ...untagged.map(({ text }) => text)].map((text) =>
      /COPYUID \d+ (\S+) ([^\]\s]+)/.exec(text),
    )
    for (const code of said) {
      const targets = numbersIn(code?.[2] ?? '')
      numbersIn(code?.[1] ?? '').forEach((uid, index) => {
        settle.get(uid)?.(targets[index] ?? 0)
        settle.delete(uid)
      })
    }
    assert.equal(settle.size, 0, `${verb} was answered without a COPYUID for each message`)
  }

  /** Adds one flag to a message of the selected mailbox. */
  async flag([marker, uid]: readonly [string, number], flag: string): Promise<void> {
    const before = this.#ledger.places(this.#mailbox).get(marker)?.flags[0] ?? ''
    const after = [...new Set([...before.split(' ').filter((one) => one !== ''), flag])].sort().join(' ')
    const stored = this.#ledger.flagging(this.#mailbox, marker, after)
    await this.ok(`UID STORE ${uid} +FLAGS (${flag})`)
    stored()
  }

  /** Removes messages of the selected mailbox. */
  async expunge(messages: readonly (readonly [string, number])[]): Promise<void> {
    for (const message of messages) await this.flag(message, '\\Deleted')
    const removed = messages.map(([marker]) => this.#ledger.removing(this.#mailbox, marker))
    await this.ok(`UID EXPUNGE ${messages.map(([, uid]) => uid).join()}`)
    for (const settle of removed) settle()
  }

  get ended(): Promise<void> {
    return this.#session.ended
  }

  idle(listener: (response: ImapResponse) => void): Promise<void> {
    return this.#session.idle(listener)
  }

  endIdle(): Promise<ImapAnswer> {
    return this.#session.endIdle()
  }

  logout(): Promise<void> {
    return this.#session.logout()
  }

  [Symbol.dispose](): void {
    this.#session.close()
  }
}
