// Programs that fetch mail or work in a mailbox from time to time, run twice while it changes: each message comes once, as it was.
import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { ImapSession } from '../../support/imap-session.ts'
import { skipWithout } from '../../support/programs.ts'
import { ServerProcess } from '../../support/server-process.ts'
import { makeHome, runProgram, type Login } from '../mail-programs.ts'
import { Maildir, readAccount, readMailbox, type Contents } from './account-contents.ts'

const password = 'a password for readers'

function message(name: string): string {
  return `From: a@sender.test\r\nSubject: ${name}\r\nMessage-ID: <${name}@readers.test>\r\n\r\nBody of ${name}, =C3=A4, .\r\n.\r\n`
}

async function append(session: ImapSession, names: readonly string[]): Promise<void> {
  for (const name of names) await session.ok('APPEND INBOX () ', Buffer.from(message(name)))
}

/** `name flags` of every message, by mailbox. */
function summary(contents: Contents): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(contents).map(([mailbox, items]) => [
      mailbox,
      items.map(({ text, flags }) => {
        const name = /^Subject: (\S+)/m.exec(text)?.[1] ?? ''
        assert.equal(text, message(name))
        return `${name} ${flags}`.trim()
      }),
    ]),
  )
}

suite('programs that come back', { timeout: 900_000 }, () => {
  let site: ServerProcess
  before(async () => {
    site = await ServerProcess.start()
  })
  after(() => site[Symbol.asyncDispose]())

  /** An account of its own, a session in it, and a home for the program. */
  async function account(name: string): Promise<{ login: Login; session: ImapSession; home: string }> {
    const address = `${name}@example.org`
    await site.addSealedUser(address, password)
    const session = await ImapSession.login({ port: site.ports.imap }, address, password)
    const login = {
      ...{ imapsPort: site.ports.imaps, caFile: join(site.dataDir, 'tls/cert.pem') },
      ...{ address, password },
    }
    return { login, session, home: await makeHome(site.root, name, login) }
  }

  test('fetchmail, which keeps mail, fetches what is new', { skip: skipWithout('fetchmail') }, async () => {
    const { login, session, home } = await account('fetchmail')
    const inbox = join(home, 'fetched')
    await mkdir(inbox)
    await writeFile(join(home, 'deliver'), `#!/bin/sh\nexec cat > "$(mktemp ${inbox}/XXXXXXXX)"\n`)
    await chmod(join(home, 'deliver'), 0o700)
    await writeFile(
      join(home, 'fetchmailrc'),
      `poll localhost service ${login.imapsPort} protocol IMAP user "${login.address}" password "${password}" ` +
        `ssl sslcertck sslcertfile ${login.caFile} keep no rewrite mda "${join(home, 'deliver')}"\n`,
      { mode: 0o600 },
    )
    const fetched = async (codes: readonly number[]): Promise<string[]> => {
      const options = ['-f', join(home, 'fetchmailrc'), '--pidfile', join(home, 'pid'), '--nosyslog']
      await runProgram('fetchmail', options, { home, codes })
      const files = await readdir(inbox)
      const texts = await Promise.all(files.map((file) => readFile(join(inbox, file), 'latin1')))
      return texts.map((text) => /Body of ([^,]+), =C3=A4, \.\r?\n\.\r?\n$/.exec(text)?.[1] ?? text).sort()
    }
    await append(session, ['one', 'two'])
    assert.deepEqual(await fetched([0]), ['one', 'two'])
    // 1: there was no new mail.
    assert.deepEqual(await fetched([1]), ['one', 'two'])
    await append(session, ['three'])
    assert.deepEqual(await fetched([0]), ['one', 'three', 'two'])
    assert.deepEqual(summary(await readAccount(session)), {
      INBOX: ['one \\Seen', 'three \\Seen', 'two \\Seen'],
    })
    await session.logout()
  })

  test('getmail fetches what is new', { skip: skipWithout('getmail') }, async () => {
    const { login, session, home } = await account('getmail')
    const maildir = new Maildir(join(home, 'mail'))
    for (const kind of ['cur', 'new', 'tmp']) await mkdir(join(maildir.path, kind), { recursive: true })
    // As root it delivers only in the name of somebody else, who must reach the place.
    const isRoot = process.getuid?.() === 0
    await chmod(home, 0o711)
    if (isRoot) await runProgram('chown', ['-R', 'nobody', maildir.path], { home })
    await writeFile(
      join(home, 'getmailrc'),
      `[retriever]
type = SimpleIMAPSSLRetriever
server = localhost
port = ${login.imapsPort}
username = ${login.address}
password = ${password}
ca_certs = ${login.caFile}
mailboxes = ("INBOX",)
[destination]
type = Maildir
path = ${maildir.path}/
${isRoot ? 'user = nobody' : ''}
[options]
read_all = false
delete = false
delivered_to = false
received = false
`,
    )
    const fetched = async (): Promise<string[]> => {
      await runProgram('getmail', ['--getmaildir', home, '--rcfile', 'getmailrc', '--quiet'], { home })
      const items = await maildir.items()
      return items.map(({ text }) => /Body of ([^,]+), =C3=A4, \.\r\n\.\r\n$/.exec(text)?.[1] ?? text).sort()
    }
    await append(session, ['one', 'two'])
    assert.deepEqual(await fetched(), ['one', 'two'])
    assert.deepEqual(await fetched(), ['one', 'two'])
    await append(session, ['three'])
    assert.deepEqual(await fetched(), ['one', 'three', 'two'])
    assert.equal((await readMailbox(session, 'INBOX')).length, 3)
    await session.logout()
  })

  test(
    'mutt, with a header cache, flags, deletes and saves',
    { skip: skipWithout('mutt', 'script') },
    async () => {
      const { login, session, home } = await account('mutt')
      await writeFile(
        join(home, 'muttrc'),
        `set imap_user = "${login.address}"
set imap_pass = "${password}"
set certificate_file = "${login.caFile}"
set ssl_verify_host = no
set folder = "imaps://localhost:${login.imapsPort}/"
set header_cache = "${home}/headers"
set message_cachedir = "${home}/bodies"
set sort = mailbox-order
set delete = yes
set quit = yes
set move = no
set confirmappend = no
set confirmcreate = no
unset mark_old
unset wait_key
`,
        { mode: 0o600 },
      )
      await mkdir(join(home, 'headers'))
      const mutt = async (keys: string): Promise<Record<string, string[]>> => {
        const command = `mutt -n -F ${join(home, 'muttrc')} -f imaps://localhost:${login.imapsPort}/INBOX -e 'push "${keys}"'`
        await runProgram('script', ['--quiet', '--return', '--command', command, '/dev/null'], { home })
        return summary(await readAccount(session))
      }
      await append(session, ['1', '2', '3', '4'])
      const once = await mutt(
        '<first-entry><flag-message><jump>2<enter><delete-message><jump>3<enter><save-message>=Archive<enter>' +
          '<jump>4<enter><display-message><exit><sync-mailbox><quit>',
      )
      assert.deepEqual(once, { Archive: ['3'], INBOX: ['1 \\Flagged', '4 \\Seen'] })

      await session.ok('SELECT INBOX')
      await session.ok('STORE 1 FLAGS (\\Answered)')
      await append(session, ['5'])
      assert.deepEqual(
        await mutt('<last-entry><toggle-new><jump>2<enter><delete-message><sync-mailbox><quit>'),
        {
          Archive: ['3'],
          INBOX: ['1 \\Answered', '5 \\Seen'],
        },
      )
      await session.logout()
    },
  )

  test('imapflow comes back with what it knew, and hears what has gone and changed', async () => {
    const { login, session } = await account('imapflow')
    const connect = async (): Promise<ImapFlow> => {
      const client = new ImapFlow({
        ...{ host: '127.0.0.1', port: login.imapsPort, secure: true, qresync: true, logger: false },
        tls: { ca: await readFile(login.caFile, 'utf8'), servername: 'localhost' },
        auth: { user: login.address, pass: password },
      })
      await client.connect()
      return client
    }
    await append(session, ['1', '2', '3', '4', '5'])
    const known = new Map<number, { text: string; flags: string }>()
    const learn = async (client: ImapFlow, changedSince?: bigint): Promise<void> => {
      const query = { uid: true, flags: true, source: true }
      const options = { uid: true, ...(changedSince === undefined ? {} : { changedSince }) }
      for await (const { uid, flags, source } of client.fetch('1:*', query, options)) {
        const shown = [...(flags ?? [])].filter((flag) => flag !== '\\Recent').sort()
        known.set(uid, { text: source?.toString('latin1') ?? '', flags: shown.join(' ') })
      }
    }
    const first = await connect()
    const mailbox = await first.mailboxOpen('INBOX')
    const since = mailbox.highestModseq ?? 0n
    await learn(first)
    await first.messageFlagsAdd({ uid: '1' }, ['\\Flagged'])
    await first.messageMove({ uid: '2' }, 'Archive')
    const { uidValidity } = mailbox
    await first.logout()

    await session.ok('SELECT INBOX')
    await session.ok('UID STORE 3 +FLAGS (\\Deleted)')
    await session.ok('UID EXPUNGE 3')
    await session.ok('UID STORE 4 +FLAGS (\\Seen)')
    await append(session, ['6'])

    const second = await connect()
    second.on('expunge', ({ uid }: { uid?: number }) => uid !== undefined && known.delete(uid))
    await second.mailboxOpen('INBOX', { changedSince: since, uidValidity } as never)
    await learn(second, since)
    const uids = await second.search({ all: true }, { uid: true })
    assert.ok(Array.isArray(uids))
    for (const uid of known.keys()) if (!uids.includes(uid)) known.delete(uid)
    await second.logout()

    const here = [...known].sort(([one], [other]) => one - other)
    const far = (await readMailbox(session, 'INBOX')).map(({ uid, text, allFlags: flags }) => [
      uid,
      { text, flags },
    ])
    assert.deepEqual(here, far)
    assert.deepEqual(
      far.map(([uid]) => uid),
      [1, 4, 5, 6],
    )
    await session.logout()
  })
})
