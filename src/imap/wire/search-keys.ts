// SEARCH arguments to a criterion tree (RFC 3501 §6.4.4, RFC 4731, RFC 7162 §3.1.5).
import type { Criterion } from '../../account/criterion.ts'
import type { ArgumentReader } from './arguments.ts'

/** RETURN options (RFC 4731 §3.1, RFC 5182 §2.1). */
export type SearchReturnOption = 'MIN' | 'MAX' | 'ALL' | 'COUNT' | 'SAVE'

export interface SearchArguments {
  /** Undefined: answer with `* SEARCH`. Empty `RETURN ()` reads as ALL. Without duplicates. */
  readonly returns: readonly SearchReturnOption[] | undefined
  readonly criterion: Criterion
  /** MODSEQ was among the keys: the answer names the highest MODSEQ found. */
  readonly usesModSeq: boolean
  /** Sequence numbers are among the keys. */
  readonly usesSequenceNumbers: boolean
}

/** `[SP "RETURN" SP "(" ... ")"] [SP "CHARSET" SP astring] 1*(SP search-key)`, to the end. Throws BadSyntax and BadCharset. */
export function readSearchArguments(reader: ArgumentReader): SearchArguments {
  throw new Error(reader.peek())
}
