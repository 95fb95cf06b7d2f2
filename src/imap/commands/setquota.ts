// SETQUOTA, RFC 9208 §4.1.3: quotas are the administrator's, so it is understood and refused, and QUOTASET is not offered.
import { command, type Command } from '../command.ts'
import { Answer } from '../errors.ts'
import { requireQuotaRoot } from '../quota.ts'

export const setquota: Command = command({
  name: 'SETQUOTA',
  states: ['authenticated', 'selected'],
  mayExpunge: true,

  // setquota = "SETQUOTA" SP quota-root-name SP "(" [setquota-resource *(SP setquota-resource)] ")"
  parse(input) {
    input.space()
    const root = input.astringText()
    input.space()
    input.list(
      () => {
        input.atom()
        input.space()
        input.number64()
      },
      { mayBeEmpty: true },
    )
    return root
  },

  async run(_session, root) {
    requireQuotaRoot(root)
    throw new Answer('NO', 'Only the administrator sets quotas', 'NOPERM')
  },
})
