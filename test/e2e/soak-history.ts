// The memory of a client that was away: what QRESYNC tells it at its return must make its old list of messages the new one.
import assert from 'node:assert/strict'
import { ImapSession } from '../support/imap-session.ts'
import { fetchResponses } from '../support/wire-value.ts'

interface Known {
  readonly uidValidity: string
  readonly highestModSeq: string
  /** Flags by UID, sorted, without \Recent. */
  readonly messages: ReadonlyMap<number, string>
}

/** `1:3,7` as numbers. */
function numbersIn(set: string): number[] {
  return set.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split(':').map(Number)
    return Array.from({ length: to - from + 1 }, (_, index) => from + index)
  })
}

/** One account's mailboxes as they were when it was here last. */
export class SoakHistory {
  readonly #address: string
  readonly #known = new Map<string, Known>()

  constructor(address: string) {
    this.#address = address
  }

  /** Comes back while nobody is at work: holds QRESYNC (RFC 7162 §3.2.5) against a full listing, and sizes against STATUS. */
  async check(port: number, password: string, mailboxes: readonly string[]): Promise<void> {
    using session = await ImapSession.login({ port }, this.#address, password)
    await session.ok('ENABLE QRESYNC')
    for (const mailbox of mailboxes) await this.#checkMailbox(session, mailbox)
    await session.logout()
  }

  async #checkMailbox(session: ImapSession, mailbox: string): Promise<void> {
    const name = `${this.#address}, ${mailbox}`
    const before = this.#known.get(mailbox)
    const parameters = before ? ` (QRESYNC (${before.uidValidity} ${before.highestModSeq}))` : ''
    const { untagged } = await session.ok(`SELECT ${mailbox}${parameters}`)
    const said = (pattern: RegExp): string =>
      untagged.map(({ text }) => pattern.exec(text)?.[1]).find((found) => found !== undefined) ?? ''
    const uidValidity = said(/UIDVALIDITY (\d+)/)
    const replayed = new Map(before?.messages)
    if (before) assert.equal(uidValidity, before.uidValidity, name)
    for (const uid of numbersIn(said(/^\* VANISHED \(EARLIER\) (\S+)/) || '0')) replayed.delete(uid)
    for (const [uid, flags] of flagsIn(untagged)) replayed.set(uid, flags)

    const exists = Number(said(/^\* (\d+) EXISTS/))
    const listing = exists > 0 ? (await session.ok('UID FETCH 1:* (FLAGS RFC822.SIZE)')).untagged : []
    const messages = flagsIn(listing)
    assert.equal(messages.size, exists, name)
    if (before) assert.deepEqual([...replayed].sort(byUid), [...messages].sort(byUid), `${name}: QRESYNC`)

    const sizes = fetchResponses(listing).map(({ items }) => Number(items.get('RFC822.SIZE')))
    const status = await session.ok(`STATUS ${mailbox} (SIZE HIGHESTMODSEQ)`)
    const text =
      status.untagged.map((response) => response.text).find((one) => one.startsWith('* STATUS')) ?? ''
    const total = sizes.reduce((sum, size) => sum + size, 0)
    assert.match(text, new RegExp(`SIZE ${total}\\b`), `${name}: sizes`)
    this.#known.set(mailbox, { uidValidity, highestModSeq: said(/HIGHESTMODSEQ (\d+)/), messages })
  }
}

const byUid = ([one]: [number, string], [other]: [number, string]): number => one - other

function flagsIn(responses: Parameters<typeof fetchResponses>[0]): Map<number, string> {
  return new Map(
    fetchResponses(responses).map(({ items }) => {
      const flags = (items.get('FLAGS') ?? []) as readonly string[]
      const shown = flags.filter((flag) => flag !== '\\Recent').sort()
      return [Number(items.get('UID')), shown.join(' ')]
    }),
  )
}
