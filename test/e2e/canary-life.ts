// The life of an account at a site of its own, in which every word that could be found again is marked.
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ImapSession, type ImapTarget } from '../support/imap-session.ts'
import { LmtpSession } from '../support/lmtp-session.ts'
import { clientKeys, ScramClient } from '../support/scram-client.ts'
import { recoveryCodeOf, ServerProcess } from '../support/server-process.ts'
import { keysOf } from './canary-keys.ts'
import { canaryMessage } from './canary-mail.ts'
import { exactly, makeStem, spellingsOf, type Pattern } from './canary-marks.ts'
import { RecordingProxy } from './recording-proxy.ts'

/** The account that lives. */
export const address: string = 'canary@example.org'
const late = 'late@example.org'

/** Size of the large messages. */
export const largeBytes: number = 20 * 1024 * 1024

/** In everything that is mail. */
export const word: string = makeStem(randomInt)
/** In every password. */
export const secretWord: string = makeStem(randomInt)

function codePatterns(code: string): Pattern[] {
  return [code, code.replaceAll('-', '')].flatMap(spellingsOf).map((pattern) => ({
    ...pattern,
    spelling: `recovery code, ${pattern.spelling}`,
  }))
}

/** One account's life at one site; the methods are its events. */
export class Life implements AsyncDisposable {
  readonly site: ServerProcess
  readonly proxy: RecordingProxy
  readonly target: ImapTarget
  password = `${secretWord}First`
  #code = ''
  /** Codes and keys that were good at some time. */
  readonly secrets: Pattern[] = []

  private constructor(site: ServerProcess, proxy: RecordingProxy, target: ImapTarget) {
    this.site = site
    this.proxy = proxy
    this.target = target
  }

  static async begin(): Promise<Life> {
    const site = await ServerProcess.create({
      hasProxiedCommands: true,
      tables: { log: 'level = "debug"', limits: 'message_size = "30M"', auth: 'scram = true' },
    })
    const proxy = await RecordingProxy.start(site.commandSocket, site.controlSocket)
    await site.start()
    const ca = await readFile(join(site.dataDir, 'tls/cert.pem'), 'utf8')
    const life = new Life(site, proxy, { port: site.ports.imaps, ca })
    life.#learn(await site.addSealedUser(address, life.password))
    await site.addUser(late, `${secretWord}Late`)
    return life
  }

  #learn(code: string): void {
    this.#code = code
    this.secrets.push(...codePatterns(code))
  }

  login(): Promise<ImapSession> {
    return ImapSession.login(this.target, address, this.password)
  }

  async learnKeys(stage: string): Promise<void> {
    using session = await this.login()
    const { untagged } = await session.ok('LIST "" * RETURN (STATUS (UIDVALIDITY))')
    const uidValidities = untagged.flatMap(({ text }) => Number(/UIDVALIDITY (\d+)/.exec(text)?.[1] ?? 0))
    await session.logout()
    const owner = { address, password: this.password, uidValidities: [...new Set(uidValidities)] }
    this.secrets.push(...(await keysOf(this.site, owner, stage)))
  }

  async deliver(to: string, message: Buffer): Promise<void> {
    using session = await LmtpSession.connect(this.site.ports.lmtp, { name: `${word}Helo` })
    await session.mustDeliver({ from: `${word}Envelope@sender.test`, to, message })
  }

  async changePassword(): Promise<void> {
    const next = `${secretWord}Second`
    const words = ['user', 'passwd', address, '--own', '--old-password-file', '-', '--password-file', '-']
    await this.site.command(words, [this.password, next])
    this.password = next
  }

  async recover(): Promise<void> {
    const next = `${secretWord}Third`
    const words = ['atrest', 'recover', address, '--code-file', '-', '--password-file', '-', '--json']
    this.#learn(recoveryCodeOf(await this.site.command(words, [this.#code, next])))
    this.password = next
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]()
    await this.proxy[Symbol.asyncDispose]()
  }
}

