// LIST and its extended forms (RFC 3501 §6.3.8, RFC 5258, RFC 6154), and STATUS items.
import type { ArgumentReader } from './arguments.ts'

export type StatusItem =
  'DELETED' | 'HIGHESTMODSEQ' | 'MESSAGES' | 'RECENT' | 'SIZE' | 'UIDNEXT' | 'UIDVALIDITY' | 'UNSEEN'
export type ListSelection = 'SUBSCRIBED' | 'REMOTE' | 'RECURSIVEMATCH' | 'SPECIAL-USE'
export type ListReturn = 'SUBSCRIBED' | 'CHILDREN' | 'SPECIAL-USE'

export interface ListRequest {
  /** Whether any extended syntax was used. */
  readonly isExtended: boolean
  readonly selection: readonly ListSelection[]
  readonly reference: string
  /** At least one. A single empty pattern in the plain form asks for the delimiter. */
  readonly patterns: readonly string[]
  readonly returns: readonly ListReturn[]
  /** STATUS return option (RFC 5819): what to say of each mailbox. */
  readonly status: readonly StatusItem[] | undefined
}

/** Arguments of LIST, to the end. */
export function readListRequest(reader: ArgumentReader): ListRequest {
  throw new Error(reader.peek())
}

/** `"(" status-att *(SP status-att) ")"`, without duplicates. */
export function readStatusItems(reader: ArgumentReader): StatusItem[] {
  throw new Error(reader.peek())
}
