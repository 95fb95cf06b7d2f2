// S/MIME certificates: what they are, and whether mail can be sealed to them (RFC 8550, RFC 5280).
import type { Certificate as PkiCertificate } from 'pkijs'
import { asBuffer, hex } from '../base/bytes.ts'
import { readCmsPublicKey, type CmsPublicKey } from '../crypto/cms.ts'
import { sha256 } from '../crypto/digest.ts'
import { pki } from './pki-library.ts'
import { isCertificateBag } from './key-file.ts'
import { BadKey, keyBytes, shownName, type FoundKey } from './public-key.ts'

export interface Certificate {
  readonly parsed: PkiCertificate
  readonly publicKey: CmsPublicKey
  /** What its owner's programs say that they can read (RFC 4262), as object identifiers. */
  readonly capabilities: readonly string[]
}

const oids = {
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extKeyUsage: '2.5.29.37',
  altName: '2.5.29.17',
  capabilities: '1.2.840.113549.1.9.15',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  anyUsage: '2.5.29.37.0',
} as const

export const capabilityOids = {
  aes256Gcm: '2.16.840.1.101.3.4.1.46',
  rsaOaep: '1.2.840.113549.1.1.7',
} as const

/** Bits of keyUsage in its first octet. */
const usageBits = { keyEncipherment: 0x20, keyAgreement: 0x08 } as const

const extension = (certificate: PkiCertificate, oid: string) =>
  certificate.extensions?.find(({ extnID }) => extnID === oid)

/** Reads one. Throws BadKey. */
export async function readCertificate(der: Uint8Array): Promise<Certificate> {
  const library = await pki()
  try {
    const parsed = library.Certificate.fromBER(Uint8Array.from(der))
    const spki = parsed.subjectPublicKeyInfo.toSchema().toBER(false)
    const publicKey = readCmsPublicKey(new Uint8Array(spki))
    return { parsed, publicKey, capabilities: await capabilitiesOf(parsed) }
  } catch (error) {
    throw new BadKey('This looks like a certificate, but is damaged or of a kind that is not known', {
      cause: error,
    })
  }
}

async function capabilitiesOf(certificate: PkiCertificate): Promise<string[]> {
  const found = extension(certificate, oids.capabilities)
  if (!found) return []
  const { asn1js } = await pki()
  const { result } = asn1js.fromBER(found.extnValue.valueBlock.valueHexView)
  if (!(result instanceof asn1js.Sequence)) return []
  return result.valueBlock.value.flatMap((entry) => {
    const [oid] = entry instanceof asn1js.Sequence ? entry.valueBlock.value : []
    return oid instanceof asn1js.ObjectIdentifier ? [oid.valueBlock.toString()] : []
  })
}

const attributeNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '1.2.840.113549.1.9.1': 'E',
}

function subjectOf(certificate: PkiCertificate): string {
  return certificate.subject.typesAndValues
    .flatMap(({ type, value }) => {
      const name = attributeNames[type]
      const text: unknown = value.valueBlock.value
      return name !== undefined && typeof text === 'string' ? [`${name}=${text}`] : []
    })
    .join(', ')
}

function addressesOf(certificate: PkiCertificate): string[] {
  const parsed: unknown = extension(certificate, oids.altName)?.parsedValue
  if (typeof parsed !== 'object' || parsed === null || !('altNames' in parsed)) return []
  const { altNames } = parsed
  if (!Array.isArray(altNames)) return []
  return altNames.flatMap((name: unknown) => {
    const isAddress = typeof name === 'object' && name !== null && 'type' in name && name.type === 1
    return isAddress && 'value' in name && typeof name.value === 'string' ? [name.value] : []
  })
}

function usagesOf(certificate: PkiCertificate): readonly string[] | undefined {
  const parsed: unknown = extension(certificate, oids.extKeyUsage)?.parsedValue
  if (typeof parsed !== 'object' || parsed === null || !('keyPurposes' in parsed)) return undefined
  return Array.isArray(parsed.keyPurposes) ? parsed.keyPurposes.map(String) : undefined
}

async function keyUsageOf(certificate: PkiCertificate): Promise<number | undefined> {
  const found = extension(certificate, oids.keyUsage)
  if (!found) return undefined
  const { asn1js } = await pki()
  const { result } = asn1js.fromBER(found.extnValue.valueBlock.valueHexView)
  return result instanceof asn1js.BitString ? (result.valueBlock.valueHexView[0] ?? 0) : 0
}

