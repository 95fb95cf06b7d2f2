// SEARCH arguments to a criterion tree (RFC 3501 §6.4.4, and the RFCs that add keys, named where they are read).
import type { Criterion, DayRelation, SystemFlag } from '../../account/criterion.ts'
import type { ArgumentReader } from './arguments.ts'
import { searchCharset, type TextDecoding } from './search-charset.ts'
import { readReturns, type SearchReturns } from './search-returns.ts'

/** A search program, read to the command's end. */
export interface SearchProgram {
  readonly criterion: Criterion
  /** MODSEQ was among the keys: the answer names the highest MODSEQ found. */
  readonly usesModSeq: boolean
  /** Sequence numbers are among the keys: nothing may be numbered anew by the answer, in the UID form neither (RFC 3501 §7.4.1). */
  readonly usesSequenceNumbers: boolean
  /** False: answer NO [BADCHARSET]; the texts in `criterion` mean nothing. */
  readonly isCharsetKnown: boolean
}

/** The arguments of SEARCH and UID SEARCH. */
export interface SearchArguments extends SearchProgram {
  /** Undefined: answer with `* SEARCH`. */
  readonly returns: SearchReturns | undefined
}

// search = "SEARCH" [search-return-opts] [SP "CHARSET" SP astring] 1*(SP search-key)
/** All of SEARCH, to the command's end. */
export function readSearchArguments(reader: ArgumentReader): SearchArguments {
  reader.space()
  const returns = reader.tryKeyword('RETURN') && readReturns(reader)
  let charset = 'US-ASCII'
  if (reader.tryKeyword('CHARSET')) {
    if (!reader.allowsCharset) reader.fail('no charset after ENABLE UTF8=ACCEPT')
    reader.space()
    charset = reader.astring().toString('latin1')
    reader.space()
  }
  return { ...readSearchProgram(reader, charset), returns }
}

/** Keys with a space between, to the command's end. A wrong program is wrong in any charset, so it is read in any case. */
export function readSearchProgram(reader: ArgumentReader, charset: string): SearchProgram {
  const decode = searchCharset(charset)
  const keys = new SearchKeys(reader, decode ?? ((bytes) => bytes.toString('latin1')))
  const criteria = [keys.key()]
  while (reader.trySpace() && !reader.isAtEnd) criteria.push(keys.key())
  reader.end()
  const { usesModSeq, usesSequenceNumbers } = keys
  return {
    criterion: conjunction(criteria),
    usesModSeq,
    usesSequenceNumbers,
    isCharsetKnown: decode !== undefined,
  }
}

const flags = {
  ANSWERED: '\\Answered',
  DELETED: '\\Deleted',
  DRAFT: '\\Draft',
  FLAGGED: '\\Flagged',
  SEEN: '\\Seen',
} as const satisfies Record<string, SystemFlag>

const has = (flag: SystemFlag): Criterion => ({ kind: 'flag', flag })
const not = (criterion: Criterion): Criterion => ({ kind: 'not', criterion })
const all: Criterion = { kind: 'all' }
const recent: Criterion = { kind: 'recent' }
const saved: Criterion = { kind: 'saved' }

/** Keys without arguments. */
const plain = {
  ALL: all,
  ANSWERED: has(flags.ANSWERED),
  DELETED: has(flags.DELETED),
  DRAFT: has(flags.DRAFT),
  FLAGGED: has(flags.FLAGGED),
  SEEN: has(flags.SEEN),
  UNANSWERED: not(has(flags.ANSWERED)),
  UNDELETED: not(has(flags.DELETED)),
  UNDRAFT: not(has(flags.DRAFT)),
  UNFLAGGED: not(has(flags.FLAGGED)),
  UNSEEN: not(has(flags.SEEN)),
  RECENT: recent,
  // RFC 3501 §6.4.4: NEW is RECENT UNSEEN; OLD is NOT RECENT.
  NEW: { kind: 'and', criteria: [recent, not(has(flags.SEEN))] },
  OLD: not(recent),
  // RFC 8514 §4.2: the date is known of every message.
  SAVEDATESUPPORTED: all,
} as const satisfies Record<string, Criterion>

const days = {
  BEFORE: ['internalDate', 'before'],
  ON: ['internalDate', 'on'],
  SINCE: ['internalDate', 'since'],
  SAVEDBEFORE: ['savedDate', 'before'],
  SAVEDON: ['savedDate', 'on'],
  SAVEDSINCE: ['savedDate', 'since'],
  SENTBEFORE: ['sentDate', 'before'],
  SENTON: ['sentDate', 'on'],
  SENTSINCE: ['sentDate', 'since'],
} as const satisfies Record<string, readonly ['internalDate' | 'savedDate' | 'sentDate', DayRelation]>

const plainWords = words(plain)
const dayWords = words(days)

