// The saved search result, `$` (RFC 5182): UIDs, so that expunging needs no adjustment.
import type { Uid } from '../account/api.ts'
import { lowerBound } from './wire/sequence-set.ts'

/** Of one selection; empty at first. */
export class SavedResult {
  #uids: Uint32Array = new Uint32Array(0)

  /** In any order. */
  save(uids: Iterable<Uid>): void {
    this.#uids = Uint32Array.from(uids).sort()
  }

  has(uid: Uid): boolean {
    return this.#uids[lowerBound(this.#uids, uid)] === uid
  }

  /** Those of `uids` (ascending) that are in the result. RFC 5182 §2.1: what was expunged since is no longer in it. */
  among(uids: ArrayLike<number>): Uid[] {
    const found: Uid[] = []
    let at = 0
    for (const saved of this.#uids) {
      while ((uids[at] ?? Infinity) < saved) at += 1
      if (uids[at] === saved) found.push(saved as Uid)
    }
    return found
  }
}
