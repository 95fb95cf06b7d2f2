import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { decrypt, readMessage, readPrivateKey } from 'openpgp'
import { isEncrypted } from '../../src/pubkey/detect.ts'
import { innerMessage } from '../../src/pubkey/entity.ts'
import { inspectKeyFile } from '../../src/pubkey/inspect.ts'
import type { FoundKey } from '../../src/pubkey/public-key.ts'
import { sealMessageTo, type SealOptions } from '../../src/pubkey/seal.ts'
import { sealInThread } from '../../src/pubkey/sealer.ts'
import { loadCorpus } from '../e2e/corpus.ts'
import { skipWithout } from '../support/programs.ts'
import { KeyRing, type CertificateKey, type GpgKey } from './keys.ts'
import { largeMessage, originals } from './messages.ts'

const gpgNames: readonly GpgKey[] = ['rsa2048', 'rsa4096', 'curve25519', 'p256']
const certificateNames: readonly CertificateKey[] = [
  ...(['rsa2048-cert', 'rsa4096-cert', 'p256-cert', 'p384-cert', 'p521-cert'] as const),
]

const options = (keys: readonly FoundKey[], more: Partial<SealOptions> = {}): SealOptions => ({
  ...{ keys, protectHeaders: false, smimeCipher: 'cbc', isVerified: false, now: Date.now() },
  ...more,
})

async function sealed(
  message: Buffer,
  keys: readonly FoundKey[],
  more: Partial<SealOptions> = {},
): Promise<Buffer> {
  const made = await sealMessageTo(message, options(keys, more))
  assert.ok(made && isEncrypted(made))
  return made
}

/** Types of the parts, and fields of the header, as Python's email library reads them. */
const reader = `
import email, email.policy, json, sys
m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.compat32)
print(json.dumps({'types': [p.get_content_type() for p in m.walk()], 'fields': [k.lower() for k in m.keys()], 'defects': [type(d).__name__ for p in m.walk() for d in p.defects]}))
`

