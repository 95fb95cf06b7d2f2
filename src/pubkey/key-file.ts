// Takes an uploaded file apart: armored and PEM blocks, binary OpenPGP, DER. Private keys are refused, and the file is wiped.
import { asBuffer } from '../base/bytes.ts'
import { derChildren, derHead, derOid, derTags } from './der.ts'
import { BadKey, keyFileBytes, keysPerFile } from './public-key.ts'

export type KeyBlock =
  | { readonly kind: 'armored'; readonly text: string }
  | { readonly kind: 'openpgp'; readonly bytes: Buffer }
  | { readonly kind: 'certificate'; readonly der: Buffer }
  /** A bag of certificates (.p7b). */
  | { readonly kind: 'bag'; readonly der: Buffer }

const privateKeyWords =
  'This file holds a private key. It was not kept, and its bytes were wiped here; but it has travelled to this machine: if that was not ' +
  'meant, replace the key. Export the public key alone (gpg --armor --export ADDRESS), or the certificate alone'

/** A private key where a public one belongs. */
export class PrivateKeyGiven extends BadKey {
  constructor() {
    super(privateKeyWords)
  }
}

/** What a block of another label is, for those who wonder. */
const otherLabels: readonly (readonly [label: RegExp, words: string])[] = [
  [/^PGP MESSAGE/, 'This is an encrypted message, not a key'],
  [/^PGP SIGN(ATURE|ED MESSAGE)/, 'This is a signature, not a key'],
  [/REQUEST$/, 'This is a request for a certificate; what its issuer sent back is needed'],
  [/^SSH2 PUBLIC KEY/, 'This is an SSH key; mail is sealed to OpenPGP keys and S/MIME certificates'],
  [/PUBLIC KEY$/, 'This is a bare public key; for S/MIME the certificate made of it is needed'],
  [/CRL$/, 'This is a list of revoked certificates, not a certificate'],
  [/PARAMETERS$/, 'These are parameters of a key, not a key'],
]

const beginning = /-----BEGIN ([A-Z0-9 ]{1,40})-----/g

/** The file as text, one character an octet; text of two octets a character (Windows) as such. */
function textOf(file: Buffer): string {
  const isUtf16 = file[0] === 0xff && file[1] === 0xfe
  return isUtf16 ? file.toString('utf16le', 2) : file.toString('latin1')
}

