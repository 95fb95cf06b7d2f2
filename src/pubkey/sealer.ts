// What the account layer asks of this room: which keys a file holds, and a message sealed to some. All of it happens in threads.
import { asBuffer } from '../base/bytes.ts'
import { BadKey, keyFileBytes, UnusableKey, type FoundKey } from './public-key.ts'
import type { SealOptions } from './seal.ts'
import { SealThread, ThreadFault } from './seal-thread.ts'
import type { SealAnswer } from './seal-worker.ts'

/** Larger messages have a thread of their own, so that small ones do not wait behind them. */
const smallBytes = 256 * 1024
const idleMs = 60_000

const small = new SealThread({ jobs: 512, bytes: 64 * 1024 * 1024, timeoutMs: 60_000, idleMs })
const large = new SealThread({ jobs: 64, bytes: 256 * 1024 * 1024, timeoutMs: 180_000, idleMs })
/** Keys come from outside: whatever reading them does, mail is not behind it. */
const keyReader = new SealThread({ jobs: 32, bytes: 32 * 1024 * 1024, timeoutMs: 20_000, idleMs: 5_000 })

function failure(answer: SealAnswer): Error {
  if (!('error' in answer)) return new Error('the sealing thread answered something else')
  if (answer.error === 'bad-key' || answer.error === 'private-key') return new BadKey(answer.text)
  if (answer.error === 'unusable') return new UnusableKey(answer.text)
  return new Error('a message could not be sealed')
}

/**
 * The message (CRLF) sealed to the keys; undefined when it is encrypted already. Throws UnusableKey, Overloaded, ThreadFault. The message
 * is not changed.
 */
export async function sealInThread(message: Uint8Array, options: SealOptions): Promise<Buffer | undefined> {
  const thread = message.length <= smallBytes ? small : large
  const answer = await thread.run(message, { kind: 'seal', options })
  if ('sealed' in answer) return answer.sealed && asBuffer(answer.sealed)
  throw failure(answer)
}

/**
 * The keys of a file as they are at `now`, usable or not. Throws BadKey in words that help. A file with a private key is wiped.
 */
export async function inspectInThread(file: Uint8Array, now: number): Promise<FoundKey[]> {
  if (file.length > keyFileBytes) throw new BadKey('The file is larger than 1 MB: that is no key')
  try {
    const answer = await keyReader.run(file, { kind: 'inspect', now })
    if ('keys' in answer) return answer.keys.map((key) => ({ ...key, bytes: asBuffer(key.bytes) }))
    if ('error' in answer && answer.error === 'private-key') file.fill(0)
    throw failure(answer)
  } catch (error) {
    if (error instanceof ThreadFault)
      throw new BadKey('The file could not be read: it takes too long', { cause: error })
    throw error
  }
}
