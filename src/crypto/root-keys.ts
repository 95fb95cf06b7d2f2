// Keys derived from the root of one epoch (FORMAT.md §7), kept once derived, and wiped together.
import { hex } from '../base/bytes.ts'
import { secretBuffer } from '../base/secret.ts'
import type { KeysetEpoch } from './keyset.ts'
import { labels } from './labels.ts'
import { derive, type Label } from './primitives.ts'

/** Record keys of one epoch. Lives on its own copy of the root: wiping the keyset leaves it alone, and the reverse. */
export class RootKeys implements Disposable {
  readonly epoch: number
  readonly #root: Buffer = secretBuffer(32)
  readonly #keys = new Map<string, Buffer>()
  #isWiped = false

  constructor({ epoch, root }: Pick<KeysetEpoch, 'epoch' | 'root'>) {
    if (root.length !== 32) throw new RangeError('a root has 32 bytes')
    this.epoch = epoch
    this.#root.set(root)
  }

  /** Seals the manifest (§9.2). All keys have 32 bytes and stay this object's. */
  get manifestKey(): Buffer {
    return this.#key('manifest', labels.manifest)
  }
  /** Seals log entries (§9.1). */
  get logKey(): Buffer {
    return this.#key('log', labels.log)
  }
  /** Seals pages of the mailbox list (§9.3). */
  get listKey(): Buffer {
    return this.#key('list', labels.list)
  }
  /** Seals recovery headers (§9.7). */
  get headerKey(): Buffer {
    return this.#key('header', labels.recoveryHeader)
  }
  /** Leads from a body's message key to the one that it gets in this epoch (§9.13). */
  get renewalKey(): Buffer {
    return this.#key('renewal', labels.renewedBody)
  }
  /** Seals entries of the trail (§9.10). */
  get trailKey(): Buffer {
    return this.#key('trail', labels.trail)
  }
  /** Seals the record of when app passwords were last used (§9.14). */
  get slotUseKey(): Buffer {
    return this.#key('slot use', labels.slotUse)
  }
  /** Of the MAC of the account's witness (§9.18). */
  get witnessKey(): Buffer {
    return this.#key('witness', labels.witness)
  }
  /** Seals the records and pages of one mailbox (§9.5, §9.6). */
  mailboxKey(mailbox: Uint8Array): Buffer {
    if (mailbox.length !== 16) throw new RangeError('an identifier has 16 bytes')
    return this.#key(hex(mailbox), labels.mailbox, mailbox)
  }

  #key(name: string, label: Label, context?: Uint8Array): Buffer {
    if (this.#isWiped) throw new Error('keys were wiped')
    const known = this.#keys.get(name)
    if (known) return known
    const key = derive(this.#root, label, context)
    this.#keys.set(name, key)
    return key
  }

  wipe(): void {
    this.#isWiped = true
    this.#root.fill(0)
    for (const key of this.#keys.values()) key.fill(0)
    this.#keys.clear()
  }

  [Symbol.dispose](): void {
    this.wipe()
  }
}
