// LIST and its extended forms (RFC 3501 §6.3.8, RFC 5258, RFC 6154), and STATUS items.
import type { ArgumentReader } from './arguments.ts'

/** RFC 3501 §6.3.10, RFC 7162 §3.1.7; DELETED is RFC 9051's, DELETED-STORAGE RFC 9208's, SIZE RFC 8438's, MAILBOXID is RFC 8474's. */
export type StatusItem =
  | 'APPENDLIMIT'
  | 'DELETED'
  | 'DELETED-STORAGE'
  | 'HIGHESTMODSEQ'
  | 'MAILBOXID'
  | 'MESSAGES'
  | 'RECENT'
  | 'SIZE'
  | 'UIDNEXT'
  | 'UIDVALIDITY'
  | 'UNSEEN'
/** Which mailboxes (RFC 5258 §3.1, RFC 6154 §2). */
export type ListSelection = 'SUBSCRIBED' | 'REMOTE' | 'RECURSIVEMATCH' | 'SPECIAL-USE'
/** What to say of them (RFC 5258 §3.2, RFC 6154 §2). */
export type ListReturn = 'SUBSCRIBED' | 'CHILDREN' | 'SPECIAL-USE'

/** The arguments of LIST. */
export interface ListRequest {
  /** Whether any extended syntax was used. */
  readonly isExtended: boolean
  readonly selection: readonly ListSelection[]
  readonly reference: string
  /** At least one. A single empty pattern in the plain form asks for the delimiter. */
  readonly patterns: readonly string[]
  readonly returns: readonly ListReturn[]
  /** STATUS return option (RFC 5819): what to say of each mailbox besides. */
  readonly status: readonly StatusItem[] | undefined
}

// list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]
/** Arguments of LIST, to the end. */
export function readListRequest(reader: ArgumentReader): ListRequest {
  reader.space()
  const selection = reader.peek() === '(' ? readSelection(reader) : undefined
  if (selection) reader.space()
  const reference = reader.mailbox()
  reader.space()
  const isMany = reader.peek() === '('
  const patterns = isMany ? reader.list(() => reader.listMailbox()) : [reader.listMailbox()]
  const options = reader.trySpace() && !reader.isAtEnd ? readReturns(reader) : undefined
  reader.end()
  return {
    isExtended: isMany || selection !== undefined || options !== undefined,
    selection: selection ?? [],
    reference,
    patterns,
    returns: options?.returns ?? [],
    status: options?.status,
  }
}

function readSelection(reader: ArgumentReader): ListSelection[] {
  const words = reader.list(() => reader.keyword('SUBSCRIBED', 'REMOTE', 'RECURSIVEMATCH', 'SPECIAL-USE'), {
    mayBeEmpty: true,
  })
  // RFC 5258 §3.1: RECURSIVEMATCH alone, or only with REMOTE, is a syntax error.
  if (
    words.includes('RECURSIVEMATCH') &&
    !words.some((word) => word === 'SUBSCRIBED' || word === 'SPECIAL-USE')
  ) {
    reader.fail('RECURSIVEMATCH needs another selection option')
  }
  return [...new Set(words)]
}

function readReturns(reader: ArgumentReader): Pick<ListRequest, 'returns' | 'status'> {
  reader.keyword('RETURN')
  reader.space()
  const returns = new Set<ListReturn>()
  let status: StatusItem[] | undefined
  reader.list(
    () => {
      const word = reader.keyword('SUBSCRIBED', 'CHILDREN', 'SPECIAL-USE', 'STATUS')
      if (word !== 'STATUS') returns.add(word)
      else {
        reader.space()
        status = readStatusItems(reader)
      }
    },
    { mayBeEmpty: true },
  )
  return { returns: [...returns], status }
}

/** `"(" status-att *(SP status-att) ")"`, without duplicates. */
export function readStatusItems(reader: ArgumentReader): StatusItem[] {
  const items = reader.list(() =>
    reader.keyword(
      'APPENDLIMIT',
      'DELETED',
      'DELETED-STORAGE',
      'HIGHESTMODSEQ',
      'MAILBOXID',
      'MESSAGES',
      'RECENT',
      'SIZE',
      'UIDNEXT',
      'UIDVALIDITY',
      'UNSEEN',
    ),
  )
  return [...new Set(items)]
}
