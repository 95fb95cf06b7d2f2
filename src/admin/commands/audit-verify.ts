// audit verify: whether the audit log is as it was written.
import { z } from 'zod'
import { siteCommand, type SiteCommand } from '../command.ts'
import { exitCodes } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { noteAct } from '../note-act.ts'
import { counted } from '../words.ts'

const input = z.strictObject({})
const result = z.object({
  files: z.number().describe('that were looked at'),
  lines: z.number().describe('in all of them'),
  first: z.number().describe('number of the first entry: more than 1 when older files were taken away'),
  last: z.number().describe('number of the last entry'),
  findings: z
    .array(
      z.object({
        file: z.string().describe('name of the file'),
        line: z.number().describe('of the file'),
        text: z.string().describe('what is wrong'),
      }),
    )
    .describe('none: all is well'),
})

/** Checks every line's MAC, the chain, and that the end is there. */
export const auditVerify: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'audit verify',
  summary: 'check that nobody changed or cut the audit log',
  notes:
    'Files that were rotated away are looked at too, as long as they lie beside audit.log under such a name as audit.log.1, audit.log.2.gz or audit.log-20261128: ' +
    'the chain goes through all of them, and only the oldest may be missing. Whoever holds the site key can write a log that verifies.',
  examples: [{ line: 'letterlock audit verify', does: 'exits with 65 when something is wrong' }],
  input,
  result,

  async run(work) {
    if (!work.audit) throw new Failure('unavailable', exitCodes.unavailable, 'there is no audit log here')
    const { findings, ...report } = await work.audit.verify()
    await noteAct(work, { event: 'audit.verified', detail: { findings: findings.length } })
    return { ...report, findings: [...findings] }
  },

  show({ files, lines, first, last, findings }, view) {
    for (const { file, line, text } of findings) view.out(`${file}, line ${line}: ${text}`)
    if (findings.length === 0)
      view.talk(`${lines} lines in ${counted(files, 'file')}, entries ${first} to ${last}: all is well.`)
    else view.alarm(`${findings.length} findings.`)
  },
  exitCode: ({ findings }) => (findings.length > 0 ? exitCodes.data : exitCodes.ok),
})
