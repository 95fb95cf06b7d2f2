// The table of Stalwart's page on encryption at rest and of the complaints about it: one row, one test. STALWART.md is checked against it.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { readFileSync } from 'node:fs'
import { openAccounts } from '../../src/account/accounts.ts'
import type { Accounts, OpenAccount } from '../../src/account/api.ts'
import { isRefusal } from '../../src/account/errors.ts'
import { defaultSealing, type SiteSealing } from '../../src/account/sealing.ts'
import { silentLog } from '../../src/base/ports.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'
import { isEncrypted } from '../../src/pubkey/detect.ts'
import { inspectKeyFile } from '../../src/pubkey/inspect.ts'
import { sealMessageTo } from '../../src/pubkey/seal.ts'
import { openMemoryStore } from '../../src/store/memory/memory-store.ts'
import {
  alice,
  cheapKdf,
  chunks,
  deliverTo,
  mail,
  makeSite,
  password,
  readAll,
  session,
  type TestSite,
} from '../account/support.ts'
import { skipWithout } from '../support/programs.ts'
import { KeyRing } from './keys.ts'

const address = 'alice@example.org'
const words = 'Attack at dawn.'
const owner = {
  kind: 'password',
  get password() {
    return password()
  },
} as const

const ring = new KeyRing()
const strangers = new KeyRing()
let openPgp: Buffer
let certificate: Buffer

interface Row {
  readonly says: string
  readonly here: string
  readonly check: () => Promise<void>
}

async function siteWith(key: Buffer | undefined, sealing?: SiteSealing): Promise<TestSite> {
  const site = await makeSite(sealing ? { sealing } : {})
  site.clock.time = Date.now()
  await (await alice(site)).close()
  if (key) await site.accounts.publicKeys.addPublicKeys(address, owner, key)
  return site
}

async function opened<T>(accounts: Accounts, task: (account: OpenAccount) => Promise<T>): Promise<T> {
  const account = await accounts.login(address, password(), session)
  try {
    return await task(account)
  } finally {
    await account.close()
  }
}

const newest = (accounts: Accounts, name = 'INBOX'): Promise<Buffer> =>
  opened(accounts, async (account) => {
    const mailbox = await account.select(name, { isReadOnly: true })
    const uid = mailbox.uids().at(-1)
    assert.ok(uid)
    const bytes = await readAll(mailbox, uid)
    mailbox.close()
    return bytes
  })

async function stored(key: Buffer | undefined, message: Buffer, sealing?: SiteSealing): Promise<Buffer> {
  const site = await siteWith(key, sealing)
  await deliverTo(site.accounts, address, message)
  const bytes = await newest(site.accounts)
  await site.accounts.close()
  return bytes
}

const appended = async (sealing: SiteSealing): Promise<Buffer> => {
  const site = await siteWith(openPgp, sealing)
  await opened(site.accounts, async (account) => {
    await account.append('Sent', chunks(mail('mine', words)), { flags: ['\\Seen'] })
  })
  const bytes = await newest(site.accounts, 'Sent')
  await site.accounts.close()
  return bytes
}

