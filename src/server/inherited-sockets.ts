// Sockets that systemd opened for the server (sd_listen_fds(3)): descriptors from 3 on, known by the names in their units.
import { setupFailure } from './setup-failure.ts'

const firstDescriptor = 3
const most = 64

/**
 * Descriptors by name. Takes what says so out of `env`: programs that are started from here have no business with them. Throws Failure
 * 'configuration' when the variables make no sense, or name what is not in `known`.
 */
export function inheritedSockets(
  env: NodeJS.ProcessEnv,
  pid: number,
  known: readonly string[],
): ReadonlyMap<string, readonly number[]> {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = env
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) Reflect.deleteProperty(env, name)
  const found = new Map<string, number[]>()
  // Meant for another process, whose variables we only inherited.
  if (LISTEN_FDS === undefined || LISTEN_PID !== String(pid)) return found
  const count = /^\d{1,3}$/.test(LISTEN_FDS) ? Number(LISTEN_FDS) : -1
  const names = (LISTEN_FDNAMES ?? '').split(':')
  if (count < 0 || count > most) throw setupFailure('LISTEN_FDS is no number of sockets')
  for (let index = 0; index < count; index += 1) {
    const name = names[index] ?? ''
    if (!known.includes(name))
      throw setupFailure(`systemd opened a socket that is named ${JSON.stringify(name)}`, {
        hint: `FileDescriptorName= of its unit must be one of ${known.join(', ')}; see \`letterlock systemd print --socket\``,
      })
    found.set(name, [...(found.get(name) ?? []), firstDescriptor + index])
  }
  return found
}
