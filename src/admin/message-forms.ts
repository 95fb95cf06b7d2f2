// How messages are shown by commands: what is read of their headers, and flags in IMAP's words.
import { z } from 'zod'
import { collect } from '../base/async.ts'
import type { Flag, MessageContent, MessageState, SelectedMailbox, Uid } from '../account/api.ts'
import { isRefusal } from '../account/errors.ts'
import { parseAddresses } from '../mail/address.ts'
import { decodeHeaderText } from '../mail/encoded-word.ts'
import { fieldValue, headerFields } from '../mail/header.ts'
import { asOctets } from '../mail/octets.ts'

/** As much of a message is looked at for its header when that is too long to be kept ready. */
const headerBytes = 64 * 1024
/** Longer ones are cut in lists. */
const longestText = 500

export const messageForm = {
  uid: z.number().describe('its UID'),
  receivedAt: z.string().describe('when it came (INTERNALDATE), ISO 8601'),
  sizeBytes: z.number().describe('its octets'),
  flags: z.array(z.string()).describe('flags and keywords, as IMAP has them'),
}
export const messageRowForm = z.object({
  ...messageForm,
  from: z.string().nullable().describe('who is named as its sender; null: nobody, or it cannot be read'),
  subject: z.string().nullable().describe('its subject'),
  isDamaged: z.boolean().describe('true: it does not open'),
})
export type MessageRow = z.output<typeof messageRowForm>

export function messageFacts({ uid, internalDate, sizeBytes, flags }: MessageState): {
  uid: number
  receivedAt: string
  sizeBytes: number
  flags: string[]
} {
  return { uid, receivedAt: new Date(internalDate).toISOString(), sizeBytes, flags: [...flags] }
}

/** The header block of a message, or as much of it as is looked at. Throws Refusal 'damaged'. */
async function headerOf(content: MessageContent): Promise<Buffer> {
  return content.header ?? collect(content.read(0, Math.min(headerBytes, content.sizeBytes)))
}

/** From and Subject of a header block, decoded. */
function readHeader(header: Buffer): { from: string | null; subject: string | null } {
  const fields = headerFields(header)
  const value = (name: string) => {
    const field = fields.find((one) => one.name === name)
    return field && fieldValue(header, field)
  }
  const [from, subject] = [value('from'), value('subject')]
  const [sender] = from === undefined ? [] : parseAddresses(from, 1)
  const mailbox = [sender?.mailbox, sender?.domain].filter((part) => part !== undefined).join('@')
  const name = sender?.name === undefined ? '' : decodeHeaderText(sender.name)
  const shown =
    mailbox === '' ? name : name === '' ? decodeHeaderText(asOctets(mailbox)) : `${name} <${mailbox}>`
  return {
    from: from === undefined ? null : shown.slice(0, longestText),
    subject: subject === undefined ? null : decodeHeaderText(subject).slice(0, longestText),
  }
}

/** Contents of `uids` in order; of one that is damaged undefined. What was expunged meanwhile is left out. */
async function* contentsOf(
  mailbox: SelectedMailbox,
  uids: readonly Uid[],
): AsyncGenerator<readonly [Uid, MessageContent | undefined]> {
  let done = 0
  try {
    for await (const content of mailbox.contents(uids)) {
      while (done < uids.length && (uids[done] ?? 0) < content.uid) done += 1
      done += 1
      yield [content.uid, content]
    }
    return
  } catch (error) {
    if (!isRefusal(error, 'damaged')) throw error
  }
  // One page is damaged: the others are looked at one by one.
  for (const uid of uids.slice(done)) {
    try {
      const content = await mailbox.content(uid)
      if (content) yield [uid, content]
    } catch (error) {
      if (!isRefusal(error, 'damaged')) throw error
      yield [uid, undefined]
    }
  }
}

/** A row for each of `uids` that is there. */
export async function* messageRows(
  mailbox: SelectedMailbox,
  uids: readonly Uid[],
): AsyncGenerator<MessageRow> {
  for await (const [uid, content] of contentsOf(mailbox, uids)) {
    const state = mailbox.state(uid)
    if (!state) continue
    let read: { from: string | null; subject: string | null } | undefined
    try {
      read = content && readHeader(await headerOf(content))
    } catch (error) {
      if (!isRefusal(error, 'damaged')) throw error
    }
    yield { ...messageFacts(state), from: null, subject: null, ...read, isDamaged: read === undefined }
  }
}

const systemFlags: readonly Flag[] = ['\\Answered', '\\Deleted', '\\Draft', '\\Flagged', '\\Seen']
// RFC 3501 §9, flag-keyword: an atom.
const keyword = /^[!#$&'+-[^-z|}~]+$/

/** Flags as IMAP writes them: `\Seen`, `(\Seen $Forwarded)`. */
export const flagList = z.string().transform((given, context): Flag[] => {
  const words = given
    .replace(/^\((.*)\)$/, '$1')
    .split(/ +/)
    .filter((word) => word !== '')
  const fault = (message: string): never => {
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  }
  if (words.length === 0 && !given.startsWith('(')) return fault('must name a flag, such as \\Seen')
  for (const word of words) {
    const system = systemFlags.find((flag) => flag.toLowerCase() === `\\${word.toLowerCase()}`)
    // Whoever types it that way means the flag, and a shell takes a backslash away that is not quoted.
    if (system) return fault(`names ${word}: write '${system}', with quotes for the shell`)
    if (word.startsWith('\\') && !systemFlags.some((flag) => flag.toLowerCase() === word.toLowerCase()))
      return fault(`must be one of ${systemFlags.join(' ')}, or a keyword`)
    if (!word.startsWith('\\') && !keyword.test(word)) return fault('has a keyword that IMAP does not allow')
  }
  return words
})
