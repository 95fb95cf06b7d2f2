// Other people's implementations beside gpg and openssl: Sequoia, RNP and gpgsm open what was sealed, octet for octet. (PKI.js opens nothing of
// elliptic curves under Node, not even what openssl made, and knows no PKCS#1 v1.5.)
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { inspectKeyFile } from '../../src/pubkey/inspect.ts'
import type { FoundKey } from '../../src/pubkey/public-key.ts'
import { sealMessageTo } from '../../src/pubkey/seal.ts'
import { skipWithout } from '../support/programs.ts'
import { KeyRing, type CertificateKey, type GpgKey } from './keys.ts'
import { originals } from './messages.ts'

const gpgNames: readonly GpgKey[] = ['rsa2048', 'curve25519', 'p256']
const certificateNames: readonly CertificateKey[] = ['rsa2048-cert']

const run = (program: string, words: readonly string[], input?: Buffer): Buffer =>
  execFileSync(program, words, { stdio: ['pipe', 'pipe', 'ignore'], ...(input ? { input } : {}) })

/** The octets of a base64 part that stands behind the header. */
const cmsOf = (stored: Buffer): Buffer =>
  Buffer.from(stored.toString('latin1', stored.indexOf('\r\n\r\n') + 4), 'base64')

const armorOf = (stored: Buffer): Buffer => stored.subarray(stored.indexOf('-----BEGIN PGP MESSAGE-----'))

describe(
  'what was sealed is opened by programs of others too',
  { skip: skipWithout('gpg', 'openssl') },
  () => {
    const ring = new KeyRing()
    const keys = new Map<string, FoundKey>()
    before(async () => {
      for (const name of [...gpgNames, ...certificateNames]) {
        const isGpg = (gpgNames as readonly string[]).includes(name)
        const file = isGpg ? ring.makeGpg(name as GpgKey) : ring.makeCertificate(name as CertificateKey)
        const [key] = await inspectKeyFile(file, Date.now())
        if (key) keys.set(name, key)
      }
      for (const name of gpgNames)
        writeFileSync(ring.path(`${name}.secret`), ring.gpg(['--export-secret-keys', `${name}@example.org`]))
    })
    after(() => ring.close())

    async function sealed(message: Buffer, ...names: readonly string[]): Promise<Buffer> {
      const used = names.map((name) => keys.get(name)).filter((key) => key !== undefined)
      assert.equal(used.length, names.length)
      const options = {
        protectHeaders: false,
        smimeCipher: 'cbc',
        isVerified: false,
        now: Date.now(),
      } as const
      const made = await sealMessageTo(message, { keys: used, ...options })
      assert.ok(made)
      return made
    }

    it('Sequoia', { skip: skipWithout('sq') }, async () => {
      for (const [what, original] of originals) {
        const stored = armorOf(await sealed(original, ...gpgNames))
        for (const name of gpgNames)
          assert.deepEqual(
            run('sq', ['decrypt', '--recipient-key', ring.path(`${name}.secret`)], stored),
            original,
            what,
          )
      }
    })

    it('RNP', { skip: skipWithout('rnp', 'rnpkeys') }, async () => {
      for (const name of gpgNames) {
        const home = ring.path(`rnp-${name}`)
        mkdirSync(home, { mode: 0o700 })
        run('rnpkeys', ['--homedir', home, '--import-key', ring.path(`${name}.secret`)])
        for (const [what, original] of originals) {
          writeFileSync(ring.path('in.asc'), armorOf(await sealed(original, name)))
          run('rnp', [
            ...['--homedir', home, '--password', '', '--overwrite', '--output', ring.path('out')],
            ...['--decrypt', ring.path('in.asc')],
          ])
          assert.deepEqual(readFileSync(ring.path('out')), original, `${name}, ${what}`)
        }
      }
    })

    it('gpgsm, RSA', { skip: skipWithout('gpgsm') }, async () => {
      ring.startAgent()
      const env = { ...process.env, GNUPGHOME: ring.directory }
      const gpgsm = (words: readonly string[], input?: Buffer): Buffer =>
        execFileSync('gpgsm', ['--batch', '--quiet', '--no-tty', '--pinentry-mode', 'loopback', ...words], {
          env,
          stdio: ['pipe', 'pipe', 'ignore'],
          ...(input ? { input } : {}),
        })
      const name = 'rsa2048-cert'
      const p12 = ring.openssl([
        ...['pkcs12', '-export', '-passout', 'pass:x', '-in', ring.path(`${name}.pem`)],
        ...['-inkey', ring.path(`${name}.key`), '-out', ring.path('both.p12')],
        ...['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
      ])
      assert.equal(p12.length, 0)
      const passphrase = ['--passphrase-fd', '0']
      gpgsm([...passphrase, '--import', ring.path('both.p12')], Buffer.from('x'))
      for (const [what, original] of originals) {
        writeFileSync(ring.path('in.der'), cmsOf(await sealed(original, name)))
        const opened = gpgsm([...passphrase, '--decrypt', ring.path('in.der')], Buffer.from('x'))
        assert.deepEqual(opened, original, what)
      }
    })
  },
)
