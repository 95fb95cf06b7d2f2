// Own keys over the wire: real keys, the real program, LMTP and IMAP, and other people's programs that open what FETCH answers.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { after, before, describe, it } from 'node:test'
import { simpleParser } from 'mailparser'
import { noAudit } from '../../src/account/audit.ts'
import { deliverNotice } from '../../src/account/deliver.ts'
import { findEntry } from '../../src/account/directory.ts'
import { noEscrow } from '../../src/account/escrow-keeper.ts'
import { sealingKey } from '../../src/account/keys.ts'
import { silentLog, systemClock } from '../../src/base/ports.ts'
import { cryptoReady } from '../../src/crypto/ready.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'
import { openLevelStore } from '../../src/store/level/open.ts'
import { KeyRing } from '../pubkey/keys.ts'
import { ImapSession, type ImapAnswer } from '../support/imap-session.ts'
import { LmtpSession } from '../support/lmtp-session.ts'
import { skipWithout } from '../support/programs.ts'
import { ServerProcess } from '../support/server-process.ts'
import { makeHome, readWithImapflow, runProgram, type Login } from './mail-programs.ts'

const password = 'long enough for a test'
const from = 'bob@example.net'
const secretWords = 'Attack at dawn, over the wire.'

const mail = (subject: string, to: string, words = secretWords): Buffer =>
  Buffer.from(
    `From: Bob <${from}>\r\nTo: ${to}\r\nSubject: ${subject}\r\nMessage-ID: <${subject.replace(/\W/g, '')}@example.net>\r\n` +
      `Date: Sat, 21 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${words}\r\n`,
  )

const text = ({ untagged }: ImapAnswer): string => untagged.map((each) => each.text).join('')
const octets = ({ untagged }: ImapAnswer): Buffer => {
  const [first] = untagged.flatMap(({ literals }) => literals)
  assert.ok(first)
  return first
}
const uidOf = ({ status }: ImapAnswer): string => /\[APPENDUID \d+ (\d+)\]/.exec(status)?.[1] ?? ''

