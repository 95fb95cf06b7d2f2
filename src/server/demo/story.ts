// What the demo shows, step by step, on a real server with real clients.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { SiteCommand } from '../../admin/command.ts'
import { atrestEnable } from '../../admin/commands/atrest-enable.ts'
import { atrestRecover } from '../../admin/commands/atrest-recover.ts'
import { atrestStatus } from '../../admin/commands/atrest-status.ts'
import { userAdd } from '../../admin/commands/user-add.ts'
import { noOutlet } from '../../admin/execute.ts'
import { Failure } from '../../admin/failure.ts'
import { makePassword } from '../../admin/generate.ts'
import { carryOut } from '../../admin/reach.ts'
import { counted, sizeInWords } from '../../admin/words.ts'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { initSite } from '../init.ts'
import { deliverByLmtp, readByImap, refusalByImap, requirePage, type Login } from './clients.ts'
import { DemoServer } from './demo-server.ts'
import { searchDirectory, wordsIn } from './disk-search.ts'
import { demoMessages, firstMessages, lateMessage, type DemoMessage } from './messages.ts'
import { pickPort } from './ports.ts'
import { NotShown, type Stage } from './stage.ts'

export const demoUser = 'alice@localhost'
/** An account whose encryption is off, for a person to turn on in the browser. */
export const pageUser = 'you@localhost'

const wantedPorts = { imap: 1143, imaps: 1993, lmtp: 1024, web: 8080 }

/** What the demo ends with: how to connect, and what to connect with. */
export interface Outcome {
  readonly ports: Readonly<Record<keyof typeof wantedPorts, number>>
  readonly configFile: string
  readonly user: string
  password: string
  recoveryCode: string
  /** The owners' page, and an account to try it with. */
  readonly url: string
  readonly pageUser: string
  pagePassword: string
}

interface Scene {
  readonly config: Config
  readonly server: DemoServer
  readonly outcome: Outcome
  readonly certificate: string
  readonly signal: AbortSignal
}

/** Settings of the demo in its own directory. */
function demoValues(directory: string, ports: Outcome['ports']): Record<string, unknown> {
  return {
    data_dir: directory,
    'listen.imap': [`127.0.0.1:${ports.imap}`],
    'listen.imaps': [`127.0.0.1:${ports.imaps}`],
    'listen.lmtp': [`127.0.0.1:${ports.lmtp}`],
    // In the clear, and so without a browser's warning of a certificate made here: it never leaves this machine.
    'listen.web': [`127.0.0.1:${ports.web}`],
    'web.tls': false,
    'web.submission_port': 0,
    'log.format': 'json',
  }
}

async function choosePorts(): Promise<Outcome['ports']> {
  return {
    imap: await pickPort(wantedPorts.imap),
    imaps: await pickPort(wantedPorts.imaps),
    lmtp: await pickPort(wantedPorts.lmtp),
    web: await pickPort(wantedPorts.web),
  }
}

/** Has the running server carry out an admin command, over its control socket; returns what it revealed. */
async function command(
  { config, signal }: Scene,
  given: SiteCommand,
  secrets: Readonly<Record<string, string>>,
  address: string = demoUser,
): Promise<{ readonly revealed: string; readonly rows: readonly object[] }> {
  let revealed = ''
  const rows: object[] = []
  const outlet = {
    ...noOutlet,
    row: async (row: object) => void rows.push(row),
    reveal: async (_: string, bytes: Buffer) => {
      revealed = bytes.toString('utf8')
    },
  }
  const bytes = new Map(Object.entries(secrets).map(([name, text]) => [name, Buffer.from(text, 'utf8')]))
  const openSite = () => Promise.reject(new NotShown('the server is gone'))
  const order = { input: { address }, isDryRun: false, secrets: bytes }
  await carryOut(given, order, outlet, { config, openSite, signal })
  return { revealed, rows }
}

const stateForm = z.object({
  atRest: z.string(),
  isUnlocked: z.boolean(),
  openedBy: z.array(z.string()),
})

async function stateOf(scene: Scene): Promise<z.output<typeof stateForm>> {
  const { rows } = await command(scene, atrestStatus, {})
  return stateForm.parse(rows[0])
}

function loginOf({ outcome, certificate }: Scene, password: string): Login {
  return { port: outcome.ports.imaps, user: demoUser, password, certificate }
}

/** What the server itself tells the owner (RFC 3834 §5), for instance that somebody recovered the account. */
const isNotice = (message: Buffer): boolean => message.includes('Auto-Submitted: auto-generated')

