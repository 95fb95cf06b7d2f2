// Real mail through real programs: delivered by Postfix and swaks to a locked account, read back octet for octet after a restart.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { LmtpSession } from '../support/lmtp-session.ts'
import { skipWithout, skipWithoutRoot } from '../support/programs.ts'
import { ServerProcess } from '../support/server-process.ts'
import { loadCorpus, type CorpusMessage } from './corpus.ts'
import {
  drainWithFetchmail,
  makeHome,
  readWithCurl,
  readWithImapflow,
  readWithImaplib,
  readWithMbsync,
  readWithMutt,
  runProgram,
  type Login,
} from './mail-programs.ts'
import { postfixChange, startPostfix } from './postfix.ts'
import { senderOf, withoutTrace, type Way } from './trace.ts'

const corpus = loadCorpus()
const alice = 'alice@example.org'
const bob = 'bob@example.org'
const password = 'long enough for a test'
const everySwaks = Math.ceil(corpus.messages.length / 40)

// swaks expands %WORD% and \n, puts an empty line behind a header that has none, and takes off a last line that is a dot.
function swaksChanges({ bytes }: CorpusMessage): boolean {
  const text = bytes.toString('latin1')
  return /%[A-Z_]+%|\\n|\r(?!\n)|\0|\r\n\.?\r\n$/.test(text) || !text.includes('\r\n\r\n')
}

/** How each message goes: by Postfix, but for a sample by swaks, and by LMTP those that the other two would change. */
function chooseWays(hasPostfix: boolean, hasSwaks: boolean): Way[] {
  return corpus.messages.map((message, number) => {
    if (hasSwaks && number % everySwaks === 0 && !swaksChanges(message)) return 'swaks'
    return hasPostfix && postfixChange(message.bytes) === undefined ? 'postfix' : 'lmtp'
  })
}

const withoutPostfix = skipWithoutRoot() || skipWithout('postfix')
const withoutSwaks = skipWithout('swaks')
const ways = chooseWays(withoutPostfix === false, withoutSwaks === false)

/** Numbers of the messages that go this way, handed out one by one. */
function numbersOf(way: Way): IterableIterator<number> {
  return [...ways.keys()].filter((number) => ways[number] === way).values()
}

function messageOf(number: number): Buffer {
  const message = corpus.messages[number]
  assert.ok(message, `no message has the number ${number}`)
  return message.bytes
}

async function sendOver(port: number, verb: 'LHLO' | 'EHLO', numbers: Iterable<number>): Promise<void> {
  using session = await LmtpSession.connect(port, { verb })
  for (const number of numbers) {
    await session.mustDeliver({ from: senderOf(number), to: alice, message: messageOf(number) })
  }
  await session.quit()
}

async function sendWithSwaks(site: ServerProcess, numbers: Iterable<number>): Promise<void> {
  for (const number of numbers) {
    const file = join(site.root, `swaks-${number}.eml`)
    // swaks ends what it sends with a line end of its own.
    await writeFile(file, messageOf(number).subarray(0, -2))
    const server = ['--server', '127.0.0.1', '--port', String(site.ports.lmtp), '--protocol', 'LMTP']
    const envelope = ['--from', senderOf(number), '--to', alice, '--data', `@${file}`]
    await runProgram('swaks', [...server, ...envelope, '--silent', '2'], { home: site.root })
  }
}

function firstDifference(wanted: Buffer, found: Buffer): string {
  const at = wanted.findIndex((byte, index) => byte !== found[index])
  const from = Math.max(0, (at < 0 ? wanted.length : at) - 20)
  const [one, other] = [wanted, found].map((bytes) =>
    JSON.stringify(bytes.toString('latin1', from, from + 40)),
  )
  return `at ${at}: ${one ?? ''} became ${other ?? ''}`
}

/** What a program may do to single messages, and is known to do. */
interface Habits {
  /** Whether it is known to make `found` of the message. */
  readonly changes?: (sent: Buffer, found: Buffer) => boolean
  /** Whether it is known to leave the message out. */
  readonly leavesOut?: (sent: Buffer) => boolean
}

/** Asserts that these are the messages of the corpus, each once, and that nothing but the trace was added. */
function assertWhole(messages: readonly Buffer[], habits: Habits = {}): void {
  const seen = new Set<number>()
  const different: string[] = []
  for (const message of messages) {
    const { number, bytes } = withoutTrace(message, alice, (one) => ways[one] ?? 'lmtp')
    assert.ok(!seen.has(number), `message ${number} is there twice`)
    seen.add(number)
    const sent = messageOf(number)
    if (bytes.equals(sent) || habits.changes?.(sent, bytes)) continue
    different.push(
      `${corpus.messages[number]?.name ?? ''} (${ways[number] ?? ''}) ${firstDifference(sent, bytes)}`,
    )
  }
  assert.deepEqual(different, [])
  const missing = corpus.messages.filter(
    ({ bytes }, number) => !seen.has(number) && !habits.leavesOut?.(bytes),
  )
  assert.deepEqual(
    missing.map(({ name }) => name),
    [],
  )
}

const mbsyncHabits: Habits = {
  // Of CRs that end no line it keeps none.
  changes: (sent, found) =>
    found.toString('latin1') === sent.toString('latin1').replace(/\r+(?!\n)|\r+(?=\r\n)/g, ''),
  // It calls a header section without an end incomplete.
  leavesOut: (sent) => !`\r\n${sent.toString('latin1')}`.includes('\r\n\r\n'),
}

