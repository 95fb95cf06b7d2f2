// Messages of the server to the owner of an account: into the mailbox, sealed as any other, and to the alternate address where there is one.
import { concat } from '../base/bytes.ts'
import { randomToken } from '../crypto/random.ts'
import { deliverNotice } from './deliver.ts'
import { alternateAddressField, fieldOf } from './directory-fields.ts'
import type { DirectoryEntry } from './directory.ts'
import { isRefusal } from './errors.ts'
import type { Site } from './unlocked-account.ts'
import type { UnlockedAccounts } from './unlocked-accounts.ts'

/** Sends mail out of the house. Implemented by server/outgoing-mail.ts. */
export interface OutgoingMail {
  /** Rejects when the relay did not take it. `message` is canonical (CRLF). */
  send(to: string, message: Buffer): Promise<void>
}

export interface Notice {
  readonly subject: string
  /** Lines of text below 78 characters; an empty one parts paragraphs. Never a secret, unless that is what the site wants sent. */
  readonly lines: readonly string[]
  /** Put at the end of this line (from 0), as bytes: strings cannot be wiped. */
  readonly secret?: { readonly line: number; readonly bytes: Buffer }
}

export interface NoticesOptions {
  readonly site: Site
  readonly unlocked: UnlockedAccounts
  /** Domain of the sender and of message identifiers. */
  readonly hostname: string
  /** Not given: nothing leaves the house. */
  readonly outgoing?: OutgoingMail | undefined
}

/** What is meant to reach whom. */
export interface NoticeTargets {
  readonly mailbox: boolean
  readonly alternate: boolean
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** RFC 5322 §3.3, in UTC. */
function dateField(time: number): string {
  const at = new Date(time)
  const two = (part: number): string => String(part).padStart(2, '0')
  const day = `${days[at.getUTCDay()] ?? ''}, ${at.getUTCDate()} ${months[at.getUTCMonth()] ?? ''} ${at.getUTCFullYear()}`
  return `${day} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`
}

/** A whole message, in canonical lines (CRLF). Addresses may hold any character that an account's may (RFC 6532). */
export function composeNotice(hostname: string, to: string, notice: Notice, time: number): Buffer {
  const lines = [
    `From: Mail server <postmaster@${hostname}>`,
    `To: ${to}`,
    `Subject: ${notice.subject}`,
    `Date: ${dateField(time)}`,
    `Message-ID: <${randomToken()}@${hostname}>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    ...notice.lines.slice(0, (notice.secret?.line ?? -1) + 1),
  ]
  const rest = [...(notice.secret ? [''] : []), ...notice.lines.slice((notice.secret?.line ?? -1) + 1), '']
  const front = Buffer.from(`${lines.join('\r\n')}${notice.secret ? '' : '\r\n'}`)
  return concat(front, notice.secret?.bytes ?? Buffer.alloc(0), Buffer.from(rest.join('\r\n')))
}

export class Notices {
  readonly #options: NoticesOptions

  constructor(options: NoticesOptions) {
    this.#options = options
  }

  /** Whether mail can leave the house. */
  get hasRelay(): boolean {
    return this.#options.outgoing !== undefined
  }

  /** Delivers and sends. Never throws: what was done must not seem undone because nobody could be told; that goes to the log. */
  async tell(
    entry: DirectoryEntry,
    notice: Notice,
    to: NoticeTargets = { mailbox: true, alternate: true },
  ): Promise<void> {
    const { site, hostname, outgoing, unlocked } = this.#options
    const now = site.clock.now()
    if (to.mailbox) {
      try {
        const message = composeNotice(hostname, entry.address, notice, now)
        await deliverNotice(site, entry.account, message).finally(() => message.fill(0))
      } catch (error) {
        this.#report('notice.not-delivered', entry, error)
      }
      unlocked.find(entry.account)?.housekeeping.wake()
    }
    const alternate = fieldOf(entry.fields, alternateAddressField)
    if (!to.alternate || alternate === undefined || !outgoing) return
    try {
      const message = composeNotice(hostname, alternate, notice, now)
      await outgoing.send(alternate, message).finally(() => message.fill(0))
    } catch (error) {
      this.#report('notice.not-sent', entry, error)
    }
  }

  #report(event: string, { account }: DirectoryEntry, error: unknown): void {
    const reason = isRefusal(error) ? error.code : error instanceof Error ? error.name : 'fault'
    this.#options.site.log.write('error', event, { account: account.toString('hex'), reason })
  }
}