/** Delivered mail has trace fields ahead of it (RFC 5321 §4.4); behind them it must be what was sent, byte for byte. */
function requireSame(all: readonly Buffer[], sent: readonly DemoMessage[]): void {
  const read = all.filter((message) => !isNotice(message))
  if (read.length !== sent.length) {
    throw new NotShown(`${read.length} of ${counted(sent.length, 'message')} came back`)
  }
  const isBack = ({ bytes }: DemoMessage) =>
    read.some((one) => one.subarray(one.length - bytes.length).equals(bytes))
  const lost = sent.filter((message) => !isBack(message))
  if (lost.length > 0) throw new NotShown(`${counted(lost.length, 'message')} came back changed`)
}

function nothingReadable(
  found: readonly { readonly word: string; readonly spelling: string; readonly file: string }[],
): void {
  const [first] = found
  if (first) throw new NotShown(`“${first.word}” is readable (${first.spelling}) in ${first.file}`)
}

async function prepare(stage: Stage, directory: string, signal: AbortSignal): Promise<Scene> {
  let scene: Scene | undefined
  await stage
    .step('start', 'Start a mail server of its own', async () => {
      const ports = await choosePorts()
      const configFile = join(directory, 'letterlock.toml')
      const values = demoValues(directory, ports)
      const config = loadConfig({
        flags: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])),
      })
      await initSite(config, { configFile, values })
      const server = new DemoServer(config, configFile, join(directory, 'demo.log'))
      const certificate = await readFile(config.tls.cert, 'utf8')
      const page = { url: `http://localhost:${ports.web}/`, pageUser, pagePassword: '' }
      const outcome = { ports, configFile, user: demoUser, password: '', recoveryCode: '', ...page }
      scene = { config, server, outcome, certificate, signal }
      await server.start(signal)
      const other = (Object.keys(wantedPorts) as (keyof typeof wantedPorts)[]).filter(
        (name) => ports[name] !== wantedPorts[name],
      )
      return [
        `process ${server.pid ?? 0} on 127.0.0.1: IMAP ${ports.imap}, IMAP over TLS ${ports.imaps}, LMTP ${ports.lmtp}, page ${ports.web}`,
        ...(other.length > 0
          ? [`(${other.map((name) => `${wantedPorts[name]}`).join(', ')} taken: free ports instead)`]
          : []),
        `data in ${directory}`,
      ]
    })
    .catch(async (error: unknown) => {
      await scene?.server.stop()
      throw error
    })
  if (!scene) throw new NotShown('the server did not start')
  return scene
}

async function makeAndDeliver(stage: Stage, scene: Scene): Promise<void> {
  const { outcome } = scene
  await stage.step('account', `Make the account ${demoUser}`, async () => {
    outcome.password = makePassword().toString('latin1')
    await command(scene, userAdd, { password: outcome.password })
    return [`password ${outcome.password} (made here, printed this once)`]
  })
  await stage.step('deliver', `Deliver ${counted(firstMessages.length, 'message')} by LMTP`, async () => {
    await deliverByLmtp(outcome.ports.lmtp, demoUser, firstMessages)
    return ['each acknowledged after it was on the disk; nobody was logged in, no password was given']
  })
  await stage.step('enable', 'Turn on at-rest encryption', async () => {
    outcome.recoveryCode = (await command(scene, atrestEnable, { password: outcome.password })).revealed
    const { atRest, openedBy } = await stateOf(scene)
    if (atRest !== 'on') throw new NotShown(`the account is in state ${atRest}`)
    if (openedBy.includes('server')) throw new NotShown('the server still has a key of its own to it')
    return [
      `recovery code ${outcome.recoveryCode} (shown this once)`,
      `older mail is sealed anew; what opens it now: ${openedBy.join(', ')}. Nothing else does`,
    ]
  })
  await stage.step('locked', 'Deliver one more message to the locked mailbox', async () => {
    if ((await stateOf(scene)).isUnlocked) throw new NotShown('the account is not locked')
    await deliverByLmtp(outcome.ports.lmtp, demoUser, [lateMessage])
    return [
      'sealed to the account’s public key: nobody is logged in, so nothing in the server could open it again',
    ]
  })
  await stage.step('restart', 'Restart the server on the same data', async () => {
    const before = scene.server.pid
    await scene.server.stop()
    await scene.server.start(scene.signal)
    return [
      `process ${before ?? 0} is gone with all it knew; process ${scene.server.pid ?? 0} knows no password`,
    ]
  })
}

