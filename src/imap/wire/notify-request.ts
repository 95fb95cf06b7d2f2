// NOTIFY's arguments (RFC 5465 §8): which events, in which mailboxes.
import type { ArgumentReader } from './arguments.ts'
import { readAttributes, type FetchItem } from './fetch-items.ts'

/** Events that the server tells of, as RFC 5465 §8 spells them. Messages have no annotations here, so there is no AnnotationChange. */
export const notifyEvents = [
  'MessageNew',
  'MessageExpunge',
  'FlagChange',
  'MailboxName',
  'SubscriptionChange',
  'MailboxMetadataChange',
  'ServerMetadataChange',
] as const
export type NotifyEvent = (typeof notifyEvents)[number]

export type NotifyFilter =
  | { readonly kind: 'inboxes' | 'personal' | 'subscribed' }
  | { readonly kind: 'subtree' | 'mailboxes'; readonly names: readonly string[] }

export interface NotifyGroup {
  readonly filter: NotifyFilter
  /** Empty: NONE. */
  readonly events: ReadonlySet<NotifyEvent>
}

/** NOTIFY SET. */
export interface NotifyRequest {
  readonly withStatus: boolean
  /** What to tell of the selected mailbox; undefined: nothing. */
  readonly selected:
    | {
        readonly isDelayed: boolean
        readonly events: ReadonlySet<NotifyEvent>
        /** What to fetch of new messages. */
        readonly items: readonly FetchItem[]
      }
    | undefined
  readonly groups: readonly NotifyGroup[]
  /** An event was asked for that there is not. */
  readonly hasUnknownEvents: boolean
}

// notify = "NOTIFY" SP (notify-set / notify-none); notify-set = "SET" [SP "STATUS"] SP event-groups
/** To the command's end; undefined for NONE. */
export function readNotifyRequest(reader: ArgumentReader): NotifyRequest | undefined {
  reader.space()
  if (reader.keyword('SET', 'NONE') === 'NONE') {
    reader.end()
    return undefined
  }
  reader.space()
  const withStatus = reader.tryKeyword('STATUS') !== undefined
  if (withStatus) reader.space()
  let selected: NotifyRequest['selected']
  const groups: NotifyGroup[] = []
  let hasUnknownEvents = false
  do {
    reader.count()
    reader.token('(')
    const kind = reader.keyword(
      'SELECTED',
      'SELECTED-DELAYED',
      'INBOXES',
      'PERSONAL',
      'SUBSCRIBED',
      'SUBTREE',
      'MAILBOXES',
    )
    const isSelected = kind === 'SELECTED' || kind === 'SELECTED-DELAYED'
    const filter = isSelected ? undefined : readFilter(reader, kind)
    reader.space()
    const { events, items, isUnknown } = readEvents(reader, isSelected)
    hasUnknownEvents ||= isUnknown
    reader.token(')')
    if (filter) groups.push({ filter, events })
    else {
      if (selected) reader.fail('the selected mailbox is named twice')
      selected = { isDelayed: kind === 'SELECTED-DELAYED', events, items }
    }
  } while (reader.trySpace())
  reader.end()
  return { withStatus, selected, groups, hasUnknownEvents }
}

// filter-mailboxes-other = "inboxes" / "personal" / "subscribed" / ("subtree" / "mailboxes") SP one-or-more-mailbox
function readFilter(
  reader: ArgumentReader,
  kind: 'INBOXES' | 'PERSONAL' | 'SUBSCRIBED' | 'SUBTREE' | 'MAILBOXES',
): NotifyFilter {
  if (kind === 'INBOXES') return { kind: 'inboxes' }
  if (kind === 'PERSONAL') return { kind: 'personal' }
  if (kind === 'SUBSCRIBED') return { kind: 'subscribed' }
  reader.space()
  const names = reader.peek() === '(' ? reader.list(() => reader.mailbox()) : [reader.mailbox()]
  return { kind: kind === 'SUBTREE' ? 'subtree' : 'mailboxes', names }
}

// events = ( "(" event *(SP event) ")" ) / "NONE"
function readEvents(
  reader: ArgumentReader,
  isSelected: boolean,
): { events: Set<NotifyEvent>; items: readonly FetchItem[]; isUnknown: boolean } {
  const events = new Set<NotifyEvent>()
  let items: readonly FetchItem[] = []
  const unknown = new Set<string>()
  if (reader.peek() !== '(') {
    reader.keyword('NONE')
    return { events, items, isUnknown: false }
  }
  reader.list(() => {
    const word = reader.atom().toLowerCase()
    const event = notifyEvents.find((known) => known.toLowerCase() === word)
    if (event) events.add(event)
    else unknown.add(word)
    // Only of the selected mailbox can messages be fetched.
    if (event !== 'MessageNew' || !isSelected) return
    if (reader.tryToken(' (')) {
      items = readAttributes(reader)
      reader.token(')')
    }
  })
  const isAboutMessages = events.has('MessageNew') || events.has('MessageExpunge')
  const isAboutChanges = events.has('FlagChange') || unknown.has('annotationchange')
  const isWhole = events.has('MessageNew') && events.has('MessageExpunge')
  // RFC 5465 §5: both or neither, and neither kind of change without them.
  if ((isAboutMessages || isAboutChanges) && !isWhole)
    reader.fail('MessageNew and MessageExpunge go together, and with FlagChange')
  // RFC 5465 §6.1: the selected mailbox has events of messages only.
  if (isSelected && events.size > (isWhole ? 2 : 0) + (events.has('FlagChange') ? 1 : 0))
    reader.fail('only events of messages are for the selected mailbox')
  return { events, items, isUnknown: unknown.size > 0 }
}
