// Recovery codes that were made and are not in force until they are typed back. In memory only; each is wiped when it ends.
import type { Clock } from '../base/ports.ts'
import { secretCopy } from '../base/secret.ts'
import { randomToken } from '../crypto/random.ts'
import { isTypedBack, makeRecoveryCode, MistypedCode, readRecoveryCode } from '../crypto/recovery-code.ts'
import type { CodeOffer } from './api-lifecycle.ts'
import { Refusal } from './errors.ts'

export const offerLifeMs: number = 15 * 60 * 1000
const triesAtMost = 5
/** Of all accounts together: an offer needs a password first, so that only owners make them. */
const offersAtMost = 10_000

export type OfferKind = 'enable' | 'code'

/** What is offered to whom, and which slots the account had then: another password since then ends the offer. */
export interface Offered {
  readonly kind: OfferKind
  readonly address: string
  readonly account: Buffer
  readonly passwordSlots: string
}

interface Offer extends Offered {
  readonly secret: Buffer
  readonly text: Buffer
  readonly expiresAt: number
  readonly timer: NodeJS.Timeout
  triesLeft: number
}

const over = (): Refusal =>
  new Refusal('offer-expired', 'This recovery code is not offered any more, and was never in force')

/** Where a code that was typed whole has its mistake, else in general. */
function whatIsWrong(typed: Uint8Array): string {
  try {
    readRecoveryCode(typed).secret.fill(0)
  } catch (error) {
    if (error instanceof MistypedCode && (error.typo || error.isWords)) return error.message
  }
  return 'That is not the code that was shown; look at it once more'
}

export class Offers {
  readonly #clock: Clock
  readonly #offers = new Map<string, Offer>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Makes a code. An older offer of the same kind for the account ends. */
  make(offered: Offered): CodeOffer {
    for (const [id, { kind, account }] of this.#offers)
      if (kind === offered.kind && account.equals(offered.account)) this.withdraw(id)
    if (this.#offers.size >= offersAtMost)
      throw new Refusal('busy', 'Too many recovery codes are being offered')
    const { secret, text } = makeRecoveryCode()
    const offerId = randomToken()
    const expiresAt = this.#clock.now() + offerLifeMs
    const timer = setTimeout(() => this.withdraw(offerId), offerLifeMs).unref()
    this.#offers.set(offerId, { ...offered, secret, text, expiresAt, timer, triesLeft: triesAtMost })
    return { offerId, recoveryCode: secretCopy(text), expiresAt }
  }

  /**
   * The offer whose code was typed back, whole or its last two groups; it stands until `withdraw`. The caller wipes `code`. Refuses with
   * 'wrong-recovery-code', and after a few wrong ones with 'offer-expired'.
   */
  typedBack(offerId: string, kind: OfferKind, typed: Uint8Array): Offered & { readonly code: Buffer } {
    const offer = this.#offers.get(offerId)
    if (offer?.kind !== kind) throw over()
    if (this.#clock.now() >= offer.expiresAt) {
      this.withdraw(offerId)
      throw over()
    }
    if (!isTypedBack(offer.text, typed)) {
      offer.triesLeft -= 1
      if (offer.triesLeft > 0) throw new Refusal('wrong-recovery-code', whatIsWrong(typed))
      this.withdraw(offerId)
      throw over()
    }
    const { address, account, passwordSlots } = offer
    return { kind, address, account, passwordSlots, code: secretCopy(offer.secret) }
  }

  /** Ends an offer and wipes its code. Nothing happens when there is none. */
  withdraw(offerId: string): void {
    const offer = this.#offers.get(offerId)
    if (!offer) return
    this.#offers.delete(offerId)
    clearTimeout(offer.timer)
    offer.secret.fill(0)
    offer.text.fill(0)
  }

  close(): void {
    for (const id of [...this.#offers.keys()]) this.withdraw(id)
  }
}
