// What anybody asks of a certificate besides showing it to clients.
import { createPrivateKey, hash, X509Certificate } from 'node:crypto'

/** The end of the first certificate's validity, milliseconds since 1970. Throws when it is not PEM. */
export function certificateEnd(pem: string): number {
  return Date.parse(new X509Certificate(pem).validTo)
}

/** Whether the first certificate is of this private key. Throws when either is not PEM, or the key has a passphrase. */
export function belongTogether(certificatePem: string, keyPem: string): boolean {
  return new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem))
}

export interface CertificateFacts {
  readonly subject: string
  readonly issuer: string
  readonly isSelfSigned: boolean
  /** DNS names and addresses. */
  readonly names: readonly string[]
  /** Milliseconds since 1970. */
  readonly from: number
  readonly until: number
  /** SHA-256, in pairs of hexadecimal digits. */
  readonly fingerprint: string
  /** As `EC P-256`, `RSA 2048`. */
  readonly key: string
}

/** Of the first certificate. Throws when it is not PEM. */
export function certificateFacts(pem: string): CertificateFacts {
  const found = new X509Certificate(pem)
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails: details } = found.publicKey
  const curve = details?.namedCurve === 'prime256v1' ? 'P-256' : details?.namedCurve
  const size = curve ?? details?.modulusLength
  return {
    subject: found.subject.replaceAll('\n', ', '),
    issuer: found.issuer.replaceAll('\n', ', '),
    isSelfSigned: found.subject === found.issuer && found.verify(found.publicKey),
    names: (found.subjectAltName ?? '')
      .split(', ')
      .filter((name) => name !== '')
      .map((name) => name.replace(/^(DNS|IP Address):/, '')),
    from: Date.parse(found.validFrom),
    until: Date.parse(found.validTo),
    fingerprint: found.fingerprint256,
    key: `${type.toUpperCase()}${size === undefined ? '' : ` ${size}`}`,
  }
}

/** Signatures that use one hash function, by the octets of their object identifiers (RFC 8017 §A.2.4, RFC 5758 §3.2). */
const signatureHashes: readonly (readonly [oid: string, hash: string])[] = [
  ['2a864886f70d010104', 'sha256'], // RSA with MD5: RFC 5929 §4.1 takes SHA-256 for it
  ['2a864886f70d010105', 'sha256'], // and for SHA-1
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d0401', 'sha256'], // ECDSA with SHA-1
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
]

/** Where the contents of the DER element at `at` begin and end; undefined when they do not lie within the bytes. */
function contentsAt(der: Uint8Array, at: number): { from: number; end: number } | undefined {
  const first = der[at + 1]
  if (first === undefined) return undefined
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  if (lengthBytes > 4) return undefined
  let length = first < 0x80 ? first : 0
  for (let index = 0; index < lengthBytes; index += 1) length = length * 256 + (der[at + 2 + index] ?? 0)
  const from = at + 2 + lengthBytes
  return from + length <= der.length ? { from, end: from + length } : undefined
}

/**
 * The binding `tls-server-end-point` of a certificate (RFC 5929 §4.1): its hash by the function of its signature. Undefined for signatures to which
 * the RFC gives no meaning (Ed25519) or that name their function elsewhere (RSASSA-PSS).
 */
export function endPointBinding(der: Uint8Array): Buffer | undefined {
  // Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { algorithm OBJECT IDENTIFIER, ... }, ... }
  const certificate = contentsAt(der, 0)
  const signed = certificate && contentsAt(der, certificate.from)
  const algorithm = signed && contentsAt(der, signed.end)
  const name = algorithm && contentsAt(der, algorithm.from)
  if (!name || der[algorithm.from] !== 0x06) return undefined
  const oid = Buffer.from(der.subarray(name.from, name.end)).toString('hex')
  const used = signatureHashes.find(([known]) => known === oid)?.[1]
  return used === undefined ? undefined : hash(used, der, 'buffer')
}
