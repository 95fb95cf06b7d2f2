// BODY[section]<start.length>: the section as a value and as the text that names it in the response.
import type { Section } from '../../mail/section.ts'
import type { ArgumentReader } from './arguments.ts'
import { isAstringAtom, quotedForm } from './string-form.ts'

/** BODY[...], BODY.PEEK[...] and the RFC822 forms. */
export interface SectionItem {
  readonly kind: 'section'
  /** Exactly what stands in front of the string in the response, e.g. `BODY[1.HEADER.FIELDS (Date)]<0>`. */
  readonly label: string
  readonly section: Section
  /** Octets wanted: from `start`, at most `length`, which is not zero. */
  readonly partial: { readonly start: number; readonly length: number } | undefined
  /** Fetching it sets \Seen. */
  readonly setsSeen: boolean
}

/** BINARY[...] and BINARY.PEEK[...] (RFC 3516 §4.2). */
export interface BinaryItem {
  readonly kind: 'binary'
  readonly label: string
  /** Empty: the message as a whole. */
  readonly path: readonly number[]
  /** Of the decoded octets. */
  readonly partial: SectionItem['partial']
  readonly setsSeen: boolean
}

/** BINARY.SIZE[...] (RFC 3516 §4.2). */
export interface BinarySizeItem {
  readonly kind: 'binarySize'
  readonly label: string
  readonly path: readonly number[]
}

/** Levels of parts: no mail program makes more, and each level is a number in the text. */
const maxPartDepth = 100

// "BODY" [".PEEK"] section ["<" number "." nz-number ">"]; the reader stands at the `[`.
/** Reads from `[` on. */
export function readSection(reader: ArgumentReader, options: { readonly setsSeen: boolean }): SectionItem {
  reader.token('[')
  const section = readInside(reader)
  reader.token(']')
  const partial = readPartial(reader)
  // RFC 3501 §7.4.2: only the start is repeated, and PEEK is not.
  const label = `BODY[${sectionText(section)}]${partial ? `<${partial.start}>` : ''}`
  return { kind: 'section', label, section, partial, setsSeen: options.setsSeen }
}

// partial = "<" number64 "." nz-number64 ">" (RFC 9051 §9)
function readPartial(reader: ArgumentReader): SectionItem['partial'] {
  if (!reader.tryToken('<')) return undefined
  const start = reader.number64()
  reader.token('.')
  const partial = { start, length: reader.nzNumber64() }
  reader.token('>')
  return partial
}

// "BINARY" [".PEEK"] section-binary [partial]; the reader stands at the `[`.
/** Reads from `[` on. */
export function readBinary(reader: ArgumentReader, options: { readonly setsSeen: boolean }): BinaryItem {
  const path = readBinaryPath(reader)
  const partial = readPartial(reader)
  const label = `BINARY[${path.join('.')}]${partial ? `<${partial.start}>` : ''}`
  return { kind: 'binary', label, path, partial, setsSeen: options.setsSeen }
}

// "BINARY.SIZE" section-binary; the reader stands at the `[`.
/** Reads from `[` on. */
export function readBinarySize(reader: ArgumentReader): BinarySizeItem {
  const path = readBinaryPath(reader)
  return { kind: 'binarySize', label: `BINARY.SIZE[${path.join('.')}]`, path }
}

// section-binary = "[" [section-part] "]"; section-part = nz-number *("." nz-number)
function readBinaryPath(reader: ArgumentReader): number[] {
  reader.token('[')
  const path: number[] = []
  if (reader.tryToken(']')) return path
  do {
    if (path.length === maxPartDepth) reader.fail('part number too deep')
    path.push(reader.nzNumber())
  } while (reader.tryToken('.'))
  reader.token(']')
  return path
}

// section-spec = section-msgtext / (section-part ["." section-text])
function readInside(reader: ArgumentReader): Section {
  if (reader.peek() === ']') return { path: [] }
  const path: number[] = []
  while (/^[0-9]$/.test(reader.peek())) {
    if (path.length === maxPartDepth) reader.fail('part number too deep')
    path.push(reader.nzNumber())
    if (!reader.tryToken('.')) return { path }
  }
  const msgtext = ['HEADER', 'HEADER.FIELDS', 'HEADER.FIELDS.NOT', 'TEXT'] as const
  const text = path.length > 0 ? reader.keyword(...msgtext, 'MIME') : reader.keyword(...msgtext)
  if (text !== 'HEADER.FIELDS' && text !== 'HEADER.FIELDS.NOT') return { path, text }
  reader.space()
  return { path, text, fields: reader.list(() => readFieldName(reader)) }
}

// header-fld-name = astring; RFC 5322 §2.2: printable ASCII without the colon.
function readFieldName(reader: ArgumentReader): string {
  const name = reader.astring().toString('latin1')
  return /^[!-9;-~]{1,500}$/.test(name) ? name : reader.fail('expected the name of a header field')
}

function sectionText(section: Section): string {
  const words: (string | number)[] = [...section.path]
  if (section.text) words.push(section.text)
  const fields = section.fields?.map(fieldText).join(' ')
  return words.join('.') + (fields === undefined ? '' : ` (${fields})`)
}

function fieldText(name: string): string {
  const bytes = Buffer.from(name, 'latin1')
  return isAstringAtom(bytes) ? name : (quotedForm(bytes) ?? bytes).toString('latin1')
}
