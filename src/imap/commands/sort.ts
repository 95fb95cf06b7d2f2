// SORT and UID SORT, RFC 5256 §3, with SORT=DISPLAY (RFC 5957) and ESORT (RFC 5267 §3).
import { readRows } from '../../account/facts.ts'
import { needsFacts, sortMessages } from '../../account/sort.ts'
import { command, type Command } from '../command.ts'
import { checkOf, findMessages, saving, sendEsearch, sendNumbers, warnOfDamage } from '../found.ts'
import { readSortArguments } from '../wire/sort-arguments.ts'

export const sort: Command = command({
  name: 'SORT',
  states: ['selected'],
  mayTakeLong: true,
  uid: true,
  capabilities: ['SORT', 'SORT=DISPLAY', 'ESORT'],
  usesSequenceNumbers: true,
  uidMayUseNumbers: true,

  parse: readSortArguments,

  async run(session, args, call) {
    const { keys, returns } = args
    const check = checkOf(session)
    const { budget } = session.context
    const options = { budget, check, needsFacts: needsFacts(keys), damaged: [] }
    const sorted = await saving(session, returns, async () => {
      const found = await findMessages(session, args)
      return sortMessages(readRows(session.view.mailbox, found, options), keys, check)
    })
    warnOfDamage(session, options.damaged, 'sorted as if empty')
    if (returns) sendEsearch(session, call, sorted, returns, args)
    else sendNumbers(session, call, 'SORT', sorted, args)
    return { text: 'SORT completed', usedNumbers: args.usesSequenceNumbers }
  },
})
