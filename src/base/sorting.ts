// Sorting what is too much for one turn of the event loop.
import { breathe } from './async.ts'

/** Sorted and merged in one go: a few milliseconds' work each. */
const runLength = 2048
const mergedAtOnce = 16 * 1024

/** A sorted copy; equal items keep their order. Others have their turn in between, and `check` may throw to end it. */
export async function sortInTurns<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
  check: () => void = () => undefined,
): Promise<T[]> {
  let runs: T[][] = []
  for (let start = 0; start < items.length; start += runLength) {
    runs.push(items.slice(start, start + runLength).sort(compare))
    if (items.length > runLength) await pause(check)
  }
  while (runs.length > 1) {
    const merged: T[][] = []
    for (let index = 0; index < runs.length; index += 2) {
      merged.push(await merge(runs[index] ?? [], runs[index + 1] ?? [], compare, check))
    }
    runs = merged
  }
  return runs[0] ?? []
}

async function merge<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (a: T, b: T) => number,
  check: () => void,
): Promise<T[]> {
  const all: T[] = []
  let ofA = 0
  let ofB = 0
  while (ofA < a.length || ofB < b.length) {
    const takesB = ofA >= a.length || (ofB < b.length && compare(a[ofA] as T, b[ofB] as T) > 0)
    all.push((takesB ? b[ofB++] : a[ofA++]) as T)
    if (all.length % mergedAtOnce === 0) await pause(check)
  }
  return all
}

async function pause(check: () => void): Promise<void> {
  await breathe()
  check()
}
