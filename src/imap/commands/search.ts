// SEARCH and UID SEARCH, RFC 3501 §6.4.4, with ESEARCH (RFC 4731) and MODSEQ (RFC 7162 §3.1.5).
import { command, type Command } from '../command.ts'
import { findMessages, sendEsearch, sendNumbers } from '../found.ts'
import { readSearchArguments } from '../wire/search-keys.ts'

export const search: Command = command({
  name: 'SEARCH',
  states: ['selected'],
  uid: true,
  capabilities: ['ESEARCH', 'WITHIN'],
  usesSequenceNumbers: true,

  parse(input) {
    const args = readSearchArguments(input)
    // SEARCHRES (RFC 5182) is not offered, so its option is one that the grammar does not have here.
    return args.returns?.options.includes('SAVE') ? input.fail('unknown return option') : args
  },

  async run(session, args, call) {
    const found = await findMessages(session, args)
    if (args.returns) sendEsearch(session, call, found, args.returns, args)
    else sendNumbers(session, call, 'SEARCH', found, args)
    return { text: 'SEARCH completed' }
  },
})
