// Which messages a command's set names, among those that a session knows.
import type { Uid } from '../account/api.ts'
import type { NumberKind } from './view.ts'
import type { SequenceSet } from './wire/sequence-set.ts'

/** A command named a sequence number that the session does not have: answer BAD (RFC 3501 §9, `seq-number`). */
export class BadSequenceNumber extends Error {
  override readonly name = 'BadSequenceNumber'
}

/** UIDs among `uids` (ascending) that `set` names. Throws BadSequenceNumber. */
export function namedBy(set: SequenceSet, kind: NumberKind, uids: Uint32Array): Uid[] {
  const named: Uid[] = []
  if (kind === 'uid') {
    for (const [start, end] of set.selectIndexes(uids)) {
      for (let index = start; index < end; index += 1) named.push(uids[index] as Uid)
    }
  } else {
    for (const { from, to } of set.ranges) {
      const isOpen = from === Infinity || to === Infinity
      if (!isOpen && Math.max(from, to) > uids.length) {
        throw new BadSequenceNumber('No message has that sequence number')
      }
    }
    for (const { from, to } of set.resolve(uids.length)) {
      for (let number = from; number <= Math.min(to, uids.length); number += 1) {
        named.push(uids[number - 1] as Uid)
      }
    }
  }
  return named
}
