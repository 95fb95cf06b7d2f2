// The process that level-kill.test.ts kills: delivers and deletes as fast as it can, and says what is durable.
import fs from 'node:fs'
import { u64 } from '../../src/base/bytes.ts'
import { openLevelStore } from '../../src/store/level/open.ts'
import { account, id, key, noise, pieces } from './kit.ts'

/** Small bodies, and one in nine that is streamed. */
export function killBody(n: number): Buffer {
  return noise(n % 9 === 0 ? 40_000 : 200 + ((n * 37) % 3000), n)
}

export const killAccounts: readonly Buffer[] = [account, id(2), id(3)]

/** A record of each transaction by its version, so that a gap would show. */
export function logKey(version: number): Buffer {
  return Buffer.concat([Buffer.from('v'), u64(version)])
}

/** Prints one line for each durable change: account, what, message, version. */
async function main(directory: string, first: number): Promise<void> {
  const store = await openLevelStore(directory, {
    limits: {
      reserveBytes: 0,
      smallBodyBytes: 8_000,
      segmentBytes: 200_000,
      cleanMinimumBytes: 1000,
      cleanBytesPerSecond: 1e9,
    },
  })
  let next = first
  const say = (...words: (string | number)[]) => {
    fs.writeSync(1, `${words.join(' ')}\n`)
  }
  const deliverForEver = async (): Promise<never> => {
    for (;;) {
      const n = next
      next += 1
      const which = n % killAccounts.length
      const owner = killAccounts[which] ?? account
      const staged = await store.blobs.stage(owner, id(n), Buffer.from([n & 0xff]), pieces(killBody(n), 3000))
      const { version } = await store.transact(owner, async (tx) => {
        tx.put(key(n), Buffer.from('here'))
        tx.put(logKey(tx.version + 1), key(n))
        tx.attach(staged)
      })
      say(which, 'delivered', n, version)
      if (n % 3 === 0) continue
      const deleted = await store.transact(owner, async (tx) => {
        tx.delete(key(n))
        tx.put(logKey(tx.version + 1), key(n))
        tx.unlink(id(n))
      })
      say(which, 'deleted', n, deleted.version)
    }
  }
  await Promise.all(Array.from({ length: 8 }, deliverForEver))
}

const [directory, first] = process.argv.slice(2)
if (process.argv[1]?.endsWith('kill-child.js') && directory) await main(directory, Number(first))
