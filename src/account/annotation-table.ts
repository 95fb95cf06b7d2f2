// Annotations in memory (RFC 5464), by mailbox and entry.

/** Stands for the account itself where a mailbox's identifier is wanted: 16 zero bytes. */
export const ofAccount: string = '0'.repeat(32)

/** Values by entry name, in small letters. */
export type Annotations = ReadonlyMap<string, Buffer>

const none: Annotations = new Map()

/** All annotations of one account. */
export class AnnotationTable {
  readonly #of = new Map<string, Map<string, Buffer>>()
  #sizeBytes = 0

  /** Octets of all names and values. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  of(mailbox: string): Annotations {
    return this.#of.get(mailbox) ?? none
  }

  /** Without a value the entry goes. */
  set(mailbox: string, entry: string, value: Buffer | undefined): void {
    const entries = this.#of.get(mailbox) ?? new Map<string, Buffer>()
    const before = entries.get(entry)
    if (before) this.#sizeBytes -= entry.length + before.length
    if (value) {
      this.#sizeBytes += entry.length + value.length
      entries.set(entry, value)
    } else entries.delete(entry)
    if (entries.size > 0) this.#of.set(mailbox, entries)
    else this.#of.delete(mailbox)
  }

  /** With a mailbox its annotations go. */
  forget(mailbox: string): void {
    for (const entry of [...this.of(mailbox).keys()]) this.set(mailbox, entry, undefined)
  }

  /** In an order that depends on nothing but what is there. */
  *all(): Generator<{ readonly mailbox: string; readonly entry: string; readonly value: Buffer }> {
    for (const mailbox of [...this.#of.keys()].sort())
      for (const [entry, value] of [...this.of(mailbox)].sort(([a], [b]) => (a < b ? -1 : 1)))
        yield { mailbox, entry, value }
  }
}
