// What stands in parentheses behind FETCH's items: which of the messages are meant (RFC 7162 §3.1.4 and §3.2.6, RFC 9394 §3.3).
import type { ArgumentReader } from './arguments.ts'
import { type PartialRange, readPartialRange } from './search-returns.ts'

export interface FetchModifiers {
  /** Only messages with a greater MODSEQ; 0 is allowed and excludes nothing. */
  readonly changedSince: number | undefined
  /** Tell also what vanished (RFC 7162 §3.2.6); only together with `changedSince`. */
  readonly isVanished: boolean
  /** Only these of the messages that the set names and that exist, before `changedSince` is looked at. */
  readonly partial: PartialRange | undefined
}

// fetch-modifiers = SP "(" fetch-modifier *(SP fetch-modifier) ")"
/** Behind the items; nothing need be there. */
export function readFetchModifiers(reader: ArgumentReader): FetchModifiers {
  let changedSince: number | undefined
  let partial: PartialRange | undefined
  if (!reader.trySpace() || reader.peek() !== '(') return { changedSince, partial, isVanished: false }
  const names = reader.list(() => {
    const name = reader.keyword('CHANGEDSINCE', 'PARTIAL', 'VANISHED')
    if (name === 'CHANGEDSINCE') {
      reader.space()
      if (changedSince !== undefined) reader.fail('CHANGEDSINCE twice')
      // iOS sends 0, which the grammar does not allow, for a mailbox that it has not seen with CONDSTORE before.
      changedSince = reader.number64()
    } else if (name === 'PARTIAL') {
      reader.space()
      if (partial) reader.fail('PARTIAL twice')
      partial = readPartialRange(reader)
    }
    return name
  })
  const isVanished = names.includes('VANISHED')
  // RFC 7162 §3.2.6.
  if (isVanished && changedSince === undefined) reader.fail('VANISHED needs CHANGEDSINCE')
  return { changedSince, partial, isVanished }
}
