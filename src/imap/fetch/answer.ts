// One FETCH response. Nothing of it goes out before everything it needs is known to be there and undamaged.
import type { MessageState, Uid } from '../../account/api.ts'
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
  const texts = answer.items.map((item) => stateText(session, answer, item))
  session.out.untaggedLine(`${answer.sequenceNumber} FETCH (${texts.join(' ')})`)
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
    for (const item of answer.items)
      ready.push(prepareNow(session, answer, item, parts) ?? (await prepare(session, answer, item, parts)))
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

/** What is kept ready, without a wait: most of what clients ask for, of many messages at once. */
function prepareNow(
  session: Session,
  answer: MessageAnswer,
  item: FetchItem,
  { content }: MessageParts,
): Ready | undefined {
  const { label } = item
  const bytes = (kept: Buffer | undefined): Ready | undefined => kept && { kind: 'bytes', label, bytes: kept }
  switch (item.kind) {
    case 'envelope':
      return bytes(content.envelope)
    case 'body':
      return bytes(content.body)
    case 'bodyStructure':
      return bytes(content.bodyStructure)
    case 'section': {
      const header = headerOfMessage(content, item)
      return header && { ...header, label }
    }
    default:
      return ofState.has(item.kind) ? { kind: 'text', text: stateText(session, answer, item) } : undefined
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
