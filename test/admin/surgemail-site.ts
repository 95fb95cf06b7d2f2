// A site with SurgeMail's settings: real settings, account layer, store on disk, audit log and control socket, and both command lines.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { runCli } from '../../src/admin/cli.ts'
import { startControl } from '../../src/admin/control.ts'
import { localCommands, siteCommands } from '../../src/admin/registry.ts'
import { translateTellmail } from '../../src/admin/tellmail.ts'
import type { Accounts, OpenAccount, SessionInfo } from '../../src/account/api.ts'
import type { OwnerSecret } from '../../src/account/api-lifecycle.ts'
import { silentLog } from '../../src/base/ports.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { searchDirectory } from '../../src/server/demo/disk-search.ts'
import { openParts, type SiteParts } from '../../src/server/open-site.ts'
import { storePath } from '../../src/server/places.ts'
import { createSiteKey } from '../../src/server/site-key.ts'
import { initLevelStore } from '../../src/store/level/open.ts'

export const alice = 'alice@xyz.com'
export const pass = 'correct horse battery'
export const adminPass = 'YourSecretPassword'
/** Stand in every message, and nowhere on the disk of somebody whose mail is sealed. */
export const marked = 'Zanzibarfigures'

export const own = (text = pass): OwnerSecret => ({ kind: 'password', password: Buffer.from(text) })
export const byAdmin = (text = adminPass): OwnerSecret => ({ kind: 'admin', passwords: [Buffer.from(text)] })
export const session: SessionInfo = {
  ...{ protocol: 'imap', remoteAddress: '192.0.2.1', isTls: true },
  end: () => undefined,
}

export function message(subject: string): Buffer {
  return Buffer.from(`From: bob@abc.example\r\nSubject: ${marked} ${subject}\r\n\r\nThe ${marked}.\r\n`)
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes
}

export interface Ran {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

export class SurgeSite implements AsyncDisposable {
  readonly root: string
  config: Config
  #parts: SiteParts
  #closeControl: () => Promise<void>

  private constructor(root: string, config: Config, parts: SiteParts, closeControl: () => Promise<void>) {
    this.root = root
    this.config = config
    this.#parts = parts
    this.#closeControl = closeControl
  }

  /** `settings` as in the file, under SurgeMail's names or ours. */
  static async open(settings = ''): Promise<SurgeSite> {
    await cryptoReady()
    const root = await mkdtemp(join(tmpdir(), 'letterlock-surgemail-'))
    const config = SurgeSite.#config(root, settings)
    await mkdir(config.dataDir, { mode: 0o700 })
    await createSiteKey(config.siteKeyFile)
    await initLevelStore(storePath(config))
    return new SurgeSite(root, config, ...(await SurgeSite.#start(config)))
  }

  static #config(root: string, settings: string): Config {
    const flags = {
      data_dir: join(root, 'data'),
      site_key_file: join(root, 'site.key'),
      'atrest.kdf.memory': '19M',
      'atrest.kdf.time': '1',
      'atrest.kdf.parallelism': '1',
    }
    return loadConfig({ text: settings, flags })
  }

  static async #start(config: Config): Promise<[SiteParts, () => Promise<void>]> {
    const parts = await openParts(config, { log: silentLog })
    const { accounts, backups, audit } = parts
    const site = { accounts, backups, audit, server: undefined }
    const control = await startControl({ socketPath: config.controlSocket, site, log: silentLog })
    return [parts, () => control.close(0)]
  }

  get accounts(): Accounts {
    return this.#parts.accounts
  }

  /** Ends everything and begins anew, with these settings. */
  async restart(settings = ''): Promise<void> {
    await this.close()
    this.config = SurgeSite.#config(this.root, settings)
    const [parts, closeControl] = await SurgeSite.#start(this.config)
    this.#parts = parts
    this.#closeControl = closeControl
  }

  async close(): Promise<void> {
    await this.#closeControl()
    await this.#parts.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
    await rm(this.root, { recursive: true, force: true })
  }

