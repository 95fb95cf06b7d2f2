// Makes guessers wait before a password costs anything, and keeps one network from taking all connections.
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { Refusal } from '../account/errors.ts'
import type { LoginAttempt, LoginGuard } from '../account/login-guard.ts'
import type { Log } from '../base/ports.ts'
import type { Config } from '../config/schema.ts'
import { isThisMachine, networkOf, plainAddress } from '../base/network-name.ts'

/** Wrong passwords are added up over this time. */
const windowSeconds = 15 * 60
/** So long it is remembered how often somebody had to wait, and that a network has logged in to an account. */
const memorySeconds = 24 * 3600

/** Counts failures of one kind of key, and the waits that follow, each twice as long as the one before. */
class Offences {
  readonly #limit: number
  readonly #blockMs: number
  readonly #longestMs: number
  readonly #failures: RateLimiterMemory
  readonly #waits: RateLimiterMemory
  /** Secrets being tried now, and who waits for one of them to be found out. */
  readonly #trying = new Map<string, { count: number; readonly waiting: (() => void)[] }>()

  // The maps need no bound of their own: a failure costs its author an Argon2 run behind the gate, some twenty a second
  // for the whole server, and every key is dropped in time.
  constructor(limit: number, blockMs: number, longestMs: number) {
    this.#limit = limit
    this.#blockMs = blockMs
    this.#longestMs = longestMs
    this.#failures = new RateLimiterMemory({ points: limit, duration: windowSeconds })
    this.#waits = new RateLimiterMemory({ points: 1, duration: memorySeconds })
  }

