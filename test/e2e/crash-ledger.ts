// What clients of one account were promised: where each marked message must be, may be, and which numbers they were told.
import assert from 'node:assert/strict'

/** A message in a mailbox, under its marker. */
export interface Place {
  /** `maybe`: a command that decides it was never answered. */
  presence: 'yes' | 'maybe'
  /** Flags, sorted and joined; two when a STORE was never answered. */
  flags: readonly string[]
  uid: number | undefined
}

/** A message as it was found. */
export interface Found {
  readonly marker: string
  readonly uid: number
  readonly modSeq: number
  readonly flags: string
}

/** A mailbox as it was found. */
export interface FoundMailbox {
  readonly uidValidity: number
  readonly uidNext: number
  readonly highestModSeq: number
  readonly messages: readonly Found[]
}

export const crashMailboxes = ['INBOX', 'Work', 'Archive'] as const
/** Numbers of one mailbox that a client has ever been told. */
class Numbers {
  readonly markerOfUid = new Map<number, string>()
  readonly modSeqOfUid = new Map<number, number>()
  uidValidity: number | undefined
  uidNext = 1
  greatestUid = 0
  greatestModSeq = 0
}

export class AccountLedger {
  readonly #places = new Map<string, Map<string, Place>>()
  readonly #numbers = new Map<string, Numbers>()
  /** Moves that were never answered. */
  readonly #moves = new Set<{ readonly marker: string; readonly from: string; readonly to: string }>()
  readonly name: string
  /** Deliveries and changes whose answer never came, and how many of them had happened all the same. */
  readonly doubts = { all: 0, happened: 0 }

  constructor(name: string) {
    this.name = name
    for (const mailbox of crashMailboxes) {
      this.#places.set(mailbox, new Map())
      this.#numbers.set(mailbox, new Numbers())
    }
  }

  places(mailbox: string): Map<string, Place> {
    const places = this.#places.get(mailbox)
    assert.ok(places)
    return places
  }

