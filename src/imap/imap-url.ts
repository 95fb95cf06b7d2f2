// IMAP URLs as CATENATE takes them (RFC 4469 §3, RFC 5092): a message of this account, or a section of one, as octets.
import type { SelectedMailbox, Uid } from '../account/api.ts'
import { isRefusal } from '../account/errors.ts'
import { MessageParts } from '../account/message-parts.ts'
import { Answer } from './errors.ts'
import { openSection, type OpenSection } from './fetch/section.ts'
import type { Session } from './session.ts'
import { ArgumentReader } from './wire/arguments.ts'
import { BadSyntax } from './wire/bad-syntax.ts'
import { readSection, type SectionItem } from './wire/fetch-section.ts'
import { limitsAfterLogin } from './wire/limits.ts'

/** What an IMAP URL names. */
export interface ImapUrl {
  /** Undefined: the selected mailbox. */
  readonly mailbox: string | undefined
  readonly uidValidity: number | undefined
  readonly uid: number
  readonly item: SectionItem
}

// [mailbox [";UIDVALIDITY=" nz-number]] "/;UID=" nz-number ["/;SECTION=" enc-section] ["/;PARTIAL=" number ["." nz-number]]
const form =
  /^([^;]*?)(?:;UIDVALIDITY=([1-9][0-9]{0,9}))?\/?;UID=([1-9][0-9]{0,9})(?:\/?;SECTION=([^;]*?))?(?:\/?;PARTIAL=([0-9]{1,10})(?:\.([1-9][0-9]{0,9}))?)?$/i

/** Undefined for what is no URL of this kind, absolute ones among them. `selected`: the mailbox that relative ones begin at. */
export function parseImapUrl(url: string, selected: string | undefined): ImapUrl | undefined {
  if (url.length > maxUrlLength || /^[a-z][a-z0-9+.-]*:|^\/\//i.test(url)) return undefined
  const [, path = '', uidValidity, uid, section = '', start, length] = form.exec(url) ?? []
  const mailbox = path === '' ? undefined : mailboxOf(path, selected)
  const item = itemOf(section)
  const isNamed = path === '' ? selected !== undefined && uidValidity === undefined : mailbox !== undefined
  if (uid === undefined || !item || !isNamed) return undefined
  const partial =
    start === undefined ? undefined : { start: Number(start), length: Number(length ?? Infinity) }
  return {
    mailbox,
    uidValidity: uidValidity === undefined ? undefined : Number(uidValidity),
    uid: Number(uid),
    item: { ...item, partial },
  }
}

const maxUrlLength = 4096

/** The mailbox's name in Unicode: UTF-8, percent-encoded (RFC 5092 §6.1). */
function mailboxOf(path: string, selected: string | undefined): string | undefined {
  const name = decodePercent(path.startsWith('/') ? path.slice(1) : path)
  if (name === undefined || name === '') return undefined
  // RFC 3986 §5.2.3: a relative path begins where the last level of the base does.
  const levels = path.startsWith('/') ? '' : (selected ?? '').replace(/[^/]*$/, '')
  const whole = levels + name
  return whole.toUpperCase() === 'INBOX' ? 'INBOX' : whole
}

/** The section in BODY[]'s grammar. */
function itemOf(section: string): SectionItem | undefined {
  const text = decodePercent(section)
  if (text === undefined || /[\r\n\0]/.test(text)) return undefined
  const command = {
    ...{ tag: '', name: '', isUid: false, argumentsAt: 0 },
    pieces: [{ kind: 'line' as const, bytes: Buffer.from(`[${text}]`) }],
  }
  try {
    const reader = new ArgumentReader(command, { limits: limitsAfterLogin, isUtf8: false })
    const item = readSection(reader, { setsSeen: false })
    reader.end()
    return item
  } catch (error) {
    if (error instanceof BadSyntax) return undefined
    throw error
  }
}

function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** The octets that a URL names. Throws Answer with BADURL (RFC 4469 §4.1), Refusal 'damaged'. */
export async function* urlOctets(session: Session, url: string): AsyncGenerator<Buffer> {
  const bad = new Answer('NO', 'The URL names nothing that is there', { code: 'BADURL', url })
  const parsed = parseImapUrl(url, session.selected?.mailbox.name)
  if (!parsed) throw bad
  const { mailbox, isOwn } = await openNamed(session, parsed, bad)
  try {
    const content = await mailbox.content(parsed.uid as Uid)
    if (!content) throw bad
    const opened = await openSection(new MessageParts(content, session.context.budget), parsed.item)
    if (opened.kind === 'nil') throw bad
    yield* octetsOf(opened)
  } catch (error) {
    throw isRefusal(error, 'message-expunged') ? bad : error
  } finally {
    if (isOwn) mailbox.close()
  }
}

async function* octetsOf(opened: Exclude<OpenSection, { kind: 'nil' }>): AsyncGenerator<Buffer> {
  if (opened.kind === 'literal') {
    yield opened.bytes
    return
  }
  try {
    yield* opened.pieces()
  } finally {
    await opened.close()
  }
}

/** The mailbox of a URL; `isOwn`: it was opened for this, and nobody's \Recent is touched by it. */
async function openNamed(
  session: Session,
  { mailbox: name, uidValidity }: ImapUrl,
  bad: Answer,
): Promise<{ readonly mailbox: SelectedMailbox; readonly isOwn: boolean }> {
  const selected = session.selected?.mailbox
  const info = name === undefined ? undefined : session.account.mailbox(name)
  const isSelected = selected !== undefined && (name === undefined || info?.id === selected.id)
  if (isSelected) {
    if (uidValidity !== undefined && uidValidity !== selected.uidValidity) throw bad
    return { mailbox: selected, isOwn: false }
  }
  if (!info) throw bad
  const mailbox = await session.account.select(info.name, { isReadOnly: true })
  if (uidValidity === undefined || uidValidity === mailbox.uidValidity) return { mailbox, isOwn: true }
  mailbox.close()
  throw bad
}
