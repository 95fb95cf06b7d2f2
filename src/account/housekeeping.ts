// What an unlocked account does by itself: adopt arrivals, keep its log short, index text, and finish a rotation that was interrupted.
import { deferred, within } from '../base/async.ts'
import { adoptAll } from './adopt.ts'
import { checkpoint } from './checkpoint.ts'
import { convert } from './convert.ts'
import { isRefusal } from './errors.ts'
import { reconcileEscrow } from './escrow-reconcile.ts'
import { pack } from './pack.ts'
import { sealExisting, SealingCancelled } from './seal-existing.ts'
import type { KeySettings } from './slots.ts'
import { Indexing } from './text-indexing.ts'
import type { UnlockedAccount } from './unlocked-account.ts'

/** Logged changes after which a checkpoint is written while sessions go on. */
const longTail = 2000
/** At the last logout a shorter tail is worth it, so that the next login is quick. */
const tailAtLogout = 50

/** Changes by which a log must grow before a checkpoint that was not possible is tried again. */
const nextTry = 500
/** After a failure that may pass by itself, mail that waits is looked at again. */
const retryMs = 5000

export class Housekeeping {
  readonly #account: UnlockedAccount
  readonly #settings: KeySettings
  #running: Promise<void> | undefined
  #isWanted = false
  #isStopped = false
  #conversion: Promise<void> | undefined
  #reconciled: Promise<void> | undefined
  #sealing: Promise<void> | undefined
  #tidyAt = longTail
  #retry: NodeJS.Timeout | undefined
  readonly #indexing: Indexing
  readonly #firstRound = deferred<undefined>()

  constructor(account: UnlockedAccount, settings: KeySettings) {
    this.#account = account
    this.#settings = settings
    this.#indexing = new Indexing(account)
    account.onCommit = (hasArrivals) => {
      if (hasArrivals || account.state.tailLength >= this.#tidyAt) this.wake()
      this.#indexing.wake()
      account.witness?.wake()
    }
  }

  /** The account was just unlocked. */
  begin(): void {
    this.wake()
    this.#reconciled = reconcileEscrow(this.#account, this.#settings).catch((error: unknown) => {
      this.#report('escrow.not-reconciled', error)
    })
    this.converted().catch((error: unknown) => {
      this.#report('conversion.failed', error)
    })
    this.sealed().catch((error: unknown) => {
      if (!(error instanceof SealingCancelled)) this.#report('pubkey.sealing-failed', error)
    })
  }

  /** Mail came, or the log has become long. */
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
        await adoptAll(this.#account, () => this.#isStopped)
        this.#firstRound.resolve(undefined)
        if (this.#account.state.tailLength >= this.#tidyAt) await this.#tidy()
      }
    } catch (error) {
      this.#isWanted = false
      this.#report('adoption.failed', error)
      if (isRefusal(error, 'unavailable') && !this.#account.isFailed) this.#wakeLater()
    }
  }

  #wakeLater(): void {
    if (this.#isStopped || this.#retry) return
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      this.wake()
    }, retryMs).unref()
  }

  #takeWish(): boolean {
    const isWanted = this.#isWanted && !this.#isStopped
    this.#isWanted = false
    return isWanted
  }

  /** Packing that fails, on a damaged message, must not keep the log from being shortened. Never throws. */
  async #tidy(): Promise<void> {
    const { state } = this.#account
    try {
      await pack(this.#account)
    } catch (error) {
      this.#report('packing.failed', error)
    }
    try {
      await checkpoint(this.#account)
      void this.#account.witness?.now()
    } catch (error) {
      // The log stays long; nothing is lost.
      this.#report('checkpoint.failed', error)
    }
    this.#tidyAt = Math.max(longTail, state.tailLength + nextTry)
  }

  #report(event: string, error: unknown): void {
    // The account was locked, or given up, which is said elsewhere.
    if (this.#account.isFailed) return
    const reason = isRefusal(error) ? error.code : 'fault'
    const detail = error instanceof Error ? error.message : ''
    this.#account.site.log.write('error', event, {
      account: this.#account.id.toString('hex'),
      reason,
      detail,
    })
  }

  /** Goes on with a rotation, if one is under way. Resolves when it is done; rejects when it cannot be done or was stopped. */
  async converted(progress?: (done: number, total: number) => void): Promise<void> {
    // One that is ending may have looked before this rotation began.
    await this.#conversion?.catch(() => undefined)
    this.#conversion ??= convert(this.#account, this.#settings, progress).finally(() => {
      this.#conversion = undefined
    })
    return this.#conversion
  }

  /** Goes on with sealing older mail to the owner's own keys, if that was begun. Resolves when it is done; rejects when it cannot be done or was stopped. */
  async sealed(progress?: (done: number, total: number) => void): Promise<void> {
    await this.#sealing?.catch(() => undefined)
    this.#sealing ??= sealExisting(this.#account, () => this.#isStopped, progress).finally(() => {
      this.#sealing = undefined
    })
    return this.#sealing
  }

  /** Ends what runs; leaves a short log behind for the next login, and is quick about it while `isAwaited`. Never throws. */
  async stop(isAwaited: () => boolean): Promise<void> {
    this.#isStopped = true
    this.#isWanted = false
    clearTimeout(this.#retry)
    await this.#running
    await this.#reconciled
    await this.#sealing?.catch(() => undefined)
    await this.#indexing.stop()
    if (!this.#account.isFailed) await this.#indexing.finish(isAwaited)
    if (!this.#account.isFailed && this.#account.state.tailLength >= tailAtLogout) await this.#tidy()
  }
}
