// SEARCH and UID SEARCH, RFC 3501 §6.4.4, with ESEARCH (RFC 4731), SEARCHRES (RFC 5182), CONTEXT=SEARCH (RFC 5267) and MODSEQ (RFC 7162 §3.1.5).
import { command, type Command } from '../command.ts'
import { saving, sendEsearch, sendNumbers } from '../found.ts'
import { findUpdated } from '../updated-search.ts'
import { readSearchArguments } from '../wire/search-keys.ts'
import type { SearchReturns } from '../wire/search-returns.ts'

/** What SEARCH without RETURN answers after ENABLE IMAP4rev2. */
const everything: SearchReturns = { options: ['ALL'], partial: undefined }

export const search: Command = command({
  name: 'SEARCH',
  states: ['selected'],
  mayTakeLong: true,
  uid: true,
  capabilities: ['ESEARCH', 'SEARCHRES', 'CONTEXT=SEARCH', 'WITHIN'],
  usesSequenceNumbers: true,
  uidMayUseNumbers: true,

  parse: readSearchArguments,

  async run(session, args, call) {
    const found = await saving(session, args.returns, () => findUpdated(session, call, args))
    // RFC 9051 §6.4.4: never SEARCH, but ESEARCH as with RETURN (ALL).
    const returns = args.returns ?? (session.modes.isRev2 ? everything : undefined)
    if (returns) sendEsearch(session, call, found, returns, args)
    else sendNumbers(session, call, 'SEARCH', found, args)
    return { text: 'SEARCH completed', usedNumbers: args.usesSequenceNumbers }
  },
})
