// One FETCH response. Nothing of it goes out before everything it needs is known to be there and undamaged.
import type { MessageContent, MessageState, Uid } from '../../account/api.ts'
import type { MessageParts } from '../../account/message-parts.ts'
import { emailIdOf, threadIdOf } from '../../account/object-ids.ts'
import { formatInternalDate } from '../../mail/date.ts'
import { messageFacts } from '../../mail/message-facts.ts'
import { ConnectionLost } from '../output.ts'
import type { Session } from '../session.ts'
import type { FetchItem } from '../wire/fetch-items.ts'
import { DecodedPart } from './binary.ts'
import { headerOfMessage, openSection, type OpenSection, type StreamedSection } from './section.ts'

export interface MessageAnswer {
  readonly uid: Uid
  readonly sequenceNumber: number
  readonly state: MessageState
  readonly items: readonly FetchItem[]
  /** PREVIEW, if it is kept ready. */
  readonly preview: string | undefined
}

/** Items that the message's state alone answers. */
const ofState: ReadonlySet<FetchItem['kind']> = new Set([
  'flags',
  'internalDate',
  'modSeq',
  'saveDate',
  'size',
  'uid',
])

/** Whether the message's record must be opened for this item. */
export function needsContent({ kind }: FetchItem): boolean {
  return !ofState.has(kind)
}

/** A response made of the message's state alone. */
export function sendState(session: Session, answer: MessageAnswer): void {
  session.view.announceKeywords(session.out)
  let text = `* ${answer.sequenceNumber} FETCH (`
  let separator = ''
  for (const item of answer.items) {
    text += separator + stateText(session, answer, item)
    separator = ' '
  }
  session.out.text(`${text})\r\n`)
}

/** Of one response: more items, each of some kilobytes, are sent one by one as the peer takes them. */
const keptAtMost = 32

/**
 * A response of which everything is kept ready, with no wait: most of what clients ask for, of many messages at once. False:
 * something of it must be made or read first, and nothing was sent; `sendContent` does that.
 */
export function sendKept(session: Session, answer: MessageAnswer, content: MessageContent): boolean {
  if (answer.items.length > keptAtMost) return false
  // Text is gathered as long as it can be: each call of the writer costs as much as copying some hundred octets.
  const pieces: (string | Buffer)[] = []
  let text = `* ${answer.sequenceNumber} FETCH (`
  let separator = ''
  for (const item of answer.items) {
    if (ofState.has(item.kind)) text += separator + stateText(session, answer, item)
    else {
      const kept = keptOf(content, item)
      if (!kept) return false
      text += `${separator}${item.label} `
      if (item.kind === 'section') text += literalHead(kept)
      pieces.push(text, kept)
      text = ''
    }
    separator = ' '
  }
  const { out } = session
  session.view.announceKeywords(out)
  for (const piece of pieces) {
    if (typeof piece === 'string') out.text(piece)
    else out.bytes(piece)
  }
  out.text(`${text})\r\n`)
  return true
}

const literalHead = (bytes: Buffer): string => `{${bytes.length}}\r\n`

/** undefined: not kept ready. */
function keptOf(content: MessageContent, item: FetchItem): Buffer | undefined {
  switch (item.kind) {
    case 'envelope':
      return content.envelope
    case 'body':
      return content.body
    case 'bodyStructure':
      return content.bodyStructure
    case 'section':
      return headerOfMessage(content, item)?.bytes
    default:
      return undefined
  }
}

type Ready =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'preview'; readonly text: string }
  | { readonly kind: 'bytes'; readonly label: string; readonly bytes: Buffer }
  | (OpenSection & { readonly label: string })

/** Any response. Throws Refusal 'damaged' as long as nothing was sent; later damage ends the connection. */
export async function sendContent(
  session: Session,
  answer: MessageAnswer,
  parts: MessageParts,
): Promise<void> {
  const ready: Ready[] = []
  try {
    for (const item of answer.items) ready.push(await prepare(session, answer, item, parts))
    const { out } = session
    session.view.announceKeywords(out)
    out.untagged().text(`${answer.sequenceNumber} FETCH (`)
    for (const [index, item] of ready.entries()) {
      if (index > 0) out.text(' ')
      send(session, item)
      if (item.kind === 'stream') await sendStream(session, item)
      const flushed = session.link.flushIfLarge()
      if (flushed) await flushed
    }
    out.text(')').end()
  } finally {
    for (const item of ready) if (item.kind === 'stream') await item.close()
  }
}

