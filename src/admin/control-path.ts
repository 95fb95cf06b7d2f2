// The control socket's place in the file system: a private directory, no stale socket, no path that would be cut.
import { lstat, mkdir, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { exitCodes } from './exit-code.ts'
import { Failure } from './failure.ts'

// sockaddr_un.sun_path has 108 bytes with a closing NUL, and Node cuts a longer path without an error.
const maxPathBytes = 107

function configurationFailure(text: string, hint: string): Failure {
  return new Failure('configuration', exitCodes.configuration, text, { hint })
}

/** Throws Failure 'configuration' for a path that the system would cut. */
export function checkControlPath(path: string): void {
  if (Buffer.byteLength(path) <= maxPathBytes && !path.includes('\0')) return
  throw configurationFailure(
    `the control socket's path has more than ${maxPathBytes} bytes: ${path}`,
    'set control_socket to a shorter path, such as /run/letterlock/control.sock',
  )
}

/** Whether somebody answers at `path`. */
export function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/**
 * Makes the directory (0700), or checks that it is ours alone: whoever can enter it could reach, or replace, the socket.
 * Takes away a socket that a killed server left behind. Throws Failure 'configuration'.
 */
export async function prepareControlPath(path: string): Promise<void> {
  checkControlPath(path)
  const directory = dirname(path)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const { mode, uid } = await stat(directory)
  if ((mode & 0o077) !== 0 || uid !== process.geteuid?.()) {
    throw configurationFailure(
      `the control socket's directory must be the server's own, with mode 0700: ${directory}`,
      `chmod 0700 ${directory}   (and chown it to the server's user; systemd: RuntimeDirectoryMode=0700)`,
    )
  }
  const found = await lstat(path).catch(() => undefined)
  if (!found) return
  if (!found.isSocket()) {
    throw configurationFailure(
      `something that is no socket is in the way: ${path}`,
      `look at it and move it away`,
    )
  }
  if (await isAnswered(path)) {
    throw configurationFailure(
      `another server answers at ${path}`,
      '`letterlock stop` stops it; two servers need two data directories',
    )
  }
  await rm(path, { force: true })
}
