// NOTIFY (RFC 5465): what a session has asked to hear of, and what of it waits to be told.
import type { AccountEvent } from '../account/account-event.ts'
import type { Uid } from '../account/api.ts'
import { ofAccount } from '../account/annotation-table.ts'
import { canonicalName, isBelow, parentsOf } from '../account/names.ts'
import { sendUnasked } from './fetch/fetch.ts'
import { sendRow } from './mailbox-list.ts'
import type { Session } from './session.ts'
import type { NotifyEvent, NotifyFilter, NotifyRequest } from './wire/notify-request.ts'

/** Names that wait to be told. A peer that lets more gather hears of the overflow instead (RFC 5465 §5.8). */
const waitingAtMost = 1000

type Notice =
  | { readonly name: string; readonly oldName?: string }
  /** `mailbox` is an identifier; undefined: the server's own entry. */
  | { readonly mailbox: string | undefined; readonly entry: string }

/** In force from one NOTIFY to the next. What waits is bounded: by mailbox for messages, by number for names. */
export class Notify {
  readonly #session: Session
  readonly #request: NotifyRequest | undefined
  readonly #filters: readonly {
    readonly matches: (name: string) => boolean
    readonly events: ReadonlySet<NotifyEvent>
  }[]
  readonly #stop: () => void
  /** Mailboxes, by identifier, that a STATUS is due of; with UNSEEN where flags may have changed. */
  readonly #statuses = new Map<string, { hasMessages: boolean; hasFlags: boolean }>()
  #notices: Notice[] = []
  /** Came into the selected mailbox by others, and are to be fetched once they have a number. */
  #fresh: Uid[] = []
  #isOverflowing = false
  /** RFC 5465 §3.1: NOTIFY SET tells what has gathered, as NOOP does. */
  #isFirst = true
  /** Called from inside a commit when something is to be told; must only set things going. */
  onNews: (() => void) | undefined

  /** `request` undefined: NOTIFY NONE. */
  constructor(session: Session, request: NotifyRequest | undefined) {
    this.#session = session
    this.#request = request
    this.#filters = (request?.groups ?? []).map(({ filter, events }) => ({
      matches: matcher(session, filter),
      events,
    }))
    this.#stop = request ? session.account.watch((event) => this.#note(event)) : () => undefined
  }

  close(): void {
    this.#stop()
    this.onNews = undefined
  }

  /** Whether news of the selected mailbox are to be told with the answers to commands. */
  get tellsSelected(): boolean {
    return this.#isFirst || this.#request?.selected?.events.has('MessageNew') === true
  }

  get tellsFlags(): boolean {
    return this.#isFirst || this.#request?.selected?.events.has('FlagChange') === true
  }

  /** Whether an EXPUNGE may be told while no command is in progress. */
  get tellsExpungesAtOnce(): boolean {
    return this.#request?.selected?.isDelayed === false
  }

  get hasNews(): boolean {
    return this.#isOverflowing || this.#statuses.size > 0 || this.#notices.length > 0
  }

  /** What a mailbox that is not selected is watched for. NONE takes it out of what other groups say. */
  eventsOf(name: string): ReadonlySet<NotifyEvent> {
    const union = new Set<NotifyEvent>()
    for (const { matches, events } of this.#filters) {
      if (!matches(name)) continue
      if (events.size === 0) return events
      for (const event of events) union.add(event)
    }
    return union
  }

  /** STATUS of every mailbox whose messages are watched, for NOTIFY SET STATUS. */
  noteAll(): void {
    for (const { id, name } of this.#session.account.mailboxes()) {
      const events = this.eventsOf(name)
      if (!events.has('MessageNew')) continue
      this.#statuses.set(id, { hasMessages: true, hasFlags: events.has('FlagChange') })
    }
  }

  /** Sends what waits; news of the selected mailbox have just been told. */
  async tell(): Promise<void> {
    const session = this.#session
    this.#isFirst = false
    if (this.#isOverflowing) {
      session.out.untaggedStatus('OK', 'Too much is happening to tell of it', 'NOTIFICATIONOVERFLOW')
      session.setNotify(new Notify(session, undefined))
      return
    }
    await this.#fetchFresh()
    for (const [id, due] of [...this.#statuses]) {
      this.#statuses.delete(id)
      if (id !== session.selected?.mailbox.id) this.#sendStatus(id, due.hasFlags)
      await session.pace()
    }
    for (const notice of this.#notices.splice(0)) {
      if ('entry' in notice) this.#sendEntry(notice)
      else this.#sendName(notice)
      await session.pace()
    }
  }

  async #fetchFresh(): Promise<void> {
    const view = this.#session.selected
    const items = this.#request?.selected?.items ?? []
    if (!view || this.#fresh.length === 0) return
    const told = this.#fresh.filter((uid) => view.sequenceNumber(uid) !== undefined)
    this.#fresh = this.#fresh.filter(
      (uid) => view.sequenceNumber(uid) === undefined && view.mailbox.state(uid),
    )
    await sendUnasked(this.#session, told, items)
  }

  #sendStatus(id: string, withUnseen: boolean): void {
    const { account, out, isCondstore } = this.#session
    const status = account.statusNow(id)
    if (!status) return
    const { messages, uidNext, uidValidity, unseen, highestModSeq } = status
    const items = [`MESSAGES ${messages}`, `UIDNEXT ${uidNext}`, `UIDVALIDITY ${uidValidity}`]
    if (withUnseen) items.push(`UNSEEN ${unseen}`)
    // RFC 5465 §5.1 and §3.1: with FlagChange it tells what has changed since, whether or not CONDSTORE is on.
    if (isCondstore || withUnseen) items.push(`HIGHESTMODSEQ ${highestModSeq}`)
    out
      .untagged()
      .text('STATUS ')
      .mailbox(status.name)
      .text(` (${items.join(' ')})`)
      .end()
  }

  /** RFC 5464 §4.4.2: only the entry's name. */
  #sendEntry({ mailbox, entry }: Extract<Notice, { readonly entry: string }>): void {
    const { account, out } = this.#session
    const name = mailbox === undefined ? '' : account.statusNow(mailbox)?.name
    if (name !== undefined) out.untagged().text('METADATA ').mailbox(name).text(' ').astring(entry).end()
  }

  /** RFC 5465 §5.4, §5.5: the name as it is now. */
  #sendName({ name, oldName }: Extract<Notice, { readonly name: string }>): void {
    const { account, out } = this.#session
    const mailbox = account.mailbox(name)
    const attributes: string[] = []
    if (mailbox?.isSubscribed ?? account.subscriptions().includes(name)) attributes.push('\\Subscribed')
    if (!mailbox) attributes.push('\\NonExistent')
    else attributes.push(mailbox.hasChildren ? '\\HasChildren' : '\\HasNoChildren')
    if (mailbox?.specialUse) attributes.push(mailbox.specialUse)
    sendRow(out, 'LIST', { name, attributes, childInfo: [], ...(oldName !== undefined && { oldName }) })
  }

  #note(event: AccountEvent): void {
    const { account, selected } = this.#session
    // RFC 5465 §5: what this client did itself, its answers have told.
    if (event.by !== undefined && (event.by === account || event.by === selected?.mailbox)) return
    if (this.#isOverflowing) return
    switch (event.kind) {
      case 'append':
      case 'expunge':
      case 'flags':
        this.#noteMessages(event)
        break
      case 'created':
      case 'deleted': {
        const parent = parentsOf(event.name).at(-1)
        for (const name of parent === undefined ? [event.name] : [event.name, parent])
          if (this.eventsOf(name).has('MailboxName')) this.#notices.push({ name })
        break
      }
      case 'renamed':
        if (this.eventsOf(event.name).has('MailboxName') || this.eventsOf(event.from).has('MailboxName'))
          this.#notices.push({ name: event.name, oldName: event.from })
        break
      case 'subscribed':
      case 'unsubscribed':
        if (this.eventsOf(event.name).has('SubscriptionChange')) this.#notices.push({ name: event.name })
        break
      case 'annotated':
        this.#noteEntry(event)
        break
    }
    if (this.#notices.length > waitingAtMost) {
      this.#isOverflowing = true
      this.#stop()
      this.#notices = []
      this.#statuses.clear()
    }
    if (this.hasNews) this.onNews?.()
  }

  #noteEntry({ mailbox, entry }: Extract<AccountEvent, { readonly kind: 'annotated' }>): void {
    if (mailbox === ofAccount) {
      // Whatever mailboxes the group names: the event is of none of them.
      const isWanted = this.#filters.some(({ events }) => events.has('ServerMetadataChange'))
      if (isWanted) this.#notices.push({ mailbox: undefined, entry })
      return
    }
    const name = this.#session.account.statusNow(mailbox)?.name
    if (name !== undefined && this.eventsOf(name).has('MailboxMetadataChange'))
      this.#notices.push({ mailbox, entry })
  }

  #noteMessages(event: Extract<AccountEvent, { readonly uids: readonly Uid[] }>): void {
    const { account, selected } = this.#session
    if (event.mailbox === selected?.mailbox.id) {
      const items = this.#request?.selected?.items ?? []
      if (event.kind === 'append' && items.length > 0) for (const uid of event.uids) this.#fresh.push(uid)
      return
    }
    const name = account.statusNow(event.mailbox)?.name
    if (name === undefined) return
    const events = this.eventsOf(name)
    if (!events.has(event.kind === 'flags' ? 'FlagChange' : 'MessageNew')) return
    this.#statuses.set(event.mailbox, { hasMessages: true, hasFlags: events.has('FlagChange') })
  }
}

function matcher({ account }: Session, filter: NotifyFilter): (name: string) => boolean {
  switch (filter.kind) {
    // Mail to `user+name@` goes into the mailbox of that name, so any may be an inbox (RFC 5465 §6.2).
    case 'inboxes':
    case 'personal':
      return () => true
    case 'subscribed':
      // Asked each time, since the list changes (RFC 5465 §6.4). What is unsubscribed just now counts once more.
      return (name) => account.subscriptions().includes(name)
    case 'subtree': {
      const roots = filter.names.map(canonicalName)
      // No mailbox is called "": it stands for what all are below, as the reference of LIST does.
      return (name) => roots.some((root) => root === '' || name === root || isBelow(name, root))
    }
    case 'mailboxes': {
      const names = new Set(filter.names.map(canonicalName))
      return (name) => names.has(name)
    }
  }
}
