// Content-Type, Content-Disposition and Content-Language: values and parameters (RFC 2045 §5, RFC 2183, RFC 2231, RFC 3282).
import { FieldReader } from './field-reader.ts'
import { parametersPerField, tokenBytes } from './limits.ts'
import { type OctetString, asOctets, trimBlanksEnd } from './octets.ts'

/** One attribute and its value; the name is as written, pieces of RFC 2231 §3 are joined. */
export interface Parameter {
  /** Ends in `*` when the value is in RFC 2231 §4 form, charset'language'percent-encoded. */
  readonly name: OctetString
  readonly value: OctetString
}

export interface ContentType {
  /** As written, not folded to one case. */
  readonly type: OctetString
  readonly subtype: OctetString
  readonly parameters: readonly Parameter[]
}

export interface Disposition {
  readonly kind: OctetString
  readonly parameters: readonly Parameter[]
}

/** Undefined when the value is not type "/" subtype; RFC 2045 §5.2 then wants text/plain. */
export function parseContentType(value: OctetString): ContentType | undefined {
  const reader = new FieldReader(value)
  reader.skipSpace()
  const type = reader.token()
  reader.skipSpace()
  if (!reader.accept('/')) return undefined
  reader.skipSpace()
  const subtype = reader.token()
  if (!isName(type) || !isName(subtype)) return undefined
  return { type, subtype, parameters: parseParameters(reader) }
}

/** Undefined when there is no disposition-type. */
export function parseDisposition(value: OctetString): Disposition | undefined {
  const reader = new FieldReader(value)
  reader.skipSpace()
  const kind = reader.token()
  if (kind === '') return undefined
  return { kind, parameters: parseParameters(reader) }
}

/** The tags of Content-Language; empty when there is none. */
export function parseLanguages(value: OctetString): OctetString[] {
  const reader = new FieldReader(value)
  const tags: OctetString[] = []
  do {
    reader.skipSpace()
    const tag = reader.token()
    if (tag === '') break
    tags.push(tag)
    reader.skipSpace()
  } while (reader.accept(','))
  return tags
}

/** The single token of Content-Transfer-Encoding, as written; undefined when there is none. */
export function parseEncoding(value: OctetString): OctetString | undefined {
  const reader = new FieldReader(value)
  reader.skipSpace()
  const token = reader.token()
  return token === '' ? undefined : token
}

/** The value of the parameter of that name (lower case, without `*`), or undefined. */
export function parameterValue(parameters: readonly Parameter[], name: string): OctetString | undefined {
  return parameters.find((parameter) => parameter.name.toLowerCase() === name)?.value
}

function isName(token: string): boolean {
  return token !== '' && token.length <= tokenBytes
}

function parseParameters(reader: FieldReader): Parameter[] {
  const written: Parameter[] = []
  while (written.length < parametersPerField && seekSemicolon(reader)) {
    reader.skipSpace()
    const name = reader.token()
    reader.skipSpace()
    if (name === '' || !reader.accept('=')) continue
    reader.skipSpace()
    const value = reader.next === '"' ? reader.quoted() : unquotedValue(reader, name)
    written.push({ name, value })
  }
  return joinPieces(written)
}

// What stands between a value and the next semicolon is not understood and passed over.
function seekSemicolon(reader: FieldReader): boolean {
  reader.skipSpace()
  const semicolon = reader.text.indexOf(';', reader.at)
  reader.at = semicolon < 0 ? reader.text.length : semicolon + 1
  return semicolon >= 0
}

const encodedWord = /=\?[^;\s]*/y
const restOfValue = /[^;"\r\n]*/y

function unquotedValue(reader: FieldReader, name: string): OctetString {
  // Some mailers write file names with spaces, or encoded words, without quotes.
  const lower = name.toLowerCase()
  if (lower === 'name' || lower === 'filename') return trimBlanksEnd(reader.run(restOfValue))
  return asOctets(reader.run(encodedWord) || reader.token())
}

interface Piece {
  readonly index: number
  readonly isEncoded: boolean
  readonly value: string
}

// attribute := token without "*"; section := "*" digits; a last "*" marks an encoded value (RFC 2231 §7).
const pieceName = /^([^*]+)(?:\*(\d{1,4}))?(\*)?$/

/** RFC 2231 §6: a server joins continued parameters for BODYSTRUCTURE; charsets are left to the client. */
function joinPieces(written: readonly Parameter[]): Parameter[] {
  const whole: Parameter[] = []
  const pieces = new Map<string, { readonly name: string; readonly list: Piece[] }>()
  for (const parameter of written) {
    const match = parameter.name.includes('*') ? pieceName.exec(parameter.name) : null
    if (!match?.[1]) {
      whole.push(parameter)
      continue
    }
    const key = match[1].toLowerCase()
    const group = pieces.get(key) ?? { name: match[1], list: [] }
    pieces.set(key, group)
    group.list.push({
      index: Number(match[2] ?? 0),
      isEncoded: match[3] !== undefined,
      value: parameter.value,
    })
  }
  for (const { name, list } of pieces.values()) whole.push(...joined(name, list))
  return whole
}

function joined(name: string, list: Piece[]): Parameter[] {
  list.sort((a, b) => a.index - b.index)
  if (list.some((piece, position) => piece.index !== position)) {
    // A piece is missing or there twice: nothing can be joined, so each is handed on as it came.
    return list.map(({ index, isEncoded, value }) => ({
      name: asOctets(`${name}*${index}${isEncoded ? '*' : ''}`),
      value: asOctets(value),
    }))
  }
  if (!list.some((piece) => piece.isEncoded)) {
    return [{ name: asOctets(name), value: asOctets(list.map((piece) => piece.value).join('')) }]
  }
  const prefix = list[0]?.isEncoded === true ? '' : "''"
  const value = list.map((piece) => (piece.isEncoded ? piece.value : piece.value.replaceAll('%', '%25')))
  return [{ name: asOctets(`${name}*`), value: asOctets(prefix + value.join('')) }]
}
