// Watches how late the event loop runs: whoever holds it up holds up every session.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Log } from '../base/ports.ts'

const warnMs = 200

/** Warns once for each period with a delay over 200 ms. `stop` ends it. */
export function watchEventLoop(log: Log, everyMs = 10_000): { stop(): void } {
  const resolutionMs = 20
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  const look = (): void => {
    const longestMs = Math.round(delay.max / 1e6) - resolutionMs
    if (longestMs > warnMs) log.write('warn', 'loop.stalled', { ms: longestMs })
    delay.reset()
  }
  // Not in the timer's own turn: the delay that just ended is recorded by a timer too, which may come after this one.
  const timer = setInterval(() => setImmediate(look), everyMs)
  timer.unref()
  return {
    stop() {
      clearInterval(timer)
      delay.disable()
    },
  }
}
