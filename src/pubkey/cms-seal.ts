// Seals octets to certificates: EnvelopedData (RFC 5652 §6) or AuthEnvelopedData (RFC 5083), DER.
import { concat, equalBytes } from '../base/bytes.ts'
import { cbcDecrypt, cbcEncrypt, gcmDecrypt, gcmEncrypt, wrapByEcdh, wrapByRsa } from '../crypto/cms.ts'
import { randomBytes } from '../crypto/random.ts'
import { capabilityOids, readCertificate, type Certificate } from './certificate.ts'
import { pki, type Pki } from './pki-library.ts'
import { UnusableKey } from './public-key.ts'

/**
 * `cbc`: EnvelopedData with AES-256-CBC, which every S/MIME program reads, and which is not authenticated. `gcm`: AuthEnvelopedData with
 * AES-256-GCM. `auto`: GCM where every certificate says that its owner's program reads it (RFC 4262); mostly none says anything.
 */
export type SmimeCipher = 'auto' | 'cbc' | 'gcm'

export interface CmsMessage {
  readonly der: Buffer
  /** The smime-type parameter (RFC 8551 §3.2.2). */
  readonly smimeType: 'enveloped-data' | 'authEnveloped-data'
}

const oids = {
  data: '1.2.840.113549.1.7.1',
  envelopedData: '1.2.840.113549.1.7.3',
  authEnvelopedData: '1.2.840.113549.1.9.16.1.23',
  rsa: '1.2.840.113549.1.1.1',
  rsaOaep: '1.2.840.113549.1.1.7',
  mgf1: '1.2.840.113549.1.1.8',
  sha256: '2.16.840.1.101.3.4.2.1',
  ecdhSha256: '1.3.132.1.11.1',
  aes256Wrap: '2.16.840.1.101.3.4.1.45',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
  aes256Gcm: '2.16.840.1.101.3.4.1.46',
} as const

/** A DER element of any length, in pieces: content of 50 MB is not copied from layer to layer. */
function element(tag: number, ...content: readonly (Uint8Array | readonly Uint8Array[])[]): Uint8Array[] {
  const parts: Uint8Array[] = content.flatMap((each) => (each instanceof Uint8Array ? [each] : each))
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (length < 0x80) return [Buffer.of(tag, length), ...parts]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return [Buffer.of(tag, 0x80 | octets.length, ...octets), ...parts]
}

const sequence = 0x30
const set = 0x31
const integer = (value: number): Buffer => Buffer.of(0x02, 1, value)

const der = (schema: { toBER(sizeOnly?: boolean): ArrayBuffer }): Buffer => Buffer.from(schema.toBER(false))

function algorithm({ asn1js }: Pki, oid: string, ...parameters: AsnValue[]) {
  return new asn1js.Sequence({ value: [new asn1js.ObjectIdentifier({ value: oid }), ...parameters] })
}

type AsnValue = InstanceType<Pki['asn1js']['BaseBlock']>

/** IssuerAndSerialNumber, the issuer as it stands in the certificate. */
function recipientId(library: Pki, { parsed }: Certificate) {
  const { issuer, serialNumber } = parsed
  return new library.IssuerAndSerialNumber({ issuer, serialNumber }).toSchema()
}

/** RSAES-PKCS1-v1_5: what every S/MIME program must read (RFC 8551 §2.3); OAEP for those that say that they do. */
function transport(library: Pki, certificate: Certificate, contentKey: Buffer): Buffer | undefined {
  const { publicKey, capabilities, parsed } = certificate
  if (publicKey.kind !== 'rsa') return undefined
  const { asn1js } = library
  const isOaep =
    capabilities.includes(capabilityOids.rsaOaep) ||
    parsed.subjectPublicKeyInfo.algorithm.algorithmId === oids.rsaOaep
  const sealed = wrapByRsa(publicKey.key, contentKey, isOaep ? 'oaep' : 'pkcs1')
  const hash = (): AsnValue => algorithm(library, oids.sha256, new asn1js.Null())
  const tagged = (tagNumber: number, value: AsnValue): AsnValue =>
    new asn1js.Constructed({ idBlock: { tagClass: 3, tagNumber }, value: [value] })
  const method = isOaep
    ? algorithm(
        library,
        oids.rsaOaep,
        new asn1js.Sequence({ value: [tagged(0, hash()), tagged(1, algorithm(library, oids.mgf1, hash()))] }),
      )
    : algorithm(library, oids.rsa, new asn1js.Null())
  const info = new asn1js.Sequence({
    value: [
      new asn1js.Integer({ value: 0 }),
      recipientId(library, certificate),
      method,
      new asn1js.OctetString({ valueHex: Uint8Array.from(sealed) }),
    ],
  })
  return der(info)
}