const rows: readonly Row[] = [
  {
    says: 'Plain-text messages are encrypted with the OpenPGP key or S/MIME certificate of the user before they are written to disk.',
    here: 'So they are, and then sealed to the account as all mail is; the message inside is the delivered one, octet for octet.',
    async check() {
      const message = mail('plain', words)
      assert.deepEqual(ring.openByGpg(await stored(openPgp, message)), message)
      assert.deepEqual(ring.openByOpenssl(await stored(certificate, message), 'p256-cert'), message)
    },
  },
  {
    says: 'Only the recipient, who holds the private key, can decrypt them.',
    here: 'A program with another private key does not open them.',
    async check() {
      const bytes = await stored(openPgp, mail('plain', words))
      assert.throws(() => strangers.openByGpg(bytes))
    },
  },
  {
    says: 'Not even administrators, who have the data of the system, can read them; whoever gets in finds unintelligible text.',
    here: 'Neither the site’s key nor the owner’s password gives more than the sealed message, which the search text does not hold either. What came before the key is readable to whoever opens the account until it is sealed; mail is readable in memory as it comes (THREATS.md).',
    async check() {
      const site = await siteWith(openPgp)
      await deliverTo(site.accounts, address, mail('plain', words))
      const bytes = await newest(site.accounts)
      assert.ok(isEncrypted(bytes))
      assert.equal(bytes.includes('Attack'), false)
      await site.accounts.close()
    },
  },
  {
    says: 'Encryption at rest is on by default.',
    here: 'The same for own keys. Besides, every message is sealed to its account without any key of the owner’s.',
    async check() {
      assert.equal(defaultSealing.isEnabled, true)
    },
  },
  {
    says: 'All incoming messages are encrypted, provided that the user has uploaded a key.',
    here: 'Without one they are stored under the account’s own seal alone.',
    async check() {
      const message = mail('plain', words)
      assert.deepEqual(await stored(undefined, message), message)
    },
  },
  {
    says: '`storage.encryption.enable = false` switches it off.',
    here: 'The same; but the message says so (`X-Letterlock-Not-Sealed`) and the owner is told once.',
    async check() {
      const store = openMemoryStore()
      const site = await makeSite({}, store)
      site.clock.time = Date.now()
      await (await alice(site)).close()
      await site.accounts.publicKeys.addPublicKeys(address, owner, openPgp)
      await site.accounts.close()
      const off = await openAccounts({
        ...{ store, siteKey: site.siteKey, clock: site.clock, log: silentLog, kdf: cheapKdf },
        gate: new KdfGate({ parallel: 2, queue: 64, minimumMemoryKiB: 8 }),
        sealing: { ...defaultSealing, isEnabled: false },
      })
      await deliverTo(off, address, mail('plain', words))
      const found = await opened(off, async (account) => {
        const inbox = await account.select('INBOX', { isReadOnly: true })
        return Promise.all(inbox.uids().map(async (uid) => (await readAll(inbox, uid)).toString()))
      })
      assert.ok(found.some((text) => text.startsWith('X-Letterlock-Not-Sealed: the site has switched')))
      assert.ok(found.some((text) => /^Subject: Mail is not sealed to your own key any more/m.test(text)))
      await off.close()
    },
  },
  {
    says: 'Messages that the user appends are not encrypted by default.',
    here: 'The same.',
    async check() {
      assert.deepEqual(await appended(defaultSealing), mail('mine', words))
    },
  },
  {
    says: '`storage.encryption.append = true` encrypts them too.',
    here: 'The same, per account as well, in APPEND, MULTIAPPEND, CATENATE and REPLACE; drafts can be left out.',
    async check() {
      assert.deepEqual(
        ring.openByGpg(await appended({ ...defaultSealing, append: true })),
        mail('mine', words),
      )
    },
  },
  {
    says: '#95: a file of several keys was accepted, and after an update delivery failed (“is this a keyring?”) until the key was uploaded again.',
    here: 'Each key of a file stands alone and is kept as packets that were sealed to once; what cannot be sealed gets 451, and owner and admin are told.',
    async check() {
      const file = Buffer.concat([openPgp, ring.makeGpg('p256', 'second')])
      assert.equal((await inspectKeyFile(file, Date.now())).length, 2)
      const message = mail('to both keys', words)
      assert.deepEqual(ring.openByGpg(await stored(file, message)), message)
    },
  },
  {
    says: '#109: the subject stays readable.',
    here: '`--protect-headers yes`: it goes inside (RFC 9788), and the outer one is “...”.',
    async check() {
      const site = await siteWith(openPgp)
      await site.accounts.publicKeys.setSealing(address, owner, { protectHeaders: true })
      await deliverTo(site.accounts, address, mail('Unspeakable plans', words))
      const bytes = await newest(site.accounts)
      assert.match(bytes.toString('latin1'), /^Subject: \.\.\.\r$/m)
      assert.match(ring.openByGpg(bytes).toString(), /^Subject: Unspeakable plans\r$/m)
      await site.accounts.close()
    },
  },
  {
    says: '#116: messages that were there before stay readable.',
    here: '`atrest pubkey seal-existing`: resumable; an original goes only when what takes its place was opened and read back from the disk.',
    async check() {
      const site = await siteWith(undefined)
      const before = mail('before', words)
      await deliverTo(site.accounts, address, before)
      await site.accounts.publicKeys.addPublicKeys(address, owner, openPgp)
      await (
        await site.accounts.publicKeys.sealExistingMail(address, owner)
      ).finished
      assert.deepEqual(ring.openByGpg(await newest(site.accounts)), before)
      await site.accounts.close()
    },
  },
  {
    says: '#161: its text was not to be found. Its neighbours are about keys that are accepted and then stop mail, so that is what is answered.',
    here: 'A key that ends, or that nothing can be sealed to any more, gives 451 or, where the owner wants that, a marked message; never one that could be read and looks sealed, never silence.',
    async check() {
      const site = await siteWith(ring.makeGpg('curve25519', 'brief', '10d'))
      site.clock.time += 11 * 24 * 3600 * 1000
      await assert.rejects(deliverTo(site.accounts, address, mail('late', words)), (error) =>
        isRefusal(error, 'key-trouble'),
      )
      assert.match((await newest(site.accounts)).toString(), /^Subject: Your OpenPGP key has expired/m)
      await site.accounts.publicKeys.setSealing(address, owner, { onTrouble: 'store-marked' })
      await deliverTo(site.accounts, address, mail('late', words))
      assert.match(
        (await newest(site.accounts)).toString(),
        /^X-Letterlock-Not-Sealed: every key has expired\r\n/,
      )
      await site.accounts.close()
    },
  },
  {
    says: '#203: encrypted messages came truncated, because IMAP used the offsets of the original.',
    here: 'Sizes, structure and parts are those of what is stored, for messages longer and shorter than their sealed form.',
    async check() {
      for (const message of [
        mail('short', 'x'),
        mail('long', `${'0123456789'.repeat(7)}\r\n`.repeat(9000)),
      ]) {
        const site = await siteWith(openPgp)
        await deliverTo(site.accounts, address, message)
        await opened(site.accounts, async (account) => {
          const inbox = await account.select('INBOX', { isReadOnly: true })
          const [uid] = inbox.uids()
          assert.ok(uid)
          const bytes = await readAll(inbox, uid)
          assert.equal(inbox.state(uid)?.sizeBytes, bytes.length)
          const begin = bytes.indexOf('-----BEGIN PGP MESSAGE-----')
          const end = bytes.indexOf('-----END PGP MESSAGE-----\r\n') + 27
          const structure = (await inbox.content(uid))?.bodyStructure?.toString() ?? ''
          assert.match(structure, new RegExp(`"octet-stream" .* ${end - begin} `, 'i'))
          assert.deepEqual(ring.openByGpg(bytes.subarray(begin, end)), message)
        })
        await site.accounts.close()
      }
    },
  },
  {
    says: '#1083: what was encrypted by its sender is encrypted a second time.',
    here: 'It is left alone in every form (detect.test.ts); what only says that it is encrypted is sealed.',
    async check() {
      const [key] = await inspectKeyFile(openPgp, Date.now())
      assert.ok(key)
      const options = {
        protectHeaders: false,
        smimeCipher: 'cbc',
        isVerified: false,
        now: Date.now(),
      } as const
      const sent = await sealMessageTo(mail('end to end', words), { keys: [key], ...options })
      assert.ok(sent)
      assert.deepEqual(await stored(openPgp, sent), sent)
      assert.deepEqual(await stored(certificate, sent), sent)
    },
  },
  {
    says: '#2868, and before it: a certificate of an elliptic curve is accepted and fails at delivery, or is not taken at all.',
    here: 'P-256, P-384 and P-521 are sealed to; other curves are refused at upload, in words; a trial seal decides.',
    async check() {
      for (const name of ['p256-cert', 'p384-cert', 'p521-cert'] as const) {
        const message = mail(name, words)
        assert.deepEqual(ring.openByOpenssl(await stored(ring.makeCertificate(name), message), name), message)
      }
      const other = ['ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1']
      ring.openssl([
        ...['req', '-x509', '-nodes', '-days', '9', '-newkey', ...other, '-subj', '/CN=k1'],
        ...['-addext', 'subjectAltName=email:k1@example.org'],
        ...['-keyout', ring.path('k1.key'), '-out', ring.path('k1.pem')],
      ])
      await assert.rejects(siteWith(readFileSync(ring.path('k1.pem'))), (error) =>
        isRefusal(error, 'bad-key'),
      )
    },
  },
]

describe('Stalwart’s page and its complaints', { skip: skipWithout('gpg', 'openssl') }, () => {
  before(() => {
    openPgp = ring.makeGpg('curve25519')
    strangers.makeGpg('curve25519')
    certificate = ring.makeCertificate('p256-cert')
  })
  after(() => {
    ring.close()
    strangers.close()
  })

  for (const { says, check } of rows) it(says, check)

  it('are written in STALWART.md as they are here', () => {
    const root = new URL('../../../', import.meta.url)
    const lines = readFileSync(new URL('src/pubkey/STALWART.md', root), 'utf8').split('\n')
    const table = lines.filter((line) => line.startsWith('| ')).slice(2)
    assert.deepEqual(
      table,
      rows.map(({ says, here }) => `| ${says} | ${here} |`),
    )
  })
})
