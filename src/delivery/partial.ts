// Remembers who already has a message that the sender was told to send again, also over a restart (FORMAT.md §8.13).
import { ByteReader, ByteWriter, fromHex, hex, MalformedRecord } from '../base/bytes.ts'
import type { Log } from '../base/ports.ts'
import { Corrupt } from '../crypto/errors.ts'
import { holderBytes, holderName, messageName, partialPrefix } from '../crypto/partial-name.ts'
import type { SiteKey } from '../crypto/site-key.ts'
import { openVouched, vouched } from '../crypto/vouched.ts'
import type { SiteRecords } from '../store/store.ts'

const keepMs = 5 * 24 * 3_600_000 // RFC 5321 §4.5.4.1: senders give up after four to five days
const keepCount = 10_000
const version = 1

interface Partial {
  readonly until: number
  readonly holders: ReadonlySet<string>
}

function encode(siteKey: SiteKey, name: string, { until, holders }: Partial): Buffer {
  const to = new ByteWriter().u8(version).u64(until).u16(holders.size)
  for (const holder of holders) to.fixed(fromHex(holder))
  return vouched(siteKey, 'partial', Buffer.from(name), to.finish())
}

/** Throws Corrupt and MalformedRecord. */
function decode(siteKey: SiteKey, name: string, bytes: Uint8Array): Partial {
  const from = new ByteReader(openVouched(siteKey, 'partial', Buffer.from(name), bytes))
  if (from.u8() !== version) throw new MalformedRecord('of an unknown version')
  const until = from.u64()
  const holders = new Set(Array.from({ length: from.u16() }, () => hex(from.fixed(holderBytes))))
  from.end()
  return { until, holders }
}

export interface PartialOptions {
  readonly records: SiteRecords
  readonly siteKey: SiteKey
  readonly log: Log
}

/**
 * SMTP has one answer for all recipients of a message, and so has an alias. When some have it durably and others cannot, the answer is 451, and the
 * sender repeats it for all: those who have it must not get it twice. Written before that answer. What cannot be written is remembered in memory
 * alone: a crash then makes a duplicate, never a loss.
 */
export class PartialDeliveries {
  readonly #options: PartialOptions
  readonly #found = new Map<string, Partial>()

  private constructor(options: PartialOptions) {
    this.#options = options
  }

  /** With what is remembered; what is over, or does not verify, goes. */
  static async open(options: PartialOptions, now: number): Promise<PartialDeliveries> {
    const partial = new PartialDeliveries(options)
    const kept: [string, Partial][] = []
    for (const [record, bytes] of await options.records.list()) {
      if (!record.startsWith(partialPrefix)) continue
      const name = record.slice(partialPrefix.length)
      try {
        const found = decode(options.siteKey, name, bytes)
        if (found.until > now) kept.push([name, found])
        else await options.records.put(record, undefined)
      } catch (error) {
        if (!(error instanceof Corrupt) && !(error instanceof MalformedRecord)) throw error
        options.log.write('warn', 'delivery.partial-damaged', {})
        await options.records.put(record, undefined)
      }
    }
    for (const [name, found] of kept.sort(([, a], [, b]) => a.until - b.until))
      partial.#found.set(name, found)
    return partial
  }

  /** Names a message by its octets (without our trace) and its sender. */
  key(sender: string, message: Uint8Array): string {
    return messageName(this.#options.siteKey, sender, message)
  }

  has(key: string, address: string, now: number): boolean {
    const found = this.#found.get(key)
    if (!found || found.until <= now) return false
    return found.holders.has(holderName(this.#options.siteKey, key, address))
  }

  /** These have it too. Durable when it resolves, unless the store cannot write now. */
  async remember(key: string, addresses: Iterable<string>, now: number): Promise<void> {
    const before = this.#found.get(key)
    const holders = new Set(before && before.until > now ? before.holders : [])
    for (const address of addresses) holders.add(holderName(this.#options.siteKey, key, address))
    if (holders.size === 0) return
    const found = { until: now + keepMs, holders }
    this.#found.delete(key)
    this.#found.set(key, found)
    await this.#put(key, encode(this.#options.siteKey, key, found))
    for (const [oldest, { until }] of this.#found) {
      if (this.#found.size <= keepCount && until > now) break
      await this.forget(oldest)
    }
  }

  async forget(key: string): Promise<void> {
    if (this.#found.delete(key)) await this.#put(key, undefined)
  }

  /** Before somebody is put back to an older state, in which they may not have what is remembered here. Throws what the store throws. */
  async forgetAll(): Promise<void> {
    this.#found.clear()
    const { records } = this.#options
    for (const [record] of await records.list())
      if (record.startsWith(partialPrefix)) await records.put(record, undefined)
  }

  get size(): number {
    return this.#found.size
  }

  async #put(key: string, value: Buffer | undefined): Promise<void> {
    try {
      await this.#options.records.put(partialPrefix + key, value)
    } catch (error) {
      const reason = error instanceof Error ? error.name : 'fault'
      this.#options.log.write('warn', 'delivery.partial-not-kept', { reason })
    }
  }
}
