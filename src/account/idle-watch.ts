// Locks accounts in which nobody has done anything for long, and ends sessions whose app password has expired.
import type { Clock, Log } from '../base/ports.ts'
import type { UnlockedAccounts } from './unlocked-accounts.ts'

/** How often it looks, in milliseconds; oftener where the time to lock is shorter. */
const lookEveryMs = 60_000

export interface IdleWatchOptions {
  /** Undefined: accounts stay unlocked while somebody is logged in. */
  readonly lockAfterMs: number | undefined
  readonly clock: Clock
  readonly log: Log
}

export class IdleWatch {
  readonly #unlocked: UnlockedAccounts
  readonly #options: IdleWatchOptions
  readonly #timer: NodeJS.Timeout

  constructor(unlocked: UnlockedAccounts, options: IdleWatchOptions) {
    this.#unlocked = unlocked
    this.#options = options
    const every = Math.min(lookEveryMs, Math.max(1000, (options.lockAfterMs ?? lookEveryMs) / 4))
    this.#timer = setInterval(() => void this.#lookSafely(), every).unref()
  }

  /** Resolves when those that it found are locked. */
  async look(): Promise<void> {
    const { clock, lockAfterMs } = this.#options
    const now = clock.now()
    await Promise.all(
      this.#unlocked.entries().map(async ({ account, sessions, activeAt }) => {
        const expired = [...sessions].filter(({ slot }) => (slot.label?.expiresAt ?? Infinity) <= now)
        await this.#unlocked.end(expired, 'This app password has expired')
        // Work of the server's own, such as turning encryption on, is not waiting.
        const isAtWork = [...sessions].some(({ info }) => info.protocol === 'admin')
        if (lockAfterMs === undefined || isAtWork || now - activeAt < lockAfterMs) return
        await this.#unlocked.lock(account.id, 'Locked because nothing was done for long: please log in again')
      }),
    )
  }

  async #lookSafely(): Promise<void> {
    try {
      await this.look()
    } catch (error) {
      this.#options.log.write('error', 'idle.lock-failed', {
        reason: error instanceof Error ? error.name : typeof error,
      })
    }
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
