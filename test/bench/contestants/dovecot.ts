// The peer: an instance of Debian's Dovecot of its own, in a temporary directory; needs root, for a uid per user.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFile, chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { argon2id, hash } from 'argon2'
import type { Account, Contestant, ContestantKind, ContestantOptions } from './contestant.ts'
import { dovecotConfig, type DovecotForm } from './dovecot-config.ts'
import { freePort } from '../../support/ports.ts'
import { ServerProcess } from './server-process.ts'

const run = promisify(execFile)

/** Dovecot with mail_crypt: the peer that all figures are compared with. */
export const dovecot: ContestantKind = kind('dovecot', 'Dovecot + mail_crypt', {
  isSealed: true,
  hibernates: false,
})

/** The same with idle sessions parked. */
export const dovecotHibernating: ContestantKind = kind(
  'dovecot-hibernating',
  'Dovecot + mail_crypt, hibernating',
  {
    isSealed: true,
    hibernates: true,
  },
)

/** Dovecot with mail in the clear: what sealing costs. */
export const dovecotPlain: ContestantKind = kind('dovecot-plain', 'Dovecot, mail in the clear', {
  isSealed: false,
  hibernates: false,
})

function kind(name: string, label: string, form: DovecotForm): ContestantKind {
  return {
    name,
    label,
    async describe() {
      const version = await run('dovecot', ['--version']).catch((error: unknown) => {
        throw new Error(
          'Dovecot is not here (apt-get install dovecot-core dovecot-imapd dovecot-lmtpd), see also --contestants',
          {
            cause: error,
          },
        )
      })
      if (process.getuid?.() !== 0)
        throw new Error('the Dovecot contestant needs root: it gives each user a uid')
      return `${label} ${version.stdout.split(' ')[0] ?? ''}`
    },
    async create(options) {
      const server = new Dovecot(form, options, await freePort(), await freePort())
      await server.prepare()
      return server
    },
  }
}

class Dovecot implements Contestant {
  readonly imapPort: number
  readonly lmtpPort: number
  readonly dataDir: string
  readonly #form: DovecotForm
  readonly #options: ContestantOptions
  readonly #configFile: string
  readonly #usersFile: string
  readonly #hashes = new Map<string, Promise<string>>()
  #nextUid = 20_001
  #server: ServerProcess | undefined

  constructor(form: DovecotForm, options: ContestantOptions, imapPort: number, lmtpPort: number) {
    this.#form = form
    this.#options = options
    this.imapPort = imapPort
    this.lmtpPort = lmtpPort
    this.dataDir = join(options.root, 'homes')
    this.#configFile = join(options.root, 'dovecot.conf')
    this.#usersFile = join(options.root, 'users')
  }

  async prepare(): Promise<void> {
    const { root } = this.#options
    await mkdir(this.dataDir)
    // Its processes give up root and must still reach their sockets and homes.
    await Promise.all([chmod(root, 0o755), chmod(this.dataDir, 0o755), writeFile(this.#usersFile, '')])
    const places = { root, usersFile: this.#usersFile, imapPort: this.imapPort, lmtpPort: this.lmtpPort }
    await writeFile(this.#configFile, dovecotConfig(places, this.#form))
  }

  async start(): Promise<void> {
    this.#server = await ServerProcess.start(
      ['dovecot', '-F', '-c', this.#configFile],
      [this.imapPort, this.lmtpPort],
      join(this.#options.root, 'dovecot.log'),
    )
  }

  async stop(): Promise<void> {
    await this.#server?.stop()
    this.#server = undefined
  }

  async addUsers(accounts: readonly Account[]): Promise<void> {
    for (const { address, password } of accounts) {
      const uid = this.#nextUid++
      const home = join(this.dataDir, address)
      await mkdir(home, { mode: 0o700 })
      await chown(home, uid, uid)
      await appendFile(this.#usersFile, `${address}:${await this.#hash(password)}:${uid}:${uid}::${home}::\n`)
    }
    // It looks at the file once a second at most.
    await sleep(1_100)
    if (!this.#form.isSealed) return
    const queue = accounts.values()
    const worker = async (): Promise<void> => {
      for (const account of queue) await this.#makeKeys(account)
    }
    await Promise.all([worker(), worker()])
  }

  // Without keys before the first delivery the LMTP process panics.
  async #makeKeys({ address, password }: Account): Promise<void> {
    const secret = createHash('sha256').update(password).digest('hex')
    const option = ['-o', `plugin/mail_crypt_private_password=${secret}`]
    await this.#doveadm(...option, 'mailbox', 'cryptokey', 'generate', '-u', address, '-U')
  }

  /** Without the plugin a copy is a hard link to the sealed file: the outcome is the same, in a hundredth of the time. */
  async fill({ address }: Account, want: number): Promise<void> {
    for (;;) {
      const status = await this.#doveadm('mailbox', 'status', '-u', address, 'messages', 'INBOX')
      const have = Number(/messages=(\d+)/.exec(status)?.[1])
      if (!(have > 0)) throw new Error(`INBOX of ${address} is empty`)
      if (have >= want) return
      const range = `1:${Math.min(have, want - have)}`
      await this.#doveadm('-o', 'mail_plugins=', 'copy', '-u', address, 'INBOX', 'mailbox', 'INBOX', range)
    }
  }

  pids(): readonly number[] {
    return this.#server === undefined ? [] : [this.#server.pid]
  }

  async #doveadm(...parameters: readonly string[]): Promise<string> {
    const { stdout } = await run('doveadm', ['-c', this.#configFile, ...parameters])
    return stdout
  }

  #hash(password: string): Promise<string> {
    const { memoryKiB, passes, lanes } = this.#options.argon2
    const known =
      this.#hashes.get(password) ??
      hash(password, { type: argon2id, memoryCost: memoryKiB, timeCost: passes, parallelism: lanes }).then(
        (text) => `{ARGON2ID}${text}`,
      )
    this.#hashes.set(password, known)
    return known
  }
}