/** Everything an IMAP client can do with marked words, the wrong things too. */
export async function useImap(life: Life): Promise<void> {
  using session = await life.login()
  await session.ok(`ID ("name" "${word}Client")`)
  await session.ok('SELECT INBOX')
  await session.ok('FETCH 1:* (ENVELOPE BODYSTRUCTURE BODY.PEEK[])')
  for (const what of [
    `SUBJECT ${word}Subject`,
    `BODY ${word}Body`,
    `TEXT "${word}Attachment"`,
    `HEADER X-${word}Field ""`,
  ]) {
    const { untagged } = await session.ok(`SEARCH ${what}`)
    assert.equal(untagged.at(-1)?.text, what.includes('Attachment') ? '* SEARCH' : '* SEARCH 1', what)
  }
  await session.ok(`CREATE ${word}Mailbox`)
  await session.ok(`SUBSCRIBE ${word}Mailbox`)
  await session.ok(`APPEND ${word}Mailbox (${word}Keyword) `, canaryMessage(word, largeBytes))
  await session.ok(`COPY 1 ${word}Mailbox`)
  await session.ok(`STORE 1 +FLAGS (${word}Flag)`)
  await session.ok(`RENAME ${word}Mailbox ${word}Renamed`)
  await session.ok(`SELECT ${word}Renamed`)
  await session.ok(`SEARCH KEYWORD ${word}Keyword`)
  await session.ok(`MOVE 1 INBOX`)
  await session.ok('LIST "" *')
  await session.run(`${word}Command`)
  await session.run(`SELECT ${word}Missing`)
  await session.run(`SEARCH ${word}Criterion`)
  await session.run(`CREATE "${word}`)
  await session.run(`FETCH 1 BODY[${word}]`)
  await session.run(`APPEND ${word}Missing `, canaryMessage(word, 1000))
  await life.deliver(address, canaryMessage(word, 100_000))
  await session.ok('NOOP')
  await session.logout()
}

/** A login by proof. What the proof gives away, and what it comes from, are secrets too. */
async function loginByProof(life: Life): Promise<void> {
  const client = new ScramClient({ user: address, password: life.password })
  using session = await ImapSession.connect(life.target)
  await session.authenticate('SCRAM-SHA-256', client.first, (challenge) =>
    challenge.startsWith('v=') ? '' : client.final(challenge),
  )
  await session.ok('SELECT INBOX')
  await session.logout()
  const { clientKey } = clientKeys(life.password, Buffer.from(client.salt, 'base64'), client.iterations)
  life.secrets.push(exactly('ClientKey', clientKey))
}

/** Logins of every kind, right and wrong. */
export async function useLogins(life: Life): Promise<void> {
  const { password, target } = life
  const initial = Buffer.from(`\0${address}\0${password}`).toString('base64')
  for (const words of [
    [`AUTHENTICATE PLAIN ${initial}`],
    ['LOGIN ', Buffer.from(address), ' ', Buffer.from(password)],
    [`LOGIN ${address} ${password}`],
  ]) {
    using session = await ImapSession.connect(target)
    await session.ok(...words)
    await session.logout()
  }
  await loginByProof(life)
  using stranger = await ImapSession.connect(target)
  const refused = await stranger.run(`LOGIN ${address} ${secretWord}Wrong`)
  assert.match(refused.status, /^NO \[AUTHENTICATIONFAILED\]/)
  await stranger.run(`LOGIN ${address} "${secretWord}Unfinished`)
  // A password in the wrong field.
  await stranger.run(`LOGIN ${secretWord}First ${word}`)
  await stranger.run(`AUTHENTICATE PLAIN ${Buffer.from(`\0${word}\0${secretWord}`).toString('base64')}`)
}

/** A login whose session is in the middle of its work when the server dies. */
export async function crash(life: Life): Promise<void> {
  using session = await life.login()
  await session.ok('SELECT INBOX')
  await session.ok('FETCH 1:* (BODY.PEEK[])')
  const lost = assert.rejects(session.run(`APPEND ${word}Renamed `, canaryMessage(word, largeBytes)))
  await life.site.kill()
  await lost
  await life.site.start()
}

/** The second account had mail before it was encrypted. */
export async function enableLate(life: Life): Promise<void> {
  await life.deliver(late, canaryMessage(word, 100_000))
  {
    using session = await ImapSession.login(life.target, late, `${secretWord}Late`)
    await session.ok(`CREATE ${word}Late`)
    await session.ok(`APPEND ${word}Late `, canaryMessage(word, 100_000))
    await session.logout()
  }
  life.secrets.push(...codePatterns(await life.site.enableAtRest(late, `${secretWord}Late`)))
}
