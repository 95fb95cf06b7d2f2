// FETCH attributes, macros and modifiers: what to send of each message (RFC 3501 §6.4.5; RFC 7162 §3.1.4, RFC 8474, RFC 8514).
import type { ArgumentReader } from './arguments.ts'
import { type FetchModifiers, readFetchModifiers } from './fetch-modifiers.ts'
import {
  readBinary,
  readBinarySize,
  readSection,
  type BinaryItem,
  type BinarySizeItem,
  type SectionItem,
} from './fetch-section.ts'
import type { MessageSet } from './sequence-set.ts'

/** One data item to send. `label` is its name in the response. */
export type FetchItem =
  | { readonly kind: 'body'; readonly label: 'BODY' }
  | { readonly kind: 'bodyStructure'; readonly label: 'BODYSTRUCTURE' }
  | { readonly kind: 'emailId'; readonly label: 'EMAILID' }
  | { readonly kind: 'envelope'; readonly label: 'ENVELOPE' }
  | { readonly kind: 'flags'; readonly label: 'FLAGS' }
  | { readonly kind: 'internalDate'; readonly label: 'INTERNALDATE' }
  | { readonly kind: 'modSeq'; readonly label: 'MODSEQ' }
  | { readonly kind: 'preview'; readonly label: 'PREVIEW'; readonly isLazy: boolean }
  | { readonly kind: 'saveDate'; readonly label: 'SAVEDATE' }
  | { readonly kind: 'size'; readonly label: 'RFC822.SIZE' }
  | { readonly kind: 'threadId'; readonly label: 'THREADID' }
  | { readonly kind: 'uid'; readonly label: 'UID' }
  | SectionItem
  | BinaryItem
  | BinarySizeItem

/** The arguments of FETCH and UID FETCH. */
export interface FetchArguments extends FetchModifiers {
  readonly set: MessageSet
  /** Without duplicates. MODSEQ is added when CHANGEDSINCE is there; UID is not added for UID FETCH. */
  readonly items: readonly FetchItem[]
}

/** Items of one FETCH: each may cost a whole message, so a client that means well never comes near. */
const maxItems = 128

const simple = {
  BODYSTRUCTURE: { kind: 'bodyStructure', label: 'BODYSTRUCTURE' },
  EMAILID: { kind: 'emailId', label: 'EMAILID' },
  ENVELOPE: { kind: 'envelope', label: 'ENVELOPE' },
  FLAGS: { kind: 'flags', label: 'FLAGS' },
  INTERNALDATE: { kind: 'internalDate', label: 'INTERNALDATE' },
  MODSEQ: { kind: 'modSeq', label: 'MODSEQ' },
  'RFC822.SIZE': { kind: 'size', label: 'RFC822.SIZE' },
  SAVEDATE: { kind: 'saveDate', label: 'SAVEDATE' },
  THREADID: { kind: 'threadId', label: 'THREADID' },
  UID: { kind: 'uid', label: 'UID' },
} as const
const body = { kind: 'body', label: 'BODY' } as const

const whole = { kind: 'section', partial: undefined } as const
const old = {
  RFC822: { ...whole, label: 'RFC822', section: { path: [] }, setsSeen: true },
  'RFC822.HEADER': {
    ...whole,
    label: 'RFC822.HEADER',
    section: { path: [], text: 'HEADER' },
    setsSeen: false,
  },
  'RFC822.TEXT': { ...whole, label: 'RFC822.TEXT', section: { path: [], text: 'TEXT' }, setsSeen: true },
} as const

const fast = [simple.FLAGS, simple.INTERNALDATE, simple['RFC822.SIZE']] as const
const macros = {
  FAST: fast,
  ALL: [...fast, simple.ENVELOPE],
  FULL: [...fast, simple.ENVELOPE, body],
} as const satisfies Record<string, readonly FetchItem[]>

// fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")")
/** All of FETCH, to the command's end. */
export function readFetchArguments(reader: ArgumentReader): FetchArguments {
  reader.space()
  const set = reader.messageSet()
  reader.space()
  const items = new Map<string, FetchItem>()
  for (const item of readItems(reader)) {
    const key = keyOf(item)
    items.set(key, merged(items.get(key), item))
  }
  if (items.size > maxItems) reader.fail('too many items')
  const modifiers = readFetchModifiers(reader)
  // RFC 7162 §3.1.4.1: CHANGEDSINCE asks for MODSEQ as well.
  if (modifiers.changedSince !== undefined) items.set('MODSEQ', simple.MODSEQ)
  reader.end()
  return { set, items: [...items.values()], ...modifiers }
}

/** Of two items with the same key only one is sent. */
function keyOf(item: FetchItem): string {
  // The label of a partial fetch leaves out the length.
  return 'partial' in item && item.partial ? `${item.label}.${item.partial.length}` : item.label
}

/** Of BODY[x] and BODY.PEEK[x] together one answer is sent, and \Seen is set. */
function merged(earlier: FetchItem | undefined, item: FetchItem): FetchItem {
  // Without LAZY the answer must not be NIL (RFC 8970 §3.2).
  if (earlier?.kind === 'preview' && !earlier.isLazy) return earlier
  return earlier && 'setsSeen' in earlier && earlier.setsSeen ? earlier : item
}

function readItems(reader: ArgumentReader): readonly FetchItem[] {
  if (reader.peek() === '(') return reader.list(() => readItem(reader))
  const macro = reader.tryKeyword('ALL', 'FAST', 'FULL')
  return macro ? macros[macro] : [readItem(reader)]
}

/** fetch-att *(SP fetch-att), without duplicates (RFC 5465 §8). */
export function readAttributes(reader: ArgumentReader): readonly FetchItem[] {
  const items = new Map<string, FetchItem>()
  do {
    reader.count()
    const item = readItem(reader)
    items.set(keyOf(item), item)
  } while (reader.trySpace())
  if (items.size > maxItems) reader.fail('too many items')
  return [...items.values()]
}

function readItem(reader: ArgumentReader): FetchItem {
  const word = reader.keyword(
    'BINARY',
    'BINARY.PEEK',
    'BINARY.SIZE',
    'BODY',
    'BODY.PEEK',
    'BODYSTRUCTURE',
    'EMAILID',
    'ENVELOPE',
    'FLAGS',
    'INTERNALDATE',
    'MODSEQ',
    'PREVIEW',
    'RFC822',
    'RFC822.HEADER',
    'RFC822.SIZE',
    'RFC822.TEXT',
    'SAVEDATE',
    'THREADID',
    'UID',
  )
  switch (word) {
    case 'BINARY':
      return readBinary(reader, { setsSeen: true })
    case 'BINARY.PEEK':
      return readBinary(reader, { setsSeen: false })
    case 'BINARY.SIZE':
      return readBinarySize(reader)
    case 'BODY':
      return reader.peek() === '[' ? readSection(reader, { setsSeen: true }) : body
    case 'BODY.PEEK':
      return readSection(reader, { setsSeen: false })
    case 'PREVIEW':
      // fetch-att =/ "PREVIEW" [SP "(" preview-mod *(SP preview-mod) ")"]; what else stands in parentheses is not of it.
      return { kind: 'preview', label: 'PREVIEW', isLazy: reader.tryPhrase(' (LAZY)') }
    case 'RFC822':
    case 'RFC822.HEADER':
    case 'RFC822.TEXT':
      return old[word]
    default:
      return simple[word]
  }
}
