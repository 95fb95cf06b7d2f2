// The load of the crash test: deliveries, IMAP sessions that change what they can, one that watches. Each ends with its connection.
import assert from 'node:assert/strict'
import { deferred } from '../../src/base/async.ts'
import type { SeededRandom } from '../bench/random.ts'
import { ConnectionLost } from '../support/imap-session.ts'
import { LmtpSession } from '../support/lmtp-session.ts'
import type { CrashClient } from './crash-client.ts'
import { crashMailboxes, type AccountLedger } from './crash-ledger.ts'
import { messageOf } from './crash-messages.ts'

/** Runs something to the end of its connection, which is how it is meant to end. */
export async function untilLost(run: () => Promise<unknown>): Promise<void> {
  try {
    await run()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (!(error instanceof ConnectionLost) && code !== 'ECONNREFUSED' && code !== 'ECONNRESET') throw error
  }
}

/** Delivers one message after the other. `acknowledged` is called for each 250. */
export async function deliverForever(
  port: number,
  ledger: AccountLedger,
  nextMarker: () => string,
  acknowledged: () => void,
): Promise<never> {
  using session = await LmtpSession.connect(port)
  for (;;) {
    const marker = nextMarker()
    const added = ledger.adding('INBOX', marker)
    await session.mustDeliver({ from: `${marker}@sender.test`, to: ledger.name, message: messageOf(marker) })
    added()
    acknowledged()
  }
}

type Step = (
  client: CrashClient,
  ledger: AccountLedger,
  random: SeededRandom,
  nextMarker: () => string,
) => Promise<void>

const flags = ['\\Seen', '\\Flagged', '\\Answered', 'Later', '$Forwarded'] as const

function some<T>(list: readonly T[], random: SeededRandom, most: number): T[] {
  const count = Math.min(list.length, 1 + random.below(most))
  const from = random.below(list.length - count + 1)
  return list.slice(from, from + count)
}

// In the mailbox where they are, messages that are not in the other one.
function transfer(verb: 'COPY' | 'MOVE'): Step {
  return async (client, ledger, random) => {
    const from = random.pick(crashMailboxes)
    const to = random.pick(crashMailboxes.filter((mailbox) => mailbox !== from))
    const free = ledger.known(from).filter(([marker]) => !ledger.places(to).has(marker))
    if (free.length === 0) return
    await client.select(from)
    await client.transfer(verb, some(free, random, 8), to)
  }
}

function onKnown(
  most: number,
  act: (client: CrashClient, messages: [string, number][], random: SeededRandom) => Promise<void>,
): Step {
  return async (client, ledger, random) => {
    const mailbox = random.pick(crashMailboxes)
    const known = ledger.known(mailbox)
    if (known.length === 0) return
    await client.select(mailbox)
    await act(
      client,
      some(known, random, most).map(([marker, uid]) => [marker, uid]),
      random,
    )
  }
}

const steps: readonly Step[] = [
  (client, _, random, nextMarker) =>
    client.append('Work', nextMarker(), random.pick(['', '\\Seen', '$Forwarded \\Draft'])),
  (client, _, random, nextMarker) => client.append('Archive', nextMarker(), random.pick(['', '\\Seen'])),
  transfer('COPY'),
  transfer('MOVE'),
  onKnown(5, async (client, messages, random) => {
    for (const message of messages) await client.flag(message, random.pick(flags))
  }),
  onKnown(4, (client, messages) => client.expunge(messages)),
  // Learns of what was delivered, so that other steps can touch it.
  async (client, ledger) => {
    await client.select('INBOX')
    for (const { marker, uid } of await client.fetch('1:*')) {
      const place = ledger.places('INBOX').get(marker)
      assert.ok(place, `${ledger.name}: ${marker} is in INBOX and was never sent there`)
      // Its delivery may not have been answered yet: then it is left alone.
      if (place.presence === 'yes') place.uid = uid
    }
  },
  async (client) => {
    await client.select('INBOX')
    await client.idle(() => undefined)
    await client.endIdle()
  },
]

/** Changes mailboxes at random. */
export async function changeForever(
  client: CrashClient,
  ledger: AccountLedger,
  random: SeededRandom,
  nextMarker: () => string,
  acknowledged: () => void,
): Promise<never> {
  for (;;) {
    await random.pick(steps)(client, ledger, random, nextMarker)
    acknowledged()
  }
}

/** What a client with CONDSTORE has gathered of INBOX, without ever looking back (RFC 7162 §3.1.4). */
export class Watcher {
  readonly uids = new Set<number>()
  #greatestUid = 0
  #modSeq = 1

  /** Asks for what changed since the last time. New messages must come after all that were known. */
  async catchUp(client: CrashClient): Promise<void> {
    const { highestModSeq } = await client.select('INBOX')
    await this.#changes(client)
    this.#modSeq = Math.max(this.#modSeq, highestModSeq)
  }

  async #changes(client: CrashClient): Promise<void> {
    for (const { uid, modSeq } of await client.fetch('1:*', `(CHANGEDSINCE ${this.#modSeq})`)) {
      if (!this.uids.has(uid)) {
        assert.ok(uid > this.#greatestUid, `UID ${uid} appears after ${this.#greatestUid}`)
        this.#greatestUid = uid
      }
      this.uids.add(uid)
      this.#modSeq = Math.max(this.#modSeq, modSeq)
    }
  }

  /** Idles, and asks for changes whenever there is news. */
  async watchForever(client: CrashClient): Promise<never> {
    await this.catchUp(client)
    for (;;) {
      const news = deferred<undefined>()
      await client.idle(({ text }) => /EXISTS|FETCH/.test(text) && news.resolve(undefined))
      await Promise.race([news.promise, client.ended])
      await client.endIdle()
      await this.#changes(client)
    }
  }
}
