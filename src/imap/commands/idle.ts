// IDLE, RFC 2177: news as it happens, until the client says DONE.
import { command, noArguments, type Command } from '../command.ts'
import { Answer } from '../errors.ts'
import { ConnectionLost } from '../output.ts'
import type { Session } from '../session.ts'

const maxLineBytes = 64

export const idle: Command = command({
  name: 'IDLE',
  states: ['authenticated', 'selected'],
  capabilities: ['IDLE'],
  mayExpunge: true,
  takesInput: true,
  parse: noArguments,

  async run(session) {
    session.out.continuation('idling')
    session.announce(true)
    await session.tellContexts()
    const stop = tellAsItHappens(session)
    try {
      const line = await session.link.readLine(maxLineBytes)
      if (!line) throw new ConnectionLost('the connection was lost in IDLE')
      if (line.kind !== 'line' || line.bytes.toString('latin1').toUpperCase() !== 'DONE') {
        throw new Answer('BAD', 'Expected DONE')
      }
      return { text: 'IDLE completed' }
    } finally {
      await stop()
    }
  },
})

/** Sends news and signs of life until the returned function is called; it resolves when nothing more will be written. */
function tellAsItHappens(session: Session): () => Promise<void> {
  const { timers, limits } = session.context
  let isOver = false
  let isTelling = false
  let told = Promise.resolve()
  let cancel = (): void => undefined

  // Changes that come while the peer is not reading gather in the view, whose size is bounded by the mailbox.
  const tell = async (): Promise<void> => {
    isTelling = true
    try {
      while (!isOver && session.selected?.hasNews({ mayExpunge: true, withModSeq: session.isCondstore })) {
        session.announce(true)
        await session.tellContexts()
        await session.link.flush()
      }
    } catch {
      // The connection is lost; the line that IDLE waits for will say so.
    } finally {
      isTelling = false
    }
    if (session.selected?.isLost)
      session.link.close('The selected mailbox is gone, please connect again', 'UNAVAILABLE')
  }
  const keepAlive = (): void => {
    cancel = timers.after(limits.keepAliveMs, () => {
      if (isOver) return
      keepAlive()
      if (isTelling) return
      session.out.untaggedStatus('OK', 'Still here')
      void session.link.flush().catch(() => undefined)
    })
  }

  // A commit calls this; the answer is written later, outside of it.
  session.selected?.onNews(() => {
    setImmediate(() => {
      if (!isTelling) told = tell()
    })
  })
  keepAlive()
  return () => {
    isOver = true
    cancel()
    session.selected?.onNews(undefined)
    return told
  }
}