function isAuthority(certificate: PkiCertificate): boolean {
  const parsed: unknown = extension(certificate, oids.basicConstraints)?.parsedValue
  return typeof parsed === 'object' && parsed !== null && 'cA' in parsed && parsed.cA === true
}

const hasAddress = (certificate: PkiCertificate): boolean =>
  addressesOf(certificate).length > 0 ||
  certificate.subject.typesAndValues.some(({ type }) => type === '1.2.840.113549.1.9.1')

function problemOfKey(key: CmsPublicKey, usage: number | undefined): string | undefined {
  switch (key.kind) {
    case 'other':
      return `its key (${key.name}) cannot be sealed to; RSA, P-256, P-384 and P-521 can`
    case 'rsa':
      if (key.bits < 2048) return 'its RSA key is shorter than 2048 bits'
      if (key.bits > 16_384) return 'its RSA key is longer than 16384 bits'
      if (usage !== undefined && (usage & usageBits.keyEncipherment) === 0)
        return 'it is for signatures only: its usage does not include key encipherment'
      return undefined
    case 'ec':
      if (usage !== undefined && (usage & usageBits.keyAgreement) === 0)
        return 'it is for signatures only: its usage does not include key agreement'
      return undefined
  }
}

async function problemOf({ parsed, publicKey }: Certificate, now: number): Promise<string | undefined> {
  const end = parsed.notAfter.value.getTime()
  if (!(end > now)) return `it expired on ${parsed.notAfter.value.toISOString().slice(0, 10)}`
  if (parsed.notBefore.value.getTime() > now + 24 * 3600 * 1000) return 'it is not valid yet'
  // Who makes a certificate of their own with OpenSSL makes an authority of it: one that names an address may be sealed to.
  if (isAuthority(parsed) && !hasAddress(parsed)) return 'it is a certificate authority’s, not a person’s'
  const purposes = usagesOf(parsed)
  if (purposes && !purposes.includes(oids.emailProtection) && !purposes.includes(oids.anyUsage))
    return 'it is not for mail: its extended usage does not include e-mail protection'
  return problemOfKey(publicKey, await keyUsageOf(parsed))
}

const algorithmOf = (key: CmsPublicKey): string =>
  key.kind === 'rsa' ? `RSA ${key.bits}` : key.kind === 'ec' ? key.curve : key.name

const dateOf = (value: Date): number | undefined =>
  Number.isFinite(value.getTime()) ? value.getTime() : undefined

async function describe(der: Buffer, now: number): Promise<FoundKey> {
  const certificate = await readCertificate(der)
  const { parsed, publicKey } = certificate
  const names = [subjectOf(parsed), ...addressesOf(parsed)].filter((name) => name !== '').slice(0, 8)
  let problem: string | undefined
  try {
    problem = await problemOf(certificate, now)
  } catch (error) {
    throw new BadKey('This looks like a certificate, but what it says of itself is damaged', { cause: error })
  }
  if (problem === undefined && der.length > keyBytes) problem = `it is larger than ${keyBytes / 1024} KB`
  return {
    kind: 'smime',
    fingerprint: hex(sha256(der)),
    names: names.map(shownName),
    algorithm: algorithmOf(publicKey),
    createdAt: dateOf(parsed.notBefore.value),
    expiresAt: dateOf(parsed.notAfter.value),
    problem,
    bytes: problem === undefined ? Buffer.from(der) : Buffer.alloc(0),
  }
}

/** The certificate of a PEM or DER block. Throws BadKey. */
export async function readCertificates(der: Buffer, now: number): Promise<FoundKey[]> {
  return [await describe(der, now)]
}

/** Those of a bag (RFC 5652 §5, without signers). Throws BadKey. */
export async function readBag(der: Buffer, now: number): Promise<FoundKey[]> {
  if (!isCertificateBag(der)) throw new BadKey('This is a CMS structure without certificates, not a key')
  const library = await pki()
  let certificates: Buffer[]
  try {
    const info = library.ContentInfo.fromBER(Uint8Array.from(der))
    const bag = new library.SignedData({ schema: info.content as unknown })
    certificates = (bag.certificates ?? []).flatMap((each) =>
      each instanceof library.Certificate ? [asBuffer(new Uint8Array(each.toSchema(true).toBER(false)))] : [],
    )
  } catch (error) {
    throw new BadKey('This looks like a bag of certificates, but is damaged', { cause: error })
  }
  if (certificates.length === 0) throw new BadKey('There is no certificate in this bag')
  const found: FoundKey[] = []
  for (const each of certificates) found.push(await describe(each, now))
  return found
}