async function proveSealed(stage: Stage, directory: string): Promise<void> {
  const words = demoMessages.flatMap((message) => message.words)
  await stage.step('disk', 'Search the disk for the words of the mail', async () => {
    const missed = demoMessages.flatMap(({ words: own, bytes }) => {
      const seen = wordsIn(own, bytes)
      return own.filter((word) => !seen.includes(word))
    })
    if (missed.length > 0) throw new NotShown(`the search itself is blind for ${missed.join(', ')}`)
    const { files, bytes, found } = await searchDirectory(directory, words)
    nothingReadable(found)
    return [
      `${counted(words.length, 'word')} of senders, subjects, texts and an attachment: none in ${counted(files, 'file')} (${sizeInWords(bytes)}), logs included`,
      'looked for as plain text in any case, base64, quoted-printable, UTF-16, hexadecimal; in the messages as they were sent, the same search finds every one',
    ]
  })
}

async function read(stage: Stage, scene: Scene): Promise<void> {
  const { outcome } = scene
  await stage.step('wrong-password', 'Try a wrong password', async () => {
    const code = await refusalByImap(loginOf(scene, 'wrong-password'))
    if (code === undefined) throw new NotShown('a wrong password was let in')
    if (code !== 'AUTHENTICATIONFAILED') throw new NotShown(`refused, but with ${code}`)
    return ['refused: a password is right when it opens the key, so there is nothing else to get around']
  })
  await stage.step('read', 'Read the mail with the right password, by IMAP over TLS', async () => {
    requireSame(await readByImap(loginOf(scene, outcome.password)), demoMessages)
    return [
      `all ${counted(demoMessages.length, 'message')} byte for byte as sent, with an ordinary mail client (imapflow)`,
    ]
  })
}

async function recover(stage: Stage, scene: Scene): Promise<void> {
  const { outcome } = scene
  await stage.step('recover', 'Forget the password: recover with the code', async () => {
    const typo = outcome.recoveryCode.replace(/^(.)/, (first) => (first === '7' ? '8' : '7'))
    const isRefused = await command(scene, atrestRecover, { 'recovery-code': typo, password: 'never' }).then(
      () => false,
      (error: unknown) => error instanceof Failure && error.code === 'wrong-recovery-code',
    )
    if (!isRefused) throw new NotShown('a mistyped code was not refused')
    const before = outcome.password
    const password = makePassword().toString('latin1')
    const { revealed } = await command(scene, atrestRecover, {
      'recovery-code': outcome.recoveryCode,
      password,
    })
    outcome.password = password
    outcome.recoveryCode = revealed
    if ((await refusalByImap(loginOf(scene, before))) === undefined)
      throw new NotShown('the old password still works')
    const read = await readByImap(loginOf(scene, password))
    requireSame(read, demoMessages)
    if (!read.some(isNotice)) throw new NotShown('nothing in the mailbox tells of the recovery')
    return [
      'a mistyped code is refused; the right one sets a new password and is used up',
      'the old password is dead, all mail is there, and a notice in the mailbox tells the owner',
    ]
  })
}

/** An account of its own for the page, with mail and with encryption off, so that a person can turn it on. */
async function openPage(stage: Stage, scene: Scene): Promise<void> {
  const { outcome } = scene
  await stage.step('page', 'Open the page for owners', async () => {
    outcome.pagePassword = makePassword().toString('latin1')
    await command(scene, userAdd, { password: outcome.pagePassword }, pageUser)
    await deliverByLmtp(outcome.ports.lmtp, pageUser, firstMessages)
    await requirePage(outcome.ports.web, scene.signal)
    return [`${outcome.url} answers, with an account to try: ${pageUser}`]
  })
}

/** Plays all steps. Resolves with the server still running. Throws what the first failing step threw. */
export async function play(
  stage: Stage,
  directory: string,
  signal: AbortSignal,
): Promise<{ readonly server: DemoServer; readonly outcome: Outcome }> {
  const scene = await prepare(stage, directory, signal)
  try {
    await makeAndDeliver(stage, scene)
    await proveSealed(stage, directory)
    await read(stage, scene)
    await recover(stage, scene)
    await stage.step('disk-again', 'Search the disk again, after all that reading', async () => {
      const words = demoMessages.flatMap((message) => message.words)
      const { files, found } = await searchDirectory(directory, words)
      nothingReadable(found)
      return [`still nothing in ${counted(files, 'file')}: reading leaves no trace either`]
    })
    await openPage(stage, scene)
    return { server: scene.server, outcome: scene.outcome }
  } catch (error) {
    await scene.server.stop()
    throw error
  }
}
