// Message facts as a compact stored record, and back.
//
// Version 1: one octet 1; one octet of flags (1: there is a sent date, 2: there is a Message-ID, 4: reply or forward); the
// sent date in eight octets, milliseconds since 1970, big-endian, signed, if there is one; then texts in UTF-8 behind their
// length in two octets, big-endian: subject, from, to, cc, displayFrom, displayTo, the Message-ID if there is one; then how
// many references, one octet, and each of them.
import { ByteReader, ByteWriter, MalformedRecord } from '../base/bytes.ts'
import type { MessageFacts } from './message-facts.ts'

const version = 1
const flag = { sentDate: 1, messageId: 2, isReplyOrForward: 4 } as const
const allFlags = flag.sentDate | flag.messageId | flag.isReplyOrForward

/** No record is longer. */
export const maxFactsBytes: number = 18_000

/** At most `maxFactsBytes` for facts made by `messageFacts`; about 400 for those of common mail. */
export function encodeFacts(facts: MessageFacts): Buffer {
  const { sentDate, messageId } = facts
  const writer = new ByteWriter()
    .u8(version)
    .u8(
      (sentDate === undefined ? 0 : flag.sentDate) |
        (messageId === undefined ? 0 : flag.messageId) |
        (facts.isReplyOrForward ? flag.isReplyOrForward : 0),
    )
  if (sentDate !== undefined) writer.i64(sentDate)
  for (const text of [facts.subject, facts.from, facts.to, facts.cc, facts.displayFrom, facts.displayTo]) {
    writer.text16(text)
  }
  if (messageId !== undefined) writer.text16(messageId)
  writer.u8(facts.references.length)
  for (const reference of facts.references) writer.text16(reference)
  return writer.finish()
}

/** Strict: throws MalformedRecord on what `encodeFacts` does not write. */
export function decodeFacts(bytes: Uint8Array): MessageFacts {
  if (bytes.length > maxFactsBytes) throw new MalformedRecord('message facts too long')
  const reader = new ByteReader(bytes)
  if (reader.u8() !== version) throw new MalformedRecord('message facts of an unknown version')
  const flags = reader.u8()
  if (flags > allFlags) throw new MalformedRecord('unknown flag of message facts')
  const sentDate = flags & flag.sentDate ? reader.i64() : undefined
  const subject = reader.text16()
  const from = reader.text16()
  const to = reader.text16()
  const cc = reader.text16()
  const displayFrom = reader.text16()
  const displayTo = reader.text16()
  const messageId = flags & flag.messageId ? reader.text16() : undefined
  const references: string[] = []
  for (let left = reader.u8(); left > 0; left -= 1) references.push(reader.text16())
  reader.end()
  const isReplyOrForward = (flags & flag.isReplyOrForward) !== 0
  return {
    sentDate,
    subject,
    isReplyOrForward,
    from,
    to,
    cc,
    displayFrom,
    displayTo,
    messageId,
    references,
  }
}
