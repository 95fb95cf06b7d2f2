import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { inspectKeyFile } from '../../src/pubkey/inspect.ts'
import { BadKey, type FoundKey } from '../../src/pubkey/public-key.ts'
import { inspectInThread } from '../../src/pubkey/sealer.ts'
import { skipWithout } from '../support/programs.ts'
import { KeyRing } from './keys.ts'

const dayMs = 24 * 3600 * 1000

describe('a file of keys', { skip: skipWithout('gpg', 'openssl') }, () => {
  const ring = new KeyRing()
  const now = Date.now()
  let armored: Buffer
  let pem: Buffer
  before(() => {
    armored = ring.makeGpg('curve25519')
    pem = ring.makeCertificate('p256-cert')
  })
  after(() => ring.close())

  const der = (): Buffer => ring.openssl(['x509', '-in', ring.path('p256-cert.pem'), '-outform', 'DER'])
  const binary = (): Buffer => ring.gpg(['--export', 'curve25519@example.org'])
  const only = async (file: Uint8Array, at = now): Promise<FoundKey> => {
    const [key] = await inspectKeyFile(file, at)
    assert.ok(key)
    return key
  }

  it('is read in every form, with the same outcome', async () => {
    const key = await only(armored)
    assert.equal(key.problem, undefined)
    assert.equal(key.algorithm, 'Curve25519')
    assert.deepEqual(key.names, ['curve25519 <curve25519@example.org>'])
    assert.equal(key.fingerprint.toUpperCase(), ring.gpgFingerprint('curve25519'))
    const utf16 = Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(armored.toString('latin1'), 'utf16le')])
    for (const file of [binary(), utf16, Buffer.concat([Buffer.from('words before\n'), armored])])
      assert.equal((await only(file)).fingerprint, key.fingerprint)
    const certificate = await only(pem)
    assert.equal(certificate.problem, undefined)
    assert.equal(certificate.algorithm, 'P-256')
    const bag = ring.openssl(['crl2pkcs7', '-nocrl', '-certfile', ring.path('p256-cert.pem')])
    for (const file of [der(), bag]) assert.equal((await only(file)).fingerprint, certificate.fingerprint)
  })

  it('may hold several, of both kinds, each once', async () => {
    const second = ring.makeGpg('p256', 'second')
    const ringFile = ring.gpg(['--armor', '--export'])
    assert.equal((await inspectKeyFile(ringFile, now)).length, 2)
    const all = await inspectKeyFile(Buffer.concat([armored, second, armored, pem]), now)
    assert.deepEqual(
      all.map(({ kind }) => kind),
      ['openpgp', 'openpgp', 'smime'],
    )
  })

  it('that is unusable is told with the reason', async () => {
    const extended = ['-addext', 'extendedKeyUsage=serverAuth']
    const rows: readonly (readonly [RegExp, Buffer, number?])[] = [
      [/expired on/, ring.makeGpg('curve25519', 'short', '3d'), now + 4 * dayMs],
      [/can only sign/, ring.makeGpg('curve25519', 'signer', 'never', false)],
      [/expired on/, pem, now + 366 * dayMs],
      [/not valid yet/, pem, now - 30 * dayMs],
      [/not for mail/, ring.makeCertificate('p256-cert', 'server', ...extended)],
      [
        /signatures only/,
        ring.makeCertificate('p256-cert', 'signing', '-addext', 'keyUsage=digitalSignature'),
      ],
      [
        /signatures only/,
        ring.makeCertificate('rsa2048-cert', 'rsa-signing', '-addext', 'keyUsage=digitalSignature'),
      ],
      [/\(ed25519\) cannot be sealed to/, certificateOf('ed25519')],
      [/\(secp256k1\) cannot be sealed to/, certificateOf('ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1')],
      [/shorter than 2048/, certificateOf('rsa:1024')],
    ]
    for (const [expected, file, at] of rows) {
      const key = await only(file, at ?? now)
      assert.match(key.problem ?? 'none', expected)
      assert.equal(key.bytes.length, 0)
    }
    const user = 'revoked'
    ring.makeGpg('curve25519', user)
    const fingerprint = ring.gpgFingerprint(user)
    const revocation = readFileSync(ring.path(`openpgp-revocs.d/${fingerprint}.rev`), 'latin1').replace(
      /^:-----/m,
      '-----',
    )
    ring.gpg(['--import'], Buffer.from(revocation))
    assert.match((await only(ring.gpg(['--export', fingerprint]))).problem ?? 'none', /revoked/)
  })

  function certificateOf(...algorithm: readonly string[]): Buffer {
    const out = ring.path('odd.pem')
    const names = ['-subj', '/CN=odd', '-addext', 'subjectAltName=email:odd@example.org']
    ring.openssl([
      'req',
      '-x509',
      '-nodes',
      '-newkey',
      ...algorithm,
      '-keyout',
      ring.path('odd.key'),
      '-out',
      out,
      ...names,
    ])
    return readFileSync(out)
  }

  it('that holds a private key is refused and wiped, in every form', async () => {
    const key = ring.path('p256-cert.key')
    const p12 = ring.path('all.p12')
    ring.openssl([
      'pkcs12',
      '-export',
      '-in',
      ring.path('p256-cert.pem'),
      '-inkey',
      key,
      '-out',
      p12,
      '-passout',
      'pass:x',
    ])
    const forms = [
      ring.gpg(['--armor', '--export-secret-keys', 'curve25519@example.org']),
      ring.gpg(['--export-secret-keys', 'curve25519@example.org']),
      readFileSync(key),
      Buffer.concat([pem, readFileSync(key)]),
      ring.openssl(['pkey', '-in', key, '-outform', 'DER']),
      ring.openssl(['ec', '-in', key, '-outform', 'DER']),
      ring.openssl(['pkcs8', '-topk8', '-in', key, '-outform', 'DER', '-passout', 'pass:x']),
      readFileSync(p12),
      // Behind a public key: found when the packets are read.
      Buffer.concat([binary(), ring.gpg(['--export-secret-keys', 'curve25519@example.org'])]),
    ]
    for (const [index, form] of forms.entries()) {
      const file = Buffer.from(form)
      await assert.rejects(inspectInThread(file, now), (error) => {
        assert.ok(error instanceof BadKey)
        assert.match(error.message, /private key/)
        return true
      })
      assert.ok(
        file.every((octet) => octet === 0),
        `form ${index} was not wiped`,
      )
    }
  })

  it('that is something else is named', async () => {
    const rows: readonly (readonly [RegExp, Buffer])[] = [
      [/empty/, Buffer.alloc(0)],
      [/1 MB/, Buffer.alloc(1024 * 1024 + 1, 0x30)],
      [/SSH key/, Buffer.from('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI alice')],
      [/encrypted message/, Buffer.from('-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\n')],
      [/bare public key/, ring.openssl(['pkey', '-in', ring.path('p256-cert.key'), '-pubout'])],
      [
        /bare public key/,
        ring.openssl(['pkey', '-in', ring.path('p256-cert.key'), '-pubout', '-outform', 'DER']),
      ],
      [
        /request/,
        Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n'),
      ],
      [/cut short/, armored.subarray(0, armored.length - 60)],
      [/cut short/, der().subarray(0, 200)],
      [/not base64/, Buffer.from('-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n')],
      [/neither/, Buffer.from('hello')],
      [/more than 64/, Buffer.concat(Array.from({ length: 65 }, () => pem))],
    ]
    for (const [expected, file] of rows)
      await assert.rejects(
        inspectKeyFile(file, now),
        (error) => error instanceof BadKey && expected.test(error.message),
        String(expected),
      )
  })

  it('that is damaged or hostile is refused in words, or its keys can still be sealed to: fuzz', async () => {
    const given = process.env['LETTERLOCK_FUZZ_SECONDS']
    const seconds = Number(given ?? 3)
    const seeds = [binary(), der(), armored, pem]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.option(fc.nat()),
        async (seed, changes, cut) => {
          const file = Buffer.from(seed)
          for (const [at, octet] of changes) file[at % file.length] = octet
          const end = cut === null ? file.length : cut % file.length
          try {
            for (const key of await inspectKeyFile(file.subarray(0, end), now))
              assert.equal(key.bytes.length > 0, key.problem === undefined)
          } catch (error) {
            assert.ok(error instanceof BadKey, error instanceof Error ? error.stack : 'not an error')
          }
        },
      ),
      {
        ...{ interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false },
        ...(given === undefined ? { numRuns: 100_000, seed: 5 } : { numRuns: 1e8 }),
      },
    )
  })
})
