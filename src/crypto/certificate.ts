// The one thing anybody asks of a certificate besides showing it.
import { X509Certificate } from 'node:crypto'

/** The end of the first certificate's validity, milliseconds since 1970. Throws when it is not PEM. */
export function certificateEnd(pem: string): number {
  return Date.parse(new X509Certificate(pem).validTo)
}
