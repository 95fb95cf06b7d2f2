// What is known of an account under a mixed load, from the answers that all its sessions got: the model that each answer is held against.
import assert from 'node:assert/strict'

/** 'perhaps': somebody is at it, or was cut off before the answer. */
type Presence = 'yes' | 'perhaps' | 'no'

interface Copy {
  /** Undefined as long as nobody has said which message it is. */
  marker: string | undefined
  presence: Presence
  /** Whoever brought it here was told its UID. */
  isPlaced: boolean
  /** Commands under way that may remove it. */
  removals: number
  /** Flags (sorted, without \Recent) by the MODSEQ that they were told with. */
  readonly flags: Map<number, string>
}

/** One message as a whole listing found it. */
export interface Listed {
  readonly uid: number
  readonly marker: string
  readonly modSeq: number
  readonly flags: string
}

export class SoakTruth {
  readonly address: string
  readonly #mailboxes = new Map<string, Map<number, Copy>>()
  /** Messages on their way into a mailbox whose UID nobody knows yet, by mailbox and marker. */
  readonly #onTheWay = new Map<string, { least: number; most: number }>()
  #answers = 0

  constructor(address: string) {
    this.address = address
  }

  /** Answers held against the model so far. */
  get answers(): number {
    return this.#answers
  }

  #mailbox(name: string): Map<number, Copy> {
    const known = this.#mailboxes.get(name) ?? new Map<number, Copy>()
    this.#mailboxes.set(name, known)
    return known
  }

  #copy(mailbox: string, uid: number): Copy {
    const copies = this.#mailbox(mailbox)
    const known = copies.get(uid)
    if (known) return known
    const copy: Copy = { marker: undefined, presence: 'yes', isPlaced: false, removals: 0, flags: new Map() }
    copies.set(uid, copy)
    return copy
  }

  /** The message of a UID, if anybody was told. */
  marker(mailbox: string, uid: number): string | undefined {
    return this.#mailboxes.get(mailbox)?.get(uid)?.marker
  }

  /** UIDs that stand for a message for certain, and which. */
  known(mailbox: string): [uid: number, marker: string][] {
    return [...this.#mailbox(mailbox)].flatMap(([uid, { marker, presence }]) =>
      marker !== undefined && presence === 'yes' ? [[uid, marker] as [number, string]] : [],
    )
  }

  isGone(mailbox: string, uid: number): boolean {
    return this.#mailboxes.get(mailbox)?.get(uid)?.presence === 'no'
  }

  /** A UID was seen, and which message it is: it must be the same for ever. */
  sawMarker(mailbox: string, uid: number, marker: string | undefined): void {
    this.#answers += 1
    const copy = this.#copy(mailbox, uid)
    if (marker === undefined) return
    const name = `${this.address}, ${mailbox}, UID ${uid}`
    assert.equal(marker, copy.marker ?? marker, `${name} stands for another message than before`)
    copy.marker = marker
  }

  /** A UID was seen with these flags at this MODSEQ: whoever saw the same MODSEQ saw the same flags. */
  sawFlags(mailbox: string, uid: number, modSeq: number, flags: string): void {
    this.#answers += 1
    const copy = this.#copy(mailbox, uid)
    const before = copy.flags.get(modSeq)
    const name = `${this.address}, ${mailbox}, UID ${uid}, MODSEQ ${modSeq}`
    assert.equal(flags, before ?? flags, `${name} has two sets of flags`)
    copy.flags.set(modSeq, flags)
  }

  /** EXPUNGE was told for this UID. */
  sawGone(mailbox: string, uid: number): void {
    this.#answers += 1
    this.#copy(mailbox, uid).presence = 'no'
  }

  /** A command begins that removes these; call what it returns when the answer came, not when it was lost. */
  removing(mailbox: string, uids: readonly number[]): () => void {
    const copies = uids.map((uid) => this.#copy(mailbox, uid))
    for (const copy of copies) {
      copy.removals += 1
      if (copy.presence === 'yes') copy.presence = 'perhaps'
    }
    return () => {
      for (const copy of copies) {
        copy.removals -= 1
        if (copy.removals === 0 && copy.presence === 'perhaps') copy.presence = 'yes'
      }
    }
  }

  /** A message is on its way into a mailbox; the outcome is told by what this returns, or not at all when the connection was lost. */
  adding(mailbox: string, marker: string): (outcome: number | 'unplaced' | 'refused') => void {
    const key = `${mailbox} ${marker}`
    const entry = this.#onTheWay.get(key) ?? { least: 0, most: 0 }
    this.#onTheWay.set(key, entry)
    entry.most += 1
    return (outcome) => {
      if (outcome === 'unplaced') entry.least += 1
      else entry.most -= 1
      if (typeof outcome !== 'number') return
      this.sawMarker(mailbox, outcome, marker)
      this.#copy(mailbox, outcome).isPlaced = true
    }
  }

  /**
   * Holds a whole listing, made while nobody was at work, against everything that was told, and takes it as the truth
   * from here on.
   */
  settle(mailbox: string, listed: readonly Listed[]): void {
    const name = `${this.address}, ${mailbox}`
    const copies = this.#mailbox(mailbox)
    const present = new Map(listed.map((one) => [one.uid, one]))
    assert.equal(present.size, listed.length, `${name}: a UID is listed twice`)
    for (const [uid, copy] of copies) {
      const found = present.get(uid)
      if (copy.presence === 'yes') assert.ok(found, `${name}: UID ${uid} (${copy.marker ?? '?'}) is lost`)
      if (copy.presence === 'no') assert.ok(!found, `${name}: UID ${uid} came back`)
      if (!found) continue
      assert.equal(found.marker, copy.marker ?? found.marker, `${name}: UID ${uid} is another message`)
      const newest = Math.max(0, ...copy.flags.keys())
      assert.ok(found.modSeq >= newest, `${name}: MODSEQ of UID ${uid} went back`)
      const flags = copy.flags.get(found.modSeq) ?? found.flags
      assert.equal(found.flags, flags, `${name}: flags of UID ${uid}`)
    }
    for (const [uid, { marker, isPlaced }] of copies)
      if (marker !== undefined && !isPlaced) this.#arrived(mailbox, uid, marker)
    for (const { uid, marker } of listed) {
      const copy = copies.get(uid)
      if (!copy || (copy.marker === undefined && !copy.isPlaced)) this.#arrived(mailbox, uid, marker)
    }
    for (const [key, { least }] of this.#onTheWay) {
      if (!key.startsWith(`${mailbox} `)) continue
      assert.equal(least, 0, `${name}: ${key} was acknowledged and is lost`)
      this.#onTheWay.delete(key)
    }
    copies.clear()
    for (const { uid, marker, modSeq, flags } of listed) {
      copies.set(uid, {
        marker,
        presence: 'yes',
        isPlaced: true,
        removals: 0,
        flags: new Map([[modSeq, flags]]),
      })
    }
  }

  /** Somebody has seen a message whose UID was told to nobody: it must have been on its way. */
  #arrived(mailbox: string, uid: number, marker: string): void {
    const entry = this.#onTheWay.get(`${mailbox} ${marker}`)
    assert.ok(
      entry && entry.most > 0,
      `${this.address}, ${mailbox}: ${marker} (UID ${uid}) came from nowhere, or twice`,
    )
    entry.most -= 1
    if (entry.least > 0) entry.least -= 1
  }
}
