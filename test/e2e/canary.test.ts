// The canary: marked words go through the whole life of an account, and then nobody can find one. Not on the disk, not in
// temporary files, logs or the control socket's traffic; and of passwords and keys nothing in the memory of the locked server.
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { ImapSession, type ImapTarget } from '../support/imap-session.ts'
import { LmtpSession } from '../support/lmtp-session.ts'
import { skipUnless } from '../support/programs.ts'
import { recoveryCodeOf, ServerProcess } from '../support/server-process.ts'
import { keysOf, siteKeyOf } from './canary-keys.ts'
import { canaryMessage } from './canary-mail.ts'
import { exactly, makeStem, spellingsOf, type Pattern } from './canary-marks.ts'
import {
  searchBytes,
  searchDeletedFiles,
  searchDirectory,
  searchFile,
  searchMemory,
  type Sighting,
} from './canary-search.ts'
import { RecordingProxy } from './recording-proxy.ts'

const address = 'canary@example.org'
const late = 'late@example.org'
const largeBytes = 20 * 1024 * 1024

/** In everything that is mail. */
const word = makeStem(randomInt)
/** In every password. */
const secretWord = makeStem(randomInt)
const mailPatterns = spellingsOf(word)
const passwordPatterns = spellingsOf(secretWord)

const startedAt = Date.now()

function inWords(sightings: readonly Sighting[]): string[] {
  return sightings.map(({ pattern, where, around }) => `${pattern.spelling}: ${where}: ${around}`)
}

function codePatterns(code: string): Pattern[] {
  return [code, code.replaceAll('-', '')].flatMap(spellingsOf).map((pattern) => ({
    ...pattern,
    spelling: `recovery code, ${pattern.spelling}`,
  }))
}

