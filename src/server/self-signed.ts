// Makes a certificate of our own, for a first start and for trials.
import { hostname as machineName } from 'node:os'
import { isIP } from 'node:net'

export interface CertificatePair {
  /** PEM texts. */
  readonly cert: string
  readonly key: string
}

const days = 3650 // clients pin it by hand, so that a new one means a warning for everybody

/** A self-signed EC P-256 certificate for these names and addresses, and for this machine's loopback. */
export async function makeSelfSigned(
  names: readonly string[],
  now: Date = new Date(),
): Promise<CertificatePair> {
  // Loaded here: it takes a tenth of a second, and only `init` and the demo make certificates.
  const { generate } = await import('selfsigned')
  const all = [...new Set([...names, machineName(), 'localhost', '127.0.0.1', '::1'])]
  const notAfterDate = new Date(now.getTime() + days * 24 * 3_600_000)
  const { cert, private: key } = await generate([{ name: 'commonName', value: names[0] ?? 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: now,
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: all.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  })
  return { cert, key }
}
