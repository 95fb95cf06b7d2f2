// What a mailbox holds already: each message that an import brings is looked for here, and counts once.
import type { OpenAccount, SelectedMailbox, Uid } from '../account/api.ts'
import { asBuffer } from '../base/bytes.ts'
import { sha256 } from '../crypto/digest.ts'
import { digestOf } from './read-back.ts'

/** SHA-256 of a stored message; undefined: there is none. Refuses with 'damaged'. */
export async function storedDigest(mailbox: SelectedMailbox, uid: Uid): Promise<Buffer | undefined> {
  const content = await mailbox.content(uid)
  if (!content) return undefined
  return digestOf(content)
}

const keyOf = (sizeBytes: number, epochMs: number): string => `${sizeBytes} ${Math.floor(epochMs / 1000)}`

/**
 * Messages of one mailbox as they were when the import came to it. Equal ones are told apart by their number: two of them in
 * the source are two here, and a second run finds both.
 */
export class Present {
  readonly #mailbox: SelectedMailbox | undefined
  /** UIDs that nothing of the source was found to be, by size and second. */
  readonly #left = new Map<string, Uid[]>()
  readonly #digests = new Map<Uid, Buffer | undefined>()

  private constructor(mailbox: SelectedMailbox | undefined) {
    this.#mailbox = mailbox
    for (const uid of mailbox?.uids() ?? []) {
      const state = mailbox?.state(uid)
      if (!state) continue
      const key = keyOf(state.sizeBytes, state.internalDate)
      const same = this.#left.get(key)
      if (same) same.push(uid)
      else this.#left.set(key, [uid])
    }
  }

  /** Of a mailbox that is not there: nothing. */
  static async of(account: OpenAccount, name: string): Promise<Present> {
    if (!account.mailbox(name)) return new Present(undefined)
    return new Present(await account.select(name, { isReadOnly: true }))
  }

  /** Whether the message is there, by size, date and digest; it is then taken out of the reckoning. */
  async claim(octets: Buffer, epochMs: number): Promise<boolean> {
    const key = keyOf(octets.length, epochMs)
    const same = this.#left.get(key)
    if (!same || !this.#mailbox) return false
    const digest = sha256(octets)
    for (const [index, uid] of same.entries()) {
      const known = this.#digests.has(uid) ? this.#digests.get(uid) : await storedDigest(this.#mailbox, uid)
      this.#digests.set(uid, known)
      if (!known?.equals(digest)) continue
      same.splice(index, 1)
      return true
    }
    return false
  }

  /** The one message that has this size and date, if there is just one. */
  only(sizeBytes: number, epochMs: number): Uid | undefined {
    const same = this.#left.get(keyOf(sizeBytes, epochMs))
    return same?.length === 1 ? same[0] : undefined
  }

  /** Whether that message has this header; it is then taken out of the reckoning. */
  async claimByHeader(uid: Uid, header: Buffer): Promise<boolean> {
    const content = await this.#mailbox?.content(uid)
    if (!content?.header || !content.header.equals(asBuffer(header))) return false
    for (const [key, same] of this.#left) {
      const index = same.indexOf(uid)
      if (index < 0) continue
      same.splice(index, 1)
      if (same.length === 0) this.#left.delete(key)
      return true
    }
    return false
  }

  close(): void {
    this.#mailbox?.close()
  }
}
