// A password gate that stops where a test wants it to: in the middle of checking a password.
import { deferred } from '../../src/base/async.ts'
import type { Secret } from '../../src/base/secret.ts'
import { KdfGate } from '../../src/crypto/kdf.ts'

export class HeldGate extends KdfGate {
  #held: { readonly reached: () => void; readonly until: Promise<void> } | undefined

  constructor() {
    super({ parallel: 2, queue: 64, minimumMemoryKiB: 8 })
  }

  override async derive(...args: Parameters<KdfGate['derive']>): Promise<Secret> {
    const held = this.#held
    this.#held = undefined
    held?.reached()
    await held?.until
    return super.derive(...args)
  }

  /** Holds the next derivation. `reached` resolves when it is there; `release` lets it go on. */
  hold(): { readonly reached: Promise<undefined>; readonly release: () => void } {
    const reached = deferred<undefined>()
    const until = deferred<undefined>()
    this.#held = { reached: () => reached.resolve(undefined), until: until.promise }
    return { reached: reached.promise, release: () => until.resolve(undefined) }
  }
}
