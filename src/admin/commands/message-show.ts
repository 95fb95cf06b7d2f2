// message show: a message, byte for byte.
import { z } from 'zod'
import { Refusal } from '../../account/errors.ts'
import type { Uid } from '../../account/api.ts'
import { siteCommand, type SiteCommand } from '../command.ts'
import { interrupted } from '../failure.ts'
import { addressArgument } from '../forms.ts'
import { inMailbox, inMailboxOption, letIn, mailboxInput } from '../mailbox-forms.ts'
import { messageFacts, messageForm } from '../message-forms.ts'
import { inAccount, insideMayNeed, insideOptions, ownerNeeds } from '../owner-secret.ts'

const uid = z.coerce.number().int().min(1).max(0xffffffff)

const input = z.strictObject({ ...mailboxInput, uid, header: z.boolean().optional() })
const result = z.object({
  address: z.string().describe('whose account it is'),
  mailbox: z.string().describe('which mailbox'),
  ...messageForm,
  octets: z.string().optional().describe('the message, in base64'),
})

const gone = (): Refusal => new Refusal('message-expunged', 'There is no message with that UID')

/** Writes a message to standard output as it came. */
export const messageShow: SiteCommand<z.output<typeof input>, z.output<typeof result>> = siteCommand({
  name: 'message show',
  summary: 'write a message to standard output, byte for byte',
  notes:
    'Exactly the octets that came, line ends included; into a file or a pipe. On a terminal, what could drive that is shown as �. ' +
    `Nothing is marked as read. ${letIn}`,
  examples: [
    { line: 'letterlock message show alice@example.org 17 > letter.eml', does: 'asks for her password' },
    { line: 'letterlock message show bob@example.org 3 --header --site-key', does: 'the header only' },
  ],
  arguments: [addressArgument, { name: 'UID', key: 'uid', description: 'its UID' }],
  options: [inMailboxOption, { flags: '--header', description: 'the header only' }, ...insideOptions],
  input,
  result,
  mayNeed: insideMayNeed,
  secrets: (given) => ownerNeeds(given),

  run: (work, given) =>
    inAccount(work, given, async (account, signal) => {
      if (!account) throw interrupted()
      return inMailbox(account, given.mailbox, { isReadOnly: true }, async (mailbox) => {
        const wanted = given.uid as Uid
        const [state, content] = [mailbox.state(wanted), await mailbox.content(wanted)]
        if (!state || !content) throw gone()
        if (given.header && content.header) await work.data(content.header)
        else {
          let last = Buffer.alloc(0)
          for await (const piece of content.read(0, content.sizeBytes)) {
            signal.throwIfAborted()
            const end = given.header ? headerEnd(last, piece) : undefined
            await work.data(end === undefined ? piece : piece.subarray(0, end))
            if (end !== undefined) break
            last = Buffer.from(piece.subarray(-3))
          }
        }
        return { address: given.address, mailbox: mailbox.name, ...messageFacts(state) }
      })
    }),

  show: () => undefined,
})

/** Where in `piece`, which follows `last`, the header's blank line ends; undefined: not in it. */
function headerEnd(last: Buffer, piece: Buffer): number | undefined {
  const joined = Buffer.concat([last, piece])
  const ends = ['\r\n\r\n', '\n\n'].flatMap((blank) => {
    const at = joined.indexOf(blank)
    return at < 0 ? [] : [at + blank.length]
  })
  return ends.length === 0 ? undefined : Math.min(...ends) - last.length
}