/** What each session knows of the part that it last asked for with BINARY. */
const decodedParts = new WeakMap<Session, DecodedPart>()

function decodedPart(session: Session): DecodedPart {
  const known = decodedParts.get(session) ?? new DecodedPart()
  decodedParts.set(session, known)
  return known
}

async function prepare(
  session: Session,
  answer: MessageAnswer,
  item: FetchItem,
  parts: MessageParts,
): Promise<Ready> {
  switch (item.kind) {
    case 'envelope':
      return { kind: 'bytes', label: item.label, bytes: await parts.envelope() }
    case 'body':
      return { kind: 'bytes', label: item.label, bytes: await parts.body() }
    case 'bodyStructure':
      return { kind: 'bytes', label: item.label, bytes: await parts.bodyStructure() }
    case 'emailId':
      return { kind: 'text', text: `EMAILID (${emailIdOf(parts.content.emailId)})` }
    case 'threadId': {
      const id = threadIdOf(messageFacts(await parts.header()))
      // RFC 8474 §5.2: NIL, when the server cannot say which thread it is.
      return { kind: 'text', text: id === undefined ? 'THREADID NIL' : `THREADID (${id})` }
    }
    case 'section':
      return { ...(await openSection(parts, item)), label: item.label }
    case 'preview':
      // RFC 8970 §4.1: LAZY does not wait for bodies to be opened.
      if (answer.preview === undefined && item.isLazy) return { kind: 'nil', label: item.label }
      return { kind: 'preview', text: answer.preview ?? (await parts.preview()) }
    case 'binary':
      return { ...(await decodedPart(session).open(parts, item)), label: item.label }
    case 'binarySize': {
      const size = await decodedPart(session).size(parts, item.path)
      return { kind: 'text', text: `${item.label} ${size ?? 0}` }
    }
    default:
      return { kind: 'text', text: stateText(session, answer, item) }
  }
}

function send(session: Session, item: Ready): void {
  const { out } = session
  switch (item.kind) {
    case 'text':
      out.text(item.text)
      break
    case 'bytes':
      out.text(`${item.label} `).bytes(item.bytes)
      break
    case 'preview':
      out.text('PREVIEW ').string(item.text)
      break
    case 'nil':
      out.text(`${item.label} NIL`)
      break
    case 'literal':
      out.text(item.isBinary ? `${item.label} ~` : `${item.label} `).literal(item.bytes)
      break
    case 'stream':
      out.text(item.isBinary ? `${item.label} ~` : `${item.label} `).literalHead(item.sizeBytes)
      break
  }
}

/** The octets that a literal's head has promised: all of them, or the end of the connection. */
async function sendStream(session: Session, stream: StreamedSection): Promise<void> {
  let left = stream.sizeBytes
  try {
    for await (const piece of stream.pieces()) {
      if (piece.length > left) break
      left -= piece.length
      session.out.bytes(piece)
      await session.link.flush()
    }
  } catch (error) {
    session.link.destroy()
    if (error instanceof ConnectionLost) throw error
    session.context.log.write('error', 'imap.damaged', { during: 'literal' })
    throw new ConnectionLost('a message turned out to be damaged inside its literal', { cause: error })
  }
  if (left === 0) return
  session.link.destroy()
  throw new ConnectionLost('a message ended early')
}

function stateText(session: Session, { uid, state }: MessageAnswer, { kind }: FetchItem): string {
  const { view } = session
  switch (kind) {
    case 'uid':
      return `UID ${uid}`
    case 'flags':
      view.wasTold(uid)
      return `FLAGS ${view.flagsText(uid, state.flags)}`
    case 'internalDate':
      return `INTERNALDATE "${formatInternalDate(state.internalDate, state.zoneMinutes)}"`
    case 'saveDate':
      return `SAVEDATE "${formatInternalDate(state.savedAt, 0)}"`
    case 'size':
      return `RFC822.SIZE ${state.sizeBytes}`
    case 'modSeq':
      return `MODSEQ (${state.modSeq})`
    default:
      throw new Error('this item needs the content')
  }
}
