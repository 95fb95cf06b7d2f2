// Who is signed in to the page. Kept in memory only, by the hash of the identifier in the cookie; no key and no password is in it.
import type { TrailEntry, AppPassword } from '../account/api-lifecycle.ts'
import type { Clock } from '../base/ports.ts'
import { utf8 } from '../base/bytes.ts'
import { sha256 } from '../crypto/digest.ts'
import { randomBytes, randomToken } from '../crypto/random.ts'

/** A code that was made for this session and waits to be typed back. */
export interface PendingOffer {
  readonly offerId: string
  readonly kind: 'enable' | 'renew'
  readonly expiresAt: number
}

const maxTokens = 100
const maxSessions = 10_000
const maxPerAccount = 20

export class WebSession {
  readonly address: string
  readonly accountId: string
  readonly startedAt: number
  readonly remoteAddress: string
  lastSeenAt: number
  /** Which password slot the account had: another one means that the password was changed elsewhere. */
  passwordSlot: string | undefined
  /** Whether the password it began with opened the mail: an admin's password makes it end, and so does opening the mail again. */
  isLocked = false
  offer: PendingOffer | undefined
  /** As it was when the password was last given; their texts are sealed otherwise. */
  trail: readonly TrailEntry[] = []
  appPasswords: { readonly list: readonly AppPassword[]; readonly at: number } | undefined
  /** What the next page says at its top, once. */
  flash: string | undefined
  readonly #tokens = new Map<string, string>()

  constructor(who: {
    readonly address: string
    readonly accountId: string
    readonly remoteAddress: string
    readonly now: number
  }) {
    this.address = who.address
    this.accountId = who.accountId
    this.remoteAddress = who.remoteAddress
    this.startedAt = who.now
    this.lastSeenAt = who.now
  }

  /** A token for one sending of one form. */
  makeToken(action: string): string {
    const token = randomToken()
    this.#tokens.set(token, action)
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= maxTokens) break
      this.#tokens.delete(oldest)
    }
    return token
  }

  /** Whether the token was made for this form and not used before; it is used now. */
  useToken(token: string, action: string): boolean {
    const isRight = this.#tokens.get(token) === action
    if (isRight) this.#tokens.delete(token)
    return isRight
  }
}

function nameOf(id: string): string {
  return sha256(utf8(id)).toString('hex')
}

export class WebSessions {
  readonly #clock: Clock
  readonly #idleMs: number
  readonly #maxMs: number
  readonly #sessions = new Map<string, WebSession>()

  constructor(clock: Clock, limits: { readonly idleMs: number; readonly maxMs: number }) {
    this.#clock = clock
    this.#idleMs = limits.idleMs
    this.#maxMs = limits.maxMs
  }

  get count(): number {
    return this.#sessions.size
  }

  /** The identifier is always new: one that a browser brought along is never taken over. */
  start(session: WebSession): string {
    this.#sweep()
    const own = [...this.#sessions].filter(([, other]) => other.address === session.address)
    for (const [name] of own.slice(0, Math.max(0, own.length - maxPerAccount + 1)))
      this.#sessions.delete(name)
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size >= maxSessions && oldest !== undefined) this.#sessions.delete(oldest)
    const id = randomBytes(32).toString('base64url')
    this.#sessions.set(nameOf(id), session)
    return id
  }

  find(id: string | undefined): WebSession | undefined {
    const session = id === undefined ? undefined : this.#sessions.get(nameOf(id))
    return session && !this.#isOver(session) ? session : undefined
  }

  #isOver({ startedAt, lastSeenAt }: WebSession): boolean {
    const now = this.#clock.now()
    return now - startedAt > this.#maxMs || now - lastSeenAt > this.#idleMs
  }

  end(session: WebSession): void {
    for (const [name, other] of this.#sessions) if (other === session) this.#sessions.delete(name)
  }

  /** Those of an address, but for one. */
  endAll(address: string, except?: WebSession): number {
    const gone = [...this.#sessions.values()].filter((one) => one.address === address && one !== except)
    for (const session of gone) this.end(session)
    return gone.length
  }

  of(address: string): WebSession[] {
    return [...this.#sessions.values()].filter((one) => one.address === address && !this.#isOver(one))
  }

  #sweep(): void {
    for (const [name, session] of this.#sessions) if (this.#isOver(session)) this.#sessions.delete(name)
  }
}
