// The server's certificate: read from two files, read again when they change, shown to every new handshake.
import { readFile, stat } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls'
import type { Clock, Log } from '../base/ports.ts'
import { belongTogether, certificateEnd } from '../crypto/certificate.ts'
import { codeOf, setupFailure } from './setup-failure.ts'

/**
 * SSL_OP_CLEANSE_PLAINTEXT of OpenSSL 3, which Node gives no name: what was read is overwritten in OpenSSL's own buffer as soon as it was handed
 * over. Without it a password stays there until something longer comes on the same connection, and in freed memory for longer still.
 */
export const cleansePlaintext = 0x2

export interface CertificateFiles {
  readonly cert: string
  readonly key: string
  readonly min: '1.2' | '1.3'
}

/** A certificate in force. */
export interface Certificate {
  /** PEM texts. */
  readonly cert: string
  readonly key: string
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly context: SecureContext
}

const handshakeMs = 30_000
const dayMs = 24 * 3_600_000
const soonMs = 14 * dayMs
const minimums = { '1.2': 'TLSv1.2', '1.3': 'TLSv1.3' } as const

async function readPem(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = codeOf(error)
    throw setupFailure(`cannot read the ${what} ${path} (${code})`, {
      cause: error,
      hint: '`letterlock init` makes a self-signed one; set tls.cert and tls.key to use another',
    })
  }
}

/** Reads and checks both files. Throws Failure 'configuration' when one is missing or wrong, or they do not belong together. */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const [cert, key] = [await readPem(files.cert, 'certificate'), await readPem(files.key, 'private key')]
  const minVersion = minimums[files.min]
  try {
    const expiresAt = certificateEnd(cert)
    // OpenSSL takes a certificate and a key of different kinds (one half of the files was renewed) for halves of two pairs.
    if (!belongTogether(cert, key)) throw new Error('another key')
    const context = createSecureContext({
      ...{ cert, key, minVersion, honorCipherOrder: true },
      secureOptions: cleansePlaintext,
    })
    return { cert, key, minVersion, context, expiresAt }
  } catch (error) {
    throw setupFailure(`the certificate ${files.cert} and the key ${files.key} cannot be used together`, {
      cause: error,
      hint: 'both must be PEM, the key without a passphrase and made for this certificate',
    })
  }
}

/** Shows the present certificate; looks after it until `close()`. */
export class Tls {
  readonly #files: CertificateFiles
  readonly #log: Log
  readonly #clock: Clock
  readonly #listeners: ((certificate: Certificate) => void)[] = []
  #current: Certificate
  #seen: string
  /** Files that could not be used, so that the log says it once. */
  #failed: string | undefined
  #warnedAt = -Infinity
  #timer: NodeJS.Timeout | undefined
  #reloading: Promise<boolean> | undefined

  private constructor(files: CertificateFiles, current: Certificate, seen: string, log: Log, clock: Clock) {
    this.#files = files
    this.#current = current
    this.#seen = seen
    this.#log = log
    this.#clock = clock
  }

  /** Throws Failure 'configuration'. `reloadMs` 0: files are looked at only by `reload()`. */
  static async open(files: CertificateFiles, reloadMs: number, log: Log, clock: Clock): Promise<Tls> {
    const seen = await marks(files)
    const tls = new Tls(files, await readCertificate(files), seen, log, clock)
    tls.#warnOfEnd()
    if (reloadMs > 0) {
      tls.#timer = setInterval(() => void tls.reloadIfChanged(), Math.min(reloadMs, 2 ** 31 - 1)).unref()
    }
    return tls
  }

  get current(): Certificate {
    return this.#current
  }

  /** Calls `listener` with each new certificate. */
  onChange(listener: (certificate: Certificate) => void): void {
    this.#listeners.push(listener)
  }

  /** Reads the files anew if their time or size changed. */
  async reloadIfChanged(): Promise<boolean> {
    this.#warnOfEnd()
    return (await marks(this.#files)) === this.#seen ? false : this.reload()
  }

  /** Reads the files anew. When they cannot be used, the present certificate stays, and the log says so. Never rejects. */
  reload(): Promise<boolean> {
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = undefined
    })
    return this.#reloading
  }

  async #reload(): Promise<boolean> {
    const seen = await marks(this.#files)
    try {
      this.#current = await readCertificate(this.#files)
      this.#seen = seen
    } catch (error) {
      // Its files may be half replaced: `#seen` stays, so that the next look tries again.
      const isNews = this.#failed !== seen
      this.#failed = seen
      if (isNews)
        this.#log.write('error', 'tls.reload-failed', {
          reason: error instanceof Error ? error.message : 'error',
        })
      return false
    }
    this.#failed = undefined
    this.#log.write('info', 'tls.reloaded', { until: new Date(this.#current.expiresAt).toISOString() })
    this.#warnOfEnd()
    for (const listener of this.#listeners) listener(this.#current)
    return true
  }

  /** At most once a day. */
  #warnOfEnd(): void {
    const { expiresAt } = this.#current
    const now = this.#clock.now()
    if (expiresAt - now > soonMs || now - this.#warnedAt < dayMs) return
    this.#warnedAt = now
    this.#log.write('warn', 'tls.expires', { until: new Date(expiresAt).toISOString() })
  }

  /**
   * The server's end of a handshake on `socket`. Rejects, with both sockets destroyed, when it fails or takes over 30 s.
   * Who names application protocols must name `imap` (RFC 7301; against cross-protocol attacks).
   */
  async accept(socket: Duplex): Promise<TLSSocket> {
    const secure = new TLSSocket(socket, {
      isServer: true,
      secureContext: this.#current.context,
      ALPNProtocols: ['imap'],
    })
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error('TLS handshake took too long')), handshakeMs)
        secure.once('secure', resolve)
        secure.once('error', reject)
        secure.once('_tlsError', reject)
        secure.once('close', () => reject(new Error('closed during the TLS handshake')))
      })
      return secure
    } catch (error) {
      // What else it complains about is of no interest to anybody.
      secure.on('error', () => undefined)
      secure.destroy()
      socket.destroy()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

async function marks({ cert, key }: CertificateFiles): Promise<string> {
  const found = await Promise.all(
    [cert, key].map((path) => stat(path, { bigint: true }).catch(() => undefined)),
  )
  return found.map((file) => (file ? `${file.mtimeNs}/${file.size}/${file.ino}` : 'missing')).join(' ')
}