/** One account's life at one site. */
class Life implements AsyncDisposable {
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
      tables: { log: 'level = "debug"', limits: 'message_size = "30M"' },
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
async function useImap(life: Life): Promise<void> {
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

/** Logins of every kind, right and wrong. */
async function useLogins(life: Life): Promise<void> {
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
  using stranger = await ImapSession.connect(target)
  const refused = await stranger.run(`LOGIN ${address} ${secretWord}Wrong`)
  assert.match(refused.status, /^NO \[AUTHENTICATIONFAILED\]/)
  await stranger.run(`LOGIN ${address} "${secretWord}Unfinished`)
  // A password in the wrong field.
  await stranger.run(`LOGIN ${secretWord}First ${word}`)
  await stranger.run(`AUTHENTICATE PLAIN ${Buffer.from(`\0${word}\0${secretWord}`).toString('base64')}`)
}

/** A login whose session is in the middle of its work when the server dies. */
async function crash(life: Life): Promise<void> {
  using session = await life.login()
  await session.ok('SELECT INBOX')
  await session.ok('FETCH 1:* (BODY.PEEK[])')
  const lost = assert.rejects(session.run(`APPEND ${word}Renamed `, canaryMessage(word, largeBytes)))
  await life.site.kill()
  await lost
  await life.site.start()
}

/** The second account had mail before it was encrypted. */
async function enableLate(life: Life): Promise<void> {
  await life.deliver(late, canaryMessage(word, 100_000))
  {
    using session = await ImapSession.login(life.target, late, `${secretWord}Late`)
    await session.ok(`CREATE ${word}Late`)
    await session.ok(`APPEND ${word}Late `, canaryMessage(word, 100_000))
    await session.logout()
  }
  life.secrets.push(...codePatterns(await life.site.enableAtRest(late, `${secretWord}Late`)))
}

async function lookWithCommands({ site }: Life): Promise<void> {
  for (const words of ['user list', 'atrest status', 'status', 'who', `user show ${address}`]) {
    await site.command([...words.split(' '), '--json'])
  }
}

async function assertLocked({ site }: Life): Promise<void> {
  const { stdout } = await site.command(['atrest', 'status', '--json'])
  const { accounts } = JSON.parse(stdout) as { accounts: { isUnlocked: boolean; atRest: string }[] }
  assert.deepEqual(
    accounts.map(({ isUnlocked, atRest }) => [isUnlocked, atRest]),
    [
      [false, 'on'],
      [false, 'on'],
    ],
  )
}

function report(t: TestContext, what: string, sightings: readonly Sighting[]): void {
  const counts = new Map<string, number>()
  for (const { pattern } of sightings) counts.set(pattern.spelling, (counts.get(pattern.spelling) ?? 0) + 1)
  const found = [...counts].map(([spelling, count]) => `${spelling} ${count}`).join(', ')
  t.diagnostic(`${what}: ${found === '' ? 'nothing' : found}`)
}

suite('marked words through the whole life of an account', { timeout: 600_000 }, () => {
  test('a search finds what it is for, in every spelling', () => {
    const said = [
      word,
      word.toUpperCase(),
      Buffer.from(`x${word}y`).toString('base64'),
      Buffer.from(`xy${word}z`).toString('base64'),
      Buffer.from(`xyz${word.toLowerCase()}`).toString('base64'),
      Buffer.from(word).toString('hex').toUpperCase(),
      [...Buffer.from(word)].map((byte) => `=${byte.toString(16).toUpperCase()}`).join(''),
      Buffer.from(word.toUpperCase(), 'utf16le').toString('latin1'),
      Buffer.from(word, 'utf16le').swap16().toString('latin1'),
    ]
    for (const text of said) {
      assert.ok(
        searchBytes(Buffer.from(`before ${text} after`, 'latin1'), mailPatterns, 'here').length > 0,
        text,
      )
    }
    assert.deepEqual(searchBytes(Buffer.from(`before ${word.slice(0, -1)} after`), mailPatterns, 'here'), [])
  })

  test(
    'leave no trace once everybody has logged out',
    { skip: skipUnless(process.platform === 'linux', 'no /proc here') },
    async (t) => {
      await using life = await Life.begin()
      const { site, proxy } = life
      await life.learnKeys('first password')
      await life.deliver(`canary+${word}Detail@example.org`, canaryMessage(word, largeBytes))
      await useImap(life)
      await useLogins(life)
      await crash(life)
      await life.changePassword()
      await life.learnKeys('second password')
      await life.recover()
      await enableLate(life)
      await lookWithCommands(life)
      await life.learnKeys('third password')

      // While somebody is logged in, keys and words are there to be found: the search is worth something.
      const keys = life.secrets.filter(({ spelling }) => spelling.endsWith('(third password)'))
      {
        using session = await life.login()
        await session.ok('SELECT INBOX')
        await session.ok('FETCH 1 (BODY.PEEK[])')
        const unlocked = await searchMemory(site.pid, [...keys, ...mailPatterns])
        report(t, `memory while unlocked (${Math.round(unlocked.bytes / 1e6)} MB mapped)`, unlocked.sightings)
        for (const name of ['volume key', 'root', 'delivery seed', 'mailbox key']) {
          assert.ok(
            unlocked.sightings.some(({ pattern }) => pattern.spelling.startsWith(name)),
            name,
          )
        }
        assert.ok(unlocked.sightings.some(({ pattern }) => pattern.spelling === 'as it is'))
        await session.logout()
      }
      await assertLocked(life)

      const everything = [...mailPatterns, ...passwordPatterns, ...life.secrets]
      const data = await searchDirectory(site.root, everything)
      t.diagnostic(`${data.files} files of ${Math.round(data.bytes / 1e6)} MB at the site`)
      assert.ok(data.bytes > 1.5 * largeBytes)
      assert.deepEqual(inWords(data.sightings), [])
      for (const directory of ['/tmp', '/var/tmp', '/dev/shm']) {
        const found = await searchDirectory(directory, everything, { since: startedAt, except: [site.root] })
        assert.deepEqual(inWords(found.sightings), [], directory)
      }
      assert.deepEqual(inWords(await searchDeletedFiles(site.pid, everything)), [])
      assert.ok(site.log.length > 1000)
      assert.deepEqual(inWords(searchBytes(site.log, everything, 'log')), [])
      assert.deepEqual(inWords(searchBytes(proxy.trafficWithoutSecrets, everything, 'control socket')), [])
      assert.ok(searchBytes(proxy.traffic, passwordPatterns, 'control socket').length > 0)
      for (const name of ['cmdline', 'environ']) {
        assert.deepEqual(inWords(await searchFile(`/proc/${site.pid}/${name}`, everything)), [])
      }

      const siteKey = await siteKeyOf(site.dataDir)
      const locked = await searchMemory(site.pid, [
        ...everything,
        siteKey,
        exactly('own word', Buffer.from('LETTERLOCK')),
      ])
      const isSecret = ({ pattern }: Sighting): boolean =>
        life.secrets.includes(pattern) || passwordPatterns.includes(pattern)
      report(t, `memory while locked (${Math.round(locked.bytes / 1e6)} MB mapped)`, locked.sightings)
      assert.ok(locked.sightings.some(({ pattern }) => pattern === siteKey))
      assert.deepEqual(inWords(locked.sightings.filter(isSecret)), [])
    },
  )
})
