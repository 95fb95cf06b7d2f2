// Times one piece of work against a server and accounts the server's processor seconds for it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contestant } from './contestants/contestant.ts'
import { cpuSeconds } from './process-tree.ts'

/** What a piece of work took. */
export interface Cost {
  readonly seconds: number
  /** Processor seconds of the server's process tree, work that it put off until after the last answer included. */
  readonly cpuSeconds: number
}

const settleMs = 300
const settleLimitMs = 10_000

/** Runs `work` and measures it; the result of `work` is handed through. */
export async function measure<T>(
  contestant: Contestant,
  work: () => Promise<T>,
): Promise<Cost & { readonly result: T }> {
  await settle(contestant)
  const cpuBefore = await cpuSeconds(contestant.pids())
  const startedAt = performance.now()
  const result = await work()
  const seconds = (performance.now() - startedAt) / 1000
  await settle(contestant)
  return { result, seconds, cpuSeconds: (await cpuSeconds(contestant.pids())) - cpuBefore }
}

/** Waits until the server no longer works, so that nobody's leftovers fall into somebody else's time. */
export async function settle(contestant: Contestant, limitMs: number = settleLimitMs): Promise<void> {
  const deadline = performance.now() + limitMs
  let before = await cpuSeconds(contestant.pids())
  while (performance.now() < deadline) {
    await sleep(settleMs)
    const now = await cpuSeconds(contestant.pids())
    if (now - before < 0.015) return
    before = now
  }
}
