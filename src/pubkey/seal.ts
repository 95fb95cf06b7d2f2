// Seals a whole message: the outer header, and inside the message as it was delivered.
import { asBuffer, concat } from '../base/bytes.ts'
import { randomToken } from '../crypto/random.ts'
import { sealToCertificates, type SmimeCipher } from './cms-seal.ts'
import { isEncrypted } from './detect.ts'
import { innerMessage, outerFields, sealedField } from './entity.ts'
import { base64Lines, sealToOpenPgp } from './openpgp-seal.ts'
import { UnusableKey, type SealingKey } from './public-key.ts'

export interface SealOptions {
  /** Of one kind or both: OpenPGP goes before S/MIME, since one message can only be of one. */
  readonly keys: readonly SealingKey[]
  readonly protectHeaders: boolean
  readonly smimeCipher: SmimeCipher
  /** What was sealed is opened again and compared: for mail whose original goes. */
  readonly isVerified: boolean
  /** Keys are used as they are at this moment, milliseconds since 1970. */
  readonly now: number
}

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1')

const named = (keys: readonly SealingKey[]): string =>
  keys.map(({ fingerprint }) => fingerprint.slice(-16)).join(',')

/** The message, sealed; undefined when it is encrypted already. Its lines end in CRLF. Throws UnusableKey. */
export async function sealMessageTo(message: Buffer, options: SealOptions): Promise<Buffer | undefined> {
  if (isEncrypted(message)) return undefined
  const sealed = await madeOf(message, options)
  // Also what stands around the ciphertext: with another header it could not be found in its message.
  if (options.isVerified && !isEncrypted(sealed))
    throw new Error('what was sealed does not read as an encrypted message')
  return sealed
}

async function madeOf(message: Buffer, options: SealOptions): Promise<Buffer> {
  const { protectHeaders, isVerified, smimeCipher } = options
  const inner = innerMessage(message, protectHeaders)
  const outer = outerFields(message, protectHeaders)
  const pgpKeys = options.keys.filter(({ kind }) => kind === 'openpgp')
  const keys = pgpKeys.length > 0 ? pgpKeys : options.keys
  if (keys.length === 0) throw new UnusableKey('there is no key to seal to')
  const bytes = keys.map((key) => key.bytes)
  if (pgpKeys.length > 0) {
    const armored = await sealToOpenPgp(bytes, inner, options)
    const said = ascii(`${sealedField}: openpgp; keys=${named(keys)}\r\n`)
    return concat(said, ...outer, ...pgpMime(armored))
  }
  const { der, smimeType } = await sealToCertificates(bytes, inner, smimeCipher, isVerified)
  const said = ascii(`${sealedField}: smime; keys=${named(keys)}\r\n`)
  return concat(said, ...outer, ...smime(der, smimeType))
}

/** RFC 3156 §4. */
function pgpMime(armored: Buffer): Buffer[] {
  // "=_" stands in no base64 and in no quoted-printable text.
  const boundary = `=_letterlock_${randomToken()}`
  const head = [
    'MIME-Version: 1.0',
    'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";',
    ` boundary="${boundary}"`,
    '',
    'This is an OpenPGP/MIME encrypted message (RFC 3156).',
    `--${boundary}`,
    'Content-Type: application/pgp-encrypted',
    'Content-Description: PGP/MIME version identification',
    '',
    'Version: 1',
    '',
    `--${boundary}`,
    'Content-Type: application/octet-stream; name="encrypted.asc"',
    'Content-Description: OpenPGP encrypted message',
    'Content-Disposition: inline; filename="encrypted.asc"',
    '',
    '',
  ].join('\r\n')
  return [ascii(head), armored, ascii(`\r\n--${boundary}--\r\n`)]
}

/** RFC 8551 §3.3. */
function smime(der: Buffer, smimeType: string): Buffer[] {
  const head = [
    'MIME-Version: 1.0',
    `Content-Type: application/pkcs7-mime; smime-type=${smimeType}; name="smime.p7m"`,
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment; filename="smime.p7m"',
    'Content-Description: S/MIME Encrypted Message',
    '',
    '',
  ].join('\r\n')
  return [ascii(head), base64Lines(asBuffer(der), 57)]
}
