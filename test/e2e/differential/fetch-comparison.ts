// One message as two servers FETCH it: every item, every section that its structure names, leaf by leaf.
import { fetchResponses, type WireValue } from '../../support/wire-value.ts'
import type { ImapSession } from '../../support/imap-session.ts'
import { envelopeLeaves, partNumbers, shapeOf, structureLeaves, type Leaves } from './structure.ts'

/** Where two servers do not say the same. `ours` and `theirs` are as shown by `show`. */
export interface Difference {
  /** The message's name, or what was asked for. */
  readonly of: string
  /** `ENVELOPE subject`, `BODYSTRUCTURE 1.2 encoding`, `BODY[1.MIME]`, `SEARCH ...`. */
  readonly item: string
  readonly ours: string
  readonly theirs: string
}

export type Items = ReadonlyMap<string, WireValue>

const wholeItems =
  'UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT]'
const extraSections = [
  '[HEADER.FIELDS (From Subject To X-None)]',
  '[HEADER.FIELDS.NOT (From Subject Received)]',
  '[HEADER.FIELDS (Received "Message-ID")]<5.40>',
  '[]<0.10>',
  '[]<7.100>',
  '[TEXT]<3.20>',
  '[TEXT]<100000000.5>',
]
/** More items in one command than any client needs are refused. */
const itemsInCommand = 50

/** Asks both for message `number` and tells where they differ. */
export async function compareMessage(
  ours: ImapSession,
  theirs: ImapSession,
  number: number,
  name: string,
): Promise<Difference[]> {
  const both = (items: string): Promise<[Items, Items]> =>
    Promise.all([fetchItems(ours, number, items), fetchItems(theirs, number, items)])
  const [one, other] = await both(wholeItems)
  const found = new Map<string, [string, string]>()
  const note = (item: string, left: string, right: string): void => {
    if (left !== right) found.set(item, [left, right])
  }

  for (const item of ['UID', 'RFC822.SIZE', 'BODY[]', 'BODY[HEADER]', 'BODY[TEXT]'])
    note(item, ...pair(one, other, item))
  note('FLAGS', flags(one), flags(other))
  // RFC 3501 §2.3.3: a date and time; the zone it is written in says nothing more.
  note('INTERNALDATE', instant(one), instant(other))
  noteLeaves(
    note,
    'ENVELOPE ',
    [one, other].map((items) => envelopeLeaves(items.get('ENVELOPE') ?? null, '')),
  )

  const [structure, theirStructure] = [one, other].map((items) => items.get('BODYSTRUCTURE') ?? null)
  const shapes = [structure, theirStructure].map((value) => shapeOf(value ?? null))
  note('shape', shapes[0] ?? '', shapes[1] ?? '')
  if (shapes[0] === shapes[1]) {
    const parts = partNumbers(structure ?? null)
    const sections = parts
      .flatMap((part) =>
        ['', '.MIME', '.HEADER', '.TEXT', '.HEADER.FIELDS (Subject From)'].map((text) => `[${part}${text}]`),
      )
      .concat(extraSections)
    const differentParts = await compareSections(both, sections, note)
    for (const [item, isExtended] of [
      ['BODY', false],
      ['BODYSTRUCTURE', true],
    ] as const) {
      const leaves = [one, other].map((items) => structureLeaves(items.get(item) ?? null, isExtended))
      // Sizes and lines follow from the octets of a part, where these differ already.
      for (const part of differentParts) for (const side of leaves) side.delete(`${part} size`)
      for (const part of differentParts) for (const side of leaves) side.delete(`${part} lines`)
      noteLeaves(note, `${item} `, leaves)
    }
  }
  return [...found].map(([item, [left, right]]) => ({ of: name, item, ours: left, theirs: right }))
}

type Note = (item: string, ours: string, theirs: string) => void

/** Compares sections; resolves to the numbers of those parts whose octets differ. */
async function compareSections(
  both: (items: string) => Promise<[Items, Items]>,
  sections: readonly string[],
  note: Note,
): Promise<Set<string>> {
  const different = new Set<string>()
  for (let from = 0; from < sections.length; from += itemsInCommand) {
    const some = sections.slice(from, from + itemsInCommand)
    const [one, other] = await both(some.map((section) => `BODY.PEEK${section}`).join(' '))
    for (const name of new Set([...one.keys(), ...other.keys()])) {
      const [left, right] = pair(one, other, name)
      // RFC 3501 §6.4.5 says of a part that is not there only that it has no text: NIL or "".
      if (left === 'null' && right === '""') continue
      note(name, left, right)
      const part = /^BODY\[([\d.]+)\]$/.exec(name)?.[1]
      if (part !== undefined && left !== right) different.add(part)
    }
  }
  return different
}

export async function fetchItems(session: ImapSession, number: number, items: string): Promise<Items> {
  const { untagged } = await session.ok(`FETCH ${number} (${items})`)
  const found = new Map<string, WireValue>()
  for (const response of fetchResponses(untagged))
    if (response.sequenceNumber === number)
      for (const [name, value] of response.items) found.set(name.replaceAll('"', ''), value)
  return found
}

function pair(one: Items, other: Items, name: string): [string, string] {
  return [show(one.get(name)), show(other.get(name))]
}

function noteLeaves(note: Note, prefix: string, [one, other]: readonly Leaves[]): void {
  for (const key of new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])]))
    note(`${prefix}${key}`, one?.get(key) ?? 'absent', other?.get(key) ?? 'absent')
}

function show(value: WireValue | undefined): string {
  return value === undefined ? 'absent' : JSON.stringify(value)
}

function flags(items: Items): string {
  const value = items.get('FLAGS')
  return JSON.stringify(Array.isArray(value) ? [...(value as readonly string[])].sort() : value)
}

function instant(items: Items): string {
  const text = items.get('INTERNALDATE')
  return typeof text === 'string' ? new Date(text).toISOString() : show(text)
}
