// CREATE, RFC 3501 §6.3.3, with USE (RFC 6154 §3), MAILBOXID (RFC 8474 §4.1) and OLDNAME (RFC 9051 §6.3.4).
import { mailboxIdOf } from '../../account/object-ids.ts'
import { command, type Command } from '../command.ts'
import { Answer } from '../errors.ts'
import { tellOldName } from '../mailbox-list.ts'
import { readCreateParameters } from '../wire/modifiers.ts'

export const create: Command = command({
  name: 'CREATE',
  states: ['authenticated', 'selected'],
  mayExpunge: true,

  // create = "CREATE" SP mailbox [create-params]
  parse(input) {
    input.space()
    return { mailbox: input.mailbox(), ...readCreateParameters(input) }
  },

  async run(session, { mailbox, specialUses }) {
    const [specialUse, another] = specialUses
    if (
      another !== undefined ||
      specialUse === 'unknown' ||
      specialUse === '\\All' ||
      specialUse === '\\Flagged'
    ) {
      throw new Answer('NO', 'A mailbox has one special use, of those that hold mail', 'USEATTR')
    }
    // Two mailboxes for one use make clients choose differently.
    if (specialUse && session.account.mailboxes().some((other) => other.specialUse === specialUse)) {
      throw new Answer('NO', 'Another mailbox has that special use', 'USEATTR')
    }
    const made = await session.account.createMailbox(mailbox, specialUse && { specialUse })
    tellOldName(session, mailbox, made.name)
    return { text: 'CREATE completed', code: { code: 'MAILBOXID', id: mailboxIdOf(made.id) } }
  },
})
