// Arguments of GETMETADATA and SETMETADATA (RFC 5464 §5).
import { annotationEntryBytes } from '../../base/limits.ts'
import type { ArgumentReader } from './arguments.ts'

/** GETMETADATA. */
export interface MetadataQuery {
  /** Undefined: the server's own, which is to say the account's. */
  readonly mailbox: string | undefined
  /** In small letters, without duplicates. */
  readonly entries: readonly string[]
  readonly maxSizeBytes: number | undefined
  readonly depth: 0 | 1 | 'infinity'
}

// getmetadata = "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries
/** To the command's end. The examples of RFC 5464 §4.2 have the options behind the mailbox: there they are taken as well. */
export function readGetMetadata(reader: ArgumentReader): MetadataQuery {
  reader.space()
  const options = { maxSizeBytes: undefined, depth: 0 } as Options
  if (reader.peek() === '(') {
    readOptions(reader, options)
    reader.space()
  }
  const mailbox = reader.mailbox()
  reader.space()
  let entries = readEntries(reader, options)
  if (entries.length === 0) {
    reader.space()
    entries = readEntries(reader)
  }
  reader.end()
  return { mailbox: mailbox === '' ? undefined : mailbox, entries: [...new Set(entries)], ...options }
}

type Options = { maxSizeBytes: number | undefined; depth: MetadataQuery['depth'] }

function readOptions(reader: ArgumentReader, options: Options): void {
  reader.list(() => readOption(reader, options))
}

// entries = entry / "(" entry *(SP entry) ")"
/** With `options`, options may stand here instead: then none is returned. */
function readEntries(reader: ArgumentReader, options?: Options): string[] {
  if (reader.peek() !== '(') return [readEntry(reader)]
  const read = reader.list(() => {
    const word = options && reader.tryKeyword('MAXSIZE', 'DEPTH')
    if (!word) return readEntry(reader)
    readValue(reader, word, options)
    return undefined
  })
  const entries = read.filter((entry) => entry !== undefined)
  if (entries.length > 0 && entries.length < read.length) reader.fail('options among entries')
  return entries
}

function readOption(reader: ArgumentReader, options: Options): void {
  readValue(reader, reader.keyword('MAXSIZE', 'DEPTH'), options)
}

function readValue(reader: ArgumentReader, word: 'MAXSIZE' | 'DEPTH', options: Options): void {
  reader.space()
  if (word === 'MAXSIZE') options.maxSizeBytes = reader.number()
  else {
    const depth = reader.keyword('0', '1', 'INFINITY')
    options.depth = depth === 'INFINITY' ? 'infinity' : depth === '0' ? 0 : 1
  }
}

/** SETMETADATA. */
export interface MetadataChange {
  readonly mailbox: string | undefined
  /** Undefined: NIL, the entry goes. */
  readonly values: ReadonlyMap<string, Buffer | undefined>
}

// setmetadata = "SETMETADATA" SP mailbox SP entry-values; entry-values = "(" entry-value *(SP entry-value) ")"
/** To the command's end. */
export function readSetMetadata(reader: ArgumentReader): MetadataChange {
  reader.space()
  const mailbox = reader.mailbox()
  reader.space()
  const values = new Map<string, Buffer | undefined>()
  reader.list(() => {
    const entry = readEntry(reader)
    if (!isEntryName(entry)) reader.fail('not the name of an entry')
    reader.space()
    values.set(entry, reader.nstring())
  })
  reader.end()
  return { mailbox: mailbox === '' ? undefined : mailbox, values }
}

/** An entry, or what entries begin with. In small letters, since case does not matter (RFC 5464 §3.2). */
function readEntry(reader: ArgumentReader): string {
  const bytes = reader.astring()
  const entry = bytes.toString('latin1').toLowerCase()
  const isFaulty =
    bytes.length > annotationEntryBytes ||
    !/^\/(private|shared)(\/[^/]+)*$/.test(entry) ||
    /[^\x20-\x7e]|[*%]/.test(entry)
  return isFaulty ? reader.fail('not the name of an entry') : entry
}

/** RFC 5464 §3.2: two parts at least, and four below `vendor`. */
export function isEntryName(entry: string): boolean {
  const parts = entry.split('/').slice(1)
  return parts.length >= (parts[1] === 'vendor' ? 4 : 2)
}
