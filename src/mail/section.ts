// BODY[section]: which octets of a message a section names (RFC 3501 §6.4.5).
import type { PartNode } from './part.ts'

/** The inside of BODY[...]: part numbers, then what of that part. `text` absent is the part's body, or the whole message. */
export interface Section {
  readonly path: readonly number[]
  readonly text?: 'HEADER' | 'TEXT' | 'MIME' | 'HEADER.FIELDS' | 'HEADER.FIELDS.NOT'
  /** Field names of HEADER.FIELDS and HEADER.FIELDS.NOT, any case. */
  readonly fields?: readonly string[]
}

/** Octets from `start` up to, not including, `end`; `isFiltered` means that `filterHeader` must be applied to them. */
export interface SectionRange {
  readonly start: number
  readonly end: number
  readonly isFiltered: boolean
}

/** The octets a section names, or undefined when the message has no such part. */
export function sectionRange(root: PartNode, section: Section): SectionRange | undefined {
  throw new Error(String(root.bodyEnd) + String(section.text))
}

/** HEADER.FIELDS and HEADER.FIELDS.NOT on one header block: the chosen fields as they stand, in order, then the blank line if the block has it. */
export function filterHeader(block: Uint8Array, names: readonly string[], isNot: boolean): Buffer {
  throw new Error(String(block.length) + String(names) + String(isNot))
}

/** A section of a message that is in memory; undefined when there is no such part. */
export function sectionBytes(message: Uint8Array, root: PartNode, section: Section): Buffer | undefined {
  throw new Error(String(message.length) + String(root) + String(section))
}
