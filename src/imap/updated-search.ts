// SEARCH RETURN (UPDATE ...): a search that is told of changes afterwards (RFC 5267 §4.3).
import type { SearchSubject } from '../account/criterion-test.ts'
import type { Call } from './command.ts'
import { Answer } from './errors.ts'
import { findMessages } from './found.ts'
import { canBeUpdated, refuseUpdates } from './search-contexts.ts'
import type { Session } from './session.ts'
import type { SearchArguments } from './wire/search-keys.ts'

/** As `findMessages`; with UPDATE the result is kept up to date until CANCELUPDATE or the end of the selection. */
export async function findUpdated(
  session: Session,
  { tag, numbers }: Call,
  args: SearchArguments,
): Promise<SearchSubject[]> {
  if (!args.returns?.options.includes('UPDATE')) return findMessages(session, args)
  const { contexts } = session.view
  if (contexts.has(tag)) throw new Answer('BAD', 'A search that is updated has that tag')
  if (contexts.isFull || !canBeUpdated(args.criterion)) {
    const found = await findMessages(session, args)
    refuseUpdates(session, tag, contexts.isFull ? 'Too many updated searches' : 'No updates for such keys')
    return found
  }
  contexts.open(tag, numbers, args.criterion)
  try {
    const found = await findMessages(session, args)
    contexts.found(tag, found)
    return found
  } catch (error) {
    contexts.close(tag)
    throw error
  }
}
