// Response codes: what stands in brackets in front of a status response's text.
import { formatNumbers } from './sequence-set.ts'

/** Codes without arguments: RFC 3501 §7.1, RFC 5530 §3, RFC 4315 §3, RFC 4978 §3, RFC 6154 §3, RFC 7162 §3.1.2.2, RFC 7889 §4 / RFC 4469. */
export type PlainCode =
  | 'ALERT'
  | 'ALREADYEXISTS'
  | 'AUTHENTICATIONFAILED'
  | 'AUTHORIZATIONFAILED'
  | 'CANNOT'
  | 'CLIENTBUG'
  | 'CLOSED'
  | 'COMPRESSIONACTIVE'
  | 'CONTACTADMIN'
  | 'CORRUPTION'
  | 'EXPIRED'
  | 'EXPUNGEISSUED'
  | 'HASCHILDREN'
  | 'INUSE'
  | 'LIMIT'
  | 'NOMODSEQ'
  | 'NONEXISTENT'
  | 'NOPERM'
  | 'NOTIFICATIONOVERFLOW'
  | 'OVERQUOTA'
  | 'PARSE'
  | 'PRIVACYREQUIRED'
  | 'READ-ONLY'
  | 'READ-WRITE'
  | 'SERVERBUG'
  | 'TOOBIG'
  | 'TRYCREATE'
  | 'UIDNOTSTICKY'
  | 'UNAVAILABLE'
  | 'UNKNOWN-CTE'
  | 'USEATTR'

/** A response code with its arguments. Number lists must not be empty: a COPYUID of nothing is left out. */
export type ResponseCode =
  | PlainCode
  | { readonly code: 'BADEVENT'; readonly events: readonly string[] }
  | { readonly code: 'BADCHARSET'; readonly charsets: readonly string[] }
  /** RFC 4469 §4.1. */
  | { readonly code: 'BADURL'; readonly url: string }
  | { readonly code: 'CAPABILITY'; readonly capabilities: readonly string[] }
  /** RFC 9585 §4; the tag of the command that goes on. */
  | { readonly code: 'INPROGRESS'; readonly tag: string }
  /** RFC 8474 §4. */
  | { readonly code: 'MAILBOXID'; readonly id: string }
  /** RFC 5267 §4.3.1; the tag of the search. */
  | { readonly code: 'NOUPDATE'; readonly tag: string }
  | { readonly code: 'PERMANENTFLAGS'; readonly flags: readonly string[] }
  | { readonly code: 'HIGHESTMODSEQ' | 'UIDNEXT' | 'UIDVALIDITY' | 'UNSEEN'; readonly value: number }
  | { readonly code: 'APPENDUID'; readonly uidValidity: number; readonly uids: readonly number[] }
  | {
      readonly code: 'COPYUID'
      readonly uidValidity: number
      readonly source: readonly number[]
      readonly destination: readonly number[]
    }
  | { readonly code: 'METADATA'; readonly of: 'LONGENTRIES' | 'MAXSIZE'; readonly sizeBytes: number }
  | { readonly code: 'METADATA'; readonly of: 'TOOMANY' }
  | { readonly code: 'MODIFIED'; readonly numbers: readonly number[] }

/** The code as it is sent, without brackets. Throws RangeError for an empty or unequal number list. */
export function formatResponseCode(code: ResponseCode): string {
  if (typeof code === 'string') return code
  switch (code.code) {
    case 'BADCHARSET':
      return `BADCHARSET (${code.charsets.join(' ')})`
    case 'BADURL':
      // RFC 4469 §5: no `]` and no line end; what a URL cannot hold is percent-encoded.
      return `BADURL ${code.url.replace(/[^!-[^-~]/gu, (char) => encodeURIComponent(char)) || '""'}`
    case 'NOUPDATE':
      // RFC 3501 §9: a tag holds neither quotes nor backslashes.
      return `NOUPDATE "${code.tag}"`
    case 'INPROGRESS':
      return `INPROGRESS ("${code.tag}" NIL NIL)`
    case 'BADEVENT':
      return `BADEVENT (${code.events.join(' ')})`
    case 'CAPABILITY':
      return `CAPABILITY ${code.capabilities.join(' ')}`
    case 'MAILBOXID':
      return `MAILBOXID (${code.id})`
    case 'PERMANENTFLAGS':
      return `PERMANENTFLAGS (${code.flags.join(' ')})`
    case 'HIGHESTMODSEQ':
    case 'UIDNEXT':
    case 'UIDVALIDITY':
    case 'UNSEEN':
      return `${code.code} ${code.value}`
    case 'APPENDUID':
      return `APPENDUID ${code.uidValidity} ${numbers(code.uids)}`
    case 'COPYUID':
      if (code.source.length !== code.destination.length)
        throw new RangeError('COPYUID sets differ in length')
      return `COPYUID ${code.uidValidity} ${numbers(code.source)} ${numbers(code.destination)}`
    case 'METADATA':
      return `METADATA ${code.of}${'sizeBytes' in code ? ` ${code.sizeBytes}` : ''}`
    case 'MODIFIED':
      return `MODIFIED ${numbers(code.numbers)}`
  }
}

function numbers(list: readonly number[]): string {
  if (list.length === 0) throw new RangeError('empty set in a response code')
  return formatNumbers(list)
}
