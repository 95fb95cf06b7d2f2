// GETMETADATA, RFC 5464 §4.2.
import { command, type Command } from '../command.ts'
import { isEntryName, readGetMetadata } from '../wire/metadata-request.ts'

export const getmetadata: Command = command({
  name: 'GETMETADATA',
  states: ['authenticated', 'selected'],
  capabilities: ['METADATA'],
  mayExpunge: true,
  parse: readGetMetadata,

  async run(session, { mailbox, entries, maxSizeBytes = Infinity, depth }) {
    const { account, out } = session
    const present = account.annotations(mailbox)
    const found = new Map<string, Buffer | undefined>()
    for (const entry of entries) {
      // What was asked for by its own name is answered, if only with NIL; what only begins names (RFC 5464 §3.2) has none.
      if (depth === 0) {
        if (isEntryName(entry)) found.set(entry, present.get(entry))
      } else for (const [name, value] of present) if (isWithin(name, entry, depth)) found.set(name, value)
    }
    let longest = 0
    for (const [entry, value] of [...found]) {
      if (value === undefined || value.length <= maxSizeBytes) continue
      longest = Math.max(longest, value.length)
      found.delete(entry)
    }
    if (found.size > 0) {
      out
        .untagged()
        .text('METADATA ')
        .mailbox(mailbox ?? '')
        .text(' (')
      for (const [index, [entry, value]] of [...found].entries()) {
        if (index > 0) out.text(' ')
        out.astring(entry).text(' ').nstring(value)
      }
      out.text(')').end()
    }
    return {
      text: 'GETMETADATA completed',
      ...(longest > 0 && { code: { code: 'METADATA', of: 'LONGENTRIES', sizeBytes: longest } }),
    }
  },
})

function isWithin(name: string, root: string, depth: 1 | 'infinity'): boolean {
  if (name === root) return true
  if (!name.startsWith(`${root}/`)) return false
  return depth === 'infinity' || !name.slice(root.length + 1).includes('/')
}
