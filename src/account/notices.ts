// Messages of the server to the owner of an account: into the mailbox, sealed as any other, and to the alternate address where there is one.
import { concat } from '../base/bytes.ts'
import type { Language } from '../base/language.ts'
import { randomToken } from '../crypto/random.ts'
import { encodeHeaderText } from '../mail/encoded-word.ts'
import { deliverNotice } from './deliver.ts'
import { alternateAddressField, fieldOf, languageField } from './directory-fields.ts'
import type { DirectoryEntry } from './directory.ts'
import { isRefusal } from './errors.ts'
import { linesOf, NoticeWords, type Notice, type Say } from './notice-words.ts'
import type { Site } from './unlocked-account.ts'
import type { UnlockedAccounts } from './unlocked-accounts.ts'

/** Sends mail out of the house. Implemented by server/outgoing-mail.ts. */
export interface OutgoingMail {
  /** Rejects when the relay did not take it. `message` is canonical (CRLF). */
  send(to: string, message: Buffer): Promise<void>
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

/** In which language an owner is written to: as they chose, else as the site has it. */
export const languageOf = ({ language = 'en' }: Pick<Site, 'language'>, entry: DirectoryEntry): Language =>
  fieldOf(entry.fields, languageField) ?? language

/** What is said to the owner of an account, in their language. */
export const saidTo = (site: Pick<Site, 'language'>, entry: DirectoryEntry, say: Say): Notice =>
  say(new NoticeWords(languageOf(site, entry)))

const secretMark = '{secret}'

/** A whole message, in canonical lines (CRLF). Addresses may hold any character that an account's may (RFC 6532). */
export function composeNotice(hostname: string, to: string, notice: Notice, time: number): Buffer {
  const { language, subject, text, secret } = notice
  const head = [
    `From: ${new NoticeWords(language).of('mail.sender')} <postmaster@${hostname}>`,
    `To: ${to}`,
    `Subject: ${encodeHeaderText(subject)}`,
    `Date: ${dateField(time)}`,
    `Message-ID: <${randomToken()}@${hostname}>`,
    'Auto-Submitted: auto-generated',
    `Content-Language: ${language}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
  ]
  const whole = [...head, '', ...linesOf(text), ''].join('\r\n')
  // The last one: an address may read like it.
  const at = secret ? whole.lastIndexOf(secretMark) : -1
  if (!secret || at < 0) return Buffer.from(whole)
  return concat(Buffer.from(whole.slice(0, at)), secret, Buffer.from(whole.slice(at + secretMark.length)))
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
    say: Say,
    to: NoticeTargets = { mailbox: true, alternate: true },
  ): Promise<void> {
    const { site, hostname, outgoing, unlocked } = this.#options
    const now = site.clock.now()
    const notice = saidTo(site, entry, say)
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
