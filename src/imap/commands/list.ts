// LIST, RFC 3501 §6.3.8, with LIST-EXTENDED (RFC 5258), SPECIAL-USE (RFC 6154) and LIST-STATUS (RFC 5819).
import { isRefusal } from '../../account/errors.ts'
import { command, type Command } from '../command.ts'
import { delimiter, requireComplete, rowsOf, sendRow, sendStatus } from '../mailbox-list.ts'
import { readListRequest } from '../wire/list-request.ts'

export const list: Command = command({
  name: 'LIST',
  states: ['authenticated', 'selected'],
  capabilities: ['LIST-EXTENDED', 'LIST-STATUS'],
  mayExpunge: true,

  parse: readListRequest,

  async run(session, request) {
    const { account, out } = session
    if (!request.isExtended && request.patterns[0] === '') {
      // RFC 3501 §6.3.8: an empty pattern asks for the delimiter and the root of the reference.
      out.untaggedLine(`LIST (\\Noselect) "${delimiter}" ""`)
      return { text: 'LIST completed' }
    }
    if (request.status?.includes('HIGHESTMODSEQ')) session.enableCondstore()
    const rows = rowsOf(request, account.mailboxes(), account.subscriptions())
    for (const row of rows) {
      sendRow(out, 'LIST', row)
      if (request.status && !row.attributes.includes('\\NonExistent')) {
        try {
          await sendStatus(session, row.name, request.status)
        } catch (error) {
          // RFC 5819 §2: a mailbox whose status cannot be told is listed without; it may just have been deleted.
          if (!isRefusal(error, 'mailbox-not-found')) throw error
        }
      }
      await session.pace()
    }
    // What was asked for by name, and is there, is told whole.
    const isByName = !request.patterns.some((pattern) => /[*%]/.test(pattern))
    if (!isByName || rows.length < request.patterns.length) requireComplete(account)
    return { text: 'LIST completed' }
  },
})
