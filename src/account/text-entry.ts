// One message's share of a search text page, made from the opened message (FORMAT.md §9.9).
import { ByteReader, ByteWriter, fromHex, hex, utf8 } from '../base/bytes.ts'
import { decodeFacts, encodeFacts } from '../mail/facts-codec.ts'
import { messageFacts, type MessageFacts } from '../mail/message-facts.ts'
import { pieceEnd, type SearchText } from '../mail/text.ts'
import type { MessageState } from './api.ts'
import type { MessageParts } from './message-parts.ts'
import { sentDay } from './text-answers.ts'
import { cutAll, cutBits, type Section, type TextEntry } from './text-codec.ts'

/** What is known of a message besides its text. */
export interface TextFacts {
  /** The blob's identifier in hexadecimal. */
  readonly emailId: string
  /** Days since 1970-01-01, as the Date field says. */
  readonly sentDay: number | undefined
  readonly preview: string
  readonly message: MessageFacts
}

/** Fields that are searched so often that they stand apart from the others, as their lines begin. */
const frontFields: readonly string[] = [
  ...['subject: ', 'from: ', 'to: ', 'cc: ', 'bcc: '],
  ...['sender: ', 'reply-to: ', 'message-id: ', 'date: '],
]

/** Which section has the lines of a field, by how they begin. */
export const sectionOfField = (linePrefix: string): 'front' | 'rest' =>
  frontFields.includes(linePrefix) ? 'front' : 'rest'

/** Most bytes of each text that are held of a message. Longer ones are cut, and the message opened when that matters. */
export interface TextLimits {
  readonly header: number
  readonly body: number
}

export const generous: TextLimits = { header: 16 * 1024, body: 160 * 1024 }
/** What surely fits into a page by itself, also when it does not shrink: three texts, 19 KB of facts. */
export const certain: TextLimits = { header: 8 * 1024, body: 20 * 1024 }

const lines = (texts: readonly string[]): string => texts.map((text) => pieceEnd + text).join('')

/** Of a long text only as much as shows that it is too long. */
const beginning = (text: string, limit: number): Buffer => utf8(text.slice(0, limit + 1))

function encodeTextFacts(facts: TextFacts): Buffer {
  return new ByteWriter()
    .fixed(fromHex(facts.emailId))
    .u8(facts.sentDay === undefined ? 0 : 1)
    .u32((facts.sentDay ?? 0) >>> 0)
    .text16(facts.preview)
    .bytes16(encodeFacts(facts.message))
    .finish()
}

/** Throws MalformedRecord. */
export function decodeTextFacts(bytes: Uint8Array): TextFacts {
  const from = new ByteReader(bytes)
  const emailId = hex(from.fixed(16))
  const hasDay = from.u8() === 1
  const day = from.u32() | 0
  const facts = {
    emailId,
    sentDay: hasDay ? day : undefined,
    preview: from.text16(),
    message: decodeFacts(from.bytes16()),
  }
  from.end()
  return facts
}

/** All of the text, as the sections have it. */
function sectionTexts({
  fields,
  parts,
  body,
}: SearchText): Pick<TextEntry, 'front' | 'own' | 'parts' | 'body'> {
  const isFront = (line: string): boolean => frontFields.some((prefix) => line.startsWith(prefix))
  return {
    front: beginning(lines(fields.filter(isFront)), generous.header),
    own: beginning(lines(fields.filter((line) => !isFront(line))), generous.header),
    parts: beginning(parts === '' ? '' : pieceEnd + parts, generous.header),
    body: beginning(body === '' ? '' : pieceEnd + body, generous.body),
  }
}

/** Reads all of a message's text. Throws Refusal 'damaged'. */
export async function makeEntry(state: MessageState, parts: MessageParts): Promise<TextEntry> {
  const header = await parts.header()
  const facts = encodeTextFacts({
    emailId: parts.content.emailId,
    sentDay: sentDay(header),
    preview: await parts.preview(),
    message: messageFacts(header),
  })
  const { uid, sizeBytes, savedAt } = state
  const texts = sectionTexts(await parts.searchText())
  return narrowed({ uid, sizeBytes, savedAt, cut: 0, facts, ...texts }, generous)
}

const none = Buffer.alloc(0)

/** Of a message that could not be read: whoever searches opens it, and tells that it is damaged. */
export function blankEntry({ uid, sizeBytes, savedAt }: MessageState): TextEntry {
  return {
    uid,
    sizeBytes,
    savedAt,
    cut: cutAll,
    facts: none,
    front: none,
    own: none,
    parts: none,
    body: none,
  }
}

/** The same within limits. A character that is cut in two does no harm: no query ends in half a one. */
export function narrowed(entry: TextEntry, { header, body }: TextLimits): TextEntry {
  let { cut } = entry
  const limited = (section: Section, bytes: Buffer, limit: number): Buffer => {
    if (bytes.length > limit) cut |= cutBits[section]
    return bytes.subarray(0, limit)
  }
  const front = limited('front', entry.front, header)
  const own = limited('rest', entry.own, header)
  const parts = limited('rest', entry.parts, Math.max(0, header - own.length))
  const narrow = limited('body', entry.body, body)
  return { ...entry, front, own, parts, body: narrow, cut }
}
