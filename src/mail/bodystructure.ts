// BODY and BODYSTRUCTURE as ready-made IMAP wire bytes (RFC 3501 §7.4.2).
import { type Parameter, parameterValue, parseDisposition, parseEncoding, parseLanguages } from './content-type.ts'
import { envelopeText } from './envelope.ts'
import { asOctets } from './octets.ts'
import { isEmbeddedMessage, type Part } from './part.ts'
import { nil, nstring, string, wireBytes } from './wire.ts'

/** BODY: the structure without extension data. `message` is what the tree was made from. */
export function bodyOf(message: Uint8Array, root: Part): Buffer {
  return wireBytes(body(message, root, false))
}

/** BODYSTRUCTURE: the structure with extension data. */
export function bodyStructureOf(message: Uint8Array, root: Part): Buffer {
  return wireBytes(body(message, root, true))
}

// body = "(" (body-type-1part / body-type-mpart) ")"
function body(message: Uint8Array, part: Part, isExtended: boolean): string {
  if (part.type === 'multipart') return multipart(message, part, isExtended)
  const members = [...basicFields(part), String(part.bodyEnd - part.bodyStart)]
  const [embedded] = part.children
  if (isEmbeddedMessage(part) && embedded) {
    members.push(
      envelopeText(message, embedded.headerStart, embedded.bodyStart),
      body(message, embedded, isExtended),
      String(part.bodyLines),
    )
  } else if (part.type === 'text') members.push(String(part.bodyLines))
  if (isExtended) members.push(nstring(part.fields.get('content-md5')), ...extension(part))
  return `(${members.join(' ')})`
}

// body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
function multipart(message: Uint8Array, part: Part, isExtended: boolean): string {
  const children = part.children.map((child) => body(message, child, isExtended)).join('')
  const members = [string(part.contentType?.subtype ?? asOctets(part.subtype))]
  if (isExtended) {
    members.push(asOctets(parameterList(part.contentType?.parameters ?? [])), ...extension(part).map(asOctets))
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
