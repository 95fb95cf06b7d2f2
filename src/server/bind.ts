// Binds a server to an address: TCP, or a Unix socket with the permissions it should have from its first moment.
import { lstat, rm } from 'node:fs/promises'
import { connect, type Server } from 'node:net'
import { formatAddress, type ListenAddress } from '../config/units.ts'
import { codeOf, setupFailure } from './setup-failure.ts'

/** Whether somebody answers there. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Takes away a socket that a killed server left behind, and nothing else. */
async function clear(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (!found) return
  if (!found.isSocket()) throw setupFailure(`something that is no socket is in the way: ${path}`)
  if (await isAnswered(path)) throw setupFailure(`another server answers at ${path}`)
  await rm(path, { force: true })
}

function listen(server: Server, address: ListenAddress, socketMode: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const done = (): void => {
      server.off('error', reject)
      resolve()
    }
    if (address.kind === 'tcp') {
      server.listen({ host: address.host, port: address.port }, done)
      return
    }
    // Node binds within `listen`: the mask makes the socket with these permissions, not with wider ones for a moment.
    const before = process.umask(0o777 & ~socketMode)
    try {
      server.listen({ path: address.path }, done)
    } finally {
      process.umask(before)
    }
  })
}

const hints: Readonly<Record<ListenAddress['kind'], Readonly<Record<string, string>>>> = {
  tcp: {
    EADDRINUSE: 'another program listens there: `ss -ltnp` shows which',
    EACCES: 'ports below 1024 need CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities)',
    EADDRNOTAVAIL: 'this machine does not have that address',
  },
  unix: {
    EACCES:
      'its directory must be writable for the server’s user and open to whoever connects:\n' +
      '  install -d -o letterlock -g postfix -m 2750 DIR',
    EROFS:
      'the unit of systemd decides where the server may write; `letterlock systemd print` makes it anew for these settings',
    ENOENT: 'the directory of the socket does not exist: install -d -o letterlock -g postfix -m 2750 DIR',
  },
}

/** Listens when it resolves. Throws Failure 'configuration' with a hint. Returns what it listens at (a port of 0 was chosen). */
export async function bind(
  server: Server,
  address: ListenAddress,
  socketMode: number,
): Promise<ListenAddress> {
  if (address.kind === 'unix') await clear(address.path)
  try {
    await listen(server, address, socketMode)
  } catch (error) {
    const code = codeOf(error)
    const hint = hints[address.kind][code]
    throw setupFailure(`cannot listen at ${formatAddress(address)} (${code})`, {
      cause: error,
      hint,
    })
  }
  const bound = server.address()
  return address.kind === 'tcp' && bound !== null && typeof bound === 'object'
    ? { ...address, port: bound.port }
    : address
}

/** The same at a socket that is open already. Throws Failure 'configuration' when the descriptor is none that listens. */
export async function bindInherited(server: Server, fd: number): Promise<ListenAddress> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ fd }, () => {
      server.off('error', reject)
      resolve()
    })
  }).catch((error: unknown) => {
    throw setupFailure(
      `cannot listen at the socket that systemd opened (descriptor ${fd}, ${codeOf(error)})`,
      {
        cause: error,
      },
    )
  })
  const bound = server.address()
  if (bound === null || typeof bound === 'string') return { kind: 'unix', path: bound ?? '' }
  return { kind: 'tcp', host: bound.address, port: bound.port }
}
