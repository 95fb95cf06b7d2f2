import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { generate } from 'selfsigned'
import { endPointBinding } from '../../src/crypto/certificate.ts'
import { UnsupportedVersion } from '../../src/crypto/errors.ts'
import { saslPrepared } from '../../src/crypto/saslprep.ts'
import { isScramPassword, provenClientKey, scramKeys, serverSignature } from '../../src/crypto/scram.ts'
import { scramSaltFor } from '../../src/crypto/scram-verifier.ts'
import { SiteKey } from '../../src/crypto/site-key.ts'

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

describe('SCRAM-SHA-256', () => {
  // RFC 7677 §3.
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
  const authMessage = Buffer.from(
    `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${nonce}`,
  )
  const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64')

  it('gives back the client key from the proof of RFC 7677, and signs as it says', async () => {
    using keys = await scramKeys(Buffer.from('pencil'), salt, 4096)
    assert.ok(keys)
    assert.deepEqual(provenClientKey(keys.storedKey, authMessage, proof), keys.clientKey)
    assert.equal(
      serverSignature(keys.serverKey, authMessage).toString('base64'),
      '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    )
  })

  it('takes no other proof, and none for another message', async () => {
    using keys = await scramKeys(Buffer.from('pencil'), salt, 4096)
    assert.ok(keys)
    const flipped = Buffer.from(proof)
    flipped[31] = (flipped[31] ?? 0) ^ 1
    for (const other of [
      flipped,
      Buffer.alloc(32),
      Buffer.alloc(0),
      proof.subarray(1),
      Buffer.concat([proof, proof]),
    ])
      assert.equal(provenClientKey(keys.storedKey, authMessage, other), undefined)
    assert.equal(provenClientKey(keys.storedKey, authMessage.subarray(1), proof), undefined)
  })

  it('refuses iterations beyond the limits before any work', async () => {
    for (const iterations of [0, 1, 4095, 10_000_001, 2 ** 32])
      await assert.rejects(scramKeys(Buffer.from('pencil'), salt, iterations), UnsupportedVersion)
  })

  it('tells the same salt for the same name at the same site only', () => {
    const [here, there] = [SiteKey.make().siteKey, SiteKey.make().siteKey]
    const told = scramSaltFor(here, 'nobody@example.org')
    assert.equal(told.length, 16)
    assert.deepEqual(scramSaltFor(here, 'nobody@example.org'), told)
    assert.notDeepEqual(scramSaltFor(here, 'nobody@example.net'), told)
    assert.notDeepEqual(scramSaltFor(there, 'nobody@example.org'), told)
  })
})

describe('SASLprep', () => {
  const rows: readonly [name: string, given: string | Buffer, prepared: string | undefined][] = [
    // RFC 4013 §3.
    ['a soft hyphen', 'I\u00adX', 'IX'],
    ['nothing to do', 'user', 'user'],
    ['case', 'USER', 'USER'],
    ['a compatibility form', '\u00aa', 'a'],
    ['a numeral', '\u2168', 'IX'],
    ['a control character', '\u0007', undefined],
    ['directions mixed', '\u0627\u0031', undefined],
    ['a space that is none of ASCII', 'a\u00a0b', 'a b'],
    ['another form of the same letters', 'cafe\u0301', 'caf\u00e9'],
    ['right to left', '\u0627\u0031\u0628', '\u0627\u0031\u0628'],
    ['a character beyond the first plane that Unicode 3.2 has not', 'a\u{1f600}', undefined],
    ['DEL', 'a\u007f', undefined],
    ['what is not UTF-8', Buffer.from('caf\u00e9', 'latin1'), undefined],
    ['what becomes nothing', '\u00ad', undefined],
    ['nothing', '', undefined],
    ['NUL', 'a\0b', undefined],
  ]
  for (const [name, given, prepared] of rows)
    it(`does to ${name} what RFC 4013 says`, async () => {
      const bytes = Buffer.from(given)
      assert.equal((await saslPrepared(bytes))?.toString('utf8'), prepared)
      assert.equal(await isScramPassword(bytes), prepared !== undefined)
    })
})

describe('the end point of a certificate', () => {
  const kinds = [
    ['rsa', 'sha1', 'sha256'],
    ['rsa', 'sha256', 'sha256'],
    ['rsa', 'sha384', 'sha384'],
    ['rsa', 'sha512', 'sha512'],
    ['ec', 'sha256', 'sha256'],
  ] as const
  for (const [keyType, algorithm, used] of kinds)
    it(`is its hash by the function of its signature: ${keyType} with ${algorithm}`, async () => {
      const { cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
        ...(keyType === 'ec' ? { keyType, curve: 'P-256' } : { keyType, keySize: 2048 }),
        algorithm,
      })
      const { raw } = new X509Certificate(cert)
      assert.deepEqual(endPointBinding(raw), createHash(used).update(raw).digest())
    })

  it('is nothing for what is no certificate, or cut short', async () => {
    const { cert } = await generate([{ name: 'commonName', value: 'x' }], { keyType: 'ec', curve: 'P-256' })
    const { raw } = new X509Certificate(cert)
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('30', 'hex'),
      Buffer.from('3084ffffffff', 'hex'),
      sha256(raw),
      raw.subarray(0, 40),
    ])
      assert.equal(endPointBinding(bytes), undefined)
  })
})