  async #run(words: readonly string[], lines: readonly string[]): Promise<Ran> {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
    stdin.end(lines.map((line) => `${line}\n`).join(''))
    const refuse = (): never => {
      throw new Error('nobody is at the terminal, and the store is open already')
    }
    const exitCode = await runCli(['--data', this.config.dataDir, ...words], {
      commands: [...siteCommands, ...localCommands],
      streams: {
        stdin: Object.assign(stdin, { isTTY: false }),
        stdout,
        stderr: Object.assign(stderr, { isTTY: false }),
      },
      env: { NO_COLOR: '1' },
      openSite: refuse,
      signal: new AbortController().signal,
      asker: { secret: refuse, line: refuse },
    })
    const text = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? ''
    return { exitCode, out: text(stdout), err: text(stderr) }
  }

  /** What is typed for SurgeMail's program. */
  tellmail(line: string): Promise<Ran> {
    const { words, secrets } = translateTellmail(line.split(' '))
    return this.#run(words, secrets)
  }

  letterlock(line: string, ...secrets: readonly string[]): Promise<Ran> {
    return this.#run(line.split(' '), secrets)
  }

  /** A user with mail that came and mail that a program put into another folder. */
  async user(address = alice, text = pass): Promise<void> {
    await this.accounts.create(address, Buffer.from(text))
    const open = await this.accounts.login(address, Buffer.from(text), session)
    await open.append('Sent', once(message('sent')), { flags: ['\\Seen'] })
    await open.createMailbox(`Work/${marked}`)
    await open.append(`Work/${marked}`, once(message('filed')), { flags: [] })
    await open.close()
    await this.deliver('first', address)
  }

  async deliver(subject: string, address = alice): Promise<void> {
    for (const target of await this.accounts.resolve(address))
      await this.accounts.deliver(target, message(subject))
  }

  login(text = pass, address = alice): Promise<OpenAccount> {
    return this.accounts.login(address, Buffer.from(text), session)
  }

  /** Encrypts as an owner does, and waits until older mail is done; the code is the caller's. */
  async encrypt(address = alice, text = pass): Promise<Buffer> {
    const { recoveryCode, finished } = await this.accounts.enableAtRest(address, Buffer.from(text))
    await finished
    return recoveryCode
  }

  /** A login that stays until what it set going is done. */
  async visit(address = alice, text = pass): Promise<void> {
    const open = await this.login(text, address)
    for (;;) {
      const { state, isPending, job } = await this.accounts.atRest.atRestStatus(address)
      if (state !== 'converting' && !isPending && !job) break
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await open.close()
  }

  /** Subjects of all mail in all folders, without the mark, sorted. */
  async subjects(text = pass, address = alice): Promise<string[]> {
    const open = await this.login(text, address)
    const found: string[] = []
    for (const { name } of open.mailboxes()) {
      const box = await open.select(name, { isReadOnly: true })
      for await (const { header } of box.contents(box.uids()))
        found.push(
          /^Subject: (.*?)\r?$/m.exec(header?.toString() ?? '')?.[1]?.replace(`${marked} `, '') ?? '',
        )
      box.close()
    }
    await open.close()
    return found.sort()
  }

  /** Which of `words` stand anywhere in the data directory, in any spelling. */
  async onDisk(...words: readonly string[]): Promise<string[]> {
    const { found } = await searchDirectory(this.config.dataDir, words)
    return [...new Set(found.map(({ word }) => word))]
  }

  /** What one message of the account says, by its subject. */
  async text(subject: RegExp, text = pass, address = alice): Promise<string> {
    const open = await this.login(text, address)
    const box = await open.select('INBOX', { isReadOnly: true })
    let found = ''
    for await (const content of box.contents(box.uids())) {
      const pieces: Buffer[] = []
      for await (const piece of content.read(0, content.sizeBytes)) pieces.push(Buffer.from(piece))
      const all = Buffer.concat(pieces).toString()
      if (subject.test(all)) found = all
    }
    await open.close()
    return found
  }
}
