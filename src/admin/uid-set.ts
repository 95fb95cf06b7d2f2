// Sets of UIDs as IMAP writes them: `4`, `2:7,9`, `12:*` (RFC 3501 §9, sequence-set).
import { z } from 'zod'
import type { Uid } from '../account/api.ts'
import type { Argument } from './command.ts'

const set = /^(?:\*|[1-9]\d{0,9})(?::(?:\*|[1-9]\d{0,9}))?(?:,(?:\*|[1-9]\d{0,9})(?::(?:\*|[1-9]\d{0,9}))?)*$/
const largestUid = 0xffffffff

function endsOf(text: string, largest: number): [first: number, last: number][] {
  return text.split(',').map((range) => {
    const [from = '', to = from] = range.split(':')
    const [a, b] = [from, to].map((end) => (end === '*' ? largest : Number(end)))
    return [Math.min(a ?? 0, b ?? 0), Math.max(a ?? 0, b ?? 0)]
  })
}

/** The words; which messages they name depends on the mailbox. */
export const uidSet: z.ZodString = z
  .string()
  .max(60_000, 'is too long for a set of UIDs')
  .regex(set, 'must be UIDs as IMAP writes them, such as 4, 2:7,9 or 12:*')
  .refine((text) => (text.match(/\d+/g) ?? []).every((number) => Number(number) <= largestUid), {
    message: 'has a number that is no UID',
  })

export const uidSetArgument: Argument = {
  name: 'UIDS',
  key: 'uids',
  description: 'UIDs as IMAP writes them, such as 4, 2:7,9 or 12:*',
}

/** Those of `present` (ascending) that `text` names; `*` is the last of them, so that `n:*` always holds that one. */
export function namedUids(text: string, present: readonly Uid[]): Uid[] {
  const largest = present.at(-1)
  if (largest === undefined) return []
  const ranges = endsOf(text, largest).sort(([a], [b]) => a - b)
  let at = 0
  let reached = 0
  return present.filter((uid) => {
    for (; at < ranges.length && (ranges[at]?.[0] ?? 0) <= uid; at += 1)
      reached = Math.max(reached, ranges[at]?.[1] ?? 0)
    return uid <= reached
  })
}
