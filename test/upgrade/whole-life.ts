// Fills a site with one of everything that a store can hold, and writes down what of it must still be there later.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateKey } from 'openpgp'
import { ImapSession } from '../support/imap-session.ts'
import { LmtpSession } from '../support/lmtp-session.ts'
import { recoveryCodeOf, type ServerProcess } from '../support/server-process.ts'
import type { AccountPromise, StorePromise } from './promise.ts'
import { sha256, snapshot } from './snapshot.ts'

const domain = 'frozen.test'
const addressOf = (name: string): string => `${name}@${domain}`
const passwordOf = (name: string): string => `${name}'s pass phrase é`
const admins = ['admin one', 'admin two', 'admin three']

function letter(to: string, number: number, octets = 300): Buffer {
  const line = `line of letter ${number} to ${to}, with some words to look for: heron kestrel\r\n`
  const head = `From: s@else.test\r\nTo: ${to}\r\nSubject: letter ${number}\r\nMessage-ID: <${number}.${to}@else.test>\r\nDate: Sat, 28 Nov 2026 10:00:00 +0100\r\n\r\n`
  return Buffer.from(head + line.repeat(Math.ceil(octets / line.length)))
}

class Life {
  readonly #site: ServerProcess
  readonly codes: Map<string, string> = new Map()

  constructor(site: ServerProcess) {
    this.#site = site
  }