suite('real mail, a locked account, and programs that know nothing of us', { timeout: 900_000 }, () => {
  let site: ServerProcess
  let login: Login

  before(async () => {
    site = await ServerProcess.start()
    await site.addSealedUser(alice, password)
    await site.addSealedUser(bob, password)
    login = {
      imapsPort: site.ports.imaps,
      caFile: join(site.dataDir, 'tls/cert.pem'),
      address: alice,
      password,
    }
  })
  after(() => site[Symbol.asyncDispose]())

  const home = (name: string, one: Login = login): Promise<string> => makeHome(site.root, name, one)

  test('everything is delivered to the locked account, and waits', async (t) => {
    const begun = performance.now()
    if (withoutPostfix === false) {
      await using postfix = await startPostfix(site.root, 'example.org', site.ports.lmtp)
      const numbers = numbersOf('postfix')
      await Promise.all(Array.from({ length: 8 }, () => sendOver(postfix.smtpPort, 'EHLO', numbers)))
      const count = [...numbersOf('postfix')].length
      await site.untilLogged('"delivery.stored"', count).catch(async (error: unknown) => {
        throw new Error(await postfix.logTail(), { cause: error })
      })
      const ms = Math.round(performance.now() - begun)
      t.diagnostic(`Postfix delivered ${count} messages in ${ms} ms`)
    } else t.diagnostic(`no Postfix: ${withoutPostfix}`)
    const [swaks, direct] = [[...numbersOf('swaks')], [...numbersOf('lmtp')]]
    await sendWithSwaks(site, swaks)
    await sendOver(site.ports.lmtp, 'LHLO', direct)
    t.diagnostic(`${swaks.length} messages went by swaks, ${direct.length} by LMTP; ${corpus.source}`)
    for (const number of direct) {
      const why = postfixChange(messageOf(number))
      if (withoutPostfix === false)
        t.diagnostic(`not by Postfix: ${corpus.messages[number]?.name ?? ''}: ${why ?? ''}`)
    }
    const { stdout } = await site.command(['user', 'show', alice, '--json'])
    const shown = JSON.parse(stdout) as Record<string, unknown>
    assert.equal(shown['pendingArrivals'], corpus.messages.length)
    assert.equal(shown['isUnlocked'], false)
  })

  test('after a restart imapflow reads every message as it was sent', async (t) => {
    await site.restart()
    const begun = performance.now()
    const messages = await readWithImapflow(login)
    t.diagnostic(
      `login, adoption and reading of ${messages.length}: ${Math.round(performance.now() - begun)} ms`,
    )
    assertWhole(messages)
  })

  test('Python’s imaplib reads the same', { skip: skipWithout('python3') }, async () => {
    assertWhole(await readWithImaplib(login, await home('imaplib')))
  })

  test('mbsync makes a Maildir of the same', { skip: skipWithout('mbsync') }, async () => {
    assertWhole(await readWithMbsync(login, await home('mbsync')), mbsyncHabits)
  })

  test('curl lists mailboxes and fetches one message over imaps', { skip: skipWithout('curl') }, async () => {
    const directory = await home('curl')
    assert.match(
      (await readWithCurl(login, directory, '')).toString(),
      /\* LIST \([^)]*\) "\/" "?INBOX"?\r\n/,
    )
    const status = await readWithCurl(login, directory, '', 'STATUS INBOX (MESSAGES UNSEEN)')
    assert.match(status.toString(), new RegExp(`MESSAGES ${corpus.messages.length}\\b`))
    const { number, bytes } = withoutTrace(
      await readWithCurl(login, directory, 'INBOX;UID=7'),
      alice,
      (one) => ways[one] ?? 'lmtp',
    )
    assert.deepEqual(bytes, messageOf(number))
  })

  test('mutt shows a header', { skip: skipWithout('mutt', 'script') }, async () => {
    const shown = (await readWithMutt(login, await home('mutt'))).toString('latin1')
    assert.match(shown, /^Return-Path: <m\d+@sender\.test>$/m)
    assert.match(shown, /^Delivered-To: alice@example\.org$/m)
  })

  test('fetchmail empties a mailbox and has every message', { skip: skipWithout('fetchmail') }, async () => {
    const own: Login = { ...login, address: bob }
    const texts = Array.from(
      { length: 20 },
      (_, number) => `Subject: to fetch ${number}\r\n\r\nBody ${number}\r\n`,
    )
    using session = await LmtpSession.connect(site.ports.lmtp)
    for (const text of texts) {
      await session.mustDeliver({ from: 'a@sender.test', to: bob, message: Buffer.from(text) })
    }
    const fetched = await drainWithFetchmail(own, await home('fetchmail', own))
    const bodies = fetched.map(
      (message) => message.toString('latin1').replaceAll('\r\n', '\n').split('\n\n')[1],
    )
    assert.deepEqual(bodies.sort(), texts.map((_, number) => `Body ${number}\n`).sort())
    assert.deepEqual(await readWithImapflow(own), [])
  })

  test('the log names nobody who wrote, and nothing they wrote', async () => {
    const log = site.log.toString('utf8')
    assert.ok(!log.includes('@sender.test'))
    assert.ok(!log.includes('to fetch'))
    assert.equal((await readFile(login.caFile, 'utf8')).startsWith('-----BEGIN CERTIFICATE'), true)
  })
})
