// Whether a message is encrypted already, in whatever form: labels are not believed, content is looked at.
import { htmlText } from '../mail/html.ts'
import { parameterValue, parseDisposition, type Parameter } from '../mail/content-type.ts'
import { asOctets } from '../mail/octets.ts'
import { parseParts } from '../mail/parse-parts.ts'
import type { Part } from '../mail/part.ts'
import { decodeTransfer } from '../mail/transfer-encoding.ts'
import { cmsForm, isArmoredMessage, openPgpForm } from './sniff.ts'

/** `blank`: nothing that could be read by anybody. */
type Verdict = 'encrypted' | 'readable' | 'blank'

const sniffedOctets = 4096
/** A body that says less than this in blanks alone is looked at whole. */
const blankOctets = 64 * 1024

/**
 * True when all that a message says is encrypted, so that another layer would only be in the way. Whatever can be read beside
 * an encrypted part (a footer, a cover letter) makes it false, and so does a signature without encryption.
 */
export function isEncrypted(message: Uint8Array): boolean {
  return verdictOf(message, parseParts(message), false) === 'encrypted'
}

function verdictOf(message: Uint8Array, part: Part, isSigned: boolean): Verdict {
  if (part.type === 'multipart') return ofParts(message, part)
  if (part.children.length > 0) return 'readable' // an embedded message: its header can be read
  if (isSigned && /^(x-)?p(gp|kcs7)-signature$/.test(part.subtype)) return 'blank'
  return ofLeaf(message, part)
}

function ofParts(message: Uint8Array, part: Part): Verdict {
  const isSigned = part.subtype === 'signed'
  let verdict: Verdict = 'blank'
  for (const child of part.children) {
    const of = verdictOf(message, child, isSigned)
    if (of === 'readable') return of
    if (of === 'encrypted') verdict = of
  }
  return verdict
}

function octetsOf(message: Uint8Array, part: Part, limit: number): Buffer | undefined {
  const { bodyStart, bodyEnd } = part
  const end = Math.min(bodyEnd, bodyStart + limit)
  return decodeTransfer(message.subarray(bodyStart, end), part.encoding)
}

/** Names that the part goes by: of its Content-Type, and of its Content-Disposition. */
function namesOf(part: Part): string {
  const disposition = part.fields.get('content-disposition')
  const of = (parameters: readonly Parameter[], name: string): string =>
    parameterValue(parameters, name) ?? parameterValue(parameters, `${name}*`) ?? ''
  const typed = of(part.contentType?.parameters ?? [], 'name')
  const disposed = disposition && parseDisposition(asOctets(disposition))
  return `${typed}\n${of(disposed?.parameters ?? [], 'filename')}`.toLowerCase()
}

function ofLeaf(message: Uint8Array, part: Part): Verdict {
  const beginning = octetsOf(message, part, sniffedOctets)
  if (!beginning) return 'readable'
  const type = `${part.type}/${part.subtype}`
  if (type === 'application/pgp-encrypted' && isVersionPart(message, part)) return 'blank'
  const names = namesOf(part)
  const isCmsLabelled = /^application\/(x-)?pkcs7-mime$/.test(type) || /\.p7[mz]$/m.test(names)
  if (isCmsLabelled) {
    const form = cmsForm(beginning)
    if (form !== undefined) return form
  }
  const isPgpLabelled = /pgp/.test(part.subtype) || /\.(pgp|gpg|asc)$/m.test(names)
  if (isPgpLabelled && openPgpForm(beginning) === 'encrypted') return 'encrypted'
  return ofText(message, part, beginning)
}

function isVersionPart(message: Uint8Array, part: Part): boolean {
  const text = part.bodyEnd - part.bodyStart <= 200 ? octetsOf(message, part, 200) : undefined
  return text !== undefined && /^\s*version\s*:\s*1\s*$/i.test(text.toString('latin1'))
}

const armorBegins = /^(?:\u00ef\u00bb\u00bf)?\s*-----BEGIN PGP MESSAGE-----/
const htmlArmor = /-----BEGIN PGP MESSAGE-----/

function ofText(message: Uint8Array, part: Part, beginning: Buffer): Verdict {
  const isHtml = part.type === 'text' && part.subtype === 'html'
  const start = beginning.toString('latin1')
  if (isHtml ? htmlArmor.test(start) : armorBegins.test(start)) {
    const whole = octetsOf(message, part, Infinity)?.toString('latin1') ?? ''
    return isArmoredMessage(isHtml ? htmlText(whole) : whole) ? 'encrypted' : 'readable'
  }
  if (part.bodyEnd - part.bodyStart > blankOctets) return 'readable'
  const text = octetsOf(message, part, blankOctets)?.toString('latin1') ?? ''
  return (isHtml ? htmlText(text) : text).trim() === '' ? 'blank' : 'readable'
}
