// FLAGS and PERMANENTFLAGS (RFC 3501 §7.2.6, §7.1).
import type { Flag, SelectedMailbox } from '../account/api.ts'
import type { ResponseWriter } from './wire/writer.ts'

/** The flags every mailbox has, in the order in which they are shown. */
const systemFlags: readonly Flag[] = ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft']

/** Both responses, as the mailbox is now. */
export function sendFlags(out: ResponseWriter, { isReadOnly, keywords }: SelectedMailbox): void {
  const flags = [...systemFlags, ...keywords]
  out.untagged().text('FLAGS ').flags(flags).end()
  out.untaggedStatus('OK', isReadOnly ? 'No flag can be changed' : 'Flags that can be changed', {
    code: 'PERMANENTFLAGS',
    flags: isReadOnly ? [] : [...flags, '\\*'],
  })
}
