// BODY and BODYSTRUCTURE as ready-made IMAP wire bytes (RFC 3501 §7.4.2).
import {
  type Parameter,
  parameterValue,
  parseDisposition,
  parseEncoding,
  parseLanguages,
} from './content-type.ts'
import { type AddressBudget, envelopeText } from './envelope.ts'
import { asOctets } from './octets.ts'
import { isEmbeddedMessage, type Part } from './part.ts'
import { nil, nstring, string, wireBytes } from './wire.ts'

/** BODY (without extension data) and BODYSTRUCTURE (with it) of one message. */
interface Structures {
  readonly body: Buffer
  readonly bodyStructure: Buffer
}

/** `message` is what the tree was made from; `budget` is for the envelopes of embedded messages. */
export function structuresOf(message: Uint8Array, root: Part, budget: AddressBudget): Structures {
  const envelopes = new Map<Part, string>()
  const envelopeOf = (part: Part): string => {
    const made = envelopes.get(part) ?? envelopeText(message, part.header, budget)
    envelopes.set(part, made)
    return made
  }
  return {
    body: wireBytes(body(root, false, envelopeOf)),
    bodyStructure: wireBytes(body(root, true, envelopeOf)),
  }
}

type EnvelopeOf = (embedded: Part) => string

// body = "(" (body-type-1part / body-type-mpart) ")"
function body(part: Part, isExtended: boolean, envelopeOf: EnvelopeOf): string {
  if (part.type === 'multipart') return multipart(part, isExtended, envelopeOf)
  const members = [...basicFields(part), String(part.bodyEnd - part.bodyStart)]
  const [embedded] = part.children
  if (isEmbeddedMessage(part) && embedded) {
    members.push(envelopeOf(embedded), body(embedded, isExtended, envelopeOf), String(part.bodyLines))
  } else if (part.type === 'text') members.push(String(part.bodyLines))
  if (isExtended) members.push(nstring(part.fields.get('content-md5')), ...extension(part))
  return `(${members.join(' ')})`
}

// body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
function multipart(part: Part, isExtended: boolean, envelopeOf: EnvelopeOf): string {
  const children = part.children.map((child) => body(child, isExtended, envelopeOf)).join('')
  const members: string[] = [string(part.contentType?.subtype ?? asOctets(part.subtype))]
  if (isExtended) {
    members.push(parameterList(part.contentType?.parameters ?? []), ...extension(part))
  }
  return `(${children} ${members.join(' ')})`
}

// media type, then body-fields up to the encoding
function basicFields(part: Part): string[] {
  const { contentType, fields } = part
  const encodingField = fields.get('content-transfer-encoding')
  const encoding = encodingField === undefined ? undefined : parseEncoding(encodingField)
  return [
    string(contentType?.type ?? asOctets(part.type)),
    string(contentType?.subtype ?? asOctets(part.subtype)),
    parameterList(typeParameters(part)),
    nstring(fields.get('content-id')),
    nstring(fields.get('content-description')),
    string(encoding ?? asOctets('7bit')),
  ]
}

// RFC 2045 §5.2: text without a charset is US-ASCII; clients expect to be told so.
function typeParameters(part: Part): readonly Parameter[] {
  const parameters = part.contentType?.parameters ?? []
  if (part.type !== 'text' || parameterValue(parameters, 'charset') !== undefined) return parameters
  return [...parameters, { name: asOctets('charset'), value: asOctets('us-ascii') }]
}

// body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
function parameterList(parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return nil
  return `(${parameters.map(({ name, value }) => `${string(name)} ${string(value)}`).join(' ')})`
}

// body-fld-dsp, body-fld-lang, body-fld-loc
function extension(part: Part): string[] {
  const dispositionField = part.fields.get('content-disposition')
  const disposition = dispositionField === undefined ? undefined : parseDisposition(dispositionField)
  const languageField = part.fields.get('content-language')
  const languages = languageField === undefined ? [] : parseLanguages(languageField)
  return [
    disposition ? `(${string(disposition.kind)} ${parameterList(disposition.parameters)})` : nil,
    languages.length > 0 ? `(${languages.map(string).join(' ')})` : nil,
    nstring(part.fields.get('content-location')),
  ]
}