/** Keys with one argument that is no text. */
type WordKey =
  'EMAILID' | 'KEYWORD' | 'LARGER' | 'OLDER' | 'SMALLER' | 'THREADID' | 'UID' | 'UNKEYWORD' | 'YOUNGER'

class SearchKeys {
  usesModSeq = false
  usesSequenceNumbers = false
  readonly #reader: ArgumentReader
  readonly #decode: TextDecoding

  constructor(reader: ArgumentReader, decode: TextDecoding) {
    this.#reader = reader
    this.#decode = decode
  }

  key(): Criterion {
    const reader = this.#reader
    reader.count()
    const next = reader.peek()
    if (next === '(') return conjunction(reader.list(() => this.key()))
    // RFC 5182 §2.1: sequence-set =/ seq-last-command
    if (reader.tryToken('$')) return saved
    if (next === '*' || (next >= '0' && next <= '9')) {
      this.usesSequenceNumbers = true
      return { kind: 'sequence', set: reader.sequenceSet() }
    }
    const flag = reader.tryKeyword(...plainWords)
    if (flag) return plain[flag]
    const date = reader.tryKeyword(...dayWords)
    if (date) {
      reader.space()
      const [kind, relation] = days[date]
      return { kind, relation, day: reader.date() }
    }
    return this.#withArguments()
  }

  #withArguments(): Criterion {
    const reader = this.#reader
    const field = reader.tryKeyword('BCC', 'CC', 'FROM', 'SUBJECT', 'TO')
    if (field) return { kind: 'header', field, text: this.#text() }
    const word = reader.keyword(
      'BODY',
      'EMAILID',
      'HEADER',
      'KEYWORD',
      'LARGER',
      'MODSEQ',
      'NOT',
      'OLDER',
      'OR',
      'SMALLER',
      'TEXT',
      'THREADID',
      'UID',
      'UNKEYWORD',
      'YOUNGER',
    )
    switch (word) {
      case 'NOT':
        return not(this.#deeper())
      case 'OR':
        return disjunction([this.#deeper(), this.#deeper()])
      case 'BODY':
        return { kind: 'body', text: this.#text() }
      case 'TEXT':
        return { kind: 'text', text: this.#text() }
      case 'HEADER':
        return { kind: 'header', field: this.#text(), text: this.#text() }
      case 'MODSEQ':
        return this.#modSeq()
      default:
        return this.#withWord(word)
    }
  }

  #withWord(key: WordKey): Criterion {
    const reader = this.#reader
    reader.space()
    switch (key) {
      // RFC 8474 §5.3: filter =/ "EMAILID" SP objectid / "THREADID" SP objectid
      case 'EMAILID':
        return { kind: 'emailId', id: reader.objectId() }
      case 'THREADID':
        return { kind: 'threadId', id: reader.objectId() }
      // RFC 5032 §4: search-key =/ ("OLDER" / "YOUNGER") SP nz-number
      case 'OLDER':
        return { kind: 'age', relation: 'older', seconds: reader.nzNumber() }
      case 'YOUNGER':
        return { kind: 'age', relation: 'younger', seconds: reader.nzNumber() }
      case 'KEYWORD':
        return { kind: 'keyword', keyword: reader.atom() }
      case 'UNKEYWORD':
        return not({ kind: 'keyword', keyword: reader.atom() })
      case 'LARGER':
        return { kind: 'larger', sizeBytes: reader.number64() }
      case 'SMALLER':
        return { kind: 'smaller', sizeBytes: reader.number64() }
      case 'UID':
        return reader.tryToken('$') ? saved : { kind: 'uid', set: reader.sequenceSet() }
    }
  }

  #deeper(): Criterion {
    return this.#reader.nested(() => {
      this.#reader.space()
      return this.key()
    })
  }

  #text(): string {
    this.#reader.space()
    return this.#decode(this.#reader.astring()) ?? this.#reader.fail('text is not in the charset')
  }

  // search-modsequence = "MODSEQ" [SP entry-name SP entry-type-req] SP mod-sequence-valzer
  #modSeq(): Criterion {
    const reader = this.#reader
    this.usesModSeq = true
    reader.space()
    if (reader.peek() === '"') {
      // RFC 7162 §3.1.5: a server with one MODSEQ for all of a message's metadata ignores which entry is meant.
      reader.string()
      reader.space()
      reader.keyword('PRIV', 'SHARED', 'ALL')
      reader.space()
    }
    return { kind: 'modSeq', atLeast: reader.number64() }
  }
}

function words<W extends string>(table: Record<W, unknown>): W[] {
  return Object.keys(table) as W[]
}

function conjunction(criteria: readonly Criterion[]): Criterion {
  const [only, ...more] = criteria
  return only && more.length === 0 ? only : { kind: 'and', criteria }
}

/** Alternatives inside alternatives are brought to one level: clients write long chains of OR. */
function disjunction(criteria: readonly Criterion[]): Criterion {
  return { kind: 'or', criteria: criteria.flatMap((part) => (part.kind === 'or' ? part.criteria : [part])) }
}
