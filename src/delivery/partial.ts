// Remembers, for plain SMTP, who already has a message that the sender was told to send again.
import { sha256 } from '../crypto/digest.ts'

const keepMs = 5 * 24 * 3_600_000 // RFC 5321 §4.5.4.1: senders give up after four to five days
const keepCount = 10_000

/**
 * SMTP has one answer for all recipients of a message. When some have it durably and others cannot, the answer is 451, and
 * the sender repeats it for all: those who have it must not get it twice. Kept in memory only: a restart in between makes a
 * duplicate, never a loss.
 */
export class PartialDeliveries {
  readonly #stored = new Map<string, { readonly until: number; readonly addresses: ReadonlySet<string> }>()

  /** Names a message by its octets (without our trace) and its sender. */
  static key(sender: string, message: Uint8Array): string {
    return sha256(Buffer.from(`${sender}\0`), sha256(message)).toString('base64')
  }

  stored(key: string, now: number): ReadonlySet<string> {
    const found = this.#stored.get(key)
    return found && found.until > now ? found.addresses : new Set()
  }

  remember(key: string, addresses: ReadonlySet<string>, now: number): void {
    this.#stored.delete(key)
    this.#stored.set(key, { until: now + keepMs, addresses })
    for (const [oldest, { until }] of this.#stored) {
      if (this.#stored.size <= keepCount && until > now) break
      this.#stored.delete(oldest)
    }
  }

  forget(key: string): void {
    this.#stored.delete(key)
  }

  get size(): number {
    return this.#stored.size
  }
}
