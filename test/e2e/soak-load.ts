// What the clients of the mixed load do, at random, until they are told to pause.
import { setTimeout as delay } from 'node:timers/promises'
import { deferred } from '../../src/base/async.ts'
import type { SeededRandom } from '../bench/random.ts'
import { LmtpSession } from '../support/lmtp-session.ts'
import { messageOf } from './crash-messages.ts'
import { SoakSession } from './soak-session.ts'
import type { SoakTruth } from './soak-truth.ts'

export const soakMailboxes = ['INBOX', 'Work', 'Archive', 'Trash'] as const

/** Everything a client of one account needs. */
export interface SoakPlace {
  readonly imapPort: number
  readonly lmtpPort: number
  readonly truth: SoakTruth
  readonly password: string
  readonly random: SeededRandom
  readonly nextMarker: () => string
  /** Becomes true when the clients are to come to rest. */
  readonly isPausing: () => boolean
  /** A pause of this length between two steps, so that the load is one of people. */
  readonly restMs: number
}

type Step = (session: SoakSession, place: SoakPlace) => Promise<void>

const flags = ['\\Seen', '\\Flagged', '\\Answered', '\\Draft', 'Later', '$Forwarded'] as const

/** Up to `most` neighbouring UIDs of the selected mailbox whose message is known. */
function some({ mailbox, uids }: SoakSession, { truth, random }: SoakPlace, most: number): number[] {
  if (mailbox === undefined) return []
  const known = uids.filter((uid) => truth.marker(mailbox, uid) !== undefined)
  const from = random.below(Math.max(1, known.length))
  return known.slice(from, from + 1 + random.below(most))
}

async function open(session: SoakSession, { random }: SoakPlace): Promise<void> {
  await session.select(random.pick(soakMailboxes))
}

const transfer =
  (verb: 'COPY' | 'MOVE'): Step =>
  async (session, place) => {
    const uids = some(session, place, 12)
    const to = place.random.pick(soakMailboxes.filter((name) => name !== session.mailbox))
    if (uids.length > 0) await session.transfer(verb, uids, to)
  }

const steps: readonly Step[] = [
  open,
  async (session) => {
    await session.ok('NOOP')
  },
  async (session, { random, nextMarker }) =>
    session.append(
      random.pick(soakMailboxes),
      nextMarker(),
      random.pick(['', '\\Seen', '$Forwarded \\Draft']),
    ),
  transfer('COPY'),
  transfer('MOVE'),
  transfer('MOVE'),
  async (session, place) => {
    const uids = some(session, place, 20)
    const how = place.random.pick(['+', '-', ''])
    if (uids.length > 0)
      await session.ok(`UID STORE ${uids.join()} ${how}FLAGS (${place.random.pick(flags)})`)
  },
  async (session, place) => {
    const uids = some(session, place, 6)
    if (uids.length > 0) await session.expunge(uids)
  },
  // Learns which messages there are, octet for octet.
  async (session, { random }) => {
    const { uids } = session
    const from = random.below(Math.max(1, uids.length))
    const set = uids.slice(from, from + 30).join()
    if (set !== '') await session.ok(`UID FETCH ${set} (UID FLAGS MODSEQ BODY.PEEK[])`)
  },
  async (session, place) => {
    const [uid] = some(session, place, 1)
    const marker = uid === undefined ? undefined : place.truth.marker(session.mailbox ?? '', uid)
    if (marker !== undefined) await session.search(marker)
  },
  async (session) => {
    await session.ok('UID SEARCH UNSEEN NOT DELETED LARGER 700')
  },
  async (session) => {
    await session.ok('UID FETCH 1:* (UID FLAGS MODSEQ)')
  },
  async (session) => {
    await session.ok('LIST "" "*" RETURN (STATUS (MESSAGES UNSEEN SIZE HIGHESTMODSEQ))')
  },
  async (session, { random }) => {
    const heard = deferred<undefined>()
    await session.idle(() => heard.resolve(undefined))
    await Promise.race([heard.promise, delay(random.below(400)), session.ended])
    await session.endIdle()
  },
]

/** One client: logs in, works, and now and then is cut off in the middle of something. */
export async function work(place: SoakPlace): Promise<void> {
  const { imapPort, truth, password, random, isPausing, restMs } = place
  while (!isPausing()) {
    using session = await SoakSession.login(imapPort, truth, password)
    await open(session, place)
    for (let left = 20 + random.below(200); left > 0 && !isPausing(); left -= 1) {
      if (session.mailbox === undefined) await open(session, place)
      await random.pick(steps)(session, place)
      if (restMs > 0) await delay(random.below(2 * restMs))
    }
    if (random.below(3) > 0) await session.logout()
    else await cutOff(session, place)
  }
}

/** Drops the connection while a command runs: whether it was done, nobody knows. */
async function cutOff(session: SoakSession, place: SoakPlace): Promise<void> {
  const step = place.random.pick(steps)
  const running = step(session, place).then(
    () => undefined,
    (error: unknown) => error,
  )
  await delay(place.random.below(8))
  session[Symbol.dispose]()
  const error = await running
  if (error instanceof Error && error.name !== 'ConnectionLost') throw error
}

/** One deliverer. */
export async function deliver(place: SoakPlace): Promise<void> {
  const { lmtpPort, truth, random, nextMarker, isPausing, restMs } = place
  using session = await LmtpSession.connect(lmtpPort)
  while (!isPausing()) {
    const marker = nextMarker()
    const added = truth.adding('INBOX', marker)
    const from = `${marker}@sender.test`
    await session.mustDeliver({ from, to: truth.address, message: messageOf(marker) })
    added('unplaced')
    await delay(random.below(2 * Math.max(restMs, 5)))
  }
  await session.quit()
}
