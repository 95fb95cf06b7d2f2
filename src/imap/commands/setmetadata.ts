// SETMETADATA, RFC 5464 §4.3: all entries or none.
import { isRefusal } from '../../account/errors.ts'
import { annotationValueBytes } from '../../base/limits.ts'
import { command, type Command } from '../command.ts'
import { Answer } from '../errors.ts'
import { readSetMetadata } from '../wire/metadata-request.ts'

export const setmetadata: Command = command({
  name: 'SETMETADATA',
  states: ['authenticated', 'selected'],
  mayExpunge: true,
  parse: readSetMetadata,

  async run(session, { mailbox, values }) {
    for (const value of values.values()) {
      if (value && value.length > annotationValueBytes)
        throw new Answer('NO', 'The value is too large', {
          ...{ code: 'METADATA', of: 'MAXSIZE', sizeBytes: annotationValueBytes },
        })
    }
    // RFC 5464 §3.2.1.1: how to reach the administrator is not for users to say.
    if (mailbox === undefined && values.has('/shared/admin'))
      throw new Answer('NO', 'Only the administrator sets that', 'NOPERM')
    try {
      await session.account.setAnnotations(mailbox, values)
    } catch (error) {
      if (!isRefusal(error, 'limit')) throw error
      throw new Answer('NO', error.message, { code: 'METADATA', of: 'TOOMANY' })
    }
    return { text: 'SETMETADATA completed' }
  },
})