  /**
   * Takes a place among the secrets being tried, of which no more may be than could still be wrong; `end` gives it back.
   * False when the key has to wait.
   */
  async begin(key: string): Promise<boolean> {
    for (;;) {
      const found = await this.#failures.get(key)
      const failures = found?.consumedPoints ?? 0
      if (failures > this.#limit) return false
      const trying = this.#trying.get(key)
      if (!trying) {
        this.#trying.set(key, { count: 1, waiting: [] })
        return true
      }
      if (failures + trying.count < this.#limit) {
        trying.count += 1
        return true
      }
      await new Promise<void>((resolve) => trying.waiting.push(resolve))
    }
  }

  /** The secret was found out, or never will be. */
  end(key: string): void {
    const trying = this.#trying.get(key)
    if (!trying) return
    trying.count -= 1
    if (trying.count === 0) this.#trying.delete(key)
    // All of them: whether there is room is theirs to look at.
    for (const wake of trying.waiting.splice(0)) wake()
  }

  async add(key: string): Promise<void> {
    const { consumedPoints } = await this.#failures.penalty(key)
    if (consumedPoints < this.#limit) return
    const { consumedPoints: waits } = await this.#waits.penalty(key)
    const waitMs = Math.min(this.#blockMs * 2 ** (waits - 1), this.#longestMs)
    if (waitMs > 0) await this.#failures.block(key, Math.ceil(waitMs / 1000))
    else await this.#failures.delete(key)
  }

  async forget(key: string): Promise<void> {
    await this.#failures.delete(key)
    await this.#waits.delete(key)
  }
}

/** No address is longer (RFC 5321 §4.5.3.1), and what a stranger sends must not fill the memory. */
const loginCharacters = 320

function accountKey(login: string): string {
  return login.slice(0, loginCharacters).toLowerCase()
}

/** What an admin may forget of wrong passwords. */
export interface Forgetting {
  /** Lets those of an account or from a network try again at once; nobody's password changes. */
  forget(what: { readonly login?: string; readonly remoteAddress?: string }): Promise<void>
}

class MemoryLoginGuard implements LoginGuard, Forgetting {
  readonly #networks: Offences
  readonly #accounts: Offences
  /** Networks from which the account was opened: strangers who guess cannot lock its owner out there. */
  readonly #known = new RateLimiterMemory({ points: 1, duration: memorySeconds * 7 })
  /** By account: its known networks from which somebody failed, which are counted on their own. */
  readonly #failed = new Map<string, Set<string>>()

  readonly #log: Log

  constructor({ addressFailures, accountFailures, block, blockMax }: Config['auth'], log: Log) {
    this.#log = log
    this.#networks = new Offences(addressFailures, block, blockMax)
    this.#accounts = new Offences(accountFailures, block, blockMax)
  }

  async begin(remoteAddress: string, login: string): Promise<LoginAttempt> {
    const network = networkOf(remoteAddress)
    const pair = pairKey(network, login)
    const isKnown = (await this.#known.get(pair)) !== null
    // Failures for an account are counted together for all strangers, and on its own for each known network, which also
    // does not wait for what its neighbours have done: an owner's phone with an old password must not shut out the office.
    const account = isKnown ? pair : accountKey(login)
    // Behind a loopback address may be a web mail program with all its users.
    const isCounted = !isThisMachine(remoteAddress)
    const waitsForNetwork = isCounted && !isKnown
    if (waitsForNetwork && !(await this.#networks.begin(network))) throw this.#refusal(remoteAddress, login)
    if (!(await this.#accounts.begin(account))) {
      if (waitsForNetwork) this.#networks.end(network)
      throw this.#refusal(remoteAddress, login)
    }
    const end = (): void => {
      if (waitsForNetwork) this.#networks.end(network)
      this.#accounts.end(account)
    }
    return {
      failed: async () => {
        // The line that fail2ban reads: its form is a promise.
        this.#log.write('warn', 'auth.failed', {
          user: shown(login),
          rip: plainAddress(remoteAddress),
          reason: 'password',
        })
        if (isCounted) await this.#networks.add(network)
        await this.#accounts.add(account)
        if (isKnown) this.#noteFailed(login, pair)
        end()
      },
      succeeded: async () => {
        await this.#known.set(pair, 1, memorySeconds * 7)
        // Only this network's count: else a guesser could go on whenever the owner's phone logs in.
        await this.#accounts.forget(pair)
        this.#failed.get(accountKey(login))?.delete(pair)
        end()
      },
      dropped: end,
    }
  }

  async forget({ login, remoteAddress }: { login?: string; remoteAddress?: string }): Promise<void> {
    if (remoteAddress !== undefined) await this.#networks.forget(networkOf(remoteAddress))
    if (login === undefined) return
    const account = accountKey(login)
    for (const pair of this.#failed.get(account) ?? []) await this.#accounts.forget(pair)
    this.#failed.delete(account)
    await this.#accounts.forget(account)
  }

  #noteFailed(login: string, pair: string): void {
    const account = accountKey(login)
    const pairs = this.#failed.get(account) ?? new Set()
    this.#failed.set(account, pairs.add(pair))
  }

  #refusal(remoteAddress: string, login: string): Refusal {
    this.#log.write('warn', 'auth.blocked', { user: shown(login), rip: plainAddress(remoteAddress) })
    return new Refusal('busy', 'Too many failed logins, try again later', { isNoted: true })
  }
}

// NUL is in no login: it ends the user name of SASL PLAIN, and IMAP refuses it.
function pairKey(network: string, login: string): string {
  return `${accountKey(login)}\0${network}`
}

/** What is no address may be a password typed into the wrong field. */
function shown(login: string): string {
  return /^[^@\s]+@[^@\s]+$/.test(login) ? login : '?'
}

/** The guard by the settings of `[auth]`; its memory is this process's. */
export function makeLoginGuard(auth: Config['auth'], log: Log): LoginGuard & Forgetting {
  return new MemoryLoginGuard(auth, log)
}

/** Counts live connections, altogether and for each network, and new ones a minute. */
export class ConnectionLimit {
  readonly #most: number
  readonly #mostPerNetwork: number
  readonly #rate: RateLimiterMemory | undefined
  readonly #live = new Map<string, number>()
  #count = 0

  constructor(limits: {
    readonly connections: number
    readonly perNetwork?: number
    readonly newPerMinute?: number
  }) {
    this.#most = limits.connections
    this.#mostPerNetwork = limits.perNetwork ?? Infinity
    if (limits.newPerMinute !== undefined) {
      this.#rate = new RateLimiterMemory({ points: limits.newPerMinute, duration: 60 })
    }
  }

  get count(): number {
    return this.#count
  }

  /** Whether one more may be served; when so, `leave` must be called at its end. */
  enter(remoteAddress: string): boolean {
    const network = networkOf(remoteAddress)
    const live = this.#live.get(network) ?? 0
    if (this.#count >= this.#most) return false
    if (live >= this.#mostPerNetwork && !isThisMachine(remoteAddress)) return false
    this.#count += 1
    this.#live.set(network, live + 1)
    return true
  }

  /** The same, and within the rate of new ones. */
  async enterAtRate(remoteAddress: string): Promise<boolean> {
    if (this.#rate && !isThisMachine(remoteAddress)) {
      const within = await this.#rate.consume(networkOf(remoteAddress)).then(
        () => true,
        () => false,
      )
      if (!within) return false
    }
    return this.enter(remoteAddress)
  }

  leave(remoteAddress: string): void {
    const network = networkOf(remoteAddress)
    const live = (this.#live.get(network) ?? 0) - 1
    this.#count -= 1
    if (live > 0) this.#live.set(network, live)
    else this.#live.delete(network)
  }
}
