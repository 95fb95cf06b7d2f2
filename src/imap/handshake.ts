// STARTTLS: from a plain socket to an encrypted one, or to none.
import type { ImapSocket } from './socket.ts'

/** Undefined when it fails, or when the connection is given up meanwhile: there is no way back to the clear. */
export async function handshake(
  socket: ImapSocket,
  startTls: (socket: ImapSocket) => Promise<ImapSocket>,
  signal: AbortSignal,
): Promise<ImapSocket | undefined> {
  const lost = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  return Promise.race([startTls(socket).catch(() => undefined), lost])
}
