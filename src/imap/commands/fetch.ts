// FETCH and UID FETCH, RFC 3501 §6.4.5, with MODSEQ and CHANGEDSINCE (RFC 7162 §3.1.4), and PARTIAL (RFC 9394).
import { command, type Command } from '../command.ts'
import { fetchMessages } from '../fetch/fetch.ts'
import { readFetchArguments } from '../wire/fetch-items.ts'

export const fetch: Command = command({
  name: 'FETCH',
  states: ['selected'],
  uid: true,
  capabilities: ['PARTIAL'],
  usesSequenceNumbers: true,
  parse: readFetchArguments,
  async run(session, args, { numbers }) {
    return fetchMessages(session, args, numbers)
  },
})
