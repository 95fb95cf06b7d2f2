// How long the fuzzers run and from which seed: a few rounds in `npm test`, LETTERLOCK_FUZZ_SECONDS of each test otherwise.
import fc from 'fast-check'

const seconds = Number(process.env['LETTERLOCK_FUZZ_SECONDS'] ?? 0)

/** Where every fuzzer begins. LETTERLOCK_FUZZ_SEED repeats a run; runs by the clock begin anywhere, others always at the same place. */
export const seed: number =
  Number(process.env['LETTERLOCK_FUZZ_SEED'] ?? 0) || (seconds > 0 ? Date.now() % 2 ** 31 : 1)

/** Options for fast-check: `rounds`, or as many as the time allows. */
export function fuzzOptions(rounds: number): fc.Parameters<unknown> {
  // Shrinking takes long where a round fails by waiting; ask for it by hand, with the seed.
  const endOnFailure = process.env['LETTERLOCK_FUZZ_SHRINK'] === undefined
  if (seconds === 0) return { seed, endOnFailure, numRuns: rounds }
  const plugins = [fc.interruptAfterTimeLimit(seconds * 1000, { failOnInterrupt: false })]
  return { seed, endOnFailure, plugins, numRuns: 1_000_000_000 }
}

/** For fuzzers with a loop of their own: whether round `count` is to be run, of `rounds` or of what the time allows. */
export function mayGoOn(count: number, rounds: number, startedAt: number): boolean {
  return seconds > 0 ? Date.now() - startedAt < seconds * 1000 : count < rounds
}

/** A small generator of our own: the same seed gives the same numbers. */
export function makeRandom(from: number): (below: number) => number {
  let state = from >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
