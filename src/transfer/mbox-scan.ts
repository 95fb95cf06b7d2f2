// Where the messages of an mbox begin and end. The file is read once from end to end; nothing but offsets is kept.
import { parseMessageDate, type ZonedDate } from '../mail/date.ts'
import { asOctets } from '../mail/octets.ts'
import { readRange, type OpenFile } from './files.ts'

/** One message: `start` is behind its From_ line, `end` before the blank line that ends it. */
export interface Extent {
  readonly start: number
  readonly end: number
  /** Of the From_ line. undefined: it has none that can be read. */
  readonly date: ZonedDate | undefined
}

export interface MboxLayout {
  readonly extents: readonly Extent[]
  /** Lines `From ` in messages stand with `>` before them: take one away. False: lengths say where messages end (mboxcl2). */
  readonly isQuoted: boolean
  readonly hasLengths: boolean
}

interface Separator {
  /** Where the line begins, and where the next one does. */
  readonly at: number
  readonly next: number
  readonly date: ZonedDate | undefined
}

const LF = 10
const chunkBytes = 1024 * 1024
/** A From_ line, and what is looked at of the line behind it. */
const lineBytes = 1000
/** Content-Length stands in the first lines that a program added. */
const headBytes = 32 * 1024

const stamp =
  /(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{1,2}|\d{1,2} +(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)).{0,60}$/

/** Reads `From sender date`: undefined when it is none, `date: undefined` when it could be one whose date nobody can read. */
function fromLine(line: string): { date: ZonedDate | undefined } | undefined {
  if (!line.startsWith('From ')) return undefined
  const text = stamp.exec(line)?.[0]
  const date = text === undefined ? undefined : parseMessageDate(asOctets(text.replaceAll(',', '')))
  if (date) return { date }
  // `From sender` alone, as some programs write it.
  return /^From \S+ *$/.test(line) ? { date: undefined } : undefined
}

// A field, a line that was quoted, or the end of an empty header: what stands behind a From_ line.
const fieldOrEnd = /^(?:[!-9;-~]+[ \t]*:|>From |\r?$)/

/** The line that begins at `at` without its line end, and where the next one begins. */
function lineAt(window: Buffer, at: number): { text: string; next: number } {
  const end = window.indexOf(LF, at)
  const stop = end < 0 ? window.length : end
  const text = window.toString('latin1', at, Math.min(stop, at + lineBytes)).replace(/\r$/, '')
  return { text, next: end < 0 ? window.length : end + 1 }
}

/** Whether a From_ line stands at `at` of the window; `isFirst`, and after an empty line, a line without a date will do. */
function separatorAt(window: Buffer, at: number, offset: number): Separator | undefined {
  const { text, next } = lineAt(window, at)
  const from = fromLine(text)
  if (!from) return undefined
  const behind = lineAt(window, next)
  if (next < window.length && !fieldOrEnd.test(behind.text)) return undefined
  const isAfterBlank =
    offset + at === 0 ||
    window.toString('latin1', Math.max(0, at - 3), at).endsWith('\n\r\n') ||
    window.toString('latin1', Math.max(0, at - 2), at) === '\n\n' ||
    /^(?:\r?\n)+$/.test(window.toString('latin1', 0, at))
  if (!from.date && !(isAfterBlank && /^[!-9;-~]+[ \t]*:/.test(behind.text))) return undefined
  return { at: offset + at, next: offset + next, date: from.date }
}

/** Every line of the first `sizeBytes` that looks like a From_ line. */
async function separators(file: OpenFile, sizeBytes: number): Promise<Separator[]> {
  const found: Separator[] = []
  // Windows overlap, so that a line and the next one are in one of them whole.
  const overlap = 2 * lineBytes + 8
  for (let offset = 0; offset < sizeBytes; offset += chunkBytes) {
    const before = Math.min(offset, 4)
    const length = Math.min(chunkBytes + overlap, sizeBytes - offset) + before
    const window = await readRange(file, offset - before, length)
    const until = before + chunkBytes
    for (
      let at = window.indexOf('From ', before);
      at >= 0 && at < until;
      at = window.indexOf('From ', at + 5)
    ) {
      const isLineStart = offset - before + at === 0 || (at > 0 && window[at - 1] === LF)
      const separator = isLineStart ? separatorAt(window, at, offset - before) : undefined
      if (separator) found.push(separator)
    }
  }
  return found
}