  #numbersOf(mailbox: string): Numbers {
    const numbers = this.#numbers.get(mailbox)
    assert.ok(numbers)
    return numbers
  }

  /** Markers that are there for certain, with the UID that a client knows. */
  known(mailbox: string): (readonly [marker: string, uid: number])[] {
    return [...this.places(mailbox)].flatMap(([marker, { presence, uid }]) =>
      presence === 'yes' && uid !== undefined ? [[marker, uid] as const] : [],
    )
  }

  /** A message is about to be added. The function returned is called when that was answered. */
  adding(mailbox: string, marker: string, flags = ''): (uid?: number) => void {
    const place: Place = { presence: 'maybe', flags: [flags], uid: undefined }
    const { greatestUid } = this.#numbersOf(mailbox)
    assert.ok(!this.places(mailbox).has(marker))
    this.places(mailbox).set(marker, place)
    return (uid) => {
      place.presence = 'yes'
      if (uid === undefined) return
      assert.ok(uid > greatestUid, `${this.#at(mailbox)}: UID ${uid} comes after ${greatestUid}`)
      place.uid = uid
      this.tellUid(mailbox, uid, marker)
    }
  }

  removing(mailbox: string, marker: string): () => void {
    const place = this.#certain(mailbox, marker)
    place.presence = 'maybe'
    return () => void this.places(mailbox).delete(marker)
  }

  moving(from: string, to: string, marker: string): (uid: number) => void {
    const { flags } = this.#certain(from, marker)
    const [removed, added] = [this.removing(from, marker), this.adding(to, marker, flags[0])]
    const move = { marker, from, to }
    this.#moves.add(move)
    return (uid) => {
      removed()
      added(uid)
      this.#moves.delete(move)
    }
  }

  flagging(mailbox: string, marker: string, flags: string): () => void {
    const place = this.#certain(mailbox, marker)
    place.flags = [...place.flags, flags]
    return () => {
      place.flags = [flags]
    }
  }

  #certain(mailbox: string, marker: string): Place {
    const place = this.places(mailbox).get(marker)
    assert.ok(place?.presence === 'yes', `${marker} is not known to be in ${mailbox}`)
    return place
  }

  /** A client was told this UID. It must never have stood for another message. */
  tellUid(mailbox: string, uid: number, marker: string): void {
    const numbers = this.#numbersOf(mailbox)
    const before = numbers.markerOfUid.get(uid) ?? marker
    assert.equal(before, marker, `${this.#at(mailbox)}: UID ${uid} stands for two messages`)
    numbers.markerOfUid.set(uid, marker)
    numbers.greatestUid = Math.max(numbers.greatestUid, uid)
  }

  /** What clients were told so far: an answer to a command that is sent now must not be older. */
  modSeqs(mailbox: string): ReadonlyMap<number, number> {
    return new Map(mailbox === '' ? [] : this.#numbersOf(mailbox).modSeqOfUid)
  }

  /**
   * A client was told this MODSEQ of a message. It must not be older than what anybody had been told before the command
   * was sent (`known`); answers that cross on their way to two clients say nothing about order.
   */
  tellModSeq(mailbox: string, uid: number, modSeq: number, known: ReadonlyMap<number, number>): void {
    const numbers = this.#numbersOf(mailbox)
    const before = known.get(uid) ?? 0
    assert.ok(
      modSeq >= before,
      `${this.#at(mailbox)}: MODSEQ of UID ${uid} went from ${before} back to ${modSeq}`,
    )
    numbers.modSeqOfUid.set(uid, Math.max(modSeq, numbers.modSeqOfUid.get(uid) ?? 0))
    numbers.greatestModSeq = Math.max(numbers.greatestModSeq, modSeq)
  }

  /** Asserts that every promise was kept, and takes what was found for certain from now on. */
  audit(found: ReadonlyMap<string, FoundMailbox>): void {
    for (const { marker, from, to } of this.#moves) {
      const count = [from, to].filter((mailbox) =>
        found.get(mailbox)?.messages.some((one) => one.marker === marker),
      )
      assert.equal(
        count.length,
        1,
        `${this.name}: ${marker} was moved from ${from} to ${to} and is in ${count.join()}`,
      )
    }
    this.#moves.clear()
    for (const [mailbox, state] of found) {
      this.#auditNumbers(mailbox, state)
      this.#auditMessages(mailbox, state.messages)
    }
  }

  #auditNumbers(mailbox: string, { uidValidity, uidNext, highestModSeq, messages }: FoundMailbox): void {
    const numbers = this.#numbersOf(mailbox)
    const at = this.#at(mailbox)
    assert.equal(uidValidity, numbers.uidValidity ?? uidValidity, `${at}: UIDVALIDITY`)
    numbers.uidValidity = uidValidity
    assert.ok(uidNext >= numbers.uidNext, `${at}: UIDNEXT went from ${numbers.uidNext} back to ${uidNext}`)
    assert.ok(uidNext > numbers.greatestUid, `${at}: UIDNEXT ${uidNext} after UID ${numbers.greatestUid}`)
    assert.ok(
      highestModSeq >= numbers.greatestModSeq,
      `${at}: HIGHESTMODSEQ ${highestModSeq} after ${numbers.greatestModSeq}`,
    )
    numbers.uidNext = uidNext
    let last = 0
    const known = this.modSeqs(mailbox)
    for (const { marker, uid, modSeq } of messages) {
      assert.ok(uid > last && uid < uidNext, `${at}: UID ${uid} after ${last}, below ${uidNext}`)
      assert.ok(modSeq <= highestModSeq, `${at}: MODSEQ ${modSeq} above HIGHESTMODSEQ ${highestModSeq}`)
      last = uid
      this.tellUid(mailbox, uid, marker)
      this.tellModSeq(mailbox, uid, modSeq, known)
    }
  }

  #auditMessages(mailbox: string, messages: readonly Found[]): void {
    const places = this.places(mailbox)
    const seen = new Set<string>()
    for (const { marker, uid, flags } of messages) {
      const place = places.get(marker)
      const what = `${this.#at(mailbox)}: ${marker}`
      assert.ok(!seen.has(marker), `${what} is there twice`)
      assert.ok(place, `${what} is there, and must not be`)
      assert.equal(uid, place.uid ?? uid, `${what} has another UID than was said`)
      assert.ok(
        place.flags.includes(flags),
        `${what} has the flags "${flags}", not ${JSON.stringify(place.flags)}`,
      )
      seen.add(marker)
      if (place.presence === 'maybe') this.#settle(true)
      places.set(marker, { presence: 'yes', flags: [flags], uid })
    }
    for (const [marker, { presence }] of places) {
      if (seen.has(marker)) continue
      assert.equal(presence, 'maybe', `${this.#at(mailbox)}: ${marker} was promised, and is lost`)
      this.#settle(false)
      places.delete(marker)
    }
  }

  #settle(isThere: boolean): void {
    this.doubts.all += 1
    if (isThere) this.doubts.happened += 1
  }

  #at(mailbox: string): string {
    return `${this.name}, ${mailbox}`
  }
}
