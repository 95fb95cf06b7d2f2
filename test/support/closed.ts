// Waits for the end of a connection, however it comes.
import type { Socket } from 'node:net'

/**
 * Resolves when the connection is closed. One that the other side cuts off while something is still on its way there ends with an error first
 * (ECONNRESET, EPIPE), at which `once(socket, 'close')` rejects: whether it does depends on who is quicker.
 */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) {
      resolve()
      return
    }
    socket.on('error', () => undefined)
    socket.once('close', () => resolve())
  })
}
