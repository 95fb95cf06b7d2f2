// SCRAM (RFC 5802): the messages of both sides, read and written. What is secret about them is computed elsewhere.
import { equalBytes } from '../base/bytes.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { readUsername } from './credentials.ts'

/** Kinds of channel binding (RFC 9266, RFC 5929 §4). */
export type ChannelBindingType = 'tls-exporter' | 'tls-server-end-point'
export const channelBindingTypes: readonly ChannelBindingType[] = ['tls-exporter', 'tls-server-end-point']

/** The binding of the connection; undefined where it has none of that kind. */
export type ChannelBinding = (type: ChannelBindingType) => Buffer | undefined

export const scramName = 'SCRAM-SHA-256'
export const scramPlusName = 'SCRAM-SHA-256-PLUS'

/** Why an exchange ends. */
export type ScramFailure =
  | 'malformed'
  | 'authorization' // acting for somebody else is not offered
  | 'binding' // not the binding of this connection, none that it has, or one that was talked out of (RFC 5802 §6)

export class ScramError extends Error {
  override readonly name = 'ScramError'
  readonly reason: ScramFailure

  constructor(reason: ScramFailure) {
    super(reason)
    this.reason = reason
  }
}

const malformed = (): ScramError => new ScramError('malformed')

/** More than any client sends. */
const nonceBytes = 512
const proofBytes = 32

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** `attr=value`: the value. Throws ScramError for another attribute. */
function valueOf(part: string | undefined, attribute: string): string {
  if (part?.startsWith(`${attribute}=`) !== true) throw malformed()
  return part.slice(2)
}

// attr-val = ALPHA "=" value ; for extensions, none of which is known, and which may be passed over (RFC 5802 §5.1).
function mustBeExtensions(parts: readonly string[]): void {
  // "m" is one that must not be passed over.
  if (!parts.every((part) => /^[A-Za-z]=[^\0]/.test(part) && !part.startsWith('m='))) throw malformed()
}

// saslname: "," is written "=2C" and "=" is written "=3D"; nothing else may follow a "=".
function readSaslName(text: string): string {
  if (/=(?!2C|3D)/.test(text)) throw malformed()
  const name = readUsername(Buffer.from(text.replaceAll('=2C', ',').replaceAll('=3D', '='), 'latin1'))
  if (name === undefined) throw malformed()
  return name
}

interface Opened {
  readonly gs2Header: string
  readonly binding: Buffer
  readonly bare: string
  readonly nonce: string
}

/** One exchange, from the server's side. Its calls come in the order in which they stand here. */
export class ScramExchange {
  readonly #isPlus: boolean
  readonly #binding: ChannelBinding
  #opened: Opened | undefined
  #serverFirst = ''
  #nonce = ''

  /** `isPlus`: under the name that ends in -PLUS. */
  constructor(isPlus: boolean, binding: ChannelBinding) {
    this.#isPlus = isPlus
    this.#binding = binding
  }

  /** Reads the client's first message; returns the user name. Throws ScramError, as all that read. */
  first(message: Uint8Array): string {
    const text = latin1(message)
    // gs2-header = gs2-cbind-flag "," [ authzid ] "," ; gs2-cbind-flag = "p=" cb-name / "n" / "y"
    const header = /^(p=[A-Za-z0-9.-]+|n|y),(a=[^,]*)?,/.exec(text)
    const [gs2Header, flag = '', identity] = header ?? []
    if (gs2Header === undefined) throw malformed()
    const binding = this.#bindingOf(flag)
    // client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
    const bare = text.slice(gs2Header.length)
    const [name, nonce, ...extensions] = bare.split(',')
    const username = readSaslName(valueOf(name, 'n'))
    if (identity !== undefined && readSaslName(identity.slice(2)) !== username)
      throw new ScramError('authorization')
    const clientNonce = valueOf(nonce, 'r')
    // nonce: printable, that is %x21-2B / %x2D-7E
    if (!/^[!-+\--~]+$/.test(clientNonce) || clientNonce.length > nonceBytes) throw malformed()
    mustBeExtensions(extensions)
    this.#opened = { gs2Header, binding, bare, nonce: clientNonce }
    return username
  }

  #bindingOf(flag: string): Buffer {
    if (!flag.startsWith('p=')) {
      // RFC 5802 §6: -PLUS takes a binding, and who says that the server has none to offer has not seen its list.
      if (this.#isPlus) throw malformed()
      if (flag === 'y' && channelBindingTypes.some((type) => this.#binding(type) !== undefined))
        throw new ScramError('binding')
      return Buffer.alloc(0)
    }
    if (!this.#isPlus) throw malformed()
    const type = channelBindingTypes.find((known) => flag === `p=${known}`)
    const binding = type && this.#binding(type)
    if (!binding) throw new ScramError('binding')
    return binding
  }

  #begun(): Opened {
    if (!this.#opened) throw new Error('an exchange begins with its first message')
    return this.#opened
  }

  /** The answer to it: server-first-message. `nonce` is the server's part. */
  challenge(told: { readonly salt: Buffer; readonly iterations: number; readonly nonce: string }): Buffer {
    this.#nonce = this.#begun().nonce + told.nonce
    this.#serverFirst = `r=${this.#nonce},s=${encodeBase64(told.salt)},i=${told.iterations}`
    return Buffer.from(this.#serverFirst, 'latin1')
  }

  /** Reads the client's final message: what it proves. */
  final(message: Uint8Array): { readonly authMessage: Buffer; readonly clientProof: Buffer } {
    const { gs2Header, binding, bare } = this.#begun()
    const text = latin1(message)
    // client-final-message = channel-binding "," nonce ["," extensions] "," proof
    const at = text.lastIndexOf(',p=')
    if (at < 0) throw malformed()
    const withoutProof = text.slice(0, at)
    const [bound, nonce, ...extensions] = withoutProof.split(',')
    mustBeExtensions(extensions)
    const given = decodeBase64(Buffer.from(valueOf(bound, 'c'), 'latin1'))
    if (!given) throw malformed()
    if (!equalBytes(given, Buffer.concat([Buffer.from(gs2Header, 'latin1'), binding])))
      throw new ScramError('binding')
    if (valueOf(nonce, 'r') !== this.#nonce) throw malformed()
    const clientProof = decodeBase64(Buffer.from(text.slice(at + ',p='.length), 'latin1'))
    if (clientProof?.length !== proofBytes) throw malformed()
    return {
      authMessage: Buffer.from(`${bare},${this.#serverFirst},${withoutProof}`, 'latin1'),
      clientProof,
    }
  }

  /** server-final-message for a client that has proved itself. */
  success(serverSignature: Buffer): Buffer {
    return Buffer.from(`v=${encodeBase64(serverSignature)}`, 'latin1')
  }
}
