// BODY[section]<partial>: the octets to send, verified up to the first of them before anything is promised.
import type { MessageContent } from '../../account/api.ts'
import type { MessageParts } from '../../account/message-parts.ts'
import { chunkBytes } from '../../base/limits.ts'
import { filterHeader, filterLongHeader, sectionRange } from '../../mail/section.ts'
import type { SectionItem } from '../wire/fetch-section.ts'

/** Octets too many to hold, opened as they are sent. */
export interface StreamedSection {
  readonly kind: 'stream'
  readonly sizeBytes: number
  /** NUL is among them: a literal8 (RFC 3516 §7). */
  readonly isBinary?: boolean
  /** Once. */
  pieces(): AsyncIterable<Buffer>
  /** Gives up what `pieces` has not taken. */
  close(): Promise<void>
}

export type OpenSection =
  | { readonly kind: 'nil' }
  | { readonly kind: 'literal'; readonly bytes: Buffer; readonly isBinary?: boolean }
  | StreamedSection

/** A section that is answered from the header that is kept ready; undefined for any other, and where it is too long to be kept. */
export function headerOfMessage(
  { header }: MessageContent,
  { section, partial }: SectionItem,
): { readonly kind: 'literal'; readonly bytes: Buffer } | undefined {
  const { path, text, fields } = section
  if (!header || path.length > 0 || text === undefined || text === 'TEXT' || text === 'MIME') return undefined
  const bytes = fields ? filterHeader(header, fields, text === 'HEADER.FIELDS.NOT') : header
  return { kind: 'literal', bytes: cut(bytes, partial) }
}

/** Throws Refusal 'damaged' when the first octets do not authenticate. */
export async function openSection(parts: MessageParts, item: SectionItem): Promise<OpenSection> {
  const { section, partial } = item
  const isOfMessage = section.path.length === 0
  // These come most, and need neither tree nor body.
  if (isOfMessage && section.text === undefined) return octets(parts, 0, parts.content.sizeBytes, partial)
  const kept = headerOfMessage(parts.content, item)
  if (kept) return kept
  const range = sectionRange(await parts.tree(), section)
  // RFC 3501 §7.4.2: NIL, since there is no such part.
  if (!range) return { kind: 'nil' }
  if (!range.isFiltered) return octets(parts, range.start, range.end, partial)
  const choose = async (): Promise<Buffer> => {
    const block = await parts.bytes(range.start, range.end)
    const isNot = section.text === 'HEADER.FIELDS.NOT'
    return cut(await filterLongHeader(block, section.fields ?? [], isNot), partial)
  }
  const chosen = await choose()
  const sizeBytes = chosen.length
  // A copy of the little, since what was chosen may hold on to the block.
  if (sizeBytes <= chunkBytes) return { kind: 'literal', bytes: Buffer.from(chosen) }
  // A header may be as long as a message, and many sections of it be asked for: it is read again when its turn has come.
  return {
    kind: 'stream',
    sizeBytes,
    async *pieces() {
      yield await choose()
    },
    close: () => Promise.resolve(),
  }
}

/** RFC 3501 §6.4.5: a start beyond the end gives an empty string, never an error. */
function cut(bytes: Buffer, partial: SectionItem['partial']): Buffer {
  return partial ? bytes.subarray(partial.start, partial.start + partial.length) : bytes
}

async function octets(
  parts: MessageParts,
  start: number,
  end: number,
  partial: SectionItem['partial'],
): Promise<OpenSection> {
  const from = Math.min(end, start + (partial?.start ?? 0))
  const to = partial ? Math.min(end, from + partial.length) : end
  if (to - from <= chunkBytes) return { kind: 'literal', bytes: await parts.bytes(from, to) }
  const source = parts.read(from, to)[Symbol.asyncIterator]()
  const first = await source.next()
  return {
    kind: 'stream',
    sizeBytes: to - from,
    async *pieces() {
      for (let piece = first; !piece.done; piece = await source.next()) yield piece.value
    },
    async close() {
      await source.return?.()
    },
  }
}
