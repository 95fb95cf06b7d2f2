// Answers to criteria on text, from a message that was opened: from its header, then from all of it.
import { dayOf } from '../mail/date.ts'
import { messageFacts } from '../mail/message-facts.ts'
import { sentDateOf } from '../mail/prepare.ts'
import { headerLines, type SearchText } from '../mail/text.ts'
import { relates, type Ask, type TextCriterion } from './criterion-test.ts'
import { emailIdOf, threadIdOf } from './object-ids.ts'

type HeaderCriterion = Extract<TextCriterion, { readonly kind: 'header' }>

/** RFC 3501 §6.4.4: the day as the sender wrote it, counted from 1970-01-01. A message without a date was sent on no day. */
export function sentDay(header: Uint8Array): number | undefined {
  const date = sentDateOf(header)
  return date && dayOf(date)
}

function hasField(lines: readonly string[], { linePrefix, text }: HeaderCriterion): boolean {
  if (linePrefix === undefined) return false
  return lines.some((line) => line.startsWith(linePrefix) && line.includes(text, linePrefix.length))
}

/** From the record alone. `emailId` is the blob's identifier. */
export function recordAnswers(emailId: string): Ask {
  return (criterion) => (criterion.kind === 'emailId' ? criterion.id === emailIdOf(emailId) : undefined)
}

/** From the header block too: says nothing of bodies, and of TEXT only that it is there. `ready`: its lines. */
export function headerAnswers(emailId: string, header: Uint8Array, ready?: readonly string[]): Ask {
  let lines = ready
  let day: { readonly value: number | undefined } | undefined
  let threadId: string | undefined
  return (criterion) => {
    switch (criterion.kind) {
      case 'emailId':
        return criterion.id === emailIdOf(emailId)
      case 'threadId':
        threadId ??= threadIdOf(messageFacts(header))
        return criterion.id === threadId
      case 'sentDate':
        day ??= { value: sentDay(header) }
        return day.value !== undefined && relates(day.value, criterion.relation, criterion.day)
      case 'header':
        return hasField((lines ??= headerLines(header)), criterion)
      case 'text':
        lines ??= headerLines(header)
        return lines.some((line) => line.includes(criterion.text)) || undefined
      case 'body':
        return undefined
    }
  }
}

/** From all of the message: says everything. */
export function textAnswers(emailId: string, header: Uint8Array, { fields, parts, body }: SearchText): Ask {
  const fromHeader = headerAnswers(emailId, header, fields)
  return (criterion) => {
    if (criterion.kind === 'body') return body.includes(criterion.text)
    if (criterion.kind !== 'text') return fromHeader(criterion)
    const { text } = criterion
    return fields.some((line) => line.includes(text)) || parts.includes(text) || body.includes(text)
  }
}