/** Content-Length of the message that begins at `start`, and where its body does; undefined: it says none. */
async function lengthOf(file: OpenFile, start: number, limit: number): Promise<number | undefined> {
  const head = (await readRange(file, start, Math.min(headBytes, limit - start))).toString('latin1')
  const gap = /\r?\n\r?\n/.exec(head)
  if (!gap) return undefined
  const digits = /^content-length:[ \t]*(\d{1,12})[ \t]*\r?$/im.exec(head.slice(0, gap.index + 1))?.[1]
  return digits === undefined ? undefined : start + gap.index + gap[0].length + Number(digits)
}

/** Where a message that ends at `end` has its next From_ line: at once, or behind one blank line. */
async function behind(file: OpenFile, end: number, sizeBytes: number): Promise<number | undefined> {
  if (end > sizeBytes) return undefined
  const next = (await readRange(file, end, 8)).toString('latin1')
  const gap = /^(?:\r?\n){0,2}(?=From |$)/.exec(next)
  return gap ? end + gap[0].length : undefined
}

/** The extents that Content-Length gives; undefined unless every message has one that fits. */
async function byLengths(
  file: OpenFile,
  found: readonly Separator[],
  sizeBytes: number,
): Promise<{ extents: Extent[]; isQuoted: boolean } | undefined> {
  const byOffset = new Map(found.map((separator) => [separator.at, separator]))
  const extents: Extent[] = []
  let next: number | undefined = found[0]?.at
  while (next !== undefined && next < sizeBytes) {
    const separator = byOffset.get(next)
    if (!separator) return undefined
    const end = await lengthOf(file, separator.next, sizeBytes)
    next = end === undefined ? undefined : await behind(file, end, sizeBytes)
    if (end === undefined || next === undefined) return undefined
    extents.push({ start: separator.next, end, date: separator.date })
  }
  // With lengths nobody need quote: where somebody did not, nobody did.
  return { extents, isQuoted: extents.length === found.length }
}

/** The octets of a message end before the blank line that an mbox puts behind each. */
async function withoutBlankLine(file: OpenFile, start: number, end: number): Promise<number> {
  const last = (await readRange(file, Math.max(start, end - 4), Math.min(4, end - start))).toString('latin1')
  if (last.endsWith('\n\r\n')) return end - 2
  return last.endsWith('\n\n') || last === '\n' ? end - 1 : end
}

/**
 * The messages of the first `sizeBytes` of a file. undefined: it does not begin with a From_ line. A forged Content-Length cannot
 * hide a message: lengths count only where all of them fit.
 */
export async function scanMbox(file: OpenFile, sizeBytes: number): Promise<MboxLayout | undefined> {
  const found = await separators(file, sizeBytes)
  const first = found[0]
  const ahead = (await readRange(file, 0, Math.min(first?.at ?? sizeBytes, lineBytes))).toString('latin1')
  if (!first) return /^\s*$/.test(ahead) && sizeBytes <= lineBytes ? empty : undefined
  if (!/^(?:\xef\xbb\xbf)?[\r\n]*$/.test(ahead) || first.at > lineBytes) return undefined
  const exact = await byLengths(file, found, sizeBytes)
  if (exact) return { ...exact, hasLengths: true }
  const extents: Extent[] = []
  for (const [index, { next, date }] of found.entries()) {
    const end = Math.max(next, found[index + 1]?.at ?? sizeBytes)
    extents.push({ start: next, end: await withoutBlankLine(file, next, end), date })
  }
  return { extents, isQuoted: true, hasLengths: false }
}

const empty: MboxLayout = { extents: [], isQuoted: true, hasLengths: false }