describe('own keys over the wire', { skip: skipWithout('gpg', 'openssl') }, () => {
  const ring = new KeyRing()
  let site: ServerProcess
  let shortLivedUntil = 0
  const [alice, bob, carol, dave, erin] = ['alice', 'bob', 'carol', 'dave', 'erin'].map(
    (name) => `${name}@example.org`,
  ) as [string, string, string, string, string]

  const give = async (address: string, key: Buffer): Promise<void> => {
    const file = join(site.root, `${address}.key`)
    await writeFile(file, key)
    await site.command(['atrest', 'pubkey', 'add', address, file, '--site-key'])
  }
  const caFile = (): string => join(site.dataDir, 'tls', 'cert.pem')
  const settings = (address: string, ...words: string[]): Promise<unknown> =>
    site.command(['atrest', 'pubkey', 'settings', address, ...words, '--site-key'])
  const deliver = async (to: string, message: Buffer): Promise<string> => {
    using session = await LmtpSession.connect(site.ports.lmtp)
    return await session.deliver({ from, to, message })
  }
  const login = (address: string): Promise<ImapSession> =>
    ImapSession.login({ port: site.ports.imap }, address, password)
  /** The last message of a mailbox, as FETCH answers. */
  const last = async (session: ImapSession, mailbox: string): Promise<Buffer> => {
    await session.ok(`EXAMINE "${mailbox}"`)
    return octets(await session.ok('FETCH * BODY.PEEK[]'))
  }
  const fetched = async (session: ImapSession, uid: string): Promise<Buffer> =>
    octets(await session.ok(`UID FETCH ${uid} BODY.PEEK[]`))
  /** Behind what LMTP wrote before it. */
  const delivered = (opened: Buffer, message: Buffer): void => {
    assert.deepEqual(opened.subarray(opened.length - message.length), message)
    assert.match(
      opened.subarray(0, opened.length - message.length).toString(),
      /^(Return-Path|Received|Delivered-To|[ \t]|$)/,
    )
  }

  before(async () => {
    await cryptoReady()
    site = await ServerProcess.start()
    for (const address of [alice, bob, carol, dave, erin]) await site.addUser(address, password)
    await give(alice, ring.makeGpg('curve25519'))
    await give(bob, ring.makeCertificate('p256-cert'))
    await settings(bob, '--append', 'yes', '--except-drafts', 'yes')
    await give(erin, ring.makeGpg('p256', 'erins'))
    // In use while it lasts, which it does for as long as this machine needs to put it to use.
    for (let seconds = 20; ; seconds *= 3) {
      const begun = Date.now()
      const shortLived = ring.makeGpg('curve25519', `short${seconds}`, `seconds=${seconds}`)
      shortLivedUntil = Date.now() + seconds * 1000
      const isGiven = await Promise.all([give(carol, shortLived), give(dave, shortLived)]).then(
        () => true,
        (error: unknown) => {
          // gpg keeps whole seconds.
          if (Date.now() < begun + (seconds - 2) * 1000) throw error
          return false
        },
      )
      if (isGiven) break
    }
    await settings(dave, '--on-trouble', 'store-marked')
  })
  after(async () => {
    await site[Symbol.asyncDispose]()
    ring.close()
  })

  it('LMTP: what FETCH answers is opened by gpg and by openssl cms, and is what was delivered', async () => {
    for (const [address, open] of [
      [alice, (stored: Buffer) => ring.openByGpg(stored)],
      [bob, (stored: Buffer) => ring.openByOpenssl(stored, 'p256-cert')],
    ] as const) {
      const message = mail('wire', address)
      assert.match(await deliver(address, message), /^250 2\.0\.0 /)
      using session = await login(address)
      const stored = await last(session, 'INBOX')
      assert.equal(stored.includes(secretWords), false)
      delivered(open(stored), message)
      assert.match(
        text(await session.ok('FETCH * RFC822.SIZE')),
        new RegExp(`RFC822.SIZE ${stored.length}\\)`),
      )
      await session.logout()
    }
  })

  it('IMAP: structure, preview and search of sealed mail say nothing of what is inside', async () => {
    using session = await login(alice)
    await session.ok('SELECT INBOX')
    const answer = await session.ok('FETCH * (BODYSTRUCTURE ENVELOPE PREVIEW)')
    assert.match(
      text(answer),
      /BODYSTRUCTURE \(\("application" "pgp-encrypted" .*"encrypted" \(.*"application\/pgp-encrypted"/i,
    )
    assert.match(text(answer), /"wire"/)
    assert.doesNotMatch(
      text(answer) + answer.untagged.flatMap(({ literals }) => literals).join(''),
      /Attack|dawn/,
    )
    for (const [query, isFound] of [
      ['BODY "Attack at dawn"', false],
      ['TEXT "Attack"', false],
      ['SUBJECT "wire"', true],
      ['FROM "bob@example.net"', true],
      ['HEADER X-Letterlock-Sealed openpgp', true],
    ] as const)
      assert.equal(/\* SEARCH \d/.test(text(await session.ok(`SEARCH ${query}`))), isFound, query)
    await session.logout()
    using bobs = await login(bob)
    await bobs.ok('SELECT INBOX')
    const structure = text(await bobs.ok('FETCH * BODYSTRUCTURE'))
    assert.match(structure, /"application" "pkcs7-mime" \(.*"smime-type" "enveloped-data"/i)
    await bobs.logout()
  })

  it('IMAP: the subject is inside with protected headers, and SEARCH does not find it', async () => {
    await settings(alice, '--protect-headers', 'yes')
    assert.match(await deliver(alice, mail('Unspeakable subject', alice)), /^250 /)
    using session = await login(alice)
    const stored = await last(session, 'INBOX')
    assert.match(stored.toString('latin1'), /^Subject: \.\.\.\r$/m)
    assert.match(ring.openByGpg(stored).toString(), /^Subject: Unspeakable subject\r$/m)
    assert.doesNotMatch(text(await session.ok('SEARCH TEXT "Unspeakable subject"')), /SEARCH \d/)
    await session.logout()
    await settings(alice, '--protect-headers', 'no')
  })

  it('APPEND leaves alone what is stored by a client where append is off', async () => {
    using session = await login(alice)
    const message = mail('mine', alice)
    await session.ok('APPEND Sent (\\Seen) ', message)
    assert.deepEqual(await last(session, 'Sent'), message)
    await session.logout()
  })

  it('APPEND, MULTIAPPEND, CATENATE and REPLACE seal where append is on; drafts stay, and COPY and MOVE change nothing', async () => {
    using session = await login(bob)
    const open = (stored: Buffer): Buffer => ring.openByOpenssl(stored, 'p256-cert')
    const [one, two, three, four] = ['one', 'two', 'three', 'four'].map((name) => mail(name, bob)) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ]
    await session.ok('APPEND Sent (\\Seen) ', one)
    assert.deepEqual(open(await last(session, 'Sent')), one)
    const both = await session.ok('APPEND Archive ', two, ' (\\Flagged) ', three)
    assert.match(both.status, /\[APPENDUID \d+ 1:2\]/)
    await session.ok('SELECT Archive')
    assert.deepEqual(open(await fetched(session, '1')), two)
    assert.deepEqual(open(await fetched(session, '2')), three)
    assert.match(text(await session.ok('UID FETCH 2 FLAGS')), /\\Flagged/)
    // CATENATE puts plain text and a part of a readable draft together (RFC 4469).
    const draft = mail('a draft', bob, 'Words of the draft.')
    const drafted = await session.ok('APPEND Drafts (\\Draft) ', draft)
    await session.ok('SELECT Drafts')
    assert.deepEqual(await fetched(session, uidOf(drafted)), draft)
    const head = Buffer.from(`From: <${from}>\r\nSubject: put together\r\n\r\n`)
    const whole = await session.ok(
      'APPEND Sent CATENATE (TEXT ',
      head,
      ` URL "/Drafts/;UID=${uidOf(drafted)}/;SECTION=TEXT")`,
    )
    await session.ok('SELECT Sent')
    assert.deepEqual(
      open(await fetched(session, uidOf(whole))),
      Buffer.concat([head, Buffer.from('Words of the draft.\r\n')]),
    )
    // REPLACE in the same mailbox, then from Drafts to Sent, as a client sends a draft (RFC 8508).
    await session.ok('SELECT Archive')
    const replaced = await session.ok('UID REPLACE 1 Archive ', four)
    const fourth = /\[APPENDUID \d+ (\d+)\]/.exec(text(replaced) + replaced.status)?.[1] ?? ''
    assert.deepEqual(open(await fetched(session, fourth)), four)
    await session.ok('SELECT Drafts')
    await session.ok(`UID REPLACE ${uidOf(drafted)} Sent (\\Seen) `, mail('sent now', bob))
    assert.doesNotMatch(text(await session.ok('UID SEARCH ALL')), /SEARCH \d/)
    assert.deepEqual(open(await last(session, 'Sent')), mail('sent now', bob))
    // What is sealed goes as it is; what is not stays as it is (README).
    await session.ok('SELECT Archive')
    const before = await fetched(session, fourth)
    await session.ok(`UID COPY ${fourth} Junk`)
    await session.ok(`UID MOVE ${fourth} Trash`)
    for (const name of ['Junk', 'Trash']) assert.deepEqual(await last(session, name), before)
    const plain = await session.ok('APPEND Drafts (\\Draft) ', draft)
    await session.ok('SELECT Drafts')
    await session.ok(`UID COPY ${uidOf(plain)} Archive`)
    assert.deepEqual(await last(session, 'Archive'), draft)
    // Sealed mail that a client stores is not sealed twice.
    await session.ok('APPEND Archive ', before)
    assert.deepEqual(await last(session, 'Archive'), before)
    await session.logout()
  })

  it('imapflow and mailparser read it, and the OpenPGP part that they find opens', async () => {
    const messages = await readWithImapflow({
      imapsPort: site.ports.imaps,
      caFile: caFile(),
      address: alice,
      password,
    })
    const [first] = messages
    assert.ok(first)
    const parsed = await simpleParser(first)
    assert.equal(parsed.subject, 'wire')
    const part = parsed.attachments.find(({ contentType }) => contentType === 'application/octet-stream')
    delivered(ring.gpg(['--decrypt'], part?.content ?? Buffer.alloc(0)), mail('wire', alice))
  })

  it('mutt opens it with gpg', { skip: skipWithout('mutt', 'script') }, async () => {
    const own: Login = {
      imapsPort: site.ports.imaps,
      caFile: caFile(),
      address: alice,
      password,
    }
    const home = await makeHome(site.root, 'mutt', own)
    const saved = join(home, 'saved')
    const settingsFile = join(home, 'muttrc')
    await writeFile(
      settingsFile,
      `set imap_user = "${alice}"
set imap_pass = "${password}"
set certificate_file = "${own.caFile}"
set ssl_verify_host = no
set folder = "${home}"
set wait_key = no
set quit = yes
set move = no
set crypt_use_gpgme = yes
set pipe_decode = yes
unset mark_old
`,
      { mode: 0o600 },
    )
    const keys = `push "<first-entry><pipe-message>cat > ${saved}<enter><exit>"`
    const command = `GNUPGHOME=${ring.directory} mutt -n -F ${settingsFile} -f imaps://localhost:${own.imapsPort}/INBOX -e '${keys}'`
    await runProgram('script', ['--quiet', '--return', '--command', command, '/dev/null'], { home })
    const shown = (await readFile(saved)).toString()
    assert.match(shown, /^Subject: wire$/m)
    assert.match(shown, new RegExp(secretWords.replaceAll('.', '\\.')))
  })

  it('LMTP: 451 when the key has expired, or stored and marked where the owner wants that', async () => {
    // gpg keeps whole seconds.
    while (Date.now() <= shortLivedUntil + 2000) await delay(250)
    assert.match(await deliver(carol, mail('too late', carol)), /^451 4\.7\.5 /)
    assert.match(await deliver(dave, mail('marked', dave)), /^250 /)
    using session = await login(dave)
    await session.ok('EXAMINE INBOX')
    const found = text(await session.ok('SEARCH HEADER X-Letterlock-Not-Sealed expired'))
    const number = /\* SEARCH (\d+)/.exec(found)?.[1]
    assert.ok(number)
    const stored = octets(await session.ok(`FETCH ${number} BODY.PEEK[]`))
    assert.match(stored.toString(), /^X-Letterlock-Not-Sealed: every key has expired\r\n/)
    delivered(stored.subarray(stored.indexOf('\r\n') + 2), mail('marked', dave))
    await session.logout()
    using carols = await login(carol)
    await carols.ok('EXAMINE INBOX')
    assert.match(text(await carols.ok('SEARCH SUBJECT "has expired"')), /SEARCH \d/)
    assert.doesNotMatch(text(await carols.ok('SEARCH TEXT "dawn"')), /SEARCH \d/)
    // What a client appends is refused too, and said why.
    await settings(carol, '--append', 'yes')
    const refused = await carols.run('APPEND Sent ', mail('mine', carol))
    assert.match(refused.status, /^NO /)
    await carols.logout()
  })

  it('a key that its owner revokes is out of use at once: 451 until there is another; one that never was in use is refused in words', async () => {
    const key = ring.makeGpg('curve25519', 'revoked')
    await give(carol, key)
    assert.match(await deliver(carol, mail('in time', carol)), /^250 /)
    using session = await login(carol)
    delivered(ring.openByGpg(await last(session, 'INBOX')), mail('in time', carol))
    await session.logout()
    const certificate = join(ring.directory, 'openpgp-revocs.d', `${ring.gpgFingerprint('revoked')}.rev`)
    const revocation = (await readFile(certificate, 'utf8')).replace(':-----BEGIN', '-----BEGIN')
    ring.gpg(['--import'], Buffer.from(revocation))
    const revoked = ring.gpg(['--armor', '--export', 'revoked@example.org'])
    await assert.rejects(give(dave, revoked), /revoked/i)
    await give(carol, revoked)
    assert.match(await deliver(carol, mail('too late again', carol)), /^451 4\.7\.5 /)
    await give(carol, ring.makeGpg('p256', 'next'))
    assert.match(await deliver(carol, mail('sealed again', carol)), /^250 /)
  })

  it('LMTP: 451 when the record of keys was taken off the disk, and the log and the audit log say so', async () => {
    assert.match(await deliver(erin, mail('before', erin)), /^250 /)
    await site.stop()
    const store = await openLevelStore(join(site.dataDir, 'store'), {})
    const siteKey = SiteKey.fromBytes(await readFile(join(site.dataDir, 'site.key')))
    const entry = await findEntry({ store, siteKey }, erin)
    assert.ok(entry)
    const parts = { store, siteKey, clock: systemClock, log: silentLog, audit: noAudit, escrow: noEscrow }
    // Beside an arrival, so that nothing else is amiss.
    await deliverNotice(parts, entry.account, mail('by the way', erin, 'Nothing.'), async (tx) =>
      tx.delete(sealingKey),
    )
    await store.close()
    await site.start()
    assert.match(await deliver(erin, mail('refused', erin)), /^451 4\.3\.5 /)
    assert.ok(site.log.includes('pubkey.record-refused'))
    assert.match(
      await readFile(join(site.dataDir, 'audit.log'), 'utf8'),
      /"event":"keys\.public-refused","address":"erin@/,
    )
  })
})
