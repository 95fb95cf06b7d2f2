// Worker thread: decapsulates the ciphertexts of a backlog of mail, so that the event loop does not.
import { parentPort } from 'node:worker_threads'
import { kemCiphertextBytes } from '../crypto/sodium.ts'
import { Decapsulator } from '../crypto/kem.ts'

export interface DecapsulateRequest {
  /** `layoutOf(count)`. Nothing secret is in the message itself, of which the engine makes copies that nobody can wipe. */
  readonly shared: SharedArrayBuffer
  readonly count: number
}

/** Where what stands in the shared memory: seed, ciphertexts, then for each of them 1 and its secret, or 0. */
export function layoutOf(count: number): { ciphertexts: number; answers: number; bytes: number } {
  const answers = 32 + count * kemCiphertextBytes
  return { ciphertexts: 32, answers, bytes: answers + count * answerBytes }
}

export const answerBytes = 33

parentPort?.on('message', ({ shared, count }: DecapsulateRequest) => {
  const bytes = new Uint8Array(shared)
  const { ciphertexts, answers } = layoutOf(count)
  const decapsulator = new Decapsulator(bytes.subarray(0, 32))
  bytes.fill(0, 0, 32)
  try {
    for (let index = 0; index < count; index += 1) {
      const from = ciphertexts + index * kemCiphertextBytes
      const secret = decapsulator.open(bytes.subarray(from, from + kemCiphertextBytes))
      if (!secret) continue
      const at = answers + index * answerBytes
      bytes[at] = 1
      bytes.set(secret, at + 1)
      secret.fill(0)
    }
  } finally {
    decapsulator.wipe()
  }
  parentPort?.postMessage(undefined)
})
