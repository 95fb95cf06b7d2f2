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

/** Levels of parts: no mail program makes more, and each level is a number in the text. */
const maxPartDepth = 100

// "BODY" [".PEEK"] section ["<" number "." nz-number ">"]; the reader stands at the `[`.
/** Reads from `[` on. */
export function readSection(reader: ArgumentReader, options: { readonly setsSeen: boolean }): SectionItem {
  reader.token('[')
  const section = readInside(reader)
  reader.token(']')
  let partial: SectionItem['partial']
  if (reader.tryToken('<')) {
    const start = reader.number()
    reader.token('.')
    partial = { start, length: reader.nzNumber() }
    reader.token('>')
  }
  // RFC 3501 §7.4.2: only the start is repeated, and PEEK is not.
  const label = `BODY[${sectionText(section)}]${partial ? `<${partial.start}>` : ''}`
  return { kind: 'section', label, section, partial, setsSeen: options.setsSeen }
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
