// Small argument forms: STORE's action, and what SELECT and CREATE may carry in parentheses.
import type { SpecialUse } from '../../account/api.ts'
import type { ArgumentReader } from './arguments.ts'
import { readResync, type Resync } from './resync.ts'

/** The arguments of STORE behind the sequence set. */
export interface StoreArguments {
  readonly action: 'replace' | 'add' | 'remove'
  readonly isSilent: boolean
  readonly flags: readonly string[]
  readonly unchangedSince: number | undefined
}

const storeActions = {
  FLAGS: { action: 'replace', isSilent: false },
  'FLAGS.SILENT': { action: 'replace', isSilent: true },
  '+FLAGS': { action: 'add', isSilent: false },
  '+FLAGS.SILENT': { action: 'add', isSilent: true },
  '-FLAGS': { action: 'remove', isSilent: false },
  '-FLAGS.SILENT': { action: 'remove', isSilent: true },
} as const

// store = "STORE" SP sequence-set [SP "(" store-modifier ")"] SP store-att-flags
/** Behind the sequence set of STORE, to the end (RFC 3501 §6.4.6, RFC 7162 §3.1.3). */
export function readStoreArguments(reader: ArgumentReader): StoreArguments {
  reader.space()
  let unchangedSince: number | undefined
  if (reader.peek() === '(') {
    reader.list(() => {
      reader.keyword('UNCHANGEDSINCE')
      reader.space()
      if (unchangedSince !== undefined) reader.fail('UNCHANGEDSINCE twice')
      unchangedSince = reader.number64()
    })
    reader.space()
  }
  const word = reader.keyword('FLAGS', 'FLAGS.SILENT', '+FLAGS', '+FLAGS.SILENT', '-FLAGS', '-FLAGS.SILENT')
  reader.space()
  const flags = reader.peek() === '(' ? reader.flagList() : readBareFlags(reader)
  reader.end()
  return { ...storeActions[word], flags, unchangedSince }
}

function readBareFlags(reader: ArgumentReader): string[] {
  const flags = new Set<string>()
  do {
    reader.count()
    flags.add(reader.flag())
  } while (reader.trySpace() && !reader.isAtEnd)
  return [...flags]
}

/** What SELECT and EXAMINE may carry in parentheses. */
export interface SelectParameters {
  readonly isCondstore: boolean
  readonly resync: Resync | undefined
}

/** Behind the mailbox of SELECT or EXAMINE, to the end (RFC 7162 §3.1.8, §3.2.5). */
export function readSelectParameters(reader: ArgumentReader): SelectParameters {
  let isCondstore = false
  let resync: Resync | undefined
  if (hasParameters(reader)) {
    reader.list(() => {
      if (reader.keyword('CONDSTORE', 'QRESYNC') === 'CONDSTORE') {
        isCondstore = true
        return
      }
      if (resync) reader.fail('QRESYNC twice')
      reader.space()
      resync = readResync(reader)
    })
  }
  reader.end()
  return { isCondstore, resync }
}

const specialUses: readonly SpecialUse[] = [
  '\\All',
  '\\Archive',
  '\\Drafts',
  '\\Flagged',
  '\\Junk',
  '\\Sent',
  '\\Trash',
]

/** A use asked for at CREATE; `unknown` is to be answered with NO [USEATTR]. */
export type UseAttribute = SpecialUse | 'unknown'

// create-param = "USE" SP "(" [use-attr *(SP use-attr)] ")"
/** Behind the mailbox of CREATE, to the end (RFC 6154 §3). */
export function readCreateParameters(reader: ArgumentReader): {
  readonly specialUses: readonly UseAttribute[]
} {
  const uses = new Set<UseAttribute>()
  if (hasParameters(reader)) {
    reader.list(() => {
      reader.keyword('USE')
      reader.space()
      reader.list(() => uses.add(readUse(reader)), { mayBeEmpty: true })
    })
  }
  reader.end()
  return { specialUses: [...uses] }
}

function readUse(reader: ArgumentReader): UseAttribute {
  reader.token('\\')
  const name = `\\${reader.atom()}`.toLowerCase()
  return specialUses.find((use) => use.toLowerCase() === name) ?? 'unknown'
}

/** Whether a parenthesis follows behind a space; otherwise at most spaces may be left. */
function hasParameters(reader: ArgumentReader): boolean {
  return reader.trySpace() && reader.peek() === '('
}
