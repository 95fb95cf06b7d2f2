// How much of the messages that clients are sending may be in memory at once: over all accounts, and for one of them.
import { Refusal } from './errors.ts'

/** What one message holds, for as long as it is on its way. */
export interface AppendHold {
  /** Refuses with 'unavailable' when that is more than there is room for. */
  take(bytes: number): void
  /** All of it. At most once. */
  release(): void
}

/** Nobody waits here: who sends slowly would keep the room from all others. */
export class AppendBudget {
  readonly #totalBytes: number
  readonly #bytesOfOne: number
  #used = 0
  readonly #byAccount = new Map<string, number>()

  constructor(totalBytes: number, bytesOfOne: number) {
    this.#totalBytes = totalBytes
    this.#bytesOfOne = bytesOfOne
  }

  get usedBytes(): number {
    return this.#used
  }

  hold(account: Buffer): AppendHold {
    const id = account.toString('hex')
    let held = 0
    return {
      take: (bytes) => {
        const ofAccount = this.#byAccount.get(id) ?? 0
        // An account's only message may always come, however large the site lets messages be.
        const isTooMuch = ofAccount > held && ofAccount + bytes > this.#bytesOfOne
        if (isTooMuch || (this.#used > held && this.#used + bytes > this.#totalBytes))
          throw new Refusal('unavailable', 'Too many large messages are being sent at once; try again')
        held += bytes
        this.#used += bytes
        this.#byAccount.set(id, ofAccount + bytes)
      },
      release: () => {
        const left = (this.#byAccount.get(id) ?? 0) - held
        if (left > 0) this.#byAccount.set(id, left)
        else this.#byAccount.delete(id)
        this.#used -= held
        held = 0
      },
    }
  }
}

/** Of this process: some messages of the usual limit from one account, some from others. */
export const appendBudget: AppendBudget = new AppendBudget(640 * 1024 * 1024, 192 * 1024 * 1024)
