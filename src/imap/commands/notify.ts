// NOTIFY, RFC 5465: which news the client wants, also outside of IDLE and of other mailboxes.
import { command, type Command } from '../command.ts'
import { Answer } from '../errors.ts'
import { Notify } from '../notify.ts'
import { notifyEvents, readNotifyRequest } from '../wire/notify-request.ts'

export const notify: Command = command({
  name: 'NOTIFY',
  states: ['authenticated', 'selected'],
  capabilities: ['NOTIFY'],
  mayExpunge: true,
  parse: readNotifyRequest,

  async run(session, request) {
    if (request?.hasUnknownEvents)
      throw new Answer('NO', 'Some of these events are not known', { code: 'BADEVENT', events: notifyEvents })
    const watching = new Notify(session, request)
    session.setNotify(watching)
    if (request?.withStatus) watching.noteAll()
    return { text: 'NOTIFY completed' }
  },
})
