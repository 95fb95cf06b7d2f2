// Debian's Dovecot as a second opinion: an instance of its own in a temporary directory, away from the system's. Needs root.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { collect, within } from '../../src/base/async.ts'
import { findProgram, skipWithout, skipWithoutRoot } from './programs.ts'
import { accepts, freePort } from './ports.ts'

const startLimitMs = 120_000
const firstUserId = 20_001

const running = new Set<ChildProcess>()
// Whatever ends the test, its servers end with it.
process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM')
})

/** For the option `skip`: false when a private Dovecot can be run. */
export function skipWithoutDovecot(): string | false {
  return skipWithoutRoot() || skipWithout('dovecot', 'doveadm')
}

/** Somebody with mail on it. */
export interface DovecotUser {
  readonly address: string
  readonly password: string
}

/** A running Dovecot with its users. Disposing ends it and removes its files. */
export class DovecotProcess implements AsyncDisposable {
  readonly root: string
  readonly imapPort: number
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>

  private constructor(root: string, imapPort: number, child: ChildProcess) {
    this.root = root
    this.imapPort = imapPort
    this.#child = child
    running.add(child)
    this.#exited = once(child, 'close').then(() => running.delete(child))
  }

  /** Starts it with these users. `settings` are lines of its configuration. */
  static async start(users: readonly DovecotUser[], settings: string = ''): Promise<DovecotProcess> {
    const root = await mkdtemp(join(tmpdir(), 'letterlock-dovecot-'))
    // Its processes give up root and must still reach their sockets and homes.
    await chmod(root, 0o755)
    const port = await freePort()
    const lines: string[] = []
    for (const [number, { address, password }] of users.entries()) {
      const home = join(root, address)
      const userId = firstUserId + number
      await mkdir(home, { mode: 0o700 })
      await chown(home, userId, userId)
      lines.push(`${address}:{PLAIN}${password}:${userId}:${userId}::${home}::\n`)
    }
    await writeFile(join(root, 'users'), lines.join(''))
    await writeFile(join(root, 'dovecot.conf'), configuration(root, port, settings))
    const program = findProgram('dovecot')
    if (program === undefined) throw new Error('dovecot is not installed')
    const child = spawn(program, ['-F', '-c', join(root, 'dovecot.conf')], { stdio: 'ignore' })
    const server = new DovecotProcess(root, port, child)
    try {
      await once(child, 'spawn')
      const deadline = performance.now() + startLimitMs
      while (!(await accepts(port))) {
        if (performance.now() > deadline || child.exitCode !== null) throw new Error('it does not listen')
        await sleep(20)
      }
      return server
    } catch (error) {
      const log = await server.log()
      await server[Symbol.asyncDispose]()
      throw new Error(`Dovecot did not start: ${log}`, { cause: error })
    }
  }

  /** Runs `doveadm` with the instance's own settings; resolves to its output. Rejects unless it ends with one of `codes`. */
  async doveadm(parameters: readonly string[], codes: readonly number[] = [0]): Promise<string> {
    const options = ['-c', join(this.root, 'dovecot.conf'), ...parameters]
    const program = findProgram('doveadm')
    if (program === undefined) throw new Error('doveadm is not installed')
    const child = spawn(program, options, { stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = once(child, 'close')
    const [stdout, stderr] = await Promise.all([collect(child.stdout), collect(child.stderr)])
    await ended
    if (codes.includes(child.exitCode ?? -1)) return stdout.toString()
    throw new Error(`doveadm ended with ${child.exitCode ?? 'a signal'}: ${stderr.toString().slice(-2_000)}`)
  }

  log(): Promise<string> {
    return readFile(join(this.root, 'dovecot.log'), 'utf8').catch(() => '')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM')
    if ((await within(this.#exited, startLimitMs)) === undefined) this.#child.kill('SIGKILL')
    await this.#exited
    await rm(this.root, { recursive: true, force: true, maxRetries: 5 })
  }
}

function configuration(root: string, imapPort: number, settings: string): string {
  return `
base_dir = ${root}/run
state_dir = ${root}/state
instance_name = letterlock-test
protocols = imap
listen = 127.0.0.1
log_path = ${root}/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
first_valid_uid = 1
mail_location = sdbox:~/mail
mail_max_keyword_length = 100
mail_max_userip_connections = 100
namespace inbox {
  inbox = yes
}
passdb {
  driver = passwd-file
  args = username_format=%u ${root}/users
}
userdb {
  driver = passwd-file
  args = username_format=%u ${root}/users
}
service imap-login {
  inet_listener imap {
    port = ${imapPort}
  }
  inet_listener imaps {
    port = 0
  }
}
${settings}
`
}
