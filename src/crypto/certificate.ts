// What anybody asks of a certificate besides showing it to clients.
import { createPrivateKey, X509Certificate } from 'node:crypto'

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
