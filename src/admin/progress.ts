// Progress of long work: a bar on a terminal, a plain line now and then elsewhere.
import type { View } from './view.ts'
import { durationInWords } from './words.ts'

export type Progress = (done: number, total: number) => void

const lineEveryMs = 10_000

/** Shows how far `what` is, in `unit`s. `now` gives milliseconds. */
export function showProgress(
  view: View,
  what: string,
  unit: string,
  now: () => number = () => performance.now(),
): Progress {
  const start = now()
  let lastLine = start
  let isEndSaid = false
  return (done, total) => {
    if (total <= 0) return
    const part = Math.min(1, done / total)
    const elapsed = now() - start
    const left =
      part > 0 && part < 1 && elapsed > 2000 ? `, ${durationInWords((elapsed / part) * (1 - part))} left` : ''
    const count = `${done} of ${total} ${unit}${left}`
    if (view.isTerminal) {
      const width = 20
      const full = Math.round(part * width)
      const bar = `${view.talkPaint.green('█'.repeat(full))}${view.talkPaint.dim('░'.repeat(width - full))}`
      view.status(done >= total ? '' : `${what} ${bar} ${count}`)
      return
    }
    if (done >= total ? isEndSaid : now() - lastLine < lineEveryMs) return
    isEndSaid = done >= total
    lastLine = now()
    view.talk(`${what}: ${count}`)
  }
}
