// FETCH attributes, macros and modifiers: what to send of each message (RFC 3501 §6.4.5, RFC 7162 §3.1.4).
import type { Section } from '../../mail/section.ts'
import type { ArgumentReader } from './arguments.ts'
import type { SequenceSet } from './sequence-set.ts'

/** One data item to send. `label` is its name in the response. */
export type FetchItem =
  | { readonly kind: 'body'; readonly label: 'BODY' }
  | { readonly kind: 'bodyStructure'; readonly label: 'BODYSTRUCTURE' }
  | { readonly kind: 'envelope'; readonly label: 'ENVELOPE' }
  | { readonly kind: 'flags'; readonly label: 'FLAGS' }
  | { readonly kind: 'internalDate'; readonly label: 'INTERNALDATE' }
  | { readonly kind: 'modSeq'; readonly label: 'MODSEQ' }
  | { readonly kind: 'size'; readonly label: 'RFC822.SIZE' }
  | { readonly kind: 'uid'; readonly label: 'UID' }
  | SectionItem

/** BODY[...], BODY.PEEK[...] and the RFC822 forms. */
export interface SectionItem {
  readonly kind: 'section'
  /** Exactly what stands in front of the string in the response, e.g. `BODY[1.HEADER.FIELDS (Date)]<0>`. */
  readonly label: string
  readonly section: Section
  /** Octets wanted: from `start`, at most `length`. */
  readonly partial: { readonly start: number; readonly length: number } | undefined
  /** Fetching it sets \Seen. */
  readonly setsSeen: boolean
}

/** The arguments of FETCH and UID FETCH. */
export interface FetchArguments {
  readonly set: SequenceSet
  /** Without duplicates. MODSEQ is added when CHANGEDSINCE asks for it; UID is not added for UID FETCH. */
  readonly items: readonly FetchItem[]
  /** Only messages with a greater MODSEQ; 0 is allowed and excludes nothing. */
  readonly changedSince: number | undefined
}

/** `SP sequence-set SP (macro / fetch-att / "(" fetch-att ... ")") [SP "(" fetch-modifiers ")"]`, to the command's end. */
export function readFetchArguments(reader: ArgumentReader): FetchArguments {
  throw new Error(reader.peek())
}
