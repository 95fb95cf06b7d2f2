// Ports of 127.0.0.1: one that is free and stays so, and whether somebody listens on one.
import { once } from 'node:events'
import { randomInt } from 'node:crypto'
import { connect, createServer, type Server } from 'node:net'

/**
 * Below what systems give out by themselves, to port 0 and to connections that go out (Linux: from 32768), so that nobody who asks for any
 * port is given one that a server here has yet to open, or opens again after a restart.
 */
const [first, behindLast] = [12_000, 32_000]
const triesAtMost = 1_000

/** Resolves to whether it listens. */
async function listens(server: Server, where: Parameters<Server['listen']>[0]): Promise<boolean> {
  try {
    await once(server.listen(where), 'listening')
    return true
  } catch {
    return false
  }
}

/**
 * A port of 127.0.0.1 that nobody uses now, and that no other process that asks here is given while this one lives: whoever has a port
 * holds an abstract socket of its number, which the system takes back with the process.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < triesAtMost; tries += 1) {
    const port = randomInt(first, behindLast)
    const claim = createServer()
    if (process.platform === 'linux' && !(await listens(claim, { path: `\0letterlock-port-${port}` })))
      continue
    claim.unref()
    const server = createServer()
    if (!(await listens(server, { port, host: '127.0.0.1' }))) continue
    server.close()
    await once(server, 'close')
    return port
  }
  throw new Error('no port is free')
}

/** Whether somebody accepts connections on a port of 127.0.0.1, or on a Unix socket. */
export async function accepts(where: number | string): Promise<boolean> {
  const socket = typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
