// Reading an account that mail was delivered to while its owner was logged out: headers, flags, bodies.
import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Account, Contestant } from '../contestants/contestant.ts'
import { ImapClient, type Answer } from '../load/imap-client.ts'
import { seed } from '../load/seed.ts'
import { measure, settle, type Cost } from '../measure.ts'
import { MessageGenerator } from '../message-generator.ts'
import { largeBytes, makeAccount, smallBytes, type Figure, type Scenario } from './scenario.ts'

const run = promisify(execFile)

// What a mail program asks for when it shows a mailbox.
const headerItems =
  '(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE ' +
  'BODY.PEEK[HEADER.FIELDS (REFERENCES LIST-ID X-PRIORITY REPLY-TO)])'
const flagRepeats = 20
const headerRepeats = 8

/** First and second sync of the headers, FLAGS, and all bodies, each round on the account as delivered. */
export const read: Scenario = {
  name: 'read',
  about: 'FETCH of headers (first time and again), flags and all bodies',
  argon2: 'light',
  async setUp(contestant, scale) {
    const small = await makeAccount(contestant, 'small')
    const large = await makeAccount(contestant, 'large')
    const smallTotal = await seed(
      contestant,
      small,
      new MessageGenerator('text', smallBytes),
      scale.smallMessages,
    )
    const largeTotal = await seed(
      contestant,
      large,
      new MessageGenerator('multipart', largeBytes),
      scale.largeMessages,
    )
    await settle(contestant)
    await contestant.stop()
    await copy(contestant.dataDir, `${contestant.dataDir}.delivered`)
    return async () => {
      await restoreDelivered(contestant)
      return [
        ...(await headers(contestant, small, scale.smallMessages)),
        ...(await flags(contestant, small, scale.smallMessages)),
        await bodies(contestant, small, scale.smallMessages, smallTotal, smallBytes),
        await bodies(contestant, large, scale.largeMessages, largeTotal, largeBytes),
      ]
    }
  },
}

async function headers(contestant: Contestant, account: Account, count: number): Promise<Figure[]> {
  const opening = await measure(contestant, async () => {
    const startedAt = performance.now()
    const client = await ImapClient.login(contestant.imapPort, account)
    const exists = await client.select()
    const openedMs = performance.now() - startedAt
    await syncHeaders(client, exists, count)
    return { client, openedMs }
  })
  await opening.result.client.logout()
  const again = await withSession(contestant, account, count, (client) =>
    measure(contestant, async () => verify(await client.command(`FETCH 1:* ${headerItems}`), count)),
  )
  // Long enough that programs which compile themselves as they run have done so.
  const often = await withSession(contestant, account, count, (client) =>
    measure(contestant, async () => {
      for (let turn = 0; turn < headerRepeats; turn++)
        verify(await client.command(`FETCH 1:* ${headerItems}`), count)
    }),
  )
  const name = count.toLocaleString('en-US')
  return [
    {
      row: `first LOGIN and SELECT after ${name} deliveries`,
      unit: 'ms',
      better: 'less',
      value: opening.result.openedMs,
    },
    {
      row: `first sync of ${name}: LOGIN, SELECT, FETCH of ENVELOPE, BODYSTRUCTURE, header fields`,
      unit: 'msg/s',
      better: 'more',
      ...perMessage(opening, count),
    },
    { row: 'the same FETCH again, new login', unit: 'msg/s', better: 'more', ...perMessage(again, count) },
    {
      row: `the same FETCH, ${headerRepeats} times in one session`,
      unit: 'msg/s',
      better: 'more',
      ...perMessage(often, count * headerRepeats),
    },
  ]
}

/** Asks for all headers; a server that is still taking in what came while it was locked announces the rest later. */
async function syncHeaders(client: ImapClient, existsFirst: number, count: number): Promise<void> {
  let exists = existsFirst
  for (let synced = 0; synced < count;) {
    if (exists === synced) {
      await sleep(10)
      exists = (await client.command('NOOP')).exists ?? exists
      continue
    }
    const answer = await client.command(`FETCH ${synced + 1}:${exists} ${headerItems}`)
    verify(answer, exists - synced)
    synced = exists
    exists = answer.exists ?? exists
  }
}

async function flags(contestant: Contestant, account: Account, count: number): Promise<Figure[]> {
  const cost = await withSession(contestant, account, count, (client) =>
    measure(contestant, async () => {
      for (let turn = 0; turn < flagRepeats; turn++)
        verify(await client.command('FETCH 1:* (UID FLAGS)'), count)
    }),
  )
  return [{ row: 'FETCH FLAGS', unit: 'msg/s', better: 'more', ...perMessage(cost, count * flagRepeats) }]
}

async function bodies(
  contestant: Contestant,
  account: Account,
  count: number,
  totalBytes: number,
  sizeBytes: number,
): Promise<Figure> {
  const cost = await withSession(contestant, account, count, (client) =>
    measure(contestant, async () => {
      const answer = await client.command('FETCH 1:* (UID BODY.PEEK[])')
      verify(answer, count)
      if (answer.bytes < totalBytes) throw new Error(`${answer.bytes} bytes for mail of ${totalBytes}`)
    }),
  )
  return {
    row: `FETCH all bodies, ${sizeBytes / 1024} KB × ${count.toLocaleString('en-US')}`,
    unit: 'MB/s',
    better: 'more',
    value: totalBytes / 1e6 / cost.seconds,
    cpuPerThousand: (cost.cpuSeconds / count) * 1000,
  }
}

async function withSession<T>(
  contestant: Contestant,
  account: Account,
  count: number,
  work: (client: ImapClient) => Promise<T>,
): Promise<T> {
  const client = await ImapClient.login(contestant.imapPort, account)
  await client.selectAll(count)
  const result = await work(client)
  await client.logout()
  return result
}

function perMessage(cost: Cost, count: number): { value: number; cpuPerThousand: number } {
  return { value: count / cost.seconds, cpuPerThousand: (cost.cpuSeconds / count) * 1000 }
}

function verify(answer: Answer, count: number): void {
  if (answer.fetches !== count) throw new Error(`${answer.fetches} FETCH responses for ${count} messages`)
}

/** Puts everything back to the moment after the last delivery, and restarts: no cache of the server survives. */
async function restoreDelivered(contestant: Contestant): Promise<void> {
  await contestant.stop()
  await rm(contestant.dataDir, { recursive: true })
  await copy(`${contestant.dataDir}.delivered`, contestant.dataDir)
  // What was just written must not be written back to the disk during the measurement.
  await run('sync')
  await contestant.start()
}

// With owners and times, which `fs.cp` does not keep.
async function copy(from: string, to: string): Promise<void> {
  await run('cp', ['-a', '--', from, to])
}