describe('what was sealed is opened by others', { skip: skipWithout('gpg', 'openssl', 'python3') }, () => {
  const ring = new KeyRing()
  const keys = new Map<string, FoundKey>()
  const of = (name: string): FoundKey => {
    const key = keys.get(name)
    if (!key) throw new Error(`no key ${name}`)
    return key
  }
  before(async () => {
    for (const name of gpgNames) {
      const [key] = await inspectKeyFile(ring.makeGpg(name), Date.now())
      if (key) keys.set(name, key)
    }
    for (const name of certificateNames) {
      const [key] = await inspectKeyFile(ring.makeCertificate(name), Date.now())
      if (key) keys.set(name, key)
    }
  })
  after(() => ring.close())

  for (const name of gpgNames) {
    it(`gpg, ${name}: the message as it was delivered`, async () => {
      for (const [what, original] of originals)
        assert.deepEqual(ring.openByGpg(await sealed(original, [of(name)])), original, what)
    })
  }

  for (const name of certificateNames) {
    for (const smimeCipher of ['cbc', 'gcm'] as const) {
      it(`openssl cms, ${name}, ${smimeCipher}: the message as it was delivered`, async () => {
        for (const [what, original] of originals) {
          const stored = await sealed(original, [of(name)], { smimeCipher })
          const type = smimeCipher === 'gcm' ? 'authEnveloped-data' : 'enveloped-data'
          assert.ok(stored.includes(`smime-type=${type}`))
          assert.deepEqual(ring.openByOpenssl(stored, name), original, what)
        }
      })
    }
  }

  it('each of several recipients, of RSA and elliptic curves together', async () => {
    const [, original = Buffer.alloc(0)] = originals[0] ?? []
    const byPgp = await sealed(original, gpgNames.map(of))
    for (const name of gpgNames) {
      const privateKey = await readPrivateKey({
        armoredKey: ring.gpg(['--armor', '--export-secret-keys', `${name}@example.org`]).toString(),
      })
      const armored = byPgp.toString('latin1', byPgp.indexOf('-----BEGIN PGP'))
      const message = await readMessage({ armoredMessage: armored })
      const opened = await decrypt({ message, decryptionKeys: privateKey, format: 'binary' })
      const data: unknown = opened.data
      assert.deepEqual(data instanceof Uint8Array && Buffer.from(data), original, name)
    }
    for (const smimeCipher of ['cbc', 'gcm'] as const) {
      const byCms = await sealed(original, certificateNames.map(of), { smimeCipher })
      for (const name of certificateNames) assert.deepEqual(ring.openByOpenssl(byCms, name), original, name)
    }
  })

  it('OpenPGP goes before S/MIME where there are both', async () => {
    const [, original = Buffer.alloc(0)] = originals[0] ?? []
    assert.deepEqual(ring.openByGpg(await sealed(original, [of('p256-cert'), of('curve25519')])), original)
  })

  it('protected headers: the subject is inside, and nothing within a signature was touched', async () => {
    for (const [what, original] of originals) {
      const stored = await sealed(original, [of('curve25519')], { protectHeaders: true })
      const header = stored.toString('latin1', 0, stored.indexOf('\r\n\r\n'))
      const inner = ring.openByGpg(stored)
      assert.deepEqual(inner, innerMessage(original, true), what)
      assert.equal(/^Subject:/m.test(header), /^Subject:/m.test(original.toString('latin1')))
      assert.doesNotMatch(header, /^Subject: (?!\.\.\.)/m)
      assert.match(inner.toString('latin1'), /hp="cipher"/)
      const body = original.indexOf('\r\n\r\n')
      if (body >= 0) assert.ok(inner.includes(original.subarray(body)), what)
    }
  })

  it('the outside parses, says that it was sealed, and has nothing of another mark', async () => {
    const at = ring.path('outer.eml')
    for (const [what, original] of originals) {
      for (const name of ['curve25519', 'p256-cert']) {
        const stored = await sealed(original, [of(name)])
        writeFileSync(at, stored)
        const read: unknown = JSON.parse(execFileSync('python3', ['-c', reader, at]).toString())
        const { types, fields, defects } = read as Record<'types' | 'fields' | 'defects', string[]>
        assert.deepEqual(defects, [], what)
        assert.deepEqual(
          types,
          name === 'curve25519'
            ? ['multipart/encrypted', 'application/pgp-encrypted', 'application/octet-stream']
            : ['application/pkcs7-mime'],
        )
        for (const once of ['x-letterlock-sealed', 'mime-version', 'content-type'])
          assert.equal(fields.filter((field) => field === once).length, 1, `${what}: ${once}`)
        assert.equal(fields[0], 'x-letterlock-sealed')
      }
    }
  })

  it('25 MB, in a thread, and small ones do not wait for it', async () => {
    const large = largeMessage()
    const [, small = Buffer.alloc(0)] = originals[0] ?? []
    for (const [name, open] of [
      ['curve25519', (stored: Buffer) => ring.openByGpg(stored)],
      ['p256-cert', (stored: Buffer) => ring.openByOpenssl(stored, 'p256-cert')],
    ] as const) {
      const order: string[] = []
      const slow = sealInThread(large, options([of(name)], { isVerified: true })).then((made) => {
        order.push('large')
        return made
      })
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          await sealInThread(small, options([of(name)]))
          order.push('small')
        }),
      )
      const stored = await slow
      assert.equal(order.at(-1), 'large')
      assert.ok(stored)
      assert.ok(open(stored).equals(large))
    }
  })

  it('messages of the corpus', async () => {
    const { messages } = loadCorpus()
    const step = Math.max(1, Math.floor(messages.length / 150))
    for (const [index, { name, bytes }] of messages.entries()) {
      if (index % step !== 0) continue
      for (const key of ['curve25519', 'p256-cert']) {
        const made = await sealMessageTo(bytes, options([of(key)], { isVerified: true }))
        if (!made) assert.ok(isEncrypted(bytes), name)
        else if (index % (step * 8) === 0)
          assert.deepEqual(
            key === 'curve25519' ? ring.openByGpg(made) : ring.openByOpenssl(made, key),
            bytes,
            name,
          )
      }
    }
  })
})
