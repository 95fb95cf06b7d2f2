// ENVELOPE, BODY and BODYSTRUCTURE taken apart into named leaves (RFC 3501 §7.4.2), so that two of them can be compared leaf by leaf.
import type { WireValue } from '../../support/wire-value.ts'

/** Names of leaves, such as `2.1 encoding`, to their values as JSON text. */
export type Leaves = Map<string, string>

const envelopeFields = [
  'date',
  'subject',
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'bcc',
  'in-reply-to',
  'message-id',
]

/** Each member of an ENVELOPE under its field's name. */
export function envelopeLeaves(value: WireValue, prefix: string, leaves: Leaves = new Map()): Leaves {
  envelopeFields.forEach((name, index) => leaves.set(`${prefix}${name}`, JSON.stringify(at(value, index))))
  return leaves
}

/**
 * Each member of a BODY or BODYSTRUCTURE under its part's number (`top` for a multipart as a whole). What has no case in
 * MIME is in lower case, and parameters are in the order of their names: RFC 2045 §5.1 gives no order a meaning.
 */
export function structureLeaves(value: WireValue, isExtended: boolean): Leaves {
  const leaves: Leaves = new Map()
  addPart(leaves, value, '', isExtended)
  return leaves
}

/** Numbers of all parts that a BODYSTRUCTURE names, also those inside of embedded messages. */
export function partNumbers(value: WireValue): string[] {
  const numbers = [...structureLeaves(value, true).keys()].map((key) => key.slice(0, key.indexOf(' ')))
  return [...new Set(numbers)].filter((number) => number !== 'top' && !number.endsWith('.top'))
}

/** The tree in one line: types, and what is inside in brackets. */
export function shapeOf(value: WireValue): string {
  if (!isMultipart(value)) {
    const type = `${lower(at(value, 0))}/${lower(at(value, 1))}`
    return isMessage(value) ? `${type}[${shapeOf(at(value, 8))}]` : type
  }
  const { children, rest } = split(value)
  return `multipart/${lower(rest[0] ?? null)}[${children.map(shapeOf).join(' ')}]`
}

function addPart(leaves: Leaves, value: WireValue, number: string, isExtended: boolean): void {
  const inside = (child: number): string => (number === '' ? String(child) : `${number}.${child}`)
  if (isMultipart(value)) {
    const { children, rest } = split(value)
    children.forEach((child, index) => addPart(leaves, child, inside(index + 1), isExtended))
    const name = number === '' ? 'top' : number
    leaves.set(`${name} subtype`, lower(rest[0] ?? null))
    if (!isExtended) return
    leaves.set(`${name} parameters`, parameters(rest[1] ?? null))
    addExtension(leaves, name, rest.slice(2))
    return
  }
  const own = number === '' ? '1' : number
  const names = ['type', 'subtype', 'parameters', 'id', 'description', 'encoding', 'size']
  names.forEach((name, index) => {
    const member = at(value, index)
    const isCaseless = name === 'type' || name === 'subtype' || name === 'encoding'
    const shown = isCaseless ? lower(member) : JSON.stringify(member)
    leaves.set(`${own} ${name}`, name === 'parameters' ? parameters(member) : shown)
  })
  let next = names.length
  if (isMessage(value)) {
    envelopeLeaves(at(value, 7), `${own} envelope `, leaves)
    const embedded = at(value, 8)
    // A message in a part: its parts are numbered below it, and a single one is its number 1.
    addPart(leaves, embedded, isMultipart(embedded) ? own : `${own}.1`, isExtended)
    leaves.set(`${own} lines`, JSON.stringify(at(value, 9)))
    next = 10
  } else if (lower(at(value, 0)) === 'text') {
    leaves.set(`${own} lines`, JSON.stringify(at(value, 7)))
    next = 8
  }
  if (!isExtended) return
  leaves.set(`${own} md5`, JSON.stringify(at(value, next)))
  addExtension(leaves, own, Array.isArray(value) ? (value as readonly WireValue[]).slice(next + 1) : [])
}

// body-fld-dsp, body-fld-lang, body-fld-loc
function addExtension(leaves: Leaves, name: string, [disposition, language, location]: WireValue[]): void {
  leaves.set(`${name} disposition`, lower(at(disposition ?? null, 0)))
  leaves.set(`${name} disposition parameters`, parameters(at(disposition ?? null, 1)))
  const languages = typeof language === 'string' ? [language] : (language ?? null)
  leaves.set(`${name} language`, JSON.stringify(languages).toLowerCase())
  leaves.set(`${name} location`, JSON.stringify(location ?? null))
}

function parameters(value: WireValue): string {
  if (!Array.isArray(value)) return JSON.stringify(value)
  const list = value as readonly WireValue[]
  const pairs = list.flatMap((name, index) =>
    index % 2 === 0 ? [`${lower(name)}=${parameterValue(lower(name), list[index + 1] ?? null)}`] : [],
  )
  return pairs.sort().join('; ')
}

// RFC 2046 §4.1.2: names of charsets have no case.
function parameterValue(name: string, value: WireValue): string {
  const shown = JSON.stringify(value)
  return name === 'charset' ? shown.toLowerCase() : shown
}

function split(value: WireValue): { children: WireValue[]; rest: WireValue[] } {
  const list = Array.isArray(value) ? (value as readonly WireValue[]) : []
  const count = list.findIndex((member) => !Array.isArray(member))
  return { children: list.slice(0, count), rest: list.slice(count) }
}

function isMultipart(value: WireValue): boolean {
  return Array.isArray(at(value, 0))
}

function isMessage(value: WireValue): boolean {
  return lower(at(value, 0)) === 'message' && lower(at(value, 1)) === 'rfc822' && Array.isArray(at(value, 8))
}

function at(value: WireValue, index: number): WireValue {
  return Array.isArray(value) ? ((value as readonly WireValue[])[index] ?? null) : null
}

function lower(value: WireValue): string {
  return typeof value === 'string' ? value.toLowerCase() : String(value)
}