function pemBytes(text: string): Buffer {
  const base64 = text.replace(/^[A-Za-z-]+:.*$/gm, '').replace(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new BadKey('A PEM block of this file is not base64')
  return Buffer.from(base64, 'base64')
}

function textBlocks(text: string): KeyBlock[] {
  const blocks: KeyBlock[] = []
  for (const found of text.matchAll(beginning)) {
    const label = (found[1] ?? '').trim()
    const start = found.index
    const endMark = `-----END ${label}-----`
    const end = text.indexOf(endMark, start)
    if (end < 0) throw new BadKey('This file is cut short: a block begins and does not end')
    if (label === 'PGP PUBLIC KEY BLOCK') {
      blocks.push({ kind: 'armored', text: text.slice(start, end + endMark.length) })
      continue
    }
    if (/CERTIFICATE$/.test(label)) {
      const der = pemBytes(text.slice(start + found[0].length, end))
      // OpenSSL's "trusted" form has more behind the certificate.
      blocks.push({ kind: 'certificate', der: der.subarray(0, derHead(der)?.end) })
      continue
    }
    if (label === 'PKCS7' || label === 'CMS') {
      blocks.push({ kind: 'bag', der: pemBytes(text.slice(start + found[0].length, end)) })
      continue
    }
    const other = otherLabels.find(([pattern]) => pattern.test(label))
    throw new BadKey(other?.[1] ?? `This file holds "${label.toLowerCase()}", which is no key to seal to`)
  }
  return blocks
}

const isInteger = (tag: number | undefined): boolean => tag === derTags.integer

function derBlock(der: Buffer): KeyBlock {
  const outer = derHead(der)
  const [first, second, third] = outer ? derChildren(der, outer, 3) : []
  if (first?.tag === derTags.oid) return { kind: 'bag', der }
  if (isInteger(first?.tag)) {
    // PKCS#12 begins with version 3 and a ContentInfo; PKCS#8, PKCS#1 and SEC1 with a version and what is secret.
    throw new PrivateKeyGiven()
  }
  if (first?.tag === derTags.sequence && second?.tag === derTags.octetString && !third)
    throw new PrivateKeyGiven() // EncryptedPrivateKeyInfo
  if (first?.tag === derTags.sequence && second?.tag === derTags.bitString)
    throw new BadKey('This is a bare public key; for S/MIME the certificate made of it is needed')
  return { kind: 'certificate', der }
}

/** DER structures one behind the other. */
function derBlocks(file: Buffer): KeyBlock[] {
  const blocks: KeyBlock[] = []
  let at = 0
  while (at < file.length) {
    const head = derHead(file, at)
    if (head?.tag !== derTags.sequence) {
      if (blocks.length > 0 && /^\s*$/.test(file.toString('latin1', at))) break
      throw new BadKey('This looks like a certificate (DER), but is cut short or damaged')
    }
    blocks.push(derBlock(file.subarray(at, head.end)))
    if (blocks.length > keysPerFile) break
    at = head.end
  }
  return blocks
}

/** Tags of an OpenPGP packet by its first octet (RFC 9580 §4.2); undefined: no packet begins so. */
export function packetTag(first: number | undefined): number | undefined {
  if (first === undefined || (first & 0x80) === 0) return undefined
  return (first & 0x40) !== 0 ? first & 0x3f : (first >> 2) & 0x0f
}

const publicKeyTag = 6
const secretTags = [5, 7]

function blocksOf(file: Buffer): KeyBlock[] {
  if (file.length === 0) throw new BadKey('The file is empty')
  if (file.length > keyFileBytes) throw new BadKey('The file is larger than 1 MB: that is no key')
  const text = textOf(file)
  if (/-----BEGIN [A-Z0-9 ]*(PRIVATE|SECRET) KEY/.test(text)) throw new PrivateKeyGiven()
  if (/-----BEGIN /.test(text)) return textBlocks(text)
  if (/^\s*(ssh|ecdsa|sk-)[a-z0-9@.-]* [A-Za-z0-9+/]/.test(text))
    throw new BadKey('This is an SSH key; mail is sealed to OpenPGP keys and S/MIME certificates')
  if (file[0] === derTags.sequence) return derBlocks(file)
  const tag = packetTag(file[0])
  if (tag !== undefined && secretTags.includes(tag)) throw new PrivateKeyGiven()
  if (tag === publicKeyTag) return [{ kind: 'openpgp', bytes: file }]
  throw new BadKey(
    'This is neither an OpenPGP key nor a certificate; give what `gpg --export` or your certificate’s issuer made (.asc, .gpg, .pem, .crt, .der)',
  )
}

/** The blocks of a file, at least one. Throws BadKey; a file with a private key is wiped. */
export function keyBlocks(given: Uint8Array): KeyBlock[] {
  const file = asBuffer(given)
  try {
    const blocks = blocksOf(file)
    if (blocks.length === 0) throw new BadKey('There is no key in this file')
    if (blocks.length > keysPerFile) throw new BadKey(`There are more than ${keysPerFile} keys in this file`)
    return blocks
  } catch (error) {
    if (error instanceof PrivateKeyGiven) file.fill(0)
    throw error
  }
}

/** Whether a bag of certificates is what CMS calls signed data. */
export function isCertificateBag(der: Uint8Array): boolean {
  const outer = derHead(der)
  return outer !== undefined && derOid(der, outer.start) === '1.2.840.113549.1.7.2'
}
