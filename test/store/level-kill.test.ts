// kill -9 at many moments: what was said to be durable is there, byte for byte, and versions have no gap.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { initLevelStore, openLevelStore } from '../../src/store/level/open.ts'
import type { Store } from '../../src/store/store.ts'
import { entries, id, readBlob } from './kit.ts'
import { killAccounts, killBody, logKey } from './kill-child.ts'
import { testLimits } from './level-kit.ts'

const rounds = Number(process.env['LETTERLOCK_KILL_ROUNDS'] ?? 20)
const child = fileURLToPath(new URL('kill-child.js', import.meta.url))

/** What one account is known to hold. */
class Known {
  readonly delivered = new Set<number>()
  readonly deleted = new Set<number>()
  version = 0

  note(what: string, n: number, version: number): void {
    ;(what === 'delivered' ? this.delivered : this.deleted).add(n)
    this.version = Math.max(this.version, version)
  }
}

/** Runs the child until it has said `lines` things, kills it, and notes all it said. */
async function runAndKill(
  directory: string,
  first: number,
  lines: number,
  known: readonly Known[],
): Promise<void> {
  const running = spawn(process.execPath, [child, directory, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(running, 'exit')
  let heard = 0
  for await (const line of createInterface({ input: running.stdout })) {
    const [which, what, n, version] = line.split(' ')
    known[Number(which)]?.note(what ?? '', Number(n), Number(version))
    heard += 1
    if (heard === lines) running.kill('SIGKILL')
  }
  const [, signal] = (await ended) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL', 'the child ended by itself')
}

async function check(store: Store, owner: Buffer, known: Known): Promise<number> {
  const { version, records } = await store.read(owner, async (snapshot) => ({
    version: snapshot.version,
    records: await entries(snapshot),
  }))
  assert.ok(version >= known.version, `version ${version} after ${known.version} was acknowledged`)
  const log = records.filter(([name]) => name[0] === 'v'.charCodeAt(0)).map(([name]) => Buffer.from(name))
  assert.deepEqual(
    log,
    Array.from({ length: version }, (_, at) => logKey(at + 1)),
    'a record for each version',
  )
  const present = new Set(
    records
      .filter(([name]) => name[0] === 'k'.charCodeAt(0))
      .map(([name]) => Buffer.from(name).readUInt32BE(1)),
  )
  for (const n of known.delivered) {
    // A deletion that was not acknowledged may have happened; only messages that are to be deleted may be gone.
    if (n % 3 === 0) assert.ok(present.has(n), `message ${n} was acknowledged`)
    if (known.deleted.has(n)) assert.ok(!present.has(n), `message ${n} was deleted`)
  }
  for (const n of present) {
    assert.ok((await readBlob(store, owner, id(n))).equals(killBody(n)), `body of message ${n}`)
  }
  for (const n of known.deleted) assert.equal(await store.blobs.length(owner, id(n)), undefined)
  return present.size
}

describe('level store: kill -9', () => {
  it(`loses nothing acknowledged in ${rounds} kills under 8 concurrent deliveries`, async () => {
    const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'letterlock-kill-'))
    await initLevelStore(directory)
    const first = await openLevelStore(directory, { limits: testLimits })
    for (const owner of killAccounts) await first.create(owner)
    await first.close()
    const known = killAccounts.map(() => new Known())
    let present = 0
    for (let round = 0; round < rounds; round += 1) {
      const lines = 1 + Math.floor(Math.random() * 300)
      await runAndKill(directory, round * 10_000, lines, known)
      const store = await openLevelStore(directory, { limits: testLimits })
      present = 0
      for (const [at, owner] of killAccounts.entries()) {
        present += await check(store, owner, known[at] as Known)
      }
      // Now and then give back what the kills left: it must not take anything that is held.
      if (round % 5 === 4) await store.compact()
      for (const [at, owner] of killAccounts.entries()) await check(store, owner, known[at] as Known)
      await store.close()
    }
    assert.ok(present > 0)
    await fs.rm(directory, { recursive: true })
  })
})