  /** A command that takes the account's password on standard input, and more lines behind it. */
  async owner(words: readonly string[], name: string, ...more: readonly string[]): Promise<string> {
    const input = [passwordOf(name), ...more]
    return (await this.#site.command([...words, '--password-file', '-'], input)).stdout
  }

  async deliver(name: string, ...letters: readonly Buffer[]): Promise<void> {
    using session = await LmtpSession.connect(this.#site.ports.lmtp)
    for (const message of letters) {
      const reply = await session.deliver({ from: 's@else.test', to: addressOf(name), message })
      if (!reply.startsWith('250')) throw new Error(`${name} was not given mail: ${reply}`)
    }
  }

  async add(name: string, isSealed: boolean): Promise<void> {
    await this.#site.addUser(addressOf(name), passwordOf(name))
    if (!isSealed) return
    const words = ['atrest', 'enable', addressOf(name), '--json', '--yes', '--password-file', '-']
    this.codes.set(name, recoveryCodeOf(await this.#site.command(words, [passwordOf(name)])))
  }

  login(name: string): Promise<ImapSession> {
    return ImapSession.login({ port: this.#site.ports.imap }, addressOf(name), passwordOf(name))
  }

  /** Flags, keywords, copies, moves, expunges, annotations, dates with zones, names beyond ASCII, search text. */
  async live(name: string): Promise<void> {
    await this.deliver(name, ...[1, 2, 3, 4, 5].map((number) => letter(name, number)))
    using imap = await this.login(name)
    for (const mailbox of ['Archive/2026', '"M&APw-ll"', 'Brief']) {
      await imap.ok(`CREATE ${mailbox}`)
      await imap.ok(`SUBSCRIBE ${mailbox}`)
    }
    await imap.ok(
      'APPEND Brief (\\Seen $Forwarded own) "28-Nov-2026 12:34:56 +0530" ',
      letter(name, 20, 5_000),
    )
    await imap.ok('APPEND Brief (\\Draft) "01-Jan-1999 00:00:00 -0800" ', letter(name, 21))
    await imap.ok('SELECT INBOX')
    await imap.ok('STORE 1:2 +FLAGS (\\Seen)')
    await imap.ok('STORE 2 +FLAGS (\\Flagged $label1)')
    await imap.ok('COPY 1:3 Archive/2026')
    await imap.ok('MOVE 4 "M&APw-ll"')
    await imap.ok('STORE 1 +FLAGS (\\Deleted)')
    await imap.ok('EXPUNGE')
    await imap.ok('RENAME Archive/2026 Archive/year')
    await imap.ok('SETMETADATA "" (/private/comment "of the account")')
    await imap.ok('SETMETADATA Brief (/private/comment "of a mailbox")')
    await imap.ok('SEARCH TEXT kestrel')
    await imap.ok('LOGOUT')
  }

  async promise(name: string, hasMoreInInbox: boolean): Promise<AccountPromise> {
    const [address, password] = [addressOf(name), passwordOf(name)]
    const mail = await snapshot(this.#site.ports.imap, address, password)
    if (!mail) throw new Error(`${address} was not let in`)
    const recoveryCode = this.codes.get(name)
    return {
      address,
      password,
      ...(recoveryCode === undefined ? {} : { recoveryCode }),
      mail,
      hasMoreInInbox,
    }
  }
}

async function ownKey(life: Life, site: ServerProcess): Promise<void> {
  const { publicKey } = await generateKey({ userIDs: [{ email: addressOf('own') }], type: 'ecc' })
  const path = join(site.root, 'own.asc')
  await writeFile(path, publicKey)
  await life.owner(['atrest', 'pubkey', 'add', addressOf('own'), path], 'own')
  await life.deliver('own', letter('own', 30))
}

async function appPassword(
  life: Life,
  name: string,
  protocol: string,
): Promise<{ id: string; password: string }> {
  const words = ['app-password', 'add', addressOf('sealed'), '--name', name, '--proto', protocol, '--json']
  const made = JSON.parse(await life.owner(words, 'sealed')) as { appPassword: string; made: { id: string } }
  return { id: made.made.id, password: made.appPassword }
}

/** The site runs and is empty; recoveries wait in it. It must be killed, not stopped, right behind this: work is under way. */
export async function liveEverything(site: ServerProcess): Promise<StorePromise> {
  const life = new Life(site)
  const files = await Promise.all(
    admins.map(async (password, index) => {
      const path = join(site.root, `admin-${index}`)
      await writeFile(path, password)
      return [`--new-admin-password-${index === 0 ? '' : `${index + 1}-`}file`, path]
    }),
  )
  await site.command(['atrest', 'admin', 'set', '--admins', '3', '--needed', '2', ...files.flat()])
  for (const name of ['sealed', 'own', 'lockedmail', 'recovering', 'backlog', 'renamed'])
    await life.add(name, true)
  for (const name of ['plain', 'marked', 'off', 'gone', 'half']) await life.add(name, false)
  await life.live('plain')
  await life.live('sealed')
  for (const name of ['own', 'lockedmail', 'recovering', 'renamed', 'off', 'gone'])
    await life.deliver(name, letter(name, 1))
  await ownKey(life, site)

  const phone = await appPassword(life, 'phone', 'imap')
  const scanner = await appPassword(life, 'scanner', 'submission')
  const lost = await appPassword(life, 'lost phone', 'imap')
  await site.command(['domain', 'add', domain])
  await site.command(['alias', 'add', addressOf('both'), addressOf('plain'), addressOf('sealed')])
  await site.command(['user', 'rename', addressOf('renamed'), addressOf('newname'), '--alias'])
  await site.command([
    'atrest',
    'policy',
    'set',
    addressOf('off'),
    'offered',
    '--admin-recovery',
    'forbidden',
  ])
  await site.command(['quota', 'set', addressOf('sealed'), '500M'])
  await site.command(['user', 'capabilities', addressOf('plain'), '--off', 'COMPRESS=DEFLATE'])
  await site.command(['user', 'alternate-address', addressOf('sealed'), '--to', 's@elsewhere.test'])
  await site.command(['user', 'delete', addressOf('gone'), '--yes'])

  const accounts = [
    await life.promise('plain', false),
    await life.promise('sealed', false),
    await life.promise('own', false),
    await life.promise('recovering', true),
    await life.promise('marked', true),
    {
      ...(await life.promise('renamed', false)),
      address: addressOf('newname'),
    },
  ]
  // From here on nothing is asked by IMAP any more: what came is still waiting when the store is frozen.
  // Before 2026-11-29 this was not confirmed.
  await site
    .command(['app-password', 'revoke', addressOf('sealed'), lost.id, '--yes'])
    .catch(() => site.command(['app-password', 'revoke', addressOf('sealed'), lost.id]))
  await site.command(['atrest', 'enable', addressOf('marked'), '--at-login'])
  await site.command(['user', 'disable', addressOf('off')])
  await site.command(
    ['user', 'passwd', addressOf('lockedmail'), '--lock-mail', '--yes', '--password-file', '-'],
    ['a login that opens nothing'],
  )
  await life.deliver('lockedmail', letter('lockedmail', 2))
  const code = life.codes.get('recovering') ?? ''
  const recovering = [
    'atrest',
    'recover',
    addressOf('recovering'),
    '--code-file',
    '-',
    '--password-file',
    '-',
  ]
  await site.command(recovering, [code, 'after the waiting']).then(
    () => {
      throw new Error('the recovery did not wait')
    },
    () => undefined,
  )
  const backlog = Array.from({ length: 6 }, (_, index) => letter('backlog', index))
  await life.deliver('backlog', ...backlog)
  const half = Array.from({ length: 6 }, (_, index) => letter('half', index))
  await life.deliver('half', ...half)
  const enable = [
    'atrest',
    'enable',
    addressOf('half'),
    '--no-wait',
    '--yes',
    '--json',
    '--password-file',
    '-',
  ]
  const halfCode = recoveryCodeOf(await site.command(enable, [passwordOf('half')]))
  return {
    madeAt: new Date().toISOString(),
    accounts,
    waiting: {
      [addressOf('backlog')]: backlog.map(sha256),
      [addressOf('half')]: half.map(sha256),
      [addressOf('lockedmail')]: [letter('lockedmail', 1), letter('lockedmail', 2)].map(sha256),
    },
    refused: [
      { address: addressOf('plain'), password: 'wrong' },
      { address: addressOf('sealed'), password: lost.password },
      { address: addressOf('sealed'), password: scanner.password },
      { address: addressOf('off'), password: passwordOf('off') },
      { address: addressOf('gone'), password: passwordOf('gone') },
      { address: addressOf('recovering'), password: 'after the waiting' },
    ],
    appPasswords: [{ address: addressOf('sealed'), password: phone.password }],
    locked: {
      address: addressOf('lockedmail'),
      oldPassword: passwordOf('lockedmail'),
      login: 'a login that opens nothing',
    },
    admins: admins.slice(0, 2),
    helped: addressOf('backlog'),
    alias: { address: addressOf('both'), targets: [addressOf('plain'), addressOf('sealed')] },
    half: { address: addressOf('half'), password: passwordOf('half'), recoveryCode: halfCode },
  }
}
