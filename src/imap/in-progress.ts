// Signs of life from a command that takes long (RFC 9585), so that nobody gives the connection up.
import type { Output } from './output.ts'
import type { ImapContext } from './session.ts'

/** Sends INPROGRESS now and then until the returned function is called. */
export function whileInProgress({ timers, limits }: ImapContext, output: Output, tag: string): () => void {
  let cancel = (): void => undefined
  const next = (): void => {
    cancel = timers.after(limits.progressMs, () => {
      next()
      if (output.writer.isInside) return
      output.writer.untaggedStatus('OK', 'Still working on it', { code: 'INPROGRESS', tag })
      // Whether the peer reads it shows when the command has its answer.
      output.flushNow()
    })
  }
  next()
  return () => cancel()
}
