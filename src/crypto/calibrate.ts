// How long Argon2id takes on this machine, for choosing its cost.
import { KdfGate, type KdfParameters } from './kdf.ts'
import { randomBytes } from './random.ts'

export interface Measured extends KdfParameters {
  /** One run, the faster of two. */
  readonly milliseconds: number
}

/** From the least that is worth anything up; each costs a guesser more than the one before. */
const candidates: readonly KdfParameters[] = [
  { memoryKiB: 19_456, passes: 2, parallelism: 1 },
  { memoryKiB: 32_768, passes: 3, parallelism: 1 },
  { memoryKiB: 65_536, passes: 3, parallelism: 1 },
  { memoryKiB: 65_536, passes: 3, parallelism: 4 },
  { memoryKiB: 131_072, passes: 3, parallelism: 4 },
  { memoryKiB: 262_144, passes: 3, parallelism: 4 },
  { memoryKiB: 524_288, passes: 3, parallelism: 4 },
]

async function once(gate: KdfGate, parameters: KdfParameters): Promise<number> {
  const from = performance.now()
  const key = await gate.derive(Buffer.from('calibration'), randomBytes(16), parameters)
  key.wipe()
  return performance.now() - from
}

/** Measures one after the other until one takes longer than `mostMs`. The dearest below that is recommended, if any is. */
export async function calibrate(
  mostMs: number,
  signal?: AbortSignal,
): Promise<{ readonly measured: readonly Measured[]; readonly recommended: KdfParameters | undefined }> {
  const gate = new KdfGate({ parallel: 1 })
  const measured: Measured[] = []
  for (const parameters of candidates) {
    if (signal?.aborted) break
    const milliseconds = Math.min(await once(gate, parameters), await once(gate, parameters))
    measured.push({ ...parameters, milliseconds })
    if (milliseconds > mostMs) break
  }
  const fit = measured.filter(({ milliseconds }) => milliseconds <= mostMs).at(-1)
  const recommended = fit && {
    memoryKiB: fit.memoryKiB,
    passes: fit.passes,
    parallelism: fit.parallelism,
  }
  return { measured, recommended }
}
