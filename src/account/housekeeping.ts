// What an unlocked account does by itself: adopt arrivals, keep its log short, and finish a rotation that was interrupted.
import { deferred, within } from '../base/async.ts'
import { adoptSome } from './adopt.ts'
import { checkpoint } from './checkpoint.ts'
import { convert } from './convert.ts'
import { isRefusal } from './errors.ts'
import { pack } from './pack.ts'
import type { KeySettings } from './slots.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** Logged changes after which a checkpoint is written while sessions go on. */
const longTail = 2000
/** At the last logout a shorter tail is worth it, so that the next login is quick. */
const tailAtLogout = 50

export class Housekeeping {
  readonly #account: UnlockedAccount
  readonly #settings: KeySettings
  #running: Promise<void> | undefined
  #isWanted = false
  #isStopped = false
  #conversion: Promise<void> | undefined
  readonly #firstRound = deferred<undefined>()

  constructor(account: UnlockedAccount, settings: KeySettings) {
    this.#account = account
    this.#settings = settings
    account.onCommit = (hasArrivals) => {
      if (hasArrivals) this.wake()
    }
  }

  /** Mail came, or the account was just unlocked. */
  wake(): void {
    if (this.#isStopped) return
    this.#isWanted = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      this.#firstRound.resolve(undefined)
      if (this.#isWanted) this.wake()
    })
  }

  /** Waits until what had arrived before the login is adopted, at most `timeoutMs`. */
  async caughtUp(timeoutMs: number): Promise<void> {
    await within(this.#firstRound.promise, timeoutMs)
  }

  async #run(): Promise<void> {
    try {
      while (this.#takeWish()) {
        await this.#adoptAll()
        if (this.#account.state.tailLength >= longTail) await this.#tidy()
      }
    } catch (error) {
      this.#isWanted = false
      this.#report('adoption.failed', error)
    }
  }

  #takeWish(): boolean {
    const isWanted = this.#isWanted && !this.#isStopped
    this.#isWanted = false
    return isWanted
  }

  async #adoptAll(): Promise<void> {
    while (!this.#isStopped) if ((await adoptSome(this.#account)) === 0) return
  }

  async #tidy(): Promise<void> {
    await pack(this.#account)
    await checkpoint(this.#account, { everything: false })
  }

  #report(event: string, error: unknown): void {
    if (this.#isStopped) return
    const reason = isRefusal(error) ? error.code : 'fault'
    const detail = error instanceof Error ? error.message : ''
    this.#account.site.log.write('error', event, {
      account: this.#account.id.toString('hex'),
      reason,
      detail,
    })
  }

  /** Goes on with a rotation, if one is under way. Resolves when it is done or was stopped; rejects when it cannot be done. */
  converted(progress?: (done: number, total: number) => void): Promise<void> {
    if (this.#account.vault.keyset.epochs.length < 2) return this.#conversion ?? Promise.resolve()
    this.#conversion ??= convert(this.#account, this.#settings, progress).finally(() => {
      this.#conversion = undefined
    })
    return this.#conversion
  }

  resumeConversion(): void {
    this.converted().catch((error: unknown) => {
      this.#report('conversion.failed', error)
    })
  }

  /** Ends what runs; leaves a short log behind for the next login. Never throws. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#isWanted = false
    await this.#running
    try {
      if (!this.#account.isFailed && this.#account.state.tailLength >= tailAtLogout) await this.#tidy()
    } catch (error) {
      // The log stays long; nothing is lost.
      this.#account.site.log.write('warn', 'checkpoint.failed', {
        reason: isRefusal(error) ? error.code : 'fault',
      })
    }
  }
}
