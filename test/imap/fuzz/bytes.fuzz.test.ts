// Recorded dialogues made wrong, octet by octet: the server answers by the grammar or closes, forgets what it held, and serves on.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { breathe, within } from '../../../src/base/async.ts'
import { address, KeptLog, mail, makeHarness, passwordText, type Harness } from '../harness.ts'
import { makeRandom, mayGoOn, seed } from './budget.ts'
import { inPieces, mutate } from './mutate.ts'
import { recordings, type Recording } from './script-lines.ts'
import { assertNoFaults, assertWhole } from './walk.ts'

const patienceMs = 300_000
/** Dialogues before a new account is begun: copies of copies would fill it. */
const perAccount = 40

const all = recordings()
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

async function heapBytes(): Promise<number> {
  for (let count = 0; count < 3; count += 1) {
    collectGarbage()
    await breathe()
  }
  return process.memoryUsage().heapUsed
}

/** One connection: the recording's own beginning, then its mutated bytes, then the end. */
async function converse(
  harness: Harness,
  recording: Recording,
  bytes: Buffer,
  random: (below: number) => number,
): Promise<void> {
  const client = await harness.connect()
  const handle = harness.handles.at(-1)
  if (recording.state !== 'connected') await client.ok(`LOGIN ${address} "${passwordText}"`)
  if (recording.state === 'selected') await client.ok('SELECT INBOX')
  const isPatient = random(2) === 0
  for (const piece of inPieces(bytes, random)) {
    client.write(piece)
    if (isPatient) await breathe()
  }
  if (random(8) === 0) client.socket.resetAndDestroy()
  else client.socket.end()
  await client.rest()
  if (!(await within(handle?.closed.then(() => true) ?? Promise.resolve(true), patienceMs)))
    throw new Error('the connection outlives its client')
}

async function round(from: number, log: KeptLog): Promise<void> {
  const random = makeRandom(from)
  const harness = await makeHarness({ log })
  try {
    for (const subject of ['one', 'two', 'three']) await harness.put(mail(subject))
    for (let count = 0; count < perAccount; count += 1) {
      const recording = all[random(all.length)]
      const other = all[random(all.length)]
      if (!recording || !other) continue
      const bytes = mutate(
        Buffer.from(recording.lines.join(''), 'latin1'),
        Buffer.from(other.lines.join(''), 'latin1'),
        random,
      )
      try {
        await converse(harness, recording, bytes, random)
        assertNoFaults(log)
      } catch (error) {
        const sent = JSON.stringify(bytes.toString('latin1').slice(0, 3000))
        throw new Error(`round ${from}, dialogue ${count}, ${recording.name}: ${sent}`, { cause: error })
      }
    }
    await assertWhole(harness)
  } finally {
    await harness.close()
  }
}

describe('recorded dialogues with wrong octets', () => {
  it(`are answered or ended, leave the account whole and no memory behind (seed ${seed})`, async () => {
    const startedAt = Date.now()
    const log = new KeptLog()
    await round(seed, log)
    const before = await heapBytes()
    let count = 1
    for (; mayGoOn(count, 8, startedAt); count += 1) {
      await round(seed + count, log)
      log.lines.length = 0
    }
    // Generous: what is measured is a leak of each round, not the noise of one.
    assert.ok(
      (await heapBytes()) - before < 24 * 1024 * 1024 + count * 16 * 1024,
      `the heap has grown in ${count} rounds`,
    )
  })
})
