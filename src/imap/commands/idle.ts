// IDLE, RFC 2177: news as it happens, until the client says DONE.
import { command, noArguments, type Command } from '../command.ts'
import { Answer } from '../errors.ts'
import { ConnectionLost } from '../output.ts'
import type { Session } from '../session.ts'
import { Teller } from '../teller.ts'

const maxLineBytes = 64

export const idle: Command = command({
  name: 'IDLE',
  states: ['authenticated', 'selected'],
  capabilities: ['IDLE'],
  mayExpunge: true,
  isWaiting: true,
  takesInput: true,
  parse: noArguments,

  async run(session) {
    session.out.continuation('idling')
    const teller = new Teller(session, true)
    const cancel = keepAlive(session, teller)
    try {
      const line = await session.link.readLine(maxLineBytes)
      if (!line) throw new ConnectionLost('the connection was lost in IDLE')
      if (line.kind !== 'line' || line.bytes.toString('latin1').toUpperCase() !== 'DONE') {
        throw new Answer('BAD', 'Expected DONE')
      }
      return { text: 'IDLE completed' }
    } finally {
      cancel()
      await teller.stop()
    }
  },
})

/** Sends signs of life until the returned function is called. */
function keepAlive(session: Session, teller: Teller): () => void {
  const { timers, limits } = session.context
  let cancel = (): void => undefined
  const next = (): void => {
    cancel = timers.after(limits.keepAliveMs, () => {
      next()
      if (teller.isTelling) return
      session.out.untaggedStatus('OK', 'Still here')
      void session.link.flush().catch(() => undefined)
    })
  }
  next()
  return () => cancel()
}