/** KeyAgreeRecipientInfo (RFC 5753 §3.1). */
function agreement(library: Pki, certificate: Certificate, contentKey: Buffer): Buffer | undefined {
  const { publicKey } = certificate
  if (publicKey.kind !== 'ec') return undefined
  const { asn1js } = library
  const explicit = (tagNumber: number, value: AsnValue): AsnValue =>
    new asn1js.Constructed({ idBlock: { tagClass: 3, tagNumber }, value: [value] })
  const sharedInfo = new asn1js.Sequence({
    value: [
      algorithm(library, oids.aes256Wrap),
      explicit(2, new asn1js.OctetString({ valueHex: Uint8Array.of(0, 0, 1, 0) })), // bits of the wrapping key
    ],
  })
  const { ephemeral, wrapped } = wrapByEcdh(publicKey.key, contentKey, der(sharedInfo))
  const originator = library.PublicKeyInfo.fromBER(Uint8Array.from(ephemeral)).toSchema()
  const originatorKey = new asn1js.Constructed({
    idBlock: { tagClass: 3, tagNumber: 1 },
    value: originator.valueBlock.value,
  })
  const info = new asn1js.Constructed({
    idBlock: { tagClass: 3, tagNumber: 1 },
    value: [
      new asn1js.Integer({ value: 3 }),
      explicit(0, originatorKey),
      algorithm(library, oids.ecdhSha256, algorithm(library, oids.aes256Wrap)),
      new asn1js.Sequence({
        value: [
          new asn1js.Sequence({
            value: [
              recipientId(library, certificate),
              new asn1js.OctetString({ valueHex: Uint8Array.from(wrapped) }),
            ],
          }),
        ],
      }),
    ],
  })
  return der(info)
}

function recipientInfo(library: Pki, certificate: Certificate, contentKey: Buffer): Buffer {
  const info = transport(library, certificate, contentKey) ?? agreement(library, certificate, contentKey)
  if (!info) throw new UnusableKey('a certificate cannot be sealed to')
  return info
}

function encryptedContent(method: Buffer, sealed: Buffer): Uint8Array[] {
  const contentType = Buffer.from('06092a864886f70d010701', 'hex') // data
  return element(sequence, contentType, method, element(0x80, sealed))
}

function contentInfo(library: Pki, oid: string, content: Uint8Array[]): Buffer {
  const type = der(new library.asn1js.ObjectIdentifier({ value: oid }))
  return concat(...element(sequence, type, element(0xa0, content)))
}

function mustBeSame(opened: Buffer, content: Uint8Array): void {
  const isSame = equalBytes(opened, content)
  opened.fill(0)
  if (!isSame) throw new Error('what was sealed does not open to the same octets')
}

/**
 * One message for all certificates (DER). With `isVerified` the content is opened again and compared. Throws UnusableKey.
 */
export async function sealToCertificates(
  ders: readonly Uint8Array[],
  content: Uint8Array,
  cipher: SmimeCipher,
  isVerified: boolean,
): Promise<CmsMessage> {
  const library = await pki()
  const { asn1js } = library
  const certificates: Certificate[] = []
  for (const each of ders) certificates.push(await usable(each))
  const isGcm =
    cipher === 'gcm' ||
    (cipher === 'auto' &&
      certificates.every(({ capabilities }) => capabilities.includes(capabilityOids.aes256Gcm)))
  const contentKey = randomBytes(32)
  try {
    const recipients = element(
      set,
      // DER: the elements of a SET OF are in order.
      ...certificates
        .map((certificate) => recipientInfo(library, certificate, contentKey))
        .sort((a, b) => Buffer.compare(a, b)),
    )
    if (isGcm) {
      const nonce = randomBytes(12)
      const made = gcmEncrypt(contentKey, nonce, content)
      if (isVerified) mustBeSame(gcmDecrypt(contentKey, nonce, made), content)
      const parameters = new asn1js.Sequence({
        value: [
          new asn1js.OctetString({ valueHex: Uint8Array.from(nonce) }),
          new asn1js.Integer({ value: 16 }),
        ],
      })
      const method = der(algorithm(library, oids.aes256Gcm, parameters))
      const body = element(
        sequence,
        integer(0),
        recipients,
        encryptedContent(method, made.sealed),
        element(0x04, made.tag),
      )
      return { der: contentInfo(library, oids.authEnvelopedData, body), smimeType: 'authEnveloped-data' }
    }
    const iv = randomBytes(16)
    const sealed = cbcEncrypt(contentKey, iv, content)
    if (isVerified) mustBeSame(cbcDecrypt(contentKey, iv, sealed), content)
    const method = der(
      algorithm(library, oids.aes256Cbc, new asn1js.OctetString({ valueHex: Uint8Array.from(iv) })),
    )
    // RFC 5652 §6.1: version 2 with a KeyAgreeRecipientInfo, 0 where all are KeyTransRecipientInfo with issuer and serial.
    const version = certificates.some(({ publicKey }) => publicKey.kind === 'ec') ? 2 : 0
    const body = element(sequence, integer(version), recipients, encryptedContent(method, sealed))
    return { der: contentInfo(library, oids.envelopedData, body), smimeType: 'enveloped-data' }
  } finally {
    contentKey.fill(0)
  }
}

async function usable(bytes: Uint8Array): Promise<Certificate> {
  try {
    return await readCertificate(bytes)
  } catch (error) {
    throw new UnusableKey('a certificate cannot be used', { cause: error })
  }
}
