// SELECT's QRESYNC parameter (RFC 7162 §3.2.5).
import type { ArgumentReader } from './arguments.ts'
import type { SequenceSet, SetRange } from './sequence-set.ts'

/** Sequence numbers `sequenceNumber` and up, `count` of them, that the client takes for the UIDs `uid` and up. */
export interface MatchRun {
  readonly sequenceNumber: number
  readonly uid: number
  readonly count: number
}

/** What a client knows of a mailbox that it comes back to. */
export interface Resync {
  readonly uidValidity: number
  readonly modSeq: number
  /** Undefined: all there are. Never with `*`. */
  readonly knownUids: SequenceSet | undefined
  /** Ascending. */
  readonly match: readonly MatchRun[]
}

// "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"
/** What stands behind QRESYNC and its space. */
export function readResync(reader: ArgumentReader): Resync {
  return reader.nested(() => {
    reader.token('(')
    const uidValidity = reader.nzNumber()
    reader.space()
    // 0 is not allowed, but clients send it where they know no MODSEQ yet; it asks for everything.
    const modSeq = reader.number64()
    let knownUids: SequenceSet | undefined
    let match: readonly MatchRun[] = []
    if (reader.trySpace()) {
      if (reader.peek() !== '(') knownUids = readKnown(reader)
      if (!knownUids || reader.trySpace()) match = readMatch(reader)
    }
    reader.token(')')
    return { uidValidity, modSeq, knownUids, match }
  })
}

function readKnown(reader: ArgumentReader): SequenceSet {
  const set = reader.sequenceSet()
  return set.usesLargest ? reader.fail('* is not allowed here') : set
}

// seq-match-data = "(" known-sequence-set SP known-uid-set ")"
function readMatch(reader: ArgumentReader): MatchRun[] {
  return reader.nested(() => {
    reader.token('(')
    const numbers = readAscending(reader)
    reader.space()
    const uids = readAscending(reader)
    reader.token(')')
    return inStep(numbers, uids) ?? reader.fail('the sets must be of the same size')
  })
}

function readAscending(reader: ArgumentReader): readonly SetRange[] {
  const { ranges } = readKnown(reader)
  let last = 0
  for (const { from, to } of ranges) {
    if (from <= last || to < from) reader.fail('the set must be ascending')
    last = to
  }
  return ranges
}

/** Walks both sets side by side, run by run: a set may name billions. Undefined when one has more members. */
function inStep(numbers: readonly SetRange[], uids: readonly SetRange[]): MatchRun[] | undefined {
  const runs: MatchRun[] = []
  let [i, j] = [0, 0]
  let sequenceNumber = numbers[0]?.from ?? 0
  let uid = uids[0]?.from ?? 0
  for (;;) {
    const [a, b] = [numbers[i], uids[j]]
    if (!a || !b) return !a && !b ? runs : undefined
    const count = Math.min(a.to - sequenceNumber, b.to - uid) + 1
    runs.push({ sequenceNumber, uid, count })
    sequenceNumber += count
    uid += count
    if (sequenceNumber > a.to) {
      i += 1
      sequenceNumber = numbers[i]?.from ?? 0
    }
    if (uid > b.to) {
      j += 1
      uid = uids[j]?.from ?? 0
    }
  }
}
