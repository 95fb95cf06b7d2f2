// What is known of a message that was lost, in words for whoever may read its account.
import { decodeHeaderText } from '../mail/encoded-word.ts'
import { fieldValue, headerFields } from '../mail/header.ts'

export interface Known {
  readonly sizeBytes: number
  /** Milliseconds since 1970; undefined: not known. */
  readonly internalDate: number | undefined
  /** The header block; none, or an empty one: not known. */
  readonly header?: Buffer
}

/** Characters of a sender and of a subject that are told. */
const atMost = 80

function fieldOf(header: Buffer, name: string): string | undefined {
  const field = headerFields(header).find((candidate) => candidate.name === name)
  const text = field && decodeHeaderText(fieldValue(header, field)).trim()
  if (text === undefined || text === '') return undefined
  return text.length > atMost ? `${text.slice(0, atMost)}...` : text
}

/** `1138 octets, received 2026-11-21 12:00, from Bob <bob@example.org>, subject Lunch`. Never throws. */
export function knownOf({ sizeBytes, internalDate, header = Buffer.alloc(0) }: Known): string {
  const received =
    internalDate === undefined
      ? undefined
      : new Date(internalDate).toISOString().slice(0, 16).replace('T', ' ')
  const parts: readonly (readonly [string, string | undefined])[] = [
    ['received ', received],
    ['from ', fieldOf(header, 'from')],
    ['subject ', fieldOf(header, 'subject')],
  ]
  const told = parts.flatMap(([word, value]) => (value === undefined ? [] : [`${word}${value}`]))
  return [`${sizeBytes} octets`, ...told].join(', ')
}
