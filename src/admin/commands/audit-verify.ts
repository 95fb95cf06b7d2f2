// audit verify: whether the audit log is as it was written.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { noteAct } from '../note-act.ts'

const input = z.strictObject({})
const result = z.object({
  lines: z.number().describe('in the file'),
  first: z.number().describe('number of its first entry: more than 1 after a rotation'),
  last: z.number().describe('number of its last entry'),
  findings: z
    .array(z.object({ line: z.number().describe('of the file'), text: z.string().describe('what is wrong') }))
    .describe('none: all is well'),
})

/** Checks every line's MAC, the chain, and that the end is there. */
export const auditVerify: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'audit verify',
  summary: 'check that nobody changed or cut the audit log',
  notes:
    'Whoever holds the site key can write a log that verifies. Files that were rotated away are not looked at.',
  examples: [{ line: 'letterlock audit verify', does: 'exits with 65 when something is wrong' }],
  input,
  result,

  async run(work) {
    if (!work.audit) throw new Failure('unavailable', exitCodes.unavailable, 'there is no audit log here')
    const { findings, ...report } = await work.audit.verify()
    await noteAct(work, { event: 'audit.verified', detail: { findings: findings.length } })
    return { ...report, findings: [...findings] }
  },

  show({ lines, first, last, findings }, view) {
    for (const { line, text } of findings) view.out(`line ${line}: ${text}`)
    if (findings.length === 0) view.talk(`${lines} lines, entries ${first} to ${last}: all is well.`)
    else view.alarm(`${findings.length} findings.`)
  },
  exitCode: ({ findings }) => (findings.length > 0 ? exitCodes.data : exitCodes.ok),
})
