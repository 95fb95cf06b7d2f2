// THREAD and UID THREAD, RFC 5256 §3.
import { readRows } from '../../account/facts.ts'
import { threadMessages } from '../../account/thread.ts'
import { command, type Command } from '../command.ts'
import { checkOf, findMessages, numberOf, warnOfDamage } from '../found.ts'
import { threadText } from '../thread-text.ts'
import { readThreadArguments } from '../wire/sort-arguments.ts'

export const thread: Command = command({
  name: 'THREAD',
  states: ['selected'],
  mayTakeLong: true,
  uid: true,
  capabilities: ['THREAD=ORDEREDSUBJECT', 'THREAD=REFERENCES', 'THREAD=REFS'],
  usesSequenceNumbers: true,
  uidMayUseNumbers: true,
  parse: readThreadArguments,

  async run(session, args, call) {
    const found = await findMessages(session, args)
    const check = checkOf(session)
    const options = { budget: session.context.budget, check, needsFacts: true, damaged: [] }
    const rows = readRows(session.view.mailbox, found, options)
    const threads = await threadMessages(rows, found.length, args.algorithm, check)
    warnOfDamage(session, options.damaged, 'each a thread of its own')
    const { out } = session
    out.untagged().text('THREAD')
    // RFC 5256 §4: no space in front of no threads.
    if (threads.length > 0) out.text(' ')
    let written = 0
    for (const text of threadText(threads, numberOf(call))) {
      out.text(text)
      written += 1
      if (written % threadsAtOnce === 0) await session.pace()
    }
    out.end()
    return { text: 'THREAD completed', usedNumbers: args.usesSequenceNumbers }
  },
})

/** Threads written between two looks at the peer. */
const threadsAtOnce = 1000
