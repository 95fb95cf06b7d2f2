// Keys and certificates of the tests, made by gpg and openssl in a directory of their own, and what those programs open with them.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Name of the key, and how gpg calls its algorithms for signing and encrypting. */
const gpgKeys = {
  rsa2048: ['rsa2048', 'rsa2048'],
  rsa4096: ['rsa4096', 'rsa4096'],
  curve25519: ['ed25519', 'cv25519'],
  p256: ['nistp256', 'nistp256'],
} as const

export type GpgKey = keyof typeof gpgKeys

const certificates = {
  'rsa2048-cert': ['rsa:2048'],
  'rsa4096-cert': ['rsa:4096'],
  'p256-cert': ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  'p384-cert': ['ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1'],
  'p521-cert': ['ec', '-pkeyopt', 'ec_paramgen_curve:secp521r1'],
} as const

export type CertificateKey = keyof typeof certificates

export class KeyRing {
  readonly directory: string
  readonly #gpgEnv: NodeJS.ProcessEnv
  #hasAgent = false

  constructor() {
    // gpg-agent's socket must fit into a path of 108 octets.
    this.directory = mkdtempSync(join(tmpdir(), 'll-pk-'))
    this.#gpgEnv = { ...process.env, GNUPGHOME: this.directory }
  }

  /** gpg starts an agent itself, but gives it five seconds, which a busy machine exceeds. This one listens when the command returns. */
  startAgent(): void {
    if (this.#hasAgent) return
    execFileSync('gpg-agent', ['--homedir', this.directory, '--daemon'], {
      env: this.#gpgEnv,
      stdio: 'ignore',
    })
    this.#hasAgent = true
  }

  gpg(args: readonly string[], input?: Uint8Array): Buffer {
    this.startAgent()
    return execFileSync('gpg', ['--batch', '--quiet', '--no-tty', ...args], {
      env: this.#gpgEnv,
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: 256 * 1024 * 1024,
      ...(input && { input }),
    })
  }

  openssl(args: readonly string[], input?: Uint8Array): Buffer {
    return execFileSync('openssl', args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: 256 * 1024 * 1024,
      ...(input && { input }),
    })
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  /** Makes a key for signing with a subkey for encryption; `expires` as gpg has it (`never`, `10d`). */
  makeGpg(name: GpgKey, user: string = name, expires = 'never', withSubkey = true): Buffer {
    const [sign, encrypt] = gpgKeys[name]
    this.gpg([
      '--passphrase',
      '',
      '--quick-generate-key',
      `${user} <${user}@example.org>`,
      sign,
      'sign',
      expires,
    ])
    if (withSubkey)
      this.gpg(['--passphrase', '', '--quick-add-key', this.gpgFingerprint(user), encrypt, 'encr', expires])
    return this.gpg(['--armor', '--export', `${user}@example.org`])
  }

  gpgFingerprint(user: string): string {
    const listed = this.gpg(['--list-keys', '--with-colons', `${user}@example.org`]).toString()
    return /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? ''
  }

  /** Makes a self-signed certificate, and its key beside it. */
  makeCertificate(name: CertificateKey, as: string = name, ...options: string[]): Buffer {
    const files = ['-keyout', this.path(`${as}.key`), '-out', this.path(`${as}.pem`)]
    const subject = ['-subj', `/CN=${as}`, '-addext', `subjectAltName=email:${as}@example.org`]
    this.openssl([
      'req',
      '-x509',
      '-nodes',
      '-days',
      '365',
      '-newkey',
      ...certificates[name],
      ...files,
      ...subject,
      ...options,
    ])
    return readFileSync(this.path(`${as}.pem`))
  }

  /** What gpg makes of the armored part of a stored message. */
  openByGpg(stored: Buffer): Buffer {
    return this.gpg(['--decrypt'], stored.subarray(stored.indexOf('-----BEGIN PGP MESSAGE-----')))
  }

  /** What `openssl cms -decrypt` makes of the whole stored message. */
  openByOpenssl(stored: Buffer, as: string): Buffer {
    const at = this.path('message.eml')
    writeFileSync(at, stored)
    return this.openssl([
      'cms',
      '-decrypt',
      '-in',
      at,
      '-recip',
      this.path(`${as}.pem`),
      '-inkey',
      this.path(`${as}.key`),
    ])
  }

  close(): void {
    try {
      execFileSync('gpgconf', ['--kill', 'all'], { env: this.#gpgEnv, stdio: 'ignore' })
    } catch {
      // There was no agent.
    }
    rmSync(this.directory, { recursive: true, force: true })
  }
}
