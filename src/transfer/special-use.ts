// What a mailbox is for: by what its server says, else by its name in the languages that mail programs speak.
import { specialUse as byTable } from 'imapflow/lib/special-use.js'
import type { SpecialUse } from '../account/api.ts'

/** RFC 6154: mailboxes with messages of their own. `\All` and `\Flagged` show those of others, and are no name's meaning. */
const known: readonly SpecialUse[] = ['\\Archive', '\\Drafts', '\\Junk', '\\Sent', '\\Trash']

/** Of an attribute, in any case; undefined for attributes that are none. */
export function specialUseOf(attribute: string): SpecialUse | undefined {
  return [...known, '\\All' as const, '\\Flagged' as const].find(
    (use) => use.toLowerCase() === attribute.toLowerCase(),
  )
}

/** By the last level of a name: `certain` where a program has given it just so, else a good guess. */
export function specialUseByName(level: string): { use: SpecialUse; isCertain: boolean } | undefined {
  const { flag, source } = byTable(false, { flags: new Set(), name: level })
  const use = known.find((one) => one === flag)
  return use && { use, isCertain: source === 'name' }
}
