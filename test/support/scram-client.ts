// The client's side of SCRAM-SHA-256 (RFC 5802), written by itself: for tests of the server's.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

const hmac = (key: Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest()

export interface ClientKeys {
  readonly clientKey: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

export function clientKeys(password: string | Buffer, salt: Buffer, iterations: number): ClientKeys {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const clientKey = hmac(salted, 'Client Key')
  const storedKey = createHash('sha256').update(clientKey).digest()
  return { clientKey, storedKey, serverKey: hmac(salted, 'Server Key') }
}

/** ClientProof and the signature that the server has to answer with. */
export function prove(keys: ClientKeys, authMessage: string): { proof: Buffer; signature: Buffer } {
  const signature = hmac(keys.storedKey, authMessage)
  const proof = Buffer.from(keys.clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)))
  return { proof, signature: hmac(keys.serverKey, authMessage) }
}

export interface ScramClientOptions {
  readonly user: string
  readonly password: string
  /** As `n,,` or `p=tls-exporter,,`; `n,,` when absent. */
  readonly gs2Header?: string
  readonly binding?: Buffer
  readonly nonce?: string
}

/** One exchange; messages are decoded. */
export class ScramClient {
  readonly #options: ScramClientOptions
  readonly #bare: string
  #signature = ''
  /** What the server said of itself. */
  iterations = 0
  salt = ''

  constructor(options: ScramClientOptions) {
    this.#options = options
    const name = options.user.replaceAll('=', '=3D').replaceAll(',', '=2C')
    this.#bare = `n=${name},r=${options.nonce ?? randomBytes(18).toString('base64')}`
  }

  get first(): string {
    return `${this.#options.gs2Header ?? 'n,,'}${this.#bare}`
  }

  /** client-final-message for a server-first-message. */
  final(serverFirst: string): string {
    const { gs2Header = 'n,,', binding = Buffer.alloc(0), password } = this.#options
    const [, nonce = '', salt = '', iterations = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst) ?? []
    Object.assign(this, { salt, iterations: Number(iterations) })
    const channel = Buffer.concat([Buffer.from(gs2Header), binding]).toString('base64')
    const withoutProof = `c=${channel},r=${nonce}`
    const keys = clientKeys(password, Buffer.from(salt, 'base64'), Number(iterations))
    const { proof, signature } = prove(keys, `${this.#bare},${serverFirst},${withoutProof}`)
    this.#signature = signature.toString('base64')
    return `${withoutProof},p=${proof.toString('base64')}`
  }

  /** Whether the server has shown that it knows the verifier. */
  trusts(serverFinal: string): boolean {
    return serverFinal === `v=${this.#signature}`
  }
}
