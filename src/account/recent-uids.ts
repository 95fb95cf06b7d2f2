// Which messages are \Recent for one session: ranges of UIDs, since they are claimed together or one behind the other.
import type { UidRange } from './uid-ranges.ts'

export class RecentUids {
  readonly #ranges: [first: number, last: number][] = []

  /** Adds UIDs, all greater than those before; none, when `last` is before `first`. */
  claim(first: number, last: number): void {
    if (last < first) return
    const before = this.#ranges.at(-1)
    if (before?.[1] === first - 1) before[1] = last
    else this.#ranges.push([first, last])
  }

  has(uid: number): boolean {
    return this.#ranges.some(([first, last]) => uid >= first && uid <= last)
  }

  get ranges(): readonly UidRange[] {
    return this.#ranges
  }
}
